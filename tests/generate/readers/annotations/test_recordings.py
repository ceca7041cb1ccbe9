"""Whose recording an annotation file is."""

from __future__ import annotations

import pytest

from generate.readers.annotations.events import AnnotationFile, Event
from generate.readers.annotations.recordings import find_recordings

BY_NAME = AnnotationFile("audacity", ())


def naming(*names):
    return AnnotationFile("table", tuple(Event(name, 0, 1, "x") for name in names), tuple(names))


@pytest.mark.parametrize(
    ("path", "recording"),
    [
        ("monday.txt", "monday.wav"),
        ("Monday.Table.1.selections.txt", "monday.wav"),
        ("monday.wav.txt", "monday.wav"),
        ("monday_labels.txt", "monday.wav"),
        ("monday-2.txt", "monday-2.flac"),
        ("monday.BirdNET.results.csv", "monday.wav"),
        ("annotations/monday.txt", "monday.wav"),
        ("site b/dawn.txt", "site b/dawn.wav"),
    ],
)
def test_by_the_name_of_the_file(path, recording):
    audio_files = ["monday.wav", "monday-2.flac", "site a/dawn.wav", "site b/dawn.wav"]
    found, missing, _ = find_recordings({path: BY_NAME}, audio_files)
    assert found == {(path, ""): recording} and missing == {}


def test_a_name_that_no_recording_has():
    with pytest.raises(ValueError, match=r"'tuesday.txt' must be named after its recording, such as monday.txt"):
        find_recordings({"tuesday.txt": BY_NAME}, ["monday.wav"])


@pytest.mark.parametrize("path", ["dawn_chorus.txt", "dawn_20210506_053000.txt", "dawn-b_labels.txt", "dawn.2.txt"])
def test_a_name_that_begins_with_that_of_another_recording(path):
    """Its own recording was not copied."""
    with pytest.raises(ValueError, match="There is no audio file of its name"):
        find_recordings({path: BY_NAME}, ["dawn.wav"])
    assert find_recordings({path: BY_NAME}, ["dawn.wav", path.replace(".txt", ".wav")]).missing == {}


def test_a_numbered_file_is_not_of_the_recording_without_a_number():
    """`site_2.wav` was not copied: its events are not in `site.wav`."""
    with pytest.raises(ValueError, match=r"'site_2.txt' must be named after its recording.*or add its recording"):
        find_recordings({"site.txt": BY_NAME, "site_2.txt": BY_NAME}, ["site.wav", "lake.wav"])


def test_a_name_that_several_recordings_have():
    with pytest.raises(ValueError, match=r"one recording. Got 2 of that name: 'a/dawn.wav', 'b/dawn.wav'"):
        find_recordings({"dawn.txt": BY_NAME}, ["a/dawn.wav", "b/dawn.wav"])


def test_by_the_names_in_the_file():
    names = ("a/dawn.wav", "D:\\field\\2021\\noon.wav", "dusk", "night.wav")
    found, missing, _ = find_recordings(
        {"t.csv": naming(*names)}, ["a/dawn.wav", "b/dawn.wav", "x/noon.wav", "x/dusk.flac"]
    )
    assert found == {
        ("t.csv", names[0]): "a/dawn.wav",
        ("t.csv", names[1]): "x/noon.wav",
        ("t.csv", "dusk"): "x/dusk.flac",
    }
    assert missing == {"night.wav": "named in t.csv, but not there"}


def test_recordings_of_one_name_in_the_folder_of_one_of_them():
    """Recorders call the files of all sites alike: A has its own events alone."""
    names = ("nights/A/x.wav", "nights/B/x.wav")
    for table in ({"events.csv": naming(*names)}, {"a.csv": naming(names[0]), "b.csv": naming(names[1])}):
        found, missing, notes = find_recordings(table, ["x.wav"], folder="/home/me/nights/A")
        assert {name: at for (_, name), at in found.items()} == {names[0]: "x.wav"} and notes == []
        assert list(missing) == [names[1]] and missing[names[1]].endswith("'x.wav' has its name, in another folder")
    found, missing, _ = find_recordings({"events.csv": naming(*names)}, ["x.wav"])  # any of them may be meant
    assert found == {} and set(missing) == set(names)
    assert find_recordings({"e.csv": naming("../nights/A/x.wav")}, ["x.wav"], folder="/nights/A").notes == []


def test_two_tables_that_name_one_file_as_different_recordings():
    names = ("D:/2020/x.wav", "D:/2021/x.wav")
    found, missing, _ = find_recordings({name: naming(name) for name in names}, ["site/x.wav"])
    assert found == {} and "'site/x.wav' has its name, and so have 2" in missing[names[0]]


@pytest.mark.parametrize("name", ["B/x.wav", "nights/B/x.wav"])
def test_a_recording_that_is_not_in_the_folder_that_is_named(name):
    found, missing, _ = find_recordings({"t.csv": naming(name)}, ["A/x.wav", "B/y.wav"], folder="/home/me/nights")
    assert found == {}
    assert missing == {name: "named in t.csv, but not there: 'A/x.wav' has its name, in another folder"}


def test_a_recording_in_another_folder_is_noted():
    found, _, notes = find_recordings({"t.csv": naming("field/x.wav", "y.wav")}, ["a/x.wav", "a/y.wav"])
    assert set(found.values()) == {"a/x.wav", "a/y.wav"}
    assert notes == [
        "1 recording found by name in other folders than the annotations name, such as 'field/x.wav' at 'a/x.wav'"
    ]


@pytest.mark.parametrize("place", ["", "annotations"])
def test_a_table_that_names_a_file_beside_it(place):
    tables = {f"{site}/x.Table.1.selections.txt": naming("x.wav") for site in "AB"}
    found, missing, notes = find_recordings(tables, ["A/x.wav", "B/x.wav"], place=place)
    assert {path[0]: at[0] for (path, _), at in found.items()} == {"A": "A", "B": "B"}
    assert missing == {} and notes == []
    found, missing, _ = find_recordings(tables, ["A/x.wav", "B/y.wav"], place=place)
    assert set(found.values()) == {"A/x.wav"} and list(missing) == ["x.wav"]


@pytest.mark.parametrize("name", ["x", "X.WAV"])
def test_a_name_without_a_suffix_or_in_another_case(name):
    found, _, _ = find_recordings({f"{site}/t.csv": naming(name) for site in "AB"}, ["A/x.wav", "B/x.wav"])
    assert {path[0]: at[0] for (path, _), at in found.items()} == {"A": "A", "B": "B"}
    assert find_recordings({"t.csv": naming(f"B/{name}")}, ["A/x.wav", "B/y.wav"]).audio_files == {}


def test_tables_of_two_listeners_name_one_recording():
    tables = {"anna/t.txt": naming("x.wav"), "bob/t.txt": naming("x.wav")}
    assert set(find_recordings(tables, ["2021/x.wav"]).audio_files.values()) == {"2021/x.wav"}


def test_the_reason_why_a_recording_is_not_certain():
    _, missing, _ = find_recordings({"t.txt": naming("x.wav")}, ["A/x.wav", "B/x.wav"])
    assert missing == {"x.wav": "named in t.txt, but not there: 2 files have its name: 'A/x.wav', 'B/x.wav'"}


def test_a_file_beside_other_recordings_is_of_one_of_them():
    with pytest.raises(ValueError, match="There is no audio file of its name"):
        find_recordings({"A/x.txt": BY_NAME}, ["A/y.wav", "B/x.wav"])
    found = find_recordings({"x.txt": BY_NAME}, ["A/x.wav", "B/x.wav"], place="A").audio_files
    assert found == {("x.txt", ""): "A/x.wav"}
