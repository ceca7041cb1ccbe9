from __future__ import annotations

import shutil

import pandas as pd
import pytest

from generate.__main__ import main as generate_main
from generate.dataset.settings_file import read_settings
from generate.readers import ReaderOptions, find, read
from generate.readers.esc50 import READER
from tests.generate.readers.conftest import touch, write_audio, write_text

HEADER = "filename,fold,target,category,esc10,src_file,take\n"
ROWS = "1-100-A-0.wav,1,0,dog,True,100,A\n5-9-B-36.wav,5,36,vacuum_cleaner,False,9,B\n5-9-C-36.wav,5,36,vacuum_cleaner,False,9,C\n"


@pytest.fixture(scope="module")
def esc50(real_tables, tmp_path_factory):
    """The whole of ESC-50, with empty sounds: the real table, and a file for each of its rows."""
    folder = tmp_path_factory.mktemp("ESC-50")
    (folder / "meta").mkdir()
    shutil.copy(real_tables / "esc50.csv", folder / "meta")
    lines = (real_tables / "esc50.csv").read_text(encoding="utf-8").splitlines()[1:]
    touch(folder, *("audio/" + line.partition(",")[0] for line in lines))
    return folder


def test_the_real_table(esc50):
    assert find(esc50, ReaderOptions()).layout == "esc50"
    collection = read(esc50, "esc50", ReaderOptions())
    clips = collection.clips

    assert len(clips) == 2000
    assert collection.missing == []
    assert clips["label"].nunique() == 50
    assert set(clips["label"].value_counts()) == {40}
    assert dict(clips["fold"].value_counts()) == {fold: 400 for fold in "12345"}


def test_a_row_of_the_real_table(esc50):
    clips = read(esc50, "esc50", ReaderOptions()).clips.set_index("clip_id")

    assert dict(clips.loc["1-100032-A-0"]) == {
        "path": "audio/1-100032-A-0.wav",
        "label": "dog",
        "fold": "1",
        "split": "",
        "source_id": "100032",
        "start_s": 0.0,
        "salience": "",
    }


def test_the_groups_of_classes_are_the_tens_of_the_real_table(real_tables):
    table = pd.read_csv(real_tables / "esc50.csv")
    tens = [set(of_ten["category"]) for _, of_ten in table.groupby(table["target"] // 10)]
    assert [set(labels) for labels in READER.class_groups.values()] == tens and len(tens) == 5


def test_images_know_the_groups(tmp_path):
    write_text(tmp_path / "ESC-50/meta/esc50.csv", HEADER + ROWS)
    write_audio(tmp_path / "ESC-50", *("audio/" + line.partition(",")[0] for line in ROWS.splitlines()))
    arguments = [str(tmp_path / "ESC-50"), str(tmp_path / "images"), "--engine", "librosa", "--variants", "none"]
    assert generate_main(arguments) == 0
    groups = read_settings(tmp_path / "images/settings.json")["collection"]["class_groups"]
    assert len(groups) == 5 and "dog" in groups["Animals"]


def test_each_clip_has_the_fold_and_the_recording_that_its_name_tells(esc50):
    clips = read(esc50, "esc50", ReaderOptions()).clips
    told = clips["clip_id"].str.split("-", expand=True)
    assert (clips["fold"] == told[0]).all()
    assert (clips["source_id"] == told[1]).all()
    assert (clips["path"] == "audio/" + clips["clip_id"] + ".wav").all()


def test_the_real_subset_esc10(esc50):
    clips = read(esc50, "esc50", ReaderOptions(subset="esc10")).clips
    assert len(clips) == 400
    assert set(clips["label"]) == {
        *("dog", "rooster", "rain", "sea_waves", "crackling_fire", "crying_baby", "sneezing", "clock_tick"),
        *("helicopter", "chainsaw"),
    }
    assert dict(clips["fold"].value_counts()) == {fold: 80 for fold in "12345"}


def test_four_real_recordings_stand_in_two_folds(esc50):
    clips = read(esc50, "esc50", ReaderOptions()).clips
    n_folds = clips.groupby("source_id")["fold"].nunique()
    assert set(n_folds[n_folds > 1].index) == {"134049", "234879", "131943", "209698"}
    assert n_folds.max() == 2


def test_files_that_are_not_there_are_named_and_the_rest_is_read(tmp_path):
    write_text(tmp_path / "meta/esc50.csv", HEADER + ROWS)
    touch(tmp_path, "audio/1-100-A-0.wav", "audio/not in the table.wav")

    collection = read(tmp_path, "esc50", ReaderOptions())

    assert list(collection.clips["path"]) == ["audio/1-100-A-0.wav"]
    reason = "named in meta/esc50.csv, but not there"
    assert collection.missing == [
        ("audio/5-9-B-36.wav", "vacuum_cleaner", reason),
        ("audio/5-9-C-36.wav", "vacuum_cleaner", reason),
    ]


def test_a_table_that_excel_saved_has_the_subset(tmp_path):
    write_text(tmp_path / "meta/esc50.csv", "\ufeff" + (HEADER + ROWS).replace(",", ";").replace("True", "TRUE"))
    touch(tmp_path, "audio/1-100-A-0.wav")
    assert len(read(tmp_path, "esc50", ReaderOptions(subset="esc10")).clips) == 1


def test_only_missing_files_of_the_subset_count(tmp_path):
    write_text(tmp_path / "meta/esc50.csv", HEADER + ROWS)
    touch(tmp_path, "audio/1-100-A-0.wav")
    assert read(tmp_path, "esc50", ReaderOptions(subset="esc10")).missing == []


def test_the_table_alone_without_its_sounds(tmp_path):
    write_text(tmp_path / "meta/esc50.csv", HEADER + ROWS)
    with pytest.raises(ValueError, match="holds no audio files .*the 3 files that its table names do not exist"):
        read(tmp_path, "esc50", ReaderOptions())


def test_a_table_without_a_column(tmp_path):
    write_text(tmp_path / "meta/esc50.csv", "filename,fold,category\na.wav,1,dog\n")
    with pytest.raises(
        ValueError, match=r"esc50.csv.* has no column 'esc10', 'src_file'. It has 'filename', 'fold', 'cat"
    ):
        read(tmp_path, "esc50", ReaderOptions())


def test_an_empty_table(tmp_path):
    write_text(tmp_path / "meta/esc50.csv", "")
    with pytest.raises(ValueError, match=r"esc50.csv.*cannot be read as a CSV table: it is empty"):
        read(tmp_path, "esc50", ReaderOptions())


@pytest.mark.parametrize("name", ["../../secret.wav", "..\\x.wav", "x/../../../secret.wav"])
def test_a_table_that_leads_out_of_the_folder(tmp_path, name):
    write_text(tmp_path / "meta/esc50.csv", HEADER + f"{name},1,0,dog,True,100,A\n")
    touch(tmp_path, "audio/a.wav")
    with pytest.raises(ValueError, match="meta/esc50.csv: paths must be .* leaves the audio folder"):
        read(tmp_path, "esc50", ReaderOptions())


def test_a_subset_that_there_is_not(tmp_path):
    write_text(tmp_path / "meta/esc50.csv", HEADER + ROWS)
    with pytest.raises(ValueError, match="must be esc10 for ESC-50. Got 'esc20'"):
        read(tmp_path, "esc50", ReaderOptions(subset="esc20"))
