"""Files that are in other folders than a table says."""

from __future__ import annotations

import shutil

import pytest

from generate.readers import ReaderOptions, read
from generate.readers.audio_folder.found_by_name import find_by_name
from tests.generate.readers.conftest import touch, write_text


@pytest.mark.parametrize(
    ("wanted", "there", "found"),
    [
        ("fold1/x.wav", ["fold2/x.wav"], "fold2/x.wav"),
        ("x.wav", ["deep/er/x.wav"], "deep/er/x.wav"),
        ("Ka\u0308uz.wav", ["a/Käuz.wav"], "a/Käuz.wav"),
        ("X.WAV", ["a/x.wav"], "a/x.wav"),
        ("X.wav", ["a/x.wav", "b/X.wav"], "b/X.wav"),
        ("64760", ["dev/64760.wav"], "dev/64760.wav"),
        ("64760.wav", ["dev/64760.flac"], None),
        ("x.wav", ["audio/x.wav", "audio/16000/x.wav", "audio/44100/x.wav"], "audio/x.wav"),
        ("x.wav", ["audio/16000/x.wav", "audio/44100/x.wav"], None),
        ("x.wav", ["a/x.wav", "b/c/x.wav"], None),
        ("x.wav", ["x.wav-old/x.wav", "a/x.wav"], None),
        ("audio/fold5/x.wav", ["fold5/x.wav", "fold3/x.wav"], "fold5/x.wav"),
        ("audio/fold5/x.wav", ["copy/fold5/x.wav", "fold5/x.wav"], None),
        ("audio/dog/1.wav", ["dog/1.wav", "cat/1.wav"], "dog/1.wav"),
        ("a/x.wav", ["b/y.wav"], None),
    ],
)
def test_which_file_a_path_means(wanted, there, found):
    taken, warnings_of = find_by_name([wanted], there)
    assert taken == ({wanted: found} if found else {})
    if not found and any(path.endswith("x.wav") for path in there):
        assert "2 files have its name" in warnings_of[wanted] and there[0] in warnings_of[wanted]


def test_no_file_is_taken_twice():
    taken, warnings_of = find_by_name(["fold1/x.wav", "fold2/x.wav", "y.wav"], ["fold3/x.wav", "fold3/y.wav"])
    assert taken == {"y.wav": "fold3/y.wav"}
    assert set(warnings_of) == {"fold1/x.wav", "fold2/x.wav"}
    assert "'fold3/x.wav' has its name, and so have 2 rows of the table" in warnings_of["fold1/x.wav"]


def test_a_file_that_a_row_names_itself_is_no_other_row_s(tmp_path):
    touch(tmp_path, "a/x.wav")
    write_text(tmp_path / "labels.csv", "file,label\na/x.wav,dog\nb/x.wav,cat\n")
    collection = read(tmp_path, "csv", ReaderOptions())
    assert list(collection.clips["path"]) == ["a/x.wav"]
    assert [path for path, *_ in collection.missing] == ["b/x.wav"]


def test_the_reason_names_two_places_and_stays_with_its_file(tmp_path):
    touch(tmp_path, "a.wav", "one/x.wav", "two/x.wav")
    write_text(tmp_path / "labels.csv", "file,label\na.wav,dog\nx.wav,dog\ny.wav,cat\n")
    assert read(tmp_path, "csv", ReaderOptions()).missing == [
        ("x.wav", "dog", "named in labels.csv, but not there: 2 files have its name: 'one/x.wav', 'two/x.wav'"),
        ("y.wav", "cat", "named in labels.csv, but not there"),
    ]


def test_esc50_as_kaggle_packs_it(tmp_path):
    names = ["1-100-A-0.wav", "2-101-A-36.wav"]
    rows = ["1-100-A-0.wav,1,0,dog,True,100,A", "2-101-A-36.wav,2,36,vacuum_cleaner,False,101,A"]
    write_text(tmp_path / "meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take\n" + "\n".join(rows))
    for place in ("audio/audio", "audio/audio/16000", "audio/audio/44100"):
        touch(tmp_path, *(f"{place}/{name}" for name in names))
    collection = read(tmp_path, "esc50", ReaderOptions())
    assert sorted(collection.clips["path"]) == [f"audio/audio/{name}" for name in names]
    assert collection.missing == []


@pytest.fixture
def urbansound8k(real_tables, tmp_path):
    """The real table, and its rows."""
    (tmp_path / "metadata").mkdir()
    shutil.copy(real_tables / "UrbanSound8K.csv", tmp_path / "metadata")
    lines = (real_tables / "UrbanSound8K.csv").read_text(encoding="utf-8").splitlines()[1:]
    return tmp_path, [line.split(",") for line in lines]


def put(folder, rows, place):
    for fold in range(1, 11):
        (folder / place(str(fold))).mkdir(parents=True, exist_ok=True)
    for name, *_, fold, _, _ in rows:
        open(folder / place(fold) / name, "wb").close()


def test_the_real_table_with_all_files_in_other_fold_folders(urbansound8k):
    folder, rows = urbansound8k
    put(folder, rows, lambda fold: f"fold{int(fold) % 10 + 1}")
    collection = read(folder, "urbansound8k", ReaderOptions())
    assert len(collection.clips) == 8732 and collection.missing == []
    row = collection.clips.set_index("clip_id").loc["100032-3-0-0"]
    assert (row["path"], row["fold"]) == ("fold6/100032-3-0-0.wav", "5")
    assert collection.notes == [
        "8,732 files found by name in other places than in metadata/UrbanSound8K.csv, such as "
        "'audio/fold1/101415-3-0-2.wav' at 'fold2/101415-3-0-2.wav'; folds are those of the table"
    ]


def test_the_real_table_with_one_fold_alone(urbansound8k):
    folder, rows = urbansound8k
    put(folder, [row for row in rows if row[5] == "1"], lambda fold: f"audio/fold{fold}")
    collection = read(folder, "urbansound8k", ReaderOptions())
    assert len(collection.clips) == 873 and len(collection.missing) == 8732 - 873
    assert collection.notes[0] == "873 of the 8,732 files that metadata/UrbanSound8K.csv names are there"
    assert collection.notes[1].startswith("there of each fold: 1 873 of 873, 2 0 of 888, 3 0 of 925, 4 0 of 990")
    assert collection.notes[1].endswith("10 0 of 837")
    assert "gun_shot 35 of 374" in collection.notes[2]
