from __future__ import annotations

import shutil

import pandas as pd
import pytest

import generate
from generate.__main__ import main as generate_main
from generate.readers import ReaderOptions, find, read
from tests.generate.readers.conftest import touch, write_audio, write_text

HEADER = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
ROWS = "7-3-0-0.wav,7,0.0,0.3,1,5,3,dog_bark\n7-3-0-1.wav,7,0.5,0.9,1,10,3,dog_bark\n9-2-0-1.wav,9,5,9,1,1,5,siren\n"


@pytest.fixture(scope="module")
def urbansound8k(real_tables, tmp_path_factory):
    """The whole of UrbanSound8K, with empty sounds: the real table, and a file for each of its rows."""
    folder = tmp_path_factory.mktemp("UrbanSound8K")
    (folder / "metadata").mkdir()
    shutil.copy(real_tables / "UrbanSound8K.csv", folder / "metadata")
    for fold in range(1, 11):
        (folder / f"audio/fold{fold}").mkdir(parents=True)
    for line in (real_tables / "UrbanSound8K.csv").read_text(encoding="utf-8").splitlines()[1:]:
        name, *_, fold, _, _ = line.split(",")
        open(f"{folder}/audio/fold{fold}/{name}", "wb").close()
    return folder


@pytest.fixture(scope="module")
def clips(urbansound8k):
    assert find(urbansound8k, ReaderOptions()).layout == "urbansound8k"
    collection = read(urbansound8k, "urbansound8k", ReaderOptions())
    assert collection.missing == []
    return collection.clips


def test_the_real_table(clips):
    assert len(clips) == 8732
    assert set(clips["label"]) == {
        *("air_conditioner", "car_horn", "children_playing", "dog_bark", "drilling", "engine_idling", "gun_shot"),
        *("jackhammer", "siren", "street_music"),
    }
    sizes = dict(clips["fold"].value_counts())
    assert set(sizes) == {str(fold) for fold in range(1, 11)}
    assert (sizes["1"], sizes["10"]) == (873, 837), "as published on the collection's page"


def test_a_row_of_the_real_table(clips):
    assert dict(clips.set_index("clip_id").loc["100032-3-0-0"]) == {
        "path": "audio/fold5/100032-3-0-0.wav",
        "label": "dog_bark",
        "fold": "5",
        "split": "",
        "source_id": "100032",
        "start_s": 0.0,
        "salience": "1",
    }


def test_the_salience_of_the_real_table(clips, real_tables):
    table = pd.read_csv(real_tables / "UrbanSound8K.csv")
    assert dict(clips["salience"].value_counts()) == dict(table["salience"].astype(str).value_counts())
    told = dict(zip(table["slice_file_name"].str.removesuffix(".wav"), table["salience"].astype(str), strict=True))
    assert clips.set_index("clip_id")["salience"].to_dict() == told


def test_images_have_the_salience_and_get_another_one_without_rendering(tmp_path):
    write_text(tmp_path / "Urban/UrbanSound8K.csv", HEADER + ROWS.replace("5,9,1,1,5", "5,9,2,1,5"))
    write_audio(tmp_path / "Urban", "fold5/7-3-0-0.wav", "fold10/7-3-0-1.wav", "fold1/9-2-0-1.wav")
    arguments = [str(tmp_path / "Urban"), str(tmp_path / "images"), "--engine", "librosa", "--variants", "none"]
    assert generate_main([*arguments, "--seconds", "1", "--listen", "0", "--workers", "1"]) == 0
    expected = {"7-3-0-0": "1", "7-3-0-1": "1", "9-2-0-1": "2"}
    assert generate.read_dataset(tmp_path / "images").set_index("clip_id")["salience"].to_dict() == expected

    write_text(tmp_path / "Urban/UrbanSound8K.csv", HEADER + ROWS)
    rendered = [path.stat().st_mtime_ns for path in sorted((tmp_path / "images").rglob("*.png"))]
    assert generate_main([*arguments, "--seconds", "1", "--listen", "0", "--workers", "1"]) == 0
    assert generate.read_dataset(tmp_path / "images")["salience"].eq("1").all()
    assert [path.stat().st_mtime_ns for path in sorted((tmp_path / "images").rglob("*.png"))] == rendered


def test_a_table_with_another_salience_is_refused_and_one_without_it_is_read(tmp_path):
    touch(tmp_path, "fold5/7-3-0-0.wav", "fold10/7-3-0-1.wav", "fold1/9-2-0-1.wav")
    write_text(tmp_path / "UrbanSound8K.csv", HEADER + ROWS.replace("5,9,1,1,5", "5,9,3,1,5"))
    with pytest.raises(ValueError, match=r"salience must be 1 .*Got '3' in line 4"):
        read(tmp_path, "urbansound8k", ReaderOptions())
    table = pd.read_csv(tmp_path / "UrbanSound8K.csv").drop(columns="salience")
    table.to_csv(tmp_path / "UrbanSound8K.csv", index=False)
    assert read(tmp_path, "urbansound8k", ReaderOptions()).clips["salience"].eq("").all()


def test_each_clip_has_the_recording_that_its_name_tells(clips):
    assert (clips["clip_id"].str.partition("-")[0] == clips["source_id"]).all()
    assert clips["source_id"].nunique() < 1500


def test_five_real_recordings_stand_in_two_folds(clips):
    n_folds = clips.groupby("source_id")["fold"].nunique()
    assert set(n_folds[n_folds > 1].index) == {"106905", "132016", "176638", "180937", "77751"}
    assert n_folds.max() == 2


def test_a_missing_fold_is_named_and_the_rest_is_read(tmp_path):
    write_text(tmp_path / "metadata/UrbanSound8K.csv", HEADER + ROWS)
    touch(tmp_path, "audio/fold1/9-2-0-1.wav", "audio/fold5/7-3-0-0.wav")

    collection = read(tmp_path, "urbansound8k", ReaderOptions())

    assert list(collection.clips["path"]) == ["audio/fold5/7-3-0-0.wav", "audio/fold1/9-2-0-1.wav"]
    reason = "named in metadata/UrbanSound8K.csv, but not there"
    assert collection.missing == [("audio/fold10/7-3-0-1.wav", "dog_bark", reason)]


def test_the_table_alone_without_its_sounds(tmp_path):
    write_text(tmp_path / "metadata/UrbanSound8K.csv", HEADER + ROWS)
    with pytest.raises(ValueError, match="the 3 files that its table names do not exist"):
        read(tmp_path, "urbansound8k", ReaderOptions())


def test_a_table_without_a_column(tmp_path):
    write_text(tmp_path / "metadata/UrbanSound8K.csv", "slice_file_name,fold,class\na.wav,1,siren\n")
    with pytest.raises(ValueError, match="UrbanSound8K.csv.* has no column 'fsID'. It has 'slice_file_name', 'fold'"):
        read(tmp_path, "urbansound8k", ReaderOptions())


@pytest.mark.parametrize("row", ["../../x.wav,7,0,1,1,5,3,siren", "x.wav,7,0,1,1,5/../../..,3,siren"])
def test_a_table_that_leads_out_of_the_folder(tmp_path, row):
    write_text(tmp_path / "metadata/UrbanSound8K.csv", HEADER + row + "\n")
    with pytest.raises(ValueError, match="leaves the audio folder"):
        read(tmp_path, "urbansound8k", ReaderOptions())
