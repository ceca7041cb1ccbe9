import ntpath
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from generate.runtime import os_compat
from generate.runtime.os_compat import (
    expand_wildcards,
    has_content,
    is_system_file,
    max_path_length,
    nfc,
    quoted,
    relative_posix,
    relative_to_page,
    remove_empty_folder,
    replace_file,
)
from generate.runtime.terminal import escape_output


def test_a_quoted_path_comes_back_as_it_was(tmp_path):
    name = "two words & 'quotes'"
    command = f"{quoted(sys.executable)} -c {quoted('import sys; print(sys.argv[1])')} {quoted(name)}"
    assert subprocess.run(command, shell=True, capture_output=True, text=True).stdout == f"{name}\n"
    assert quoted(Path("outputs/runs/x")) == str(Path("outputs/runs/x"))


def test_a_path_of_windows_is_not_quoted_without_need(monkeypatch):
    monkeypatch.setattr(os_compat, "IS_WINDOWS", True)
    assert quoted(r"outputs\images\my_sounds") == r"outputs\images\my_sounds"
    assert quoted(r"C:\two words") == r'"C:\two words"'


def test_a_path_seen_from_a_folder(tmp_path, monkeypatch):
    assert relative_posix(tmp_path / "a/b", tmp_path / "c") == "../a/b"
    monkeypatch.setattr(os.path, "relpath", lambda path, start: ntpath.relpath("D:\\images", "C:\\runs"))
    assert relative_posix(tmp_path / "a", tmp_path) == (tmp_path / "a").as_posix()  # no way from one drive to another


def test_a_path_seen_from_a_page_is_as_a_browser_follows_it(tmp_path):
    """Which takes `..` off an address before any link is followed."""
    for name in ("project/recordings", "project/images", "disk/far/outputs/runs", "disk/far/outputs/images"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "project" / "outputs").symlink_to(tmp_path / "disk" / "far" / "outputs")
    page = tmp_path / "project" / "outputs" / "runs"
    for path in (tmp_path / "project" / "recordings", tmp_path / "project" / "images", page.parent / "images"):
        place = relative_to_page(path, page)
        assert Path(os.path.normpath(page / place)).resolve() == path.resolve(), place
    assert relative_to_page(page.parent / "images", page) == "../images", "both may be moved together"
    assert relative_to_page(page / "a" / "b", page / "c") == "../a/b"


def test_letters_are_composed():
    assert nfc(unicodedata.normalize("NFD", "Käuz")) == "Käuz"


def test_a_file_that_is_held_for_a_moment_is_moved_after_it(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("new")
    (tmp_path / "b").write_text("old")
    replace, refusals = os.replace, [PermissionError(13, "in use")] * 3

    def held(source, target):
        if refusals:
            raise refusals.pop()
        replace(source, target)

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(PermissionError):  # elsewhere it means that the folder may not be written to
        replace_file(tmp_path / "a", tmp_path / "b")
    monkeypatch.setattr(os_compat, "IS_WINDOWS", True)
    replace_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "new" and not refusals


def test_a_file_that_stays_held_ends_in_the_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os_compat, "IS_WINDOWS", True)
    monkeypatch.setattr(os_compat, "RENAME_TIMEOUT_S", 0.05)
    tried = []

    def held(source, target):
        tried.append(source)
        raise PermissionError(13, "in use")

    monkeypatch.setattr(os, "replace", held)
    with pytest.raises(PermissionError):
        replace_file(tmp_path / "a", tmp_path / "b")
    assert len(tried) > 1


def test_wildcards_that_the_command_line_left(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.wav", "a.wav", "c.flac", "[a].wav"):
        Path(name).touch()
    given = [Path("c.flac"), Path("?.wav"), Path("[a].wav"), Path("no*.wav")]
    assert expand_wildcards(given) == [Path("c.flac"), Path("a.wav"), Path("b.wav"), Path("[a].wav"), Path("no*.wav")]


def test_what_systems_leave_in_folders(tmp_path):
    for name in (".DS_Store", "._x.wav", "Thumbs.db", "desktop.ini"):
        assert is_system_file(name)
        (tmp_path / name).touch()
    assert not is_system_file("x.wav") and not has_content(tmp_path)
    (tmp_path / "x.wav").touch()
    assert has_content(tmp_path)
    (tmp_path / "x.wav").unlink()
    remove_empty_folder(tmp_path)
    assert not tmp_path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there it depends on a setting")
def test_paths_are_limited_on_windows_alone():
    assert max_path_length() is None


def test_a_name_that_the_output_has_no_letters_for_ends_nothing():
    code = f"from generate.runtime.terminal import {escape_output.__name__} as p; p(); print('K\\xe4uz \\u0142')"
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.stdout.split() == [b"K\xe4uz", rb"\u0142"]
