import errno
import pickle
import tempfile

import pytest

from generate.runtime import wording
from generate.runtime.atomic_write import atomic_write
from generate.runtime.wording import on_lines, what_failed


def test_a_full_disk_is_named_and_what_to_do(tmp_path):
    with pytest.raises(OSError) as caught, atomic_write(tmp_path / "a.png"):
        raise OSError(errno.ENOSPC, "No space left on device")  # as of a write: without a name
    said = what_failed(pickle.loads(pickle.dumps(caught.value)))  # it may come from a worker
    assert said.startswith(f"[Errno {errno.ENOSPC}] No space left on device: '{tmp_path / 'a.png'}'")
    assert f"The disk is full where '{tmp_path}' lies" in said and "Free some there" in said


def test_of_a_copy_it_is_the_disk_that_is_written_to():
    said = what_failed(OSError(errno.ENOSPC, "No space left on device", "/card/a.png", None, "/full/a.png"))
    assert "The disk is full where '/full' lies" in said


def test_where_nobody_says_which_file_it_is_the_temporary_folders():
    said = what_failed(OSError(errno.ENOSPC, "No space left on device"))
    assert f"perhaps where temporary files lie, {tempfile.gettempdir()!r}" in said


@pytest.mark.parametrize("error", [ValueError("no"), OSError("odd"), PermissionError(errno.EACCES, "no", "a")])
def test_other_errors_say_what_they_say(error):
    assert what_failed(error) == str(error)


def test_a_table_that_is_open_in_excel(monkeypatch):
    monkeypatch.setattr(wording, "IS_WINDOWS", True)
    said = what_failed(PermissionError(errno.EACCES, "Permission denied", "heard.csv"))
    assert "'heard.csv'\nPerhaps another program has it open (Excel" in said
    assert what_failed(OSError("odd")) == "odd"


def test_a_name_is_on_one_line_and_moves_no_cursor():
    assert on_lines(["a\nb.wav", "\x1b[2Jc\x85\u2028.wav", "Gr\u00fcn \u200c.wav"]).split("\n") == [
        "a\\nb.wav",
        "\\x1b[2Jc\\x85\\u2028.wav",
        "Gr\u00fcn \u200c.wav",
    ]
