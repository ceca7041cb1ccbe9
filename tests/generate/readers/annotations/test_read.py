"""What annotation programs write is read, and what is not understood is refused with its line."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generate.readers.annotations import audacity, raven
from generate.readers.annotations.events import Columns, Event
from generate.readers.annotations.read import read_annotations, read_file

crowsetta = pytest.importorskip("crowsetta", reason="crowsetta, an independent reader, is not installed")
EXAMPLES = Path(crowsetta.__file__).parent / "examples"


def read(tmp_path, text, name="a.txt", **columns):
    (tmp_path / name).write_bytes(text.encode("utf-8"))
    return read_file(tmp_path / name, Columns(**columns))


def test_a_real_raven_table_as_crowsetta_reads_it():
    """Eastern North American birds, doi:10.5061/dryad.d2547d81z."""
    path = EXAMPLES / "Recording_1_Segment_02.Table.1.selections.txt"
    theirs = crowsetta.formats.bbox.Raven.from_file(path, annot_col="Species").to_bbox()
    ours = read_file(path, Columns())
    assert ours.format == "raven" and len(ours.events) == len(theirs) > 5
    for event, box in zip(ours.events, theirs, strict=True):
        assert event.label == box.label
        np.testing.assert_allclose(event[1:3], (box.onset, box.offset), atol=1e-6)
        np.testing.assert_allclose(event[4:], (box.low_freq, box.high_freq))


@pytest.mark.parametrize(
    ("name", "with_frequencies"),
    [("405_marron1_June_14_2016_69640887.audacity.txt", False), ("spinetail.txt", True)],
)
def test_real_label_tracks_as_crowsetta_reads_them(name, with_frequencies):
    """Of a canary (doi:10.5281/zenodo.6521932), and of a spinetail with frequencies (scikit-maad)."""
    ours = read_file(EXAMPLES / name, Columns())
    assert ours.format == "audacity"
    if with_frequencies:
        theirs = crowsetta.formats.bbox.AudBBox.from_file(EXAMPLES / name).to_bbox()
        expected = [(box.onset, box.offset, box.label, box.low_freq, box.high_freq) for box in theirs]
    else:
        segments = crowsetta.formats.seq.AudSeq.from_file(EXAMPLES / name).to_seq().segments
        expected = [(segment.onset_s, segment.offset_s, segment.label) for segment in segments]
    assert len(ours.events) == len(expected) > 3
    for event, other in zip(ours.events, expected, strict=True):
        assert event.label == other[2]
        np.testing.assert_allclose(event[1:3], other[:2], atol=1e-6 if with_frequencies else 5e-4)  # it rounds
        if with_frequencies:
            np.testing.assert_allclose(event[4:], other[3:])


def test_crowsetta_reads_what_is_written(tmp_path):
    events = [Event("", 0.5, 1.25, "wren", 1200.0, 5000.0), Event("", 3.0, 9.5, "great tit", 2000.0, 6500.0)]
    (tmp_path / "a.txt").write_text(raven.write([(event, 0.9) for event in events], high_hz=22050))
    boxes = crowsetta.formats.bbox.Raven.from_file(tmp_path / "a.txt", annot_col="Species").to_bbox()
    assert [(b.onset, b.offset, b.label, b.low_freq, b.high_freq) for b in boxes] == [e[1:] for e in events]
    (tmp_path / "b.txt").write_text(audacity.write(events))
    boxes = crowsetta.formats.bbox.AudBBox.from_file(tmp_path / "b.txt").to_bbox()
    assert [(b.onset, b.offset, b.label, b.low_freq, b.high_freq) for b in boxes] == [e[1:] for e in events]


TIMES = st.tuples(st.floats(0, 86_400), st.floats(0, 600)).map(lambda t: (round(t[0], 6), round(t[0] + t[1], 6)))
HZ = st.one_of(st.none(), st.tuples(st.integers(0, 5000), st.integers(5001, 20_000)))
LABELS = st.text(st.characters(categories=["L", "N"], include_characters=" -'."), min_size=1, max_size=20)
EVENTS = st.lists(
    st.builds(
        lambda times, label, hz: Event(
            "", *times, " ".join(label.split()) or "x", *(map(float, hz or (math.nan,) * 2))
        ),
        TIMES,
        LABELS,
        HZ,
    ),
    max_size=6,
)


def same(one, other):
    return len(one) == len(other) and all(
        a[:1] == b[:1] and a.label == b.label and np.allclose(a[1:3] + a[4:], b[1:3] + b[4:], atol=2e-6, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


@given(events=EVENTS)
def test_a_label_track_comes_back(events):
    text = audacity.write(events)
    assert same(events, audacity.read(text.split("\n")).events)
    assert not events or audacity.recognises(text.split("\n")[:-1])


@given(events=EVENTS)
def test_a_selection_table_comes_back(tmp_path_factory, events):
    found = read(tmp_path_factory.mktemp("raven"), raven.write([(event, 1.0) for event in events], high_hz=20_000))
    whole = [e if not math.isnan(e.low_hz) else e._replace(low_hz=0.0, high_hz=20_000.0) for e in events]
    assert found.format == "raven" and same(whole, found.events)


def test_a_frequency_that_no_sound_has_is_not_given(tmp_path):
    """Programs write -1 or infinity for the whole spectrum; metadata.csv holds numbers."""
    table = "start,end,label,low_hz,high_hz\n0,1,wren,100,inf\n1,2,wren,-1,1e9\n2,3,wren,nan,8000\n"
    expected = [(100, math.nan), (math.nan, math.nan), (math.nan, 8000)]
    np.testing.assert_array_equal([event[4:] for event in read(tmp_path, table, "a.csv").events], expected)
    track = audacity.read(["0\t1\twren", "\\\t100\tinf", "1\t2\twren", "\\\t-1\t8000"]).events
    np.testing.assert_array_equal([event[4:] for event in track], [(100, math.nan), (math.nan, 8000)])


RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


def test_a_selection_in_two_views_is_one_event(tmp_path):
    rows = "1\tWaveform 1\t1\t3.5\t5.25\t0\t9000\trobin\n1\tSpectrogram 1\t1\t3.5\t5.25\t0\t9000\trobin\n"
    found = read(tmp_path, f"{RAVEN}\tSpecies\n{rows}")
    assert [event[1:4] for event in found.events] == [(3.5, 5.25, "robin")]
    assert found.notes == ("1 row of other views of the same selections",)


def test_columns_that_are_not_used_are_named_and_confidences_with_what_that_means(tmp_path):
    """BirdNET-Analyzer writes such tables: a row at a confidence of 0.1 would be a label like any other."""
    rows = "1\tS\t1\t3.5\t5.25\t0\t9000\tEuropean Robin\teurrob1\t0.1031\tx\n"
    found = read(tmp_path, f"{RAVEN}\tCommon Name\tSpecies Code\tConfidence\tRater\n{rows}")
    assert found.notes[:2] == ("label from 'Common Name'", "columns not used: 'Species Code', 'Rater'")
    assert found.notes[2].startswith("'Confidence' not used: each row is a label, however uncertain")
    many = ",".join(f"c{k}" for k in range(9))
    found = read(tmp_path, f"start,end,label,{many}\n0,1,wren,{many}\n", "a.csv")
    assert found.notes == ("columns not used: 'c0', 'c1', 'c2', 'c3', 'c4', 'c5' and 3 more",)


def test_a_confidence_after_a_label_is_no_part_of_it(tmp_path):
    """BirdNET-Analyzer writes such tracks for Audacity."""
    lines = ["0.0\t3.0\tTroglodytes troglodytes, Eurasian Wren\t0.9123", "3.0\t6.0\towl\t0,1", "6.0\t9.0\towl\t"]
    found = read(tmp_path, "\n".join(lines))
    assert [event.label for event in found.events] == ["Troglodytes troglodytes, Eurasian Wren", "owl", "owl"]
    (note,) = found.notes
    assert note.startswith("a confidence not used: each row is a label, however uncertain")
    assert read(tmp_path, "0.0\t3.0\twren\n").notes == ()


def test_remarks_in_a_corrected_table_of_events_are_no_labels(tmp_path):
    """Raven calls a column that is added so."""
    text = raven.write([(Event("", 1, 2, "wren"), 0.9), (Event("", 3, 4, "robin"), 0.8)], high_hz=9000)
    header, first, second = text.splitlines()
    found = read(tmp_path, "\n".join([header + "\tAnnotation", first.replace("wren", "owl") + "\tfar", second + "\t"]))
    assert [event.label for event in found.events] == ["owl", "robin"]
    assert found.notes[:2] == ("label from 'Species'", "columns not used: 'Annotation'")


def test_the_label_is_where_something_is_written(tmp_path):
    rows = "1\tS\t1\t1\t2\t0\t9\t\twren\n2\tS\t1\t3\t4\t0\t9\t \t\n"
    found = read(tmp_path, f"{RAVEN}\tAnnotation\tSpecies\n{rows}")
    assert [event.label for event in found.events] == ["wren", ""] and "label from 'Species'" in found.notes
    assert [
        event.label for event in read(tmp_path, f"{RAVEN}\tAnnotation\tSpecies\n{rows}", label="Annotation").events
    ] == ["", ""]


def test_files_that_raven_opened_in_sequence(tmp_path):
    """Begin Time is of the sequence; File Offset of the file."""
    head = f"{RAVEN}\tBegin File\tFile Offset (s)\tAnnotation\n"
    rows = "1\tS\t1\t3.5\t5\t0\t9\ta.wav\t3.5\trobin\n2\tS\t1\t603.5\t604\t0\t9\tb.wav\t3.5\twren\n"
    found = read(tmp_path, head + rows)
    assert [event[:4] for event in found.events] == [("a.wav", 3.5, 5, "robin"), ("b.wav", 3.5, 4, "wren")]
    without = head.replace("\tFile Offset (s)", "") + rows.replace("\t3.5\trobin", "\trobin").replace("\t3.5\tw", "\tw")
    with pytest.raises(ValueError, match=r"of 2 files, and without 'File Offset \(s\)' it is not known where"):
        read(tmp_path, without)


def test_labels_that_look_like_missing_values_stay(tmp_path):
    found = read(tmp_path, f"{RAVEN}\tSpecies\n1\tS\t1\t1\t2\t0\t9\tNA\n2\tS\t1\t3\t4\t0\t9\t007\n")
    assert [event.label for event in found.events] == ["NA", "007"]


def test_quotation_marks_in_a_selection_table_are_text(tmp_path):
    """Raven quotes nothing; a spreadsheet quotes fields with a comma or a quotation mark."""
    labels = ['"chip" call', '"', 'open "', '"Wren, Eurasian"', '"""chip"" call"']
    rows = "".join(f"{k}\tS\t1\t{k}\t{k + 1}\t0\t9\t{label}\n" for k, label in enumerate(labels))
    found = read(tmp_path, f"{RAVEN}\tSpecies\n{rows}")
    assert [event.label for event in found.events] == [*labels[:3], "Wren, Eurasian", '"chip" call']
    quoted = f"{RAVEN}\tSpecies\n1\tS\t1\t1\t2\t0\t9\tgreat tit\n".replace("\t", '"\t"').replace("\n", '"\n"')
    assert read(tmp_path, f'"{quoted.removesuffix(chr(34))}').events[0].label == "great tit"  # as R writes it


def test_a_table_without_selections_is_no_event(tmp_path):
    assert read(tmp_path, f"{RAVEN}\n").events == ()
    assert read(tmp_path, "").events == ()


TABLES = {
    "seconds": "file,start,end,label\nx.wav,1,2.5,dog\n",
    "milliseconds": "file,start_ms,end_ms,label\nx.wav,1000,2500,dog\n",
    "decimal commas": "file;start;end;label\nx.wav;1,0;2,5;dog\n",
    "a clock": "file,start,end,label\nx.wav,0:01,0:02.5,dog\n",
    "hours": "file,start,end,label\nx.wav,0:00:01,0:00:02.5,dog\n",
    "a duration": "file,start,duration,label\nx.wav,1,1.5,dog\n",
    "start, end and duration": "file,start,end,duration,label\nx.wav,1,2.5,1.5,dog\n",
    "DCASE": "filename\tonset\toffset\tevent_label\nx.wav\t1\t2.5\tdog\n",
    "Kaleidoscope": "INDIR,FOLDER,IN FILE,CHANNEL,OFFSET,DURATION,AUTO ID*,MANUAL ID*\nd,,x.wav,0,1,1.5,cat,dog\n",
    "Label Studio": 'audio,id,label\n/data/upload/1/0123abcd-x.wav,7,"[{""start"":1,""end"":2.5,""labels"":[""dog""]}]"\n',
    "a local file of Label Studio": (
        'audio,id,label\n/data/local-files/?d=x.wav,7,"[{""start"":1,""end"":2.5,""labels"":[""dog""]}]"\n'
    ),
    "OpenSoundscape": "annotation_file,audio_file,annotation,start_time,end_time,low_f,high_f\na,x.wav,dog,1,2.5,,\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables(tmp_path, kind):
    found = read(tmp_path, TABLES[kind], name="t.csv")
    assert [event[:4] for event in found.events] == [("x.wav", 1.0, 2.5, "dog")]
    assert found.recordings == ("x.wav",)


def test_a_recording_in_which_nothing_is_heard(tmp_path):
    found = read(tmp_path, "file,start,end,label\nx.wav,1,2,dog\ny.wav,,,\n", name="t.csv")
    assert found.recordings == ("x.wav", "y.wav") and len(found.events) == 1


def test_what_a_program_proposed_is_no_label(tmp_path):
    text = "IN FILE,OFFSET,DURATION,AUTO ID\nx.wav,1,2,cat\n"
    with pytest.raises(ValueError, match="no column 'MANUAL ID', so nobody confirmed"):
        read(tmp_path, text, name="t.csv")
    assert read(tmp_path, text, name="t.csv", label="AUTO ID").events[0].label == "cat"


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("1\t2\tdog\n3\t2\tcat\n" + 30 * "4\t5\tcow\n", "a.txt", None),
        (30 * "1\t2\tdog\n" + "3\t2\tcat\n", "a.txt", "line 31: the end must not be before the start. Got 3 and 2"),
        ("-0.5\t0.5\tdog\n1\t2\tdog\n", "a.txt", "line 1: a time must be a number of seconds"),
        ("1\t2\tdog\n1\t2\tdog\tx.wav\n", "a.txt", "line 2: a label must end its line, or be followed by a tab"),
        (30 * "1\t2\tdog\n" + "three\t4\tcat\n", "a.txt", "line 31: a line of a label track must be"),
        (
            "file,start,end,label\nx.wav,1,2,dog\nx.wav,-1,2,dog\n",
            "a.csv",
            "line 3: a time must be a number of seconds",
        ),
        ("file,start,end,label\nx.wav,1,2,dog\nx.wav,nan,2,dog\n", "a.csv", "line 3: a time must be"),
        ("file,start,end,label\nx.wav,1,2,dog\n,1,2,dog\n", "a.csv", "line 3: a row must have a recording"),
        ("file,start_samples,end_samples,label\nx.wav,1,2,dog\n", "a.csv", "times must be in seconds"),
        ("file,start_ms,end_s,label\nx.wav,1,2,dog\n", "a.csv", "start and end must be in one unit"),
        ("file,start,end,noise\nx.wav,1,2,dog\n", "a.csv", "no column for the label with a usual name"),
        ("file,start,stop,end,label\nx.wav,1,2,3,dog\n", "a.csv", "one column for the start and one for the end"),
        ("file,start,end,label,label\nx.wav,1,2,dog,cat\n", "a.csv", "must have one column 'label'. Got 2"),
        ("file,start,end,label\n", "a.csv", "must have a row for each recording, in its column 'file'. Got none"),
        ('File type = "ooTextFile"\n', "a.TextGrid", "is of Praat, which is not read"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, text, name, reason):
    if reason is None:
        assert read(tmp_path, text, name=name) is None  # lines that begin so are no label track
        return
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")) as caught:
        read(tmp_path, text, name=name)
    assert name in str(caught.value)


def test_a_folder_with_other_texts(tmp_path):
    (tmp_path / "x.txt").write_text("1\t2\tdog\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "y.csv").write_text("start,end,label\n1,2,dog\n")
    (tmp_path / "README.txt").write_text("Recorded by me, in May.\nAll of it.\n")
    files, skipped = read_annotations(tmp_path)
    assert {name: content.format for name, content in files.items()} == {"x.txt": "audacity", "deep/y.csv": "table"}
    assert skipped == {".txt": 1}


def test_a_folder_that_may_not_be_read_is_not_skipped(tmp_path, forbid):
    for name in ("monday", "tuesday"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("0.5\t1.0\twren\n")
    forbid("tuesday")
    with pytest.raises(ValueError, match=r"Got '.*tuesday', which you may not read"):
        read_annotations(tmp_path, Columns())


def test_no_annotations(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file or folder"):
        read_annotations(tmp_path / "none")
    (tmp_path / "README.txt").write_text("Recorded by me.\n")
    for path in (tmp_path, tmp_path / "README.txt"):
        with pytest.raises(ValueError, match="must be a Raven selection table"):
            read_annotations(path)


@pytest.mark.parametrize(
    ("text", "columns", "words"),
    [
        ("0.5\t1.0\twren\n", {"label": "species"}, "--label-column must be given with annotations in which"),
        ("0.5\t1.0\twren\n", {"file": "audio"}, "with Audacity label track. Leave it out"),
        ('audio,label\na.wav,"[{""start"":0,""end"":1,""labels"":[""x""]}]"\n', {"label": "y"}, "Label Studio export"),
        ("FOLDER,IN FILE,OFFSET,DURATION,MANUAL ID\n,a.wav,0,1,x\n", {"file": "y"}, "'y' with Kaleidoscope table"),
    ],
)
@pytest.mark.parametrize("in_folder", [False, True])
def test_a_chosen_column_that_no_file_can_have_is_refused(tmp_path, text, columns, words, in_folder):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(ValueError) as error:
        read_annotations(tmp_path if in_folder else tmp_path / "a.txt", Columns(**columns))
    assert words in str(error.value)


def test_unused_columns_of_label_studio_are_named(tmp_path):
    found = read(tmp_path, 'audio,label,mood\na.wav,"[{""start"":0,""end"":1,""labels"":[""x""]}]",calm\n', "a.csv")
    assert found.notes == ("columns not used: 'mood'",)
