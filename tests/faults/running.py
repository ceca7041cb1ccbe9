"""Stage one as a user runs it: a process of its own, with a time limit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from generate.dataset import tables
from tests.conftest import SR

QUICK = ["--image-size", "32", "--sr", str(SR), "--seconds", "1", "--listen", "0", "--workers", "2"]
"""Small images of one second."""
REPOSITORY = Path(__file__).resolve().parents[2]


def run(module: str, *arguments: object, limit_s: float) -> subprocess.CompletedProcess[str]:
    """`python -m module arguments` from the top of the repository, killed where it takes longer than its limit.

    Raises
    ------
    subprocess.TimeoutExpired
        If it was killed.
    """
    return subprocess.run(
        [sys.executable, "-m", module, *map(os.fspath, map(_text_or_path, arguments))],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=limit_s,
        check=False,
    )


def generate(audio_folder: Path, images: Path, *more: object, limit_s: float = 120) -> subprocess.CompletedProcess[str]:
    """`python -m generate`; a status that is none of its own, or a traceback, is a failure here already."""
    done = run("generate", audio_folder, images, *more, limit_s=limit_s)
    assert done.returncode in (0, 1, 3), done.stderr
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def metadata(images: Path) -> pd.DataFrame:
    """One row an image; each is on the disk, and no other image is."""
    table = tables.read_metadata(images / tables.METADATA)
    on_disk = {path.relative_to(images).as_posix() for path in images.rglob("*.png")}
    assert on_disk == set(table["file_name"])
    assert len(on_disk) == len(table)
    return table


def reasons(images: Path) -> dict[str, str]:
    """File to reason, of each that was rejected; no reason is empty."""
    table = pd.read_csv(images / tables.REJECTED, dtype=str, keep_default_na=False)
    found = dict(zip(table["audio_file"], table["reason"], strict=True))
    assert len(found) == len(table), "a file stands in rejected.csv twice"
    assert all(reason.strip() for reason in found.values())
    return found


def image_bytes(images: Path) -> dict[str, bytes]:
    """Each image's bytes by its name."""
    return {path.relative_to(images).as_posix(): path.read_bytes() for path in sorted(images.rglob("*.png"))}


def _text_or_path(argument: object) -> str | os.PathLike:
    return argument if isinstance(argument, os.PathLike) else str(argument)
