"""`pip install .`: the three packages work from any folder, without the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(lines: list[str]) -> set[str]:
    """Packages that requirements name."""
    bare = (re.match(r"[A-Za-z0-9_.-]+", line) for line in lines if not line.startswith("-r"))
    return {match[0].lower() for match in bare if match}


@pytest.mark.parametrize(
    ("file", "listed"),
    [
        ("requirements.txt", PYPROJECT["project"]["dependencies"]),
        ("requirements-cluster.txt", PYPROJECT["project"]["optional-dependencies"]["cluster"]),
        ("requirements-export.txt", PYPROJECT["project"]["optional-dependencies"]["export"]),
        ("requirements-dev.txt", PYPROJECT["project"]["optional-dependencies"]["dev"]),
    ],
)
def test_what_is_pinned_is_what_is_needed(file, listed):
    pinned = names((ROOT / file).read_text(encoding="utf-8").splitlines())
    assert names(listed) - {PYPROJECT["project"]["name"]} == pinned


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with what `pip install .` puts there."""
    target, source = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source")
    for name in ("augment_audio", "generate", "train"):  # built elsewhere: setuptools leaves its files in the source
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target"]
    subprocess.run([*command, str(target), str(source)], check=True, cwd=target, capture_output=True, timeout=300)
    return target


def test_the_packages_come_with_all_of_their_files(installed):
    def files(root: Path) -> set[str]:
        packages = ("augment_audio", "generate", "train")
        found = (path for package in packages for path in (root / package).rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix() for path in found if "__pycache__" not in path.parts}

    assert files(installed) == files(ROOT)
