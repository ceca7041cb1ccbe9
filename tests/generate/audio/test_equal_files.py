"""Copies of files are found by their bytes."""

from __future__ import annotations

from generate.audio.equal_files import EqualFiles


def test_a_copy_is_found_and_a_file_of_the_same_size_is_not(tmp_path):
    for name, content in (("a", b"one"), ("b", b"two"), ("copy of b", b"two"), ("other", b"six")):
        (tmp_path / name).write_bytes(content)
    files = EqualFiles([tmp_path / name for name in ("a", "b", "gone")])
    assert files.first_equal(tmp_path / "copy of b") == files.first_equal(tmp_path / "b") == tmp_path / "b"
    assert files.first_equal(tmp_path / "other") is None and files.first_equal(tmp_path / "gone") is None
