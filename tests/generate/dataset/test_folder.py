"""Class folders on a system that ignores case."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generate.dataset import folder


@pytest.fixture
def ignored_case(monkeypatch):
    """As on macOS and Windows: a folder is there under every spelling of its name."""

    def on_disk(path) -> Path:
        path = Path(path)
        names = os.listdir(path.parent) if path.parent.is_dir() else []
        return path.with_name(next((name for name in names if name.casefold() == path.name.casefold()), path.name))

    monkeypatch.setattr(Path, "exists", lambda path, **_: os.path.lexists(on_disk(path)))
    monkeypatch.setattr(os.path, "samefile", lambda a, b: on_disk(a) == on_disk(b))


def image_in(images: Path, name: str) -> None:
    (images / name).parent.mkdir(parents=True)
    (images / name).write_bytes(b"an image")


def test_the_folder_of_a_class_is_spelled_as_the_class(tmp_path, ignored_case):
    """Else its images, listed as `dog/...`, are never those that metadata.csv names, and all runs render them again."""
    image_in(tmp_path, "dog/a__original.png")
    image_in(tmp_path, "cat/a__original.png")
    wanted = {"Dog/a__original.png", "cat/a__original.png", "owl/a__original.png"}
    folder.respell_folders(tmp_path, wanted)
    assert folder.list_images(tmp_path) == wanted - {"owl/a__original.png"}


def test_where_case_counts_folders_stay(tmp_path):
    image_in(tmp_path, "dog/a__original.png")
    if (tmp_path / "Dog").exists():
        pytest.skip("this disk ignores case")
    for _ in range(2):
        folder.respell_folders(tmp_path, {"Dog/a__original.png"})
        assert "dog/a__original.png" in folder.list_images(tmp_path)
        (tmp_path / "Dog").mkdir(exist_ok=True)
