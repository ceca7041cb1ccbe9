from __future__ import annotations

import pytest

from generate.readers import ReaderOptions, find, read
from tests.generate.readers.conftest import touch


def read_folders(folder, **options):
    return read(folder, "folders", ReaderOptions(**options))


def sources(folder, pattern):
    clips = read_folders(folder, source_pattern=pattern).clips
    return dict(zip(clips["path"], clips["source_id"], strict=True))


def test_the_folder_is_the_class_at_any_depth_below_it(tmp_path):
    touch(tmp_path, "dog/1.wav", "dog/2021/may/1.flac", "Cat purr/1.mp3", "犬/1.ogg")
    assert find(tmp_path, ReaderOptions()).layout == "folders"
    clips = read_folders(tmp_path).clips
    assert dict(zip(clips["path"], clips["label"], strict=True)) == {
        "Cat purr/1.mp3": "Cat purr",
        "dog/1.wav": "dog",
        "dog/2021/may/1.flac": "dog",
        "犬/1.ogg": "犬",
    }
    assert list(clips["clip_id"]) == ["Cat purr-1", "dog-1", "dog-2021-may-1", "犬-1"]
    assert list(clips["source_id"]) == list(clips["clip_id"])
    assert set(clips["fold"]) == {""}


def test_sounds_that_cannot_be_decoded_are_clips_too_so_that_they_are_rejected_by_name(tmp_path):
    touch(tmp_path, "dog/1.m4a", "dog/2.wav")
    assert list(read_folders(tmp_path).clips["path"]) == ["dog/1.m4a", "dog/2.wav"]


def test_sounds_beside_the_class_folders_are_counted(tmp_path):
    touch(tmp_path, "stray.wav", "other.flac", "notes.txt", "dog/1.wav")
    collection = read_folders(tmp_path)
    assert list(collection.clips["path"]) == ["dog/1.wav"]
    assert collection.skipped == {"audio files outside the class folders, such as other.flac": 2, ".txt": 1}


def test_sounds_without_class_folders(tmp_path):
    touch(tmp_path, "a.wav", "b.wav")
    with pytest.raises(
        ValueError, match="holds no audio files.*Skipped: 2 audio files outside the class folders, such as a.wav"
    ):
        read_folders(tmp_path)


def test_an_empty_class_folder_gives_no_class(tmp_path):
    touch(tmp_path, "dog/1.wav", "empty/.gitkeep")
    assert set(read_folders(tmp_path).clips["label"]) == {"dog"}


@pytest.mark.parametrize("name", ["nan", "None", "NA", "001", "1.0", "true", "-", "a,b", 'say "hi"'])
def test_class_names_stay_text(tmp_path, name):
    touch(tmp_path, f"{name}/1.wav")
    assert list(read_folders(tmp_path).clips["label"]) == [name]


# --source-pattern


@pytest.fixture
def numbered(tmp_path):
    touch(tmp_path, "dog/rex_1.wav", "dog/rex_2.wav", "dog/old/fido_1.wav", "cat/tom_1.wav")
    return tmp_path


@pytest.mark.parametrize("pattern", [r"([a-z]+)_\d", r"(?P<who>[a-z]+)_(\d)", r"^[a-z]+", r"[a-z]+(?=_)"])
def test_what_the_first_group_or_the_whole_pattern_finds_is_the_recording(numbered, pattern):
    assert sources(numbered, pattern) == {
        "cat/tom_1.wav": "tom",
        "dog/old/fido_1.wav": "fido",
        "dog/rex_1.wav": "rex",
        "dog/rex_2.wav": "rex",
    }


def test_the_pattern_looks_at_the_name_alone_and_not_at_its_folder(numbered):
    assert sources(numbered, "d.*")["dog/old/fido_1.wav"] == "do_1.wav"
    with pytest.raises(ValueError, match="which matches none"):
        sources(numbered, "dog|cat|old")


def test_names_in_which_it_finds_nothing_are_counted_and_stand_for_themselves(numbered):
    collection = read_folders(numbered, source_pattern="(rex|tom)_")
    found = collection.clips.set_index("path")["source_id"]
    assert found["dog/rex_1.wav"] == found["dog/rex_2.wav"] == "rex"
    assert found["dog/old/fido_1.wav"] == "dog-old-fido_1"
    note = collection.notes[-1]
    assert "--source-pattern does not match 1 name" in note
    assert "own recording" in note


@pytest.mark.parametrize("pattern", ["rex(x)?", "x*", "(tomato)?"])
def test_a_match_of_nothing_counts_as_none(numbered, pattern):
    with pytest.raises(ValueError, match="must match file names, such as 'tom_1.wav'"):
        read_folders(numbered, source_pattern=pattern)


def test_a_pattern_that_finds_nothing_anywhere(numbered):
    with pytest.raises(ValueError) as caught:
        sources(numbered, r"session(\d+)")
    assert r"Got 'session(\\d+)'" in str(caught.value)
    assert "tom_1.wav" in str(caught.value), "shows a name to write the pattern for"


@pytest.mark.parametrize("pattern", ["(", "[a-", "*"])
def test_a_pattern_that_is_no_regular_expression(numbered, pattern):
    with pytest.raises(ValueError, match="--source-pattern must be a regular expression. Got .* at position"):
        sources(numbered, pattern)


def test_letters_that_macos_takes_apart_are_those_that_others_write(tmp_path):
    composed, apart = "Käuz", "Ka\u0308uz"
    touch(tmp_path, f"{apart}/Föhre_1.wav", f"{apart}/Fo\u0308hre_2.wav", "dog/1_1.wav")
    clips = read_folders(tmp_path, source_pattern="^(.+?)_").clips
    assert set(clips["label"]) == {composed, "dog"} and set(clips["source_id"]) == {"Föhre", "1"}
    assert f"{apart}/Föhre_1.wav" in set(clips["path"])  # as it is called on the disk
    assert len(set(clips["clip_id"])) == 3
    assert sources(tmp_path, "^(Fo\u0308hre|1)_") == sources(tmp_path, "^(Föhre|1)_")


def test_one_class_in_two_folders_that_look_the_same(tmp_path):
    touch(tmp_path, "Käuz/1.wav")
    try:
        touch(tmp_path, "Ka\u0308uz/2.wav")
    except OSError:
        pytest.skip("this disk takes the two for one")
    assert list(read_folders(tmp_path).clips["label"]) == ["Käuz", "Käuz"]
