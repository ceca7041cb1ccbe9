"""What names of folders say, and how a layout is found; whole collections are in tests/faults/test_layouts.py."""

from __future__ import annotations

import pytest

from generate.readers import ReaderOptions, find, read
from generate.readers.audio_folder.folder_names import fold_of, is_not_a_class, split_of
from tests.generate.readers.conftest import touch, write_text


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("test", "test"),
        ("valid", "validation"),
        ("VAL", "validation"),
        ("dev", "validation"),
        ("evaluation", "test"),
        ("train_audio", "train"),
        ("FSDKaggle2018.audio_test", "test"),
        ("FSD50K.dev_audio", "validation"),
        ("test-data", "test"),
        ("training dog", ""),
        ("test tone", ""),
        ("train whistle", ""),
        ("contest", ""),
        ("train test", ""),
        ("dog", ""),
        ("", ""),
    ],
)
def test_parts_of_a_split(name, split):
    assert split_of(name) == split


@pytest.mark.parametrize(
    ("name", "fold"),
    [("fold1", "1"), ("Fold 01", "1"), ("fold_10", "10"), ("fold-0", "0"), ("cv3", "3"), ("fold", ""), ("1", "")],
)
def test_folds(name, fold):
    assert fold_of(name) == fold


@pytest.mark.parametrize(
    "name", ["audio", "WAVs", "Raw data", "ESC.audio", "Actor_01", "session 3", "part2", "2021-05"]
)
def test_names_that_are_no_classes(name):
    assert is_not_a_class(name)


@pytest.mark.parametrize(
    "name", ["dog", "data center", "sound of rain", "user", "7", "007", "001 - Dog", "1999 Ford", "犬"]
)
def test_names_that_may_be_classes(name):
    assert not is_not_a_class(name)


def test_a_published_collection_that_was_told_is_looked_for_below_too(tmp_path):
    header = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
    write_text(tmp_path / "a/b/metadata/UrbanSound8K.csv", header + "7-3-0-0.wav,7,0,1,1,5,3,dog_bark\n")
    touch(tmp_path, "a/b/audio/fold5/7-3-0-0.wav")
    found = find(tmp_path, ReaderOptions(), layout="urbansound8k")
    assert (found.folder, found.layout) == (tmp_path / "a/b", "urbansound8k")
    assert len(read(found.folder, found.layout, ReaderOptions()).clips) == 1


def test_what_the_user_says_is_not_doubted(tmp_path):
    touch(tmp_path, "train/1.wav", "test/1.wav")
    found = find(tmp_path, ReaderOptions(), layout="folders")
    assert (found.folder, found.layout, found.notes) == (tmp_path, "folders", ())
    assert set(read(tmp_path, "folders", ReaderOptions()).clips["label"]) == {"train", "test"}
    assert find(tmp_path, ReaderOptions(name_pattern="{label}")).layout == "names"


def test_splits_that_are_told_must_be_splits(tmp_path):
    touch(tmp_path, "train/a/1.wav", "extra/a/1.wav")
    with pytest.raises(ValueError, match="With --layout splits each folder must be named .* Got 'extra'"):
        read(tmp_path, "splits", ReaderOptions())
    touch(tmp_path, "fold1/a/1.wav")
    with pytest.raises(ValueError, match="With --layout folds each folder must be named like a fold"):
        read(tmp_path, "folds", ReaderOptions())


def test_equal_names_in_two_splits_are_two_clips(tmp_path):
    touch(tmp_path, *(f"{split}/{label}/1.wav" for split in ("train", "test", "dev") for label in ("a", "b")))
    clips = read(tmp_path, "splits", ReaderOptions()).clips
    assert clips["clip_id"].tolist() == ["dev-a-1", "test-a-1", "train-a-1", "dev-b-1", "test-b-1", "train-b-1"]
    assert clips["split"].tolist() == ["validation", "test", "train"] * 2
    assert clips["label"].tolist() == ["a"] * 3 + ["b"] * 3


def test_files_below_and_beside_the_classes_are_named(tmp_path):
    touch(
        tmp_path, "wild/wolf/1.wav", "wild/fox/1.wav", "wild/2.wav", *(f"dog/{k}.wav" for k in range(30)), "hello.wav"
    )
    found = find(tmp_path, ReaderOptions())
    collection = read(tmp_path, found.layout, ReaderOptions())
    assert collection.notes == ["2 audio files in folders below the classes (wild/fox) belong to the class above"]
    assert collection.skipped == {"audio files outside the class folders, such as hello.wav": 1}


def test_a_table_with_bare_numbers_is_no_table_of_labels(tmp_path):
    touch(tmp_path, *(f"{label}/{k}.wav" for label in ("cat", "dog") for k in range(9)))
    write_text(tmp_path / "stats.csv", "n,class\n" + "".join(f"{k},{k % 3}\n" for k in range(9)))
    assert find(tmp_path, ReaderOptions()).layout == "folders"


def test_equal_file_names_in_each_class_are_told_apart_by_their_folders(tmp_path):
    touch(tmp_path, *(f"{label}/{k}.wav" for label in ("cat", "dog") for k in range(4)))
    rows = [f"{label}/{k}.wav,{number}" for number, label in enumerate(("cat", "dog")) for k in range(4)]
    write_text(tmp_path / "a.csv", "name,label\n" + "\n".join(rows) + "\n")
    (note,) = find(tmp_path, ReaderOptions()).notes
    assert "a.csv has the same classes as the folders" in note


def test_a_layout_that_depends_on_nothing_but_names(tmp_path, list_in_order):
    touch(tmp_path, *(f"fold{fold}/{label}/1.wav" for fold in (1, 2) for label in ("a", "b")))
    for seed in range(3):
        list_in_order(seed)
        assert find(tmp_path, ReaderOptions()).layout == "folds"
