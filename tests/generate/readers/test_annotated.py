"""Annotated recordings of a folder."""

from __future__ import annotations

import pytest

from generate.readers import annotated
from generate.readers.collection.reader import ReaderOptions

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\tBegin File\n"


@pytest.fixture
def nights(tmp_path):
    """Two sites, whose recordings have one name, with a table beside each."""
    for site, label in (("A", "wren"), ("B", "owl")):
        folder = tmp_path / "nights" / site
        folder.mkdir(parents=True)
        (folder / "x.wav").write_bytes(b"")
        (folder / "x.Table.1.selections.txt").write_text(f"{RAVEN}1\tS\t1\t1\t2\t0\t9\t{label}\tx.wav\n")
    return tmp_path / "nights"


def labels(folder, annotations):
    collection = annotated.read(folder, ReaderOptions(annotations=annotations))
    return sorted(zip(collection.events["path"], collection.events["label"], strict=True))


def test_each_table_is_of_the_recording_beside_it(nights):
    assert labels(nights, nights) == [("A/x.wav", "wren"), ("B/x.wav", "owl")]
    assert labels(nights, nights / "B") == [("B/x.wav", "owl")]
    assert labels(nights / "A", nights / "A") == [("x.wav", "wren")]


def test_an_event_that_two_files_give_counts_once(nights):
    (nights / "A" / "x.txt").write_text("1.0\t2.0\twren\n3.0\t4.0\twren\n")  # the same as Raven's, and one more
    collection = annotated.read(nights / "A", ReaderOptions(annotations=nights / "A"))
    assert list(collection.events["start_s"]) == [1, 3]
    assert "1 event given twice, or of recordings that are not there" in collection.notes


def test_the_events_of_a_site_are_those_of_its_folder(nights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "nights/A/x.wav,1,2,wren\nnights/B/x.wav,1,2,owl\n"
    (tmp_path / "events.csv").write_text(f"file,start_s,end_s,label\n{rows}")
    assert labels(nights / "A", tmp_path / "events.csv") == [("x.wav", "wren")]
    assert labels(nights, tmp_path / "events.csv") == [("A/x.wav", "wren"), ("B/x.wav", "owl")]


def test_annotations_of_none_of_the_recordings_are_refused_with_the_reason(nights, tmp_path):
    (tmp_path / "t.csv").write_text("file,start_s,end_s,label\nx.wav,1,2,wren\n")
    with pytest.raises(ValueError, match=r"none of which is there: 'x.wav' is named in t.csv.*2 files have its name"):
        annotated.read(nights, ReaderOptions(annotations=tmp_path / "t.csv"))
