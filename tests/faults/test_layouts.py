"""Row 21: folders that are not laid out as class folders are read as what they are, or stop with what settles it."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from generate.command_line import build_parser
from generate.readers import ReaderOptions, find, read
from tests.conftest import METADATA
from tests.faults.running import QUICK, generate, metadata
from tests.generate.readers.conftest import touch, write_audio, write_text

SPECIES = ("aldfly", "amecro", "banswa")
GENRES = ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"]
CLASSES = ("cat", "dog", "rain")


def _urbansound8k(top: Path, table: str, audio: str, *, every: int = 40) -> None:
    """The real table, or every so many rows of it, and empty files."""
    rows = pd.read_csv(METADATA / "UrbanSound8K.csv", dtype=str)[::every]
    (top / table).mkdir(parents=True, exist_ok=True)
    rows.to_csv(top / table / "UrbanSound8K.csv", index=False)
    touch(top, *(audio + "fold" + rows["fold"] + "/" + rows["slice_file_name"]))


def _esc50(top: Path, table: str, *audio: str) -> None:
    rows = pd.read_csv(METADATA / "esc50.csv", dtype=str)
    (top / table).mkdir(parents=True, exist_ok=True)
    rows.to_csv(top / table / "esc50.csv", index=False)
    for folder in audio:
        touch(top, *(folder + rows["filename"]))


def _classes(top: Path, *outer: str, classes: tuple[str, ...] = CLASSES, n: int = 3) -> None:
    touch(top, *(f"{folder}{label}/{k}.wav" for folder in outer or ("",) for label in classes for k in range(n)))


def _table(path: Path, header: str, rows: list[str]) -> None:
    write_text(path, "\n".join([header, *rows, ""]))


# --- read as what they are -------------------------------------------------------------------------------------------


def urbansound8k_from_kaggle(top: Path) -> None:
    _urbansound8k(top, "", "", every=1)


def urbansound8k_one_folder_too_high(top: Path) -> None:
    _urbansound8k(top / "archive", "", "")


def urbansound8k_two_folders_too_high(top: Path) -> None:
    _urbansound8k(top / "archive" / "UrbanSound8K", "metadata", "audio/")
    touch(top, "__MACOSX/archive/._a.wav", "archive/readme.txt", "papers/urban.pdf")


def esc50_from_github(top: Path) -> None:
    _esc50(top / "ESC-50-master", "meta", "audio/")
    touch(top, "ESC-50-master/README.md", "ESC-50-master/meta/esc50-human.xlsx", "ESC-50-master/tests/test_dataset.py")


def esc50_from_kaggle(top: Path) -> None:
    _esc50(top, "", "audio/audio/", "audio/audio/16000/")


def gtzan_from_kaggle(top: Path) -> None:
    for seconds in (3, 30):
        rows = [f"{genre}.00000.wav,1,{genre}" for genre in GENRES]
        _table(top / f"Data/features_{seconds}_sec.csv", "filename,length,label", rows)
    touch(top, *(f"Data/genres_original/{genre}/{genre}.0000{k}.wav" for genre in GENRES for k in range(2)))
    touch(top, *(f"Data/images_original/{genre}/{genre}0000{k}.png" for genre in GENRES for k in range(2)))


def classes_one_folder_too_high(top: Path) -> None:
    _classes(top, "archive/my sounds/")
    touch(top, "archive/readme.txt", "docs/paper.pdf")


def train_test_val(top: Path) -> None:
    _classes(top, "train/", "test/", "val/")


def training_and_validation_below_another(top: Path) -> None:
    _classes(top, "v2/Training/", "v2/Validation/")


def ten_folds(top: Path) -> None:
    _classes(top, *(f"fold{fold}/" for fold in range(1, 11)))


def folds_with_zeros(top: Path) -> None:
    _classes(top, *(f"Fold {fold:02d}/" for fold in range(1, 6)))
    shutil.rmtree(top / "Fold 02" / "rain")


def birdclef_without_soundscapes(top: Path) -> None:
    touch(top, *(f"train_audio/{s}/XC{i}{k}.ogg" for i, s in enumerate(SPECIES) for k in range(4)))
    rows = [f"{s},[],{s}/XC{i}{k}.ogg" for i, s in enumerate(SPECIES) for k in range(4)]
    _table(top / "train_metadata.csv", "primary_label,secondary_labels,filename", rows)
    _table(top / "taxonomy.csv", "species_code,sci_name", [f"{s},x" for s in SPECIES])


def speech_commands(top: Path) -> None:
    touch(top, *(f"{word}/{s:08x}_nohash_{k}.wav" for word in ("yes", "no", "bed") for s in range(3) for k in (0, 1)))
    touch(top, "_background_noise_/pink_noise.wav", "validation_list.txt", "testing_list.txt", "LICENSE")


def labels_beside_audio(top: Path) -> None:
    touch(top, *(f"audio/{k}.wav" for k in range(4)))
    _table(top / "labels.csv", "file,label", [f"audio/{k}.wav,{'ab'[k % 2]}" for k in range(4)])


def a_vehicle_called_train(top: Path) -> None:
    _classes(top, classes=("cat", "dog", "train", "rain"))


def classes_with_such_words(top: Path) -> None:
    _classes(top, classes=("test tone", "data center", "training dog", "fold", "class 1", "session", "may", "audio"))


def one_file_beside_the_classes(top: Path) -> None:
    _classes(top, n=10)
    touch(top, "intro.wav")


def features_of_the_same_classes(top: Path) -> None:
    touch(top, *(f"{label}/{label}{k}.wav" for label in ("cat", "dog") for k in range(4)))
    rows = [f"{label}{k}.wav,0.1,{number}" for number, label in enumerate(("cat", "dog")) for k in range(4)]
    _table(top / "features.csv", "filename,rms,class_id", rows)


Put = Callable[[Path], None]
READ: dict[Put, tuple[str, str, int, int, str]] = {
    urbansound8k_from_kaggle: ("", "urbansound8k", 8732, 10, ""),
    urbansound8k_one_folder_too_high: (
        "archive",
        "urbansound8k",
        219,
        10,
        "read as audio_folder/archive: the only folder",
    ),
    urbansound8k_two_folders_too_high: ("archive/UrbanSound8K", "urbansound8k", 219, 10, "archive/UrbanSound8K"),
    esc50_from_github: ("ESC-50-master", "esc50", 2000, 50, "read as audio_folder/ESC-50-master"),
    esc50_from_kaggle: ("", "esc50", 2000, 50, "audio files that the table does not name, such as audio/audio/16000/"),
    gtzan_from_kaggle: ("", "gtzan", 20, 10, ""),
    classes_one_folder_too_high: ("archive/my sounds", "folders", 9, 3, "read as audio_folder/archive/my sounds"),
    train_test_val: ("", "splits", 27, 3, "kept as the column `split` of metadata.csv, and not used for folds"),
    training_and_validation_below_another: ("v2", "splits", 18, 3, "train 9, validation 9"),
    ten_folds: ("", "folds", 90, 3, ""),
    folds_with_zeros: ("", "folds", 42, 3, ""),
    birdclef_without_soundscapes: ("train_audio", "folders", 12, 3, "train_metadata.csv has the same classes"),
    speech_commands: ("", "folders", 19, 4, "--leave-out _background_noise_"),
    labels_beside_audio: ("", "csv", 4, 2, "labels.csv"),
    a_vehicle_called_train: ("", "folders", 12, 4, ""),
    classes_with_such_words: ("", "folders", 24, 8, ""),
    one_file_beside_the_classes: ("", "folders", 30, 3, "audio files outside the class folders, such as intro.wav"),
    features_of_the_same_classes: ("", "folders", 8, 2, "features.csv has the same classes"),
}
"""The folder that is read, its layout, clips, classes, and words of a note or of what is not read."""


@pytest.mark.fault(21)
def test_what_can_be_recognised_is_read(real_tables, tmp_path, injected):
    for number, (put, (inner, layout, n_clips, n_classes, words)) in enumerate(READ.items()):
        top = tmp_path / str(number) / "audio_folder"
        top.mkdir(parents=True)
        put(top)
        found = find(top, ReaderOptions())
        assert (found.folder, found.layout) == (top / inner, layout), put.__name__
        collection = read(found.folder, found.layout, ReaderOptions())
        clips = collection.clips
        assert (len(clips), clips["label"].nunique()) == (n_clips, n_classes), put.__name__
        assert collection.missing == [], put.__name__
        assert clips["clip_id"].str.casefold().is_unique
        assert words in "\n".join([*found.notes, *collection.notes, *collection.skipped]), put.__name__
    injected(len(READ))


# --- stop, and say what settles it -----------------------------------------------------------------------------------


def urbansound8k_without_its_table(top: Path) -> None:
    touch(top, *(f"fold{fold}/7-3-0-{fold}.wav" for fold in range(1, 11)))


def fsdkaggle2018(top: Path) -> None:
    for part, table, first in (("train", "train_post_competition", 0), ("test", "test_post_competition", 60)):
        names = [f"{first + k:08x}.wav" for k in range(60)]
        touch(top, *(f"FSDKaggle2018.audio_{part}/{name}" for name in names))
        rows = [f"{name},{'ab'[k % 2]},1" for k, name in enumerate(names)]
        _table(top / f"FSDKaggle2018.meta/{table}.csv", "fname,label,freesound_id", rows)
    touch(top, "FSDKaggle2018.doc/README.md")


def birdclef(top: Path) -> None:
    birdclef_without_soundscapes(top)
    touch(top, *(f"train_soundscapes/{k}_SSW.ogg" for k in range(4)))


def spoken_digits(top: Path) -> None:
    touch(top, *(f"recordings/{digit}_jackson_{k}.wav" for digit in range(10) for k in range(2)))
    touch(top, "acquire_data/say_numbers_prompt.py", "utils/fsdd.py", "metadata.py")


def warblr(top: Path) -> None:
    touch(top, *(f"wav/{k:04x}-a.wav" for k in range(30)))
    rows = [f"{k:04x}-a,warblrb10k,{k % 2}" for k in range(30)]
    _table(top / "warblrb10k_public_metadata_2018.csv", "itemid,datasetid,hasbird", rows)


def ravdess(top: Path) -> None:
    touch(top, *(f"Actor_{a:02d}/03-01-0{e}-01-01-01-{a:02d}.wav" for a in range(1, 6) for e in range(1, 5)))


def splits_without_classes(top: Path) -> None:
    touch(top, *(f"{part}/{k}.wav" for part in ("train", "test", "val") for k in range(3)))


def splits_with_other_classes(top: Path) -> None:
    _classes(top, "train/", classes=("cat", "dog"))
    _classes(top, "test/", classes=("rain", "wind"))


def splits_and_something_else(top: Path) -> None:
    _classes(top, "train/", "test/")
    touch(top, "unsure/1.wav")


def test_without_classes(top: Path) -> None:
    _classes(top, "train/audio/")
    touch(top, *(f"test/audio/{k}.wav" for k in range(3)))


test_without_classes.__test__ = False


def one_class(top: Path) -> None:
    _classes(top, classes=("dog",))


def one_class_by_date(top: Path) -> None:
    _classes(top, "dog/", classes=("2021-05-01", "2021-05-02"))


def recordings_by_date(top: Path) -> None:
    _classes(top, classes=("20210501", "20210502", "20210503"))


def many_files_beside_the_classes(top: Path) -> None:
    _classes(top)
    touch(top, "a.wav", "b.wav")


def a_table_that_says_otherwise(top: Path) -> None:
    touch(top, *(f"{site}/{site}-{k}.wav" for site in ("forest", "lake") for k in range(4)))
    rows = [f"{site}-{k}.wav,{'ab'[k % 2]}" for site in ("forest", "lake") for k in range(4)]
    _table(top / "annotation" / "all.tsv", "recording name\tspecies", [row.replace(",", "\t") for row in rows])


def a_published_collection_beside_others(top: Path) -> None:
    _urbansound8k(top / "UrbanSound8K", "metadata", "audio/")
    touch(top, "mine/1.wav", "mine/2.wav")


def heaps(top: Path) -> None:
    touch(top, *(f"{name}/{k}.wav" for name in ("wavs", "Raw data", "audio_files") for k in range(3)))


def flat(top: Path) -> None:
    touch(top, "7_jackson_32.wav", "8_theo_1.wav")


STOPPED: dict[Put, tuple[str, str]] = {
    urbansound8k_without_its_table: ("named as folds (fold1, fold10", "--name-pattern"),
    fsdkaggle2018: (
        "FSDKaggle2018.audio_test/ has 60 audio files",
        "--labels {top}/FSDKaggle2018.meta/train_post_competition.csv --file-column fname --label-column label",
    ),
    birdclef: ("train_soundscapes/ has 4 audio files", "{top}/train_audio in place of {top}"),
    spoken_digits: ("recordings/ has 20 audio files", "such as 0_jackson_0.wav"),
    warblr: (
        "table warblrb10k_public_metadata_2018.csv (itemid, datasetid, hasbird)",
        "--labels {top}/warblrb10k_public_metadata_2018.csv --file-column itemid --label-column hasbird",
    ),
    ravdess: ("Actor_01, Actor_02", "--name-pattern"),
    splits_without_classes: ("named as splits (test, train, val)", "--labels FILE.csv"),
    splits_with_other_classes: ("not by classes that they all have", "{top}/train in place of {top}"),
    splits_and_something_else: ("and some not (unsure)", "--layout folders    test, train, unsure are the classes"),
    test_without_classes: ("named as splits (test, train)", "{top}/train/audio in place of {top}"),
    one_class: ("only one class, 'dog'", "--layout folders    dog is the class"),
    one_class_by_date: ("2021-05-01, 2021-05-02", "{top}/dog --layout folders"),
    recordings_by_date: ("20210501, 20210502", "--labels FILE.csv"),
    many_files_beside_the_classes: ("2 of its 11 audio files lie outside", "audio files outside them are not read"),
    a_table_that_says_otherwise: (
        "'annotation/all.tsv' has a class of 8 audio files (column 'species')",
        "--labels {top}/annotation/all.tsv --file-column 'recording name' --label-column species",
    ),
    a_published_collection_beside_others: ("'UrbanSound8K' is a published collection", "{top}/UrbanSound8K in place"),
    heaps: ("Raw data, audio_files, wavs", "--name-pattern"),
    flat: ("audio files lie directly in it", "such as 7_jackson_32.wav"),
}
"""Words of what is said to have been seen, and of an option that settles it."""


@pytest.mark.fault(21)
def test_what_is_not_certain_stops_and_names_what_settles_it(real_tables, tmp_path, injected):
    for number, (put, (seen, option)) in enumerate(STOPPED.items()):
        top = tmp_path / str(number) / "audio_folder"
        top.mkdir(parents=True)
        put(top)
        with pytest.raises(ValueError) as caught:
            find(top, ReaderOptions())
        message = str(caught.value)
        assert seen in message, (put.__name__, message)
        assert option.format(top=top) in message, (put.__name__, message)
        if put is not flat:
            assert find(top, ReaderOptions(), layout="folders").layout == "folders"
        for line in message.splitlines():  # a table that is proposed can be read with what is proposed
            if line.startswith(f"  --labels {top}"):
                words = shlex.split(line.strip().partition("    ")[0])
                told = build_parser().parse_args([str(top), *words])
                options = ReaderOptions(
                    labels=told.labels, file_column=told.file_column, label_column=told.label_column
                )
                assert find(top, options).layout == "csv"
    injected(len(STOPPED))


@pytest.mark.fault(21)
def test_a_run_on_splits_keeps_them_as_a_column_and_on_what_is_not_certain_writes_nothing(tmp_path, injected):
    audio_folder = tmp_path / "archive" / "birds"
    write_audio(audio_folder, *(f"{part}/{label}/1.wav" for part in ("train", "test") for label in ("owl", "tit")))
    done = generate(tmp_path / "archive", tmp_path / "images", *QUICK, "--variants", "none")
    assert done.returncode == 0, done.stderr
    assert "read as   class from the folder in train, test or validation; no folds; split from the top" in done.stdout
    assert "read as archive/birds: the only folder with audio files in it" in done.stdout
    table = metadata(tmp_path / "images").set_index("clip_id")
    assert table["split"].to_dict() == {
        "test-owl-1": "test",
        "test-tit-1": "test",
        "train-owl-1": "train",
        "train-tit-1": "train",
    }
    assert set(table["label"]) == {"owl", "tit"} and set(table["fold"]) == {""}

    write_audio(tmp_path / "one", "recordings/1.wav", "recordings/2.wav")
    done = generate(tmp_path / "one", tmp_path / "none", *QUICK)
    assert done.returncode == 1 and "It is not certain what the classes in" in done.stderr
    assert not (tmp_path / "none").exists()
    injected(2)
