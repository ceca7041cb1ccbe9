"""`pip install .`: the three packages work from any folder, without the repository."""

from __future__ import annotations

import os
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


def test_both_stages_run_from_another_folder(installed, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(installed)}

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    place = run("-c", "import generate, train, augment_audio; print(generate.__file__)")
    assert Path(place.strip()).is_relative_to(installed)
    small = ("--variants", "none", "--limit", "20", "--image-size", "32", "--engine", "librosa", "--listen", "0")
    assert "20 images" in run("-m", "generate", "demo", "--workers", "1", *small)
    assert (tmp_path / "outputs/images/demo/index.html").is_file()
    assert "numpy" in run("-c", "from generate.doctor.packages import needed; print(needed())")
    assert "Dry run" in run("-m", "train", "outputs/images/demo", "--dry-run")
