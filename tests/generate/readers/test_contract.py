"""What every reader promises. A new reader needs one line in `COLLECTIONS` here, and is held to all of it."""

from __future__ import annotations

import random
from pathlib import Path, PurePosixPath

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from generate.dataset.settings import Settings
from generate.readers import READERS, ReaderOptions, find, read
from tests.generate.readers.conftest import touch, write_audio, write_text

COLUMNS = ["clip_id", "path", "label", "fold", "split", "source_id", "start_s", "salience"]
FORBIDDEN = set('/\\:*?"<>|') | {chr(code) for code in range(32)}
"""Characters that one system or another does not take in a file name."""

# Each builder lays a collection out as its publisher or a user would, with what makes ids hard: one name in two
# places, names that differ by their case and their ending alone, long ones, leading dashes, foreign scripts.


def esc50(folder: Path) -> ReaderOptions:
    rows = [
        "1-100-A-0.wav,1,0,dog,True,100,A",
        "2-101-A-36.wav,2,36,vacuum_cleaner,False,101,A",
        "2-101-B-36.wav,2,36,vacuum_cleaner,False,101,B",
    ]
    write_text(folder / "meta/esc50.csv", "filename,fold,target,category,esc10,src_file,take\n" + "\n".join(rows))
    write_audio(folder, *("audio/" + row.partition(",")[0] for row in rows))
    return ReaderOptions()


def esc10(folder: Path) -> ReaderOptions:
    write_audio(folder, "001 - Dog bark/1-100-A.ogg", "001 - Dog bark/5-9-B.ogg", "010 - Fire crackling/1-100-A.ogg")
    write_text(folder / "README.md", "# ESC-10")
    return ReaderOptions()


def urbansound8k(folder: Path) -> ReaderOptions:
    header = "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
    rows = [
        "7-3-0-0.wav,7,0.0,0.3,1,5,3,dog_bark",
        "7-3-0-0.wav,7,0,1,1,10,3,dog_bark",
        "9-2-0-1.wav,9,5,9,1,1,5,siren",
    ]
    write_text(folder / "metadata/UrbanSound8K.csv", header + "\n".join(rows))
    write_audio(folder, "audio/fold5/7-3-0-0.wav", "audio/fold10/7-3-0-0.wav", "audio/fold1/9-2-0-1.wav")
    return ReaderOptions()


def gtzan(folder: Path) -> ReaderOptions:
    write_audio(
        folder,
        "genres_original/jazz/jazz.00053.wav",
        "genres_original/jazz/jazz.00054.wav",
        "genres_original/jazz/jazz.00054.au",
        "genres_original/rock/rock.00000.wav",
    )
    return ReaderOptions()


def audioset(folder: Path) -> ReaderOptions:
    write_audio(folder, "--PJHxphWEs_30.000.wav", "a/Y--ZhevVpy1s.flac", "--aE2O5G5WE_0_10000.wav", "--AE2O5G5WE.wav")
    rows = [
        '--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"',
        '--ZhevVpy1s, 50.000, 60.000, "/m/012xff"',
        '--aE2O5G5WE, 0.000, 10.000, "/m/03fwl,/m/04rlf,/m/09x0r"',
        '--AE2O5G5WE, 5.000, 15.000, "/m/03fwl"',
    ]
    write_text(
        folder / "balanced_train_segments.csv", "\n".join(["YTID, start_seconds, end_seconds, positive_labels", *rows])
    )
    return ReaderOptions()


def csv(folder: Path) -> ReaderOptions:
    files = [
        "a.wav",
        "deep/er/a.wav",
        "deep-er/a.wav",
        "A.aiff",
        "a.flac",
        "-dash.wav",
        "犬 (1).wav",
        "é" * 100 + ".wav",
    ]
    write_audio(folder, *files)
    write_text(folder / "labels.csv", "File,Label\n" + "\n".join(f"{file},class {len(file)}" for file in files))
    return ReaderOptions()


def names(folder: Path) -> ReaderOptions:
    write_audio(folder, "7_jackson_32.wav", "7_jackson_32.flac", "more/7_JACKSON_32.wav", "0_théo_0.wav", "-1_x_1.wav")
    return ReaderOptions(name_pattern="{label}_{source}_{take}")


def folders(folder: Path) -> ReaderOptions:
    write_audio(
        folder,
        *("cat/a.wav", "cat/a.flac", "cat/A.aiff", "cat/deep/er/a.wav", "cat/deep-er-a.wav", "cat/-a.wav"),
        *("-dogs/a.wav", "鳥 & birds/" + "ü" * 110 + ".wav", "鳥 & birds/" + "Ü" * 110 + ".flac", "x.wav/a: b?.wav"),
    )
    return ReaderOptions()


def splits(folder: Path) -> ReaderOptions:
    write_audio(
        folder,
        *("train/cat/a.wav", "train/dog/a.wav", "train/dog/more/b.flac", "Test/cat/a.wav", "Test/dog/a.wav"),
        *("valid/cat/A.wav", "valid/dog/é.wav"),
    )
    return ReaderOptions()


def folds(folder: Path) -> ReaderOptions:
    write_audio(folder, *(f"fold{fold}/{label}/a.wav" for fold in (1, 2, 10) for label in ("cat", "dog")))
    return ReaderOptions()


def annotations(folder: Path) -> ReaderOptions:
    paths = ["site a/dawn.wav", "site b/dawn.wav", "-noon.flac", "Полдень.wav"]
    write_audio(folder, *paths)
    rows = [f"{path},0,0.01,{label}" for path in paths for label in ("great tit", "wren")]
    write_text(folder / "events.csv", "file,start_s,end_s,label\n" + "\n".join(rows))
    return ReaderOptions(annotations=folder / "events.csv")


COLLECTIONS = {
    "esc50": (esc50, 3),
    "esc10": (esc10, 3),
    "urbansound8k": (urbansound8k, 3),
    "gtzan": (gtzan, 4),
    "audioset": (audioset, 4),
    "csv": (csv, 8),
    "annotations": (annotations, 4),
    "names": (names, 5),
    "splits": (splits, 7),
    "folds": (folds, 6),
    "folders": (folders, 10),
}
"""Layout to builder and number of clips."""
READ_FROM_A_TABLE = {"esc50", "urbansound8k", "audioset", "csv", "annotations"}
"""These look for the files that they were told of, so they meet nothing to pass over."""


def test_every_reader_is_held_to_the_contract():
    assert set(COLLECTIONS) == set(READERS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("esc50", [("dog", "1", "100"), ("vacuum_cleaner", "2", "101"), ("vacuum_cleaner", "2", "101")]),
        ("esc10", [("Dog bark", "1", "100"), ("Dog bark", "5", "9"), ("Fire crackling", "1", "100")]),
        ("urbansound8k", [("dog_bark", "10", "7"), ("dog_bark", "5", "7"), ("siren", "1", "9")]),
    ],
)
def test_folds_and_recordings_are_the_published_ones(folder, name, expected):
    clips = read(folder, name, COLLECTIONS[name][0](folder)).clips
    assert sorted(zip(clips["label"], clips["fold"], clips["source_id"], strict=True)) == expected


@pytest.fixture(params=COLLECTIONS)
def layout(request):
    return request.param


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "my sounds"


@pytest.fixture
def options(layout, folder):
    """The collection is on the disk, and these are the options that it needs."""
    return COLLECTIONS[layout][0](folder)


def test_the_layout_is_found_out(layout, folder, options):
    assert find(folder, options).layout == layout


def test_every_sound_is_one_row_of_the_clips_table(layout, folder, options):
    collection = read(folder, layout, options)

    clips = collection.clips
    assert list(clips.columns) == COLUMNS
    assert len(clips) == COLLECTIONS[layout][1]
    assert clips["path"].is_unique
    assert collection.missing == []
    assert list(clips.index) == list(range(len(clips)))
    assert clips["start_s"].dtype == float
    assert (clips["start_s"] == 0).all()
    for column in sorted(set(COLUMNS) - {"start_s"}):
        assert clips[column].map(type).eq(str).all(), column
    for column in ("clip_id", "path", "label", "source_id"):
        assert clips[column].str.strip().ne("").all(), column


def test_clip_ids_are_unique_and_safe_as_file_names(layout, folder, options):
    ids = read(folder, layout, options).clips["clip_id"]

    assert ids.str.casefold().is_unique
    for clip_id in ids:
        assert not FORBIDDEN & set(clip_id), clip_id
        assert clip_id[0] not in "-. ", clip_id
        assert clip_id[-1] not in ". ", clip_id
        assert len(clip_id.encode()) <= 120, clip_id
    made = folder.parent / "images"
    made.mkdir()
    for clip_id in ids:
        (made / f"{clip_id}-piece000__stretch=0.7.png").touch()
    assert len(list(made.iterdir())) == len(ids)


def test_paths_are_relative_and_lead_to_the_sounds(layout, folder, options):
    for path in read(folder, layout, options).clips["path"]:
        assert not PurePosixPath(path).is_absolute()
        assert "\\" not in path
        assert ".." not in PurePosixPath(path).parts
        assert (folder / path).is_file()


def test_the_table_is_sorted_and_the_same_in_whatever_order_the_system_lists_files(
    layout, folder, options, list_in_order
):
    clips = read(folder, layout, options).clips
    assert list(zip(clips["label"], clips["path"], strict=True)) == sorted(
        zip(clips["label"], clips["path"], strict=True)
    )

    for seed in range(5):
        list_in_order(seed)
        assert find(folder, options).layout == layout
        assert_frame_equal(read(folder, layout, options).clips, clips)


@pytest.mark.parametrize("name", sorted(READ_FROM_A_TABLE))
def test_the_table_is_the_same_in_whatever_order_its_rows_stand(name, folder):
    options = COLLECTIONS[name][0](folder)
    clips = read(folder, name, options).clips
    (table,) = folder.rglob("*.csv")
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    random.Random(1).shuffle(rows)
    write_text(table, "\n".join([header, *rows[::-1]]))

    assert_frame_equal(read(folder, name, options).clips, clips)


def test_what_is_hidden_or_no_sound_is_skipped_and_counted(layout, folder, options):
    clips = read(folder, layout, options).clips
    beside = (folder / clips["path"][0]).parent.relative_to(folder).as_posix()
    first = PurePosixPath(clips["path"][0])
    touch(
        folder,
        *(f"{beside}/.DS_Store", f"{beside}/._{first.name}", f"{beside}/notes.TXT", f"{beside}/LICENCE"),
        *(f"{beside}/image.png", f"{beside}/.git/x.wav", f"{beside}/__MACOSX/{first.name}"),
    )

    collection = read(folder, layout, options)

    assert find(folder, options).layout == layout
    assert_frame_equal(collection.clips, clips)
    if layout not in READ_FROM_A_TABLE:
        assert collection.skipped["hidden"] == 4
        assert {kind: collection.skipped[kind] for kind in (".txt", "no suffix", ".png")} == {
            ".txt": 1,
            "no suffix": 1,
            ".png": 1,
        }


def test_sounds_are_not_opened(layout, folder, options):
    clips = read(folder, layout, options).clips
    for path in clips["path"]:
        (folder / path).write_bytes(b"")

    assert_frame_equal(read(folder, layout, options).clips, clips)


def test_reading_changes_nothing_in_the_folder(layout, folder, options):
    def state():
        return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    before = state()
    read(folder, find(folder, options).layout, options)
    assert state() == before


def test_the_reader_says_what_it_reads_and_a_published_collection_can_be_fetched_and_cited(layout):
    reader = READERS[layout]
    assert reader.title
    Settings(**reader.defaults)  # they are settings, and good ones
    if reader.url:
        assert reader.url.startswith("https://")
        assert reader.archive_folder
        assert reader.download_size_mb > 0
    else:
        assert not (reader.archive_folder or reader.download_size_mb or reader.md5)
    if reader.url or reader.is_published:
        assert "http" in reader.citation
        assert any(year in reader.citation for year in map(str, range(1990, 2030)))
        assert reader.licence
    else:
        assert not reader.licence
    for md5 in reader.md5:
        assert len(md5) == 32
        assert set(md5) <= set("0123456789abcdef")
    for clip_id, words in reader.known_broken.items():
        assert clip_id
        assert " " in words


def test_published_collections_are_the_four_that_were_promised():
    assert {layout for layout, reader in READERS.items() if reader.url} == {"esc50", "esc10", "urbansound8k", "gtzan"}


# What `read` and `find` say when they cannot go on.


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder .*nowhere"):
        find(tmp_path / "nowhere", ReaderOptions())


def test_a_file_in_place_of_the_folder(tmp_path):
    touch(tmp_path, "a.wav")
    with pytest.raises(FileNotFoundError, match="a.wav.*It is a file; give the folder"):
        find(tmp_path / "a.wav", ReaderOptions())


@pytest.mark.parametrize("files", [[], ["a.wav", "b.wav"], [".hidden/a.wav"], ["notes.txt"]])
def test_a_folder_of_no_layout(tmp_path, files):
    touch(tmp_path, *files)
    with pytest.raises(ValueError) as caught:
        find(tmp_path, ReaderOptions())
    message = str(caught.value)
    assert str(tmp_path) in message
    for way_out in ("one folder for each class", "esc50", "urbansound8k", "--labels FILE.csv", "--name-pattern"):
        assert way_out in message


def test_class_folders_without_sounds(tmp_path):
    touch(tmp_path, "cat/a.txt", "cat/b.txt", "dog/.DS_Store")
    assert find(tmp_path, ReaderOptions()).layout == "folders"
    with pytest.raises(ValueError, match=r"holds no audio files.*Skipped: 2 \.txt, 1 hidden"):
        read(tmp_path, "folders", ReaderOptions())


def test_a_layout_that_is_not_known(tmp_path):
    with pytest.raises(ValueError, match="must be one of esc50.*folders. Got 'fsd50k'"):
        read(tmp_path, "fsd50k", ReaderOptions())


@pytest.mark.parametrize("name", sorted(set(READERS) - {"esc50", "gtzan"}))
def test_a_subset_of_what_has_none(name, tmp_path):
    options = COLLECTIONS[name][0](tmp_path)
    with pytest.raises(
        ValueError, match=f"--subset esc10 is not used by the layout {name} .*--layout esc50 or --layout gtzan"
    ):
        read(tmp_path, name, ReaderOptions(subset="esc10", name_pattern=options.name_pattern))


@pytest.mark.parametrize("name", ["esc50", "urbansound8k", "gtzan", "esc10", "audioset"])
def test_a_layout_that_was_told_and_does_not_fit(name, tmp_path):
    write_audio(tmp_path, "cat/a.wav")
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        read(tmp_path, name, ReaderOptions())
    assert "cat/a.wav" in str(caught.value) or str(tmp_path) in str(caught.value)


def test_options_win_over_what_the_folder_looks_like(tmp_path):
    esc50(tmp_path)
    assert find(tmp_path, ReaderOptions()).layout == "esc50"
    assert find(tmp_path, ReaderOptions(name_pattern="{label}")).layout == "names"
    assert find(tmp_path, ReaderOptions(labels=tmp_path / "meta/esc50.csv")).layout == "csv"


def test_a_published_collection_is_known_before_class_folders_or_a_table_beside_it(tmp_path):
    gtzan(tmp_path)
    write_text(tmp_path / "features.csv", "filename,label\njazz.00053.wav,jazz\n")
    assert find(tmp_path, ReaderOptions()).layout == "gtzan"


def test_an_empty_table_of_clips_has_the_columns_all_the_same(tmp_path):
    touch(tmp_path, "cat/a.txt")
    clips = READERS["folders"].read(tmp_path, ReaderOptions()).clips
    assert isinstance(clips, pd.DataFrame)
    assert list(clips.columns) == COLUMNS
    assert clips.empty
