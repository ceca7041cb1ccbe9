"""Corrected tables of events count in place of the others that hold the same events."""

from __future__ import annotations

import json

import pytest

from generate.readers.annotations.event_tables import EventTable, manifest_entries, sha256_of
from generate.readers.annotations.read import read_annotations
from generate.readers.annotations.recordings import find_recordings

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"
RECORDINGS = ("day/a.wav", "night/a.wav")
TABLES = {
    "events.csv": ("csv", RECORDINGS, "file,start_s,end_s,label\nday/a.wav,1,2,wren\nnight/a.wav,3,4,wren\n"),
    "day a.Table.1.selections.txt": ("raven", RECORDINGS[:1], RAVEN + "1\tS\t1\t1\t2\t0\t9\twren\n"),
    "night a.Table.1.selections.txt": ("raven", RECORDINGS[1:], RAVEN + "1\tS\t1\t3\t4\t0\t9\twren\n"),
    "day a.audacity.txt": ("audacity", RECORDINGS[:1], "1\t2\twren\n"),
    "night a.audacity.txt": ("audacity", RECORDINGS[1:], "3\t4\twren\n"),
}
DAY, NIGHT = ("day/a.wav", 1.0, "wren"), ("night/a.wav", 3.0, "wren")


@pytest.fixture
def written(tmp_path):
    folder = tmp_path / "parent" / "events"
    folder.mkdir(parents=True)
    for name, (_, _, text) in TABLES.items():
        (folder / name).write_text(text, newline="")
    tables = {name: EventTable(kind, own, sha256_of(text)) for name, (kind, own, text) in TABLES.items()}
    (folder / "events.json").write_text(json.dumps({"tables": manifest_entries(tables)}))
    return folder


def events(folder):
    """Recording in the audio folder, start and label of each event."""
    files, _ = read_annotations(folder)
    found, missing, _ = find_recordings(files, [*RECORDINGS, "empty.wav"])
    assert not missing
    return sorted(
        (found[path, event.recording], event.start_s, event.label)
        for path, content in files.items()
        for event in content.events
    )


def notes(folder):
    files, _ = read_annotations(folder)
    (note,) = {note for content in files.values() for note in content.notes if "events.json" in note}
    return note


def correct(folder, name, old="wren", new="robin"):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new), newline="")


def test_each_event_is_read_once(written):
    assert events(written) == [DAY, NIGHT]
    assert notes(written).endswith("; none was corrected")
    assert events(written.parent) == [DAY, NIGHT]  # a folder of such folders


@pytest.mark.parametrize("name", ["day a.Table.1.selections.txt", "day a.audacity.txt"])
def test_the_corrected_table_of_a_recording_counts(written, name):
    correct(written, name)
    assert events(written) == [("day/a.wav", 1.0, "robin"), NIGHT]
    assert notes(written).endswith("; 1 table was corrected")


def test_an_event_that_was_deleted_does_not_come_back(written):
    correct(written, "night a.audacity.txt", "3\t4\twren\n", "")
    assert events(written) == [DAY]


def test_the_corrected_table_of_all_counts_with_recordings_that_were_added(written):
    correct(
        written, "events.csv", "day/a.wav,1,2,wren\nnight/a.wav,3,4,wren", "day/a.wav,1,2,robin\nnight/a.wav,5,6,tit"
    )
    assert events(written) == [("day/a.wav", 1.0, "robin"), ("night/a.wav", 5.0, "tit")]


def test_a_recording_whose_table_was_deleted_is_left_out(written):
    (written / "day a.Table.1.selections.txt").unlink()
    assert events(written) == [NIGHT]
    assert "1 recording left out, whose table was deleted" in notes(written)
    correct(written, "day a.audacity.txt")
    assert events(written) == [("day/a.wav", 1.0, "robin"), NIGHT]


def test_a_format_may_be_deleted(written):
    for name in ("events.csv", "day a.audacity.txt", "night a.audacity.txt"):
        (written / name).unlink()
    correct(written, "day a.Table.1.selections.txt")
    assert events(written) == [("day/a.wav", 1.0, "robin"), NIGHT]


def test_other_annotations_in_the_folder_are_read(written):
    (written / "mine.csv").write_text("file,start_s,end_s,label\nday/a.wav,7,8,owl\n")
    assert events(written) == [DAY, ("day/a.wav", 7.0, "owl"), NIGHT]


def test_corrections_in_two_tables_are_refused(written):
    correct(written, "day a.audacity.txt")
    correct(written, "night a.Table.1.selections.txt")
    assert events(written) == [("day/a.wav", 1.0, "robin"), ("night/a.wav", 3.0, "robin")]
    correct(written, "day a.Table.1.selections.txt", new="owl")
    with pytest.raises(ValueError, match=r"corrections of a recording in one table. Got 'day a\.\S+' and 'day a\."):
        events(written)


def heard_in(folder):
    """Audio files that annotations are known of, those without an event too."""
    files, _ = read_annotations(folder)
    found, _, _ = find_recordings(files, [*RECORDINGS, "empty.wav"])
    return sorted(set(found.values()))


def test_a_recording_without_an_event_stays_one_where_the_table_of_all_counts(written):
    (written / "empty.audacity.txt").write_text("")
    content = json.loads((written / "events.json").read_text())
    content["tables"]["events.csv"]["recordings"].append("empty.wav")
    content["tables"]["empty.audacity.txt"] = vars(EventTable("audacity", ("empty.wav",), sha256_of("")))
    (written / "events.json").write_text(json.dumps(content))
    assert heard_in(written) == ["day/a.wav", "empty.wav", "night/a.wav"]
    correct(written, "events.csv", "night/a.wav,3,4,wren\n", "")
    assert heard_in(written) == ["day/a.wav", "empty.wav", "night/a.wav"] and events(written) == [DAY]


@pytest.mark.parametrize("named", ["a.wav", "/elsewhere/day/a.wav"])
def test_raven_may_add_the_name_of_the_file(written, named):
    name = "day a.Table.1.selections.txt"
    lines = (written / name).read_text().splitlines()
    (written / name).write_text(f"{lines[0]}\tBegin File\n{lines[1].replace('wren', 'robin')}\t{named}\n")
    assert events(written) == [("day/a.wav", 1.0, "robin"), NIGHT]


def test_a_table_of_one_recording_to_which_another_was_added_is_read_whole(written):
    name = "day a.Table.1.selections.txt"
    header, row = (written / name).read_text().splitlines()
    rows = [f"{header}\tBegin File\tFile Offset (s)", f"{row}\tday/a.wav\t1", "2\tS\t1\t7\t8\t0\t9\towl\tempty.wav\t7"]
    (written / name).write_text("\n".join(rows) + "\n")
    assert events(written) == [DAY, ("empty.wav", 7.0, "owl"), NIGHT]


def test_what_a_copy_or_a_program_does_to_lines_is_no_correction(written):
    for name in TABLES:
        text = (written / name).read_text()
        (written / name).write_bytes(b"\xef\xbb\xbf" * (name == "events.csv") + text.replace("\n", "\r\n").encode())
    assert events(written) == [DAY, NIGHT]
    assert notes(written).endswith("; none was corrected")


def test_without_a_correction_the_table_that_was_written_last_counts(written):
    (written / "events.csv").write_text("file,start_s,end_s,label\nday/a.wav,5,6,robin\n", newline="")
    content = json.loads((written / "events.json").read_text())
    del content["tables"]["events.csv"]
    table = EventTable("csv", ("day/a.wav",), sha256_of((written / "events.csv").read_text()))
    content["tables"]["events.csv"] = vars(table)
    (written / "events.json").write_text(json.dumps(content))
    assert events(written) == [("day/a.wav", 5.0, "robin"), NIGHT]


def test_the_names_of_a_stranger_lead_nowhere(written):
    content = json.loads((written / "events.json").read_text())
    content["tables"]["../../outside.csv"] = {"format": "csv", "recordings": ["/etc/passwd"], "sha256": "0"}
    content["tables"]["nonsense"] = [1]
    (written / "events.json").write_text(json.dumps(content))
    assert events(written) == [DAY, NIGHT]
