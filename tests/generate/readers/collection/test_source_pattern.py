"""`--source-pattern` for every layout, and options that a layout does not use."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from generate.readers import FOR_EVERY_LAYOUT, READERS, ReaderOptions, find, read
from tests.generate.readers.conftest import touch, write_text
from tests.generate.readers.test_contract import COLLECTIONS

GIVEN = {
    "label_columns": ("dog", "cat"),
    "label_separator": ";",
    "subset": "esc10",
    "source_pattern": "^(.+)_",
    "name_pattern": "{label}_{take}",
    "labels": Path("labels.csv"),
    "file_column": "clip",
    "label_column": "kind",
    "fold_column": "part",
    "source_column": "tape",
    "annotations": Path("events.csv"),
}
"""A value of every option."""


@pytest.fixture
def parks(tmp_path):
    """The collection of the issue: four recordings of three pieces each, and a table that tells file and label."""
    folder = tmp_path / "parks"
    names = [f"park{site}_{piece}.wav" for site in range(4) for piece in range(3)]
    touch(folder, *names)
    rows = [f"{name},{'dog' if name < 'park2' else 'cat'}\n" for name in names]
    write_text(tmp_path / "t.csv", "file,label\n" + "".join(rows))
    write_text(tmp_path / "r.csv", "file,label,recording\n" + "".join(f"{row[:-1]},tape{row[:5]}\n" for row in rows))
    return folder


def test_the_pattern_holds_for_a_table(parks):
    collection = read(parks, "csv", ReaderOptions(labels=parks.parent / "t.csv", source_pattern="^(.+)_"))
    assert set(collection.clips["source_id"]) == {"park0", "park1", "park2", "park3"}
    assert len(collection.clips) == 12
    assert not any("own" in note for note in collection.notes)


def test_the_pattern_holds_for_names(parks):
    collection = read(parks, "names", ReaderOptions(name_pattern="{label}_{take}", source_pattern="^(.+)_"))
    assert set(collection.clips["source_id"]) == {"park0", "park1", "park2", "park3"}


@pytest.mark.parametrize("layout", COLLECTIONS)
def test_the_pattern_holds_for_every_layout(layout, tmp_path):
    options = COLLECTIONS[layout][0](tmp_path)
    if "{source}" in options.name_pattern:
        options = replace(options, name_pattern="{label}_{any}_{take}")
    collection = read(tmp_path, layout, replace(options, source_pattern=r"^(.).*\."))
    first = [path.rpartition("/")[2][0] for path in collection.clips["path"]]
    assert list(collection.clips["source_id"]) == first


def test_a_column_that_nobody_asked_for_gives_way_and_is_named(parks):
    options = ReaderOptions(labels=parks.parent / "r.csv", source_pattern="^(.+)_")
    collection = read(parks, "csv", options)
    assert set(collection.clips["source_id"]) == {"park0", "park1", "park2", "park3"}
    assert "recordings by --source-pattern, and not from the column 'recording' of r.csv" in collection.notes


def test_where_it_finds_nothing_the_recording_of_the_table_stays(parks):
    options = ReaderOptions(labels=parks.parent / "r.csv", source_pattern="^(park[0-2])_")
    collection = read(parks, "csv", options)
    assert set(collection.clips["source_id"]) == {"park0", "park1", "park2", "tapepark3"}
    assert "--source-pattern does not match 3 names; the recording stays that of the column 'recording' of r.csv" in (
        collection.notes
    )


@pytest.mark.parametrize(
    ("layout", "options", "said"),
    [
        ("csv", {"source_column": "recording"}, "--source-pattern and --source-column recording both define"),
        (
            "names",
            {"labels": None, "name_pattern": "{label}_{source}"},
            r"--source-pattern and \{source\} in --name-pat",
        ),
    ],
)
def test_two_options_that_tell_the_recording_contradict_each_other(parks, layout, options, said):
    given = {"labels": parks.parent / "r.csv", "source_pattern": "^(.+)_"} | options
    with pytest.raises(ValueError, match=said):
        read(parks, layout, ReaderOptions(**given))


# Options that a layout does not use


def test_every_option_is_known_to_somebody():
    names = {field.name for field in fields(ReaderOptions)}
    assert set().union(*(reader.options for reader in READERS.values())) | FOR_EVERY_LAYOUT == names
    assert set(GIVEN) == names


def with_another(layout: str, name: str, folder: Path, own: ReaderOptions) -> tuple[ReaderOptions, ReaderOptions]:
    """Options of a layout for a small collection of it, and the same with another value of one that it uses."""
    labels, events = folder.parent / "labels.csv", folder.parent / "events.csv"
    other = GIVEN | {
        "labels": labels,
        "annotations": events,
        "name_pattern": "{any}_{label}_{take}",
        "label_separator": "|",
    }
    if layout == "gtzan":
        touch(folder, "genres_original/jazz/jazz.00046.wav")
        other["subset"] = "fault-filtered"
    elif layout == "audioset":
        header = "YTID, start_seconds, end_seconds, positive_labels\n"
        write_text(labels, f'{header}--aE2O5G5WE, 0.000, 10.000, "/m/03fwl"\n')
    elif layout == "csv":
        rows = ["a.wav,a.flac,a,x,1,2,r,t,1,0", "a.flac,a.wav,a|b,y,2,1,s,u,0,1", "A.aiff,A.aiff,b,y,2,2,s,t,1,0"]
        write_text(labels, "file,clip,label,kind,fold,part,source_id,tape,dog,cat\n" + "\n".join(rows))
        own = own if name == "labels" else replace(own, labels=labels)
    elif layout == "annotations":
        rows = ["-noon.flac,Полдень.wav,0,0.01,wren,song", "Полдень.wav,-noon.flac,0,0.02,robin,call"]
        write_text(events, "file,clip,start_s,end_s,label,kind\n" + "\n".join(rows))
        own = own if name == "annotations" else replace(own, annotations=events)
    return own, replace(own, **{name: other[name]})


@pytest.mark.parametrize("layout", READERS)
def test_each_option_changes_the_table_or_is_refused(layout, tmp_path):
    folder = tmp_path / "collection"
    own = COLLECTIONS[layout][0](folder)
    for name in sorted(set(GIVEN) - FOR_EVERY_LAYOUT):
        if name in READERS[layout].options:
            before, after = (read(folder, layout, options) for options in with_another(layout, name, folder, own))
            is_same = before.clips.equals(after.clips) and (before.events is None or before.events.equals(after.events))
            assert not is_same, f"{layout} does not use {name}"
            continue
        with pytest.raises(ValueError) as caught:
            read(folder, layout, replace(own, **{name: GIVEN[name]}))
        said = str(caught.value)
        given = "dog cat" if name == "label_columns" else GIVEN[name]
        assert f"--{name.replace('_', '-')} {given} is not used" in said
        assert f"layout {layout}" in said
        user = {"subset": "esc50", "name_pattern": "names", "annotations": "annotations"}.get(name, "csv")
        assert f"--layout {user}" in said


def test_a_table_and_a_name_pattern_together(parks):
    options = ReaderOptions(labels=parks.parent / "t.csv", name_pattern="{label}_{take}")
    layout = find(parks, options).layout
    with pytest.raises(ValueError, match=r"--name-pattern .* is not used by the layout csv"):
        read(parks, layout, options)
