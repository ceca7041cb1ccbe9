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
    found, missing = find_recordings({path: BY_NAME}, audio_files)
    assert found == {(path, ""): recording} and missing == {}


def test_a_name_that_no_recording_has():
    with pytest.raises(ValueError, match=r"'tuesday.txt' must be named after its recording, such as monday.txt"):
        find_recordings({"tuesday.txt": BY_NAME}, ["monday.wav"])


def test_a_numbered_file_is_not_of_the_recording_without_a_number():
    """`site_2.wav` was not copied: its events are not in `site.wav`."""
    with pytest.raises(ValueError, match=r"'site_2.txt' must be named after its recording.*or add its recording"):
        find_recordings({"site.txt": BY_NAME, "site_2.txt": BY_NAME}, ["site.wav", "lake.wav"])


def test_a_name_that_several_recordings_have():
    with pytest.raises(ValueError, match=r"one recording. Got 2 of that name: 'a/dawn.wav', 'b/dawn.wav'"):
        find_recordings({"dawn.txt": BY_NAME}, ["a/dawn.wav", "b/dawn.wav"])


def test_by_the_names_in_the_file():
    names = ("a/dawn.wav", "D:\\field\\2021\\noon.wav", "dusk", "night.wav")
    found, missing = find_recordings(
        {"t.csv": naming(*names)}, ["a/dawn.wav", "b/dawn.wav", "x/noon.wav", "x/dusk.flac"]
    )
    assert found == {
        ("t.csv", names[0]): "a/dawn.wav",
        ("t.csv", names[1]): "x/noon.wav",
        ("t.csv", "dusk"): "x/dusk.flac",
    }
    assert missing == {"night.wav": "named in t.csv, but not there"}
