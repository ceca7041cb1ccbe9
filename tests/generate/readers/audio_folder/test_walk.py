from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
import soundfile

from generate.audio.formats import AUDIO_SUFFIXES
from generate.readers import ReaderOptions, find, read
from generate.readers.audio_folder.walk import find_audio_files
from tests.generate.readers.conftest import touch, write_audio


@pytest.fixture
def link():
    """Make a symbolic link, where the system lets one."""

    def make(path: Path, target: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.symlink_to(target)
        except (OSError, NotImplementedError):
            pytest.skip("links cannot be made here")

    return make


def test_sounds_at_any_depth_sorted_with_slashes(tmp_path):
    deep = "/".join(f"level{number}" for number in range(40))
    touch(tmp_path, "b.wav", "a/z.wav", f"a/{deep}/x.wav", "a b/c (1).wav", "ü/犬.flac")
    assert find_audio_files(tmp_path) == (
        sorted(["b.wav", "a/z.wav", f"a/{deep}/x.wav", "a b/c (1).wav", "ü/犬.flac"]),
        Counter(),
    )


def test_the_list_is_sorted_in_whatever_order_the_system_lists(tmp_path, list_in_order):
    paths = sorted(f"{folder}/{number}.wav" for folder in ("b", "a", "c/d", "c") for number in range(5))
    touch(tmp_path, *paths)
    for seed in range(4):
        list_in_order(seed)
        assert find_audio_files(tmp_path)[0] == paths


@pytest.mark.parametrize("suffix", sorted(AUDIO_SUFFIXES))
def test_every_kind_of_sound_is_found_in_upper_case_too(tmp_path, suffix):
    touch(tmp_path, f"a{suffix}", f"b{suffix.upper()}")
    assert find_audio_files(tmp_path) == ([f"a{suffix}", f"b{suffix.upper()}"], Counter())


def test_what_libsndfile_can_open_by_a_usual_ending_is_a_sound():
    """Formats without a header, or of samplers and programs for numbers, are not what users have."""
    exotic = {"RAW", "AVR", "HTK", "SVX", "MAT4", "MAT5", "MPC2K", "PAF", "PVF", "SD2", "SDS", "IRCAM", "WVE", "XI"}
    usual = {"WAV": ".wav", "WAVEX": ".wav", "AIFF": ".aiff", "NIST": ".nist", "MP3": ".mp3"}
    for format_name in set(soundfile.available_formats()) - exotic:
        assert usual.get(format_name, "." + format_name.lower()) in AUDIO_SUFFIXES, format_name


def test_what_is_hidden_or_no_sound_is_counted_and_not_listed(tmp_path):
    touch(
        tmp_path,
        *("a.wav", "._a.wav", ".DS_Store", "sub/.hidden.wav", ".git/x.wav", ".git/y/z.wav", "__MACOSX/._a.wav"),
        *("__MACOSX/b.wav", "sub/__MACOSX/c.wav", "notes.txt", "sub/NOTES.TXT", "x.csv", "LICENSE", "wav", "a.wav.bak"),
    )
    paths, skipped = find_audio_files(tmp_path)
    assert paths == ["a.wav"]
    assert skipped == {"hidden": 6, ".txt": 2, ".csv": 1, "no suffix": 2, ".bak": 1}


def test_what_systems_have_on_every_disk_is_not_looked_into(tmp_path):
    touch(tmp_path, "a.wav", "lost+found/b.wav", "System Volume Information/c.wav")
    assert find_audio_files(tmp_path) == (["a.wav"], Counter({"hidden": 2}))


def test_a_disk_is_a_folder_of_audio(tmp_path, forbid):
    touch(tmp_path, "cat/a.wav", "dog/b.wav")
    (tmp_path / "lost+found").mkdir()
    forbid("lost+found")
    assert list(read(tmp_path, find(tmp_path, ReaderOptions()).layout, ReaderOptions()).clips["label"]) == [
        "cat",
        "dog",
    ]


def test_a_folder_that_may_not_be_read_is_named_with_what_to_do(tmp_path, forbid):
    touch(tmp_path, "cat/a.wav", "dog/b.wav")
    forbid("dog")
    with pytest.raises(ValueError, match=r"Got '.*dog', which you may not read. Change its permissions, or move it"):
        find_audio_files(tmp_path)


def test_an_empty_folder(tmp_path):
    assert find_audio_files(tmp_path) == ([], Counter())


def test_a_folder_named_as_a_sound_is_a_folder(tmp_path):
    touch(tmp_path, "x.wav/inside.wav", "y.flac/notes.txt")
    assert find_audio_files(tmp_path) == (["x.wav/inside.wav"], Counter({".txt": 1}))


def test_links_to_sounds_and_folders_are_followed(tmp_path, link):
    write_audio(tmp_path / "elsewhere", "far/1.wav", "2.wav")
    link(tmp_path / "audio_folder/dog", "../elsewhere/far")
    link(tmp_path / "audio_folder/two.wav", "../elsewhere/2.wav")
    paths, skipped = find_audio_files(tmp_path / "audio_folder")
    assert paths == ["dog/1.wav", "two.wav"]
    assert not skipped
    assert all((tmp_path / "audio_folder" / path).is_file() for path in paths)


def test_the_folder_itself_may_be_a_link(tmp_path, link):
    touch(tmp_path, "real/cat/a.wav")
    link(tmp_path / "audio_folder", "real")
    link(tmp_path / "real/cat/up", "../../audio_folder")
    assert find_audio_files(tmp_path / "audio_folder") == (
        ["cat/a.wav"],
        Counter({"links to folders that are listed already": 1}),
    )


@pytest.mark.parametrize("target", [".", "..", "../..", "../b"])
def test_a_loop_of_links_ends(tmp_path, link, target):
    touch(tmp_path, "audio_folder/a/1.wav", "audio_folder/b/2.wav")
    link(tmp_path / "audio_folder/a/loop", target)
    link(tmp_path / "audio_folder/b/back", "../a")
    paths, skipped = find_audio_files(tmp_path / "audio_folder")
    files = [os.path.realpath(tmp_path / "audio_folder" / path) for path in paths]
    assert {Path(file).name for file in files} == {"1.wav", "2.wav"}
    assert len(set(files)) == len(files), "a sound is listed twice"
    assert skipped["links to folders that are listed already"] >= 1


def test_a_folder_and_a_link_to_it_are_listed_by_the_folder_in_any_order(tmp_path, link, list_in_order):
    touch(tmp_path, "m/1.wav")
    link(tmp_path / "a", "m")
    link(tmp_path / "z", "m")
    for seed in range(4):
        list_in_order(seed)
        assert find_audio_files(tmp_path) == (["m/1.wav"], Counter({"links to folders that are listed already": 2}))


def test_a_link_deep_in_one_class_to_another_is_the_same_in_any_order(tmp_path, link, list_in_order):
    touch(tmp_path, "a/1.wav", "b/deep/2.wav", "c/3.wav")
    link(tmp_path / "a/more", "../b/deep")
    link(tmp_path / "c/more", "../b/deep")
    for seed in range(6):
        list_in_order(seed)
        assert find_audio_files(tmp_path)[0] == ["a/1.wav", "b/deep/2.wav", "c/3.wav"]


def test_a_sound_that_a_broken_link_names_is_listed_so_that_it_is_rejected_by_name(tmp_path, link):
    link(tmp_path / "gone.wav", "nowhere.wav")
    assert find_audio_files(tmp_path)[0] == ["gone.wav"]


def test_a_link_to_itself_spoils_nothing(tmp_path, link):
    touch(tmp_path, "a.wav")
    link(tmp_path / "loop.wav", "loop.wav")
    link(tmp_path / "loop", "loop")
    paths, skipped = find_audio_files(tmp_path)
    assert paths == ["a.wav", "loop.wav"]
    assert skipped == {"no suffix": 1}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_a_pipe_is_no_sound(tmp_path):
    touch(tmp_path, "a.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    paths, skipped = find_audio_files(tmp_path)
    assert paths == ["a.wav"]
    assert sum(skipped.values()) == 1


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode on this system")
def test_names_that_are_not_utf8_are_listed_as_the_system_gives_them(tmp_path):
    touch(tmp_path, "a.wav")
    try:
        for folder in (b"", b"caf\xe9"):
            os.makedirs(os.path.join(os.fsencode(tmp_path), folder), exist_ok=True)
            open(os.path.join(os.fsencode(tmp_path), folder, b"caf\xe9.wav"), "wb").close()
    except OSError:
        pytest.skip("this disk takes no such names")
    paths, skipped = find_audio_files(tmp_path)
    assert paths == ["a.wav", "caf\udce9.wav", "caf\udce9/caf\udce9.wav"]
    assert not skipped


def test_folders_of_the_system_hold_no_sounds(tmp_path):
    touch(tmp_path, "a/1.wav", "$RECYCLE.BIN/2.wav", "System Volume Information/3.wav", "__MACOSX/4.wav")
    assert find_audio_files(tmp_path) == (["a/1.wav"], Counter({"hidden": 3}))
