"""Copies of files are found by their bytes."""

from __future__ import annotations

from pathlib import Path

from generate.audio.equal_files import BEGINNING, EqualFiles


def test_a_copy_is_found_and_a_file_of_the_same_size_is_not(tmp_path):
    for name, content in (("a", b"one"), ("b", b"two"), ("copy of b", b"two"), ("other", b"six")):
        (tmp_path / name).write_bytes(content)
    files = EqualFiles([tmp_path / name for name in ("a", "b", "gone")])
    assert files.first_equal(tmp_path / "copy of b") == files.first_equal(tmp_path / "b") == tmp_path / "b"
    assert files.first_equal(tmp_path / "other") is None and files.first_equal(tmp_path / "gone") is None


def test_files_of_one_size_are_read_once(tmp_path, monkeypatch):
    """As a recorder writes them; a comparison of all pairs of 10,000 would take half an hour."""
    for number in range(50):
        (tmp_path / f"{number:02}").write_bytes(bytes([number]) * (2 * BEGINNING))
    (tmp_path / "copy").write_bytes((tmp_path / "07").read_bytes())
    paths, opened = sorted(tmp_path.iterdir()), []
    really_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *given: opened.append(self) or really_open(self, *given))
    files = EqualFiles(paths)
    assert [path.name for path in paths if files.first_equal(path) != path] == ["copy"]
    assert len(opened) <= 2 * len(paths) + 2


def test_a_file_that_cannot_be_read_is_no_copy_and_stops_nothing(tmp_path, monkeypatch):
    for name in "abc":
        (tmp_path / name).write_bytes(b"the same")
    really_open = Path.open

    def refuse(self, *given):
        if self.name == "b":
            raise PermissionError(13, "Permission denied", str(self))
        return really_open(self, *given)

    monkeypatch.setattr(Path, "open", refuse)
    paths = sorted(tmp_path.iterdir())
    files = EqualFiles(paths)
    assert [files.first_equal(path).name for path in paths] == ["a", "b", "a"]
