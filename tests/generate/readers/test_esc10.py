from __future__ import annotations

import pytest

from generate.readers import ReaderOptions, find, read
from tests.generate.readers.conftest import touch


def test_the_real_collection(esc10):
    assert find(esc10, ReaderOptions()).layout == "esc10"
    collection = read(esc10, "esc10", ReaderOptions())
    clips = collection.clips

    assert len(clips) == 400
    assert dict(clips["label"].value_counts()) == {
        label: 40
        for label in (
            *("Dog bark", "Rain", "Sea waves", "Baby cry", "Clock tick", "Person sneeze", "Helicopter", "Chainsaw"),
            *("Rooster", "Fire crackling"),
        )
    }
    assert dict(clips["fold"].value_counts()) == {fold: 80 for fold in "12345"}
    assert set(clips.groupby(["label", "fold"]).size()) == {8}
    assert collection.skipped[".md"] + collection.skipped[".txt"] == sum(collection.skipped.values()) > 0


def test_no_real_recording_stands_in_two_folds_and_some_gave_several_clips(esc10):
    clips = read(esc10, "esc10", ReaderOptions()).clips
    assert (clips.groupby("source_id")["fold"].nunique() == 1).all()
    assert clips["source_id"].nunique() < 400
    assert (clips.groupby("source_id")["label"].nunique() == 1).all()


def test_a_real_clip(esc10):
    clips = read(esc10, "esc10", ReaderOptions()).clips.set_index("clip_id")
    assert dict(clips.loc["1-100032-A"]) == {
        "path": "001 - Dog bark/1-100032-A.ogg",
        "label": "Dog bark",
        "fold": "1",
        "split": "",
        "source_id": "100032",
        "start_s": 0.0,
        "salience": "",
    }


def test_it_is_the_same_collection_as_the_part_of_esc50_that_is_flagged_so(esc10, real_tables):
    clips = read(esc10, "esc10", ReaderOptions()).clips
    rows = [line.split(",") for line in (real_tables / "esc50.csv").read_text(encoding="utf-8").splitlines()[1:]]
    published = {(row[1], row[5], row[6]) for row in rows if row[4] == "True"}
    takes = clips["clip_id"].str.rpartition("-")[2]
    assert set(zip(clips["fold"], clips["source_id"], takes, strict=True)) == published


@pytest.mark.parametrize(
    "wrong",
    [
        "001 - Dog bark/bark.ogg",
        "001 - Dog bark/1-100.ogg",
        "001 - Dog bark/x-100-A.ogg",
        "001 - Dog bark/deeper/1-100-A.ogg",
        "Cat/1-100-A.ogg",
        "1-100-A.ogg",
    ],
)
def test_a_sound_that_is_not_named_so(tmp_path, wrong):
    touch(tmp_path, "001 - Dog bark/1-9-A.ogg", wrong)
    assert find(tmp_path, ReaderOptions()).layout == "esc10"
    with pytest.raises(ValueError) as caught:
        read(tmp_path, "esc10", ReaderOptions())
    assert repr(wrong) in str(caught.value)
    assert "NNN - Class/<fold>-<source>-<take>.ogg" in str(caught.value)
    assert "--layout folders" in str(caught.value)


@pytest.mark.parametrize("name", ["1 - Dog", "001-Dog", "001 - ", "Dog 001 - x", "0001 - Dog"])
def test_class_folders_of_a_user_are_not_taken_for_it(tmp_path, name):
    touch(tmp_path, f"{name}/1-100-A.ogg", "cat/1.ogg")
    assert find(tmp_path, ReaderOptions()).layout == "folders"


def test_a_file_named_like_a_class_folder_is_none(tmp_path):
    touch(tmp_path, "001 - Dog.txt", "dog/a.wav", "cat/a.wav")
    assert find(tmp_path, ReaderOptions()).layout == "folders"
