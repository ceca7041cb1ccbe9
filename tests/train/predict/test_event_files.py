"""Events in files that other programs open, and that never replace a file of somebody else."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from generate.readers.annotations.read import read_annotations
from train.predict.event_files import check_events_folder, names_of, write_events
from train.predict.events import DetectedEvent
from train.predict.predict_events import EventOptions

FORMATS = ("csv", "raven", "audacity", "html")
EVENTS = {
    "a/20210505_053000.wav": [
        DetectedEvent("a/20210505_053000.wav", 1.5, 4.25, "great tit", 0.9, 0.7),
        DetectedEvent("a/20210505_053000.wav", 3600.0, 3603.0, "wren", 0.6, 0.55),
    ],
    "b/dusk.wav": [],
}


def write(folder, formats=FORMATS):
    times = {"a/20210505_053000.wav": datetime(2021, 5, 5, 5, 30)}
    return write_events(
        folder,
        EVENTS,
        names=names_of(list(EVENTS)),
        formats=formats,
        times=times,
        high_hz=11025.0,
        made_by={"run": "x"},
    )


def test_all_three_say_the_same(tmp_path):
    names = sorted(path.name for path in write(tmp_path / "events"))
    assert names == [
        "20210505_053000.Table.1.selections.txt",
        "20210505_053000.audacity.txt",
        "dusk.Table.1.selections.txt",
        "dusk.audacity.txt",
        "events.csv",
    ]
    (tmp_path / "events" / "events.json").unlink()  # it says that each event is in three tables
    files, _ = read_annotations(tmp_path / "events")
    expected = [(1.5, 4.25, "great tit"), (3600.0, 3603.0, "wren")]
    for name, content in files.items():
        assert [event[1:4] for event in content.events] == ([] if "dusk" in name else expected), name
    assert {content.format for content in files.values()} == {"raven", "audacity", "table", "empty"}
    table = pd.read_csv(tmp_path / "events" / "events.csv")
    np.testing.assert_allclose(table["peak_probability"], [0.9, 0.6])
    assert list(table["begins_at"]) == ["2021-05-05T05:30:01.500", "2021-05-05T06:30:00.000"]


def test_recordings_of_one_name_have_files_of_their_own(tmp_path):
    alike = {"a/x.wav": [], "b/x.wav": [], "b/X.flac": [], "n/1/a.wav": [], "n-1/a.wav": []}
    names = check_events_folder(tmp_path, list(alike), ["raven"])
    paths = write_events(tmp_path, alike, names=names, formats=["raven"], times={}, high_hz=1.0, made_by={})
    assert len({path.name.casefold() for path in paths}) == 5


def test_events_of_other_recordings_are_not_lost(tmp_path):
    write(tmp_path, ["csv"])
    with pytest.raises(ValueError, match=r"hold events of a/20210505_053000.wav too, which would be lost"):
        check_events_folder(tmp_path, ["b/dusk.wav"], ["csv"])
    check_events_folder(tmp_path, [*EVENTS, "c/dawn.wav"], ["csv"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"classes": []}, "--classes must name one class or more"),
        ({"min_gap_s": -1.0}, "--min-gap-s must be 0 seconds or more. Got -1.0"),
        ({"min_gap_s": float("nan")}, "--min-gap-s must be 0 seconds or more. Got nan"),
    ],
)
def test_options_that_find_nothing_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        EventOptions(**options).check(["wren"])


def test_own_files_are_replaced(tmp_path):
    check_events_folder(tmp_path / "events", list(EVENTS), FORMATS)
    write(tmp_path / "events", ["raven"])
    check_events_folder(tmp_path / "events", list(EVENTS), FORMATS)
    write(tmp_path / "events")
    write(tmp_path / "events", ["csv"])
    check_events_folder(tmp_path / "events", list(EVENTS), FORMATS)


@pytest.mark.parametrize("name", ["dusk.Table.1.selections.txt", "dusk.audacity.txt", "events.csv"])
def test_a_corrected_table_is_not_replaced(tmp_path, name):
    write(tmp_path)
    (tmp_path / name).write_text((tmp_path / name).read_text() + "corrected")
    with pytest.raises(ValueError, match=f"whose '{name}' was corrected since; the corrections would be lost"):
        check_events_folder(tmp_path, list(EVENTS), FORMATS)
    other = [kind for kind in FORMATS if not name.endswith({"raven": "selections.txt"}.get(kind, kind + ".txt"))]
    check_events_folder(tmp_path, list(EVENTS), [kind for kind in other if kind != "csv" or name != "events.csv"])


def test_tables_of_another_release_may_have_been_corrected(tmp_path):
    write(tmp_path)
    content = json.loads((tmp_path / "events.json").read_text())
    del content["tables"]
    (tmp_path / "events.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="it is not known whether somebody corrected 'events.csv'"):
        check_events_folder(tmp_path, list(EVENTS), FORMATS)


def test_an_interrupted_call_can_be_repeated(tmp_path, monkeypatch):
    write(tmp_path)
    written = []

    def break_off(path, text):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        path.write_text(text + " ")

    monkeypatch.setattr("train.predict.event_files.write_text_atomically", break_off)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path)
    check_events_folder(tmp_path, list(EVENTS), FORMATS)


@pytest.mark.parametrize("name", ["dusk.Table.1.selections.txt", "dusk.html", "events.csv", "events.json"])
def test_a_file_of_somebody_else_is_not(tmp_path, name):
    (tmp_path / name).write_text("made by hand")
    with pytest.raises(ValueError, match=f"whose '{name}' it did not write"):
        check_events_folder(tmp_path, list(EVENTS), FORMATS)
    assert (tmp_path / name).read_text() == "made by hand"


def test_other_files_in_the_folder_do_not_matter(tmp_path):
    (tmp_path / "dawn.Table.1.selections.txt").write_text("made by hand")
    check_events_folder(tmp_path, list(EVENTS), FORMATS)
    with pytest.raises(ValueError, match="must be a folder"):
        check_events_folder(tmp_path / "dawn.Table.1.selections.txt", [], FORMATS)
