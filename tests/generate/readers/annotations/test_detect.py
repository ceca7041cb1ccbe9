"""Tables that label parts of recordings: known, named, and never destroyed by the advice."""

from __future__ import annotations

import pytest

from generate.readers import ReaderOptions, find, read
from generate.readers.annotations.detect import MAX_OPENED, find_annotations, time_columns
from tests.generate.readers.conftest import touch, write_text

RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"
    "1\tSpectrogram 1\t1\t3.5\t5.25\t1200\t4000\tblackbird\n"
)
AUDACITY = "0.000000\t1.250000\tblackbird\n3.5\t3.5\trobin\n"
WITH_FREQUENCIES = "1.25\t2.5\trobin\n\\\t1200.5\t4000\n3\t4\trobin\n"
KINDS = {
    "a.Table.1.selections.txt": RAVEN,
    "a.txt": AUDACITY,
    "b.txt": WITH_FREQUENCIES,
    "with commas.txt": AUDACITY.replace(".", ","),
    "times.csv": "file,start_time,end_time,label\na.wav,0,1.5,dog\n",
    "birdnet.csv": "Start (s),End (s),Scientific name,Common name,Confidence\n0,3,Turdus merula,Blackbird,0.9\n",
    "dcase.txt": "onset\toffset\tevent_label\n0.1\t2.0\tdog\n",
    "semicolons.csv": "\ufeffstart;stop;label\r\n0,5;1,5;dog\r\n",
    "segments.csv": "# Segments csv\n# id, start_seconds, end_seconds, positive_labels\n--a, 30.0, 40.0, x\n",
    "kaleidoscope.csv": "INDIR,IN FILE,OFFSET,DURATION,TOP1MATCH\nx,a.wav,0.5,1.5,dog\n",
    "phones.lab": "0 3050 h#\n3050 4559 sh\n",
    "a.TextGrid": 'File type = "ooTextFile"\n',
    "a.eaf": "<?xml version='1.0'?>\n",
    "utf16.txt": AUDACITY,
}
NO_KINDS = {
    "README.txt": "Recorded by me.\n1\t2 takes each\n",
    "notes.txt": "0.5\tblackbird\n",
    "numbers.csv": "1,2,3\n4,5,6\n",
    "matrix.txt": "5\t2\t9\n7\t1\t3\n",
    "deployments.csv": "station,start_time,end_time\nA,2021-05-03T06:00,2021-05-03T07:00\n",
    "features.csv": "filename,length,tempo,label\na.wav,661794,123.0,dog\n",
    "empty.txt": "",
    "binary.txt": "\0\1\2" * 50_000,
}


@pytest.fixture
def birds(tmp_path):
    touch(tmp_path, "blackbird/a.wav", "robin/b.wav")
    return tmp_path


def write(folder, name, text):
    (folder / name).write_bytes(text.encode("utf-16" if name.startswith("utf16") else "utf-8"))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("place", ["", "robin"])
def test_class_folders_with_labels_of_parts_are_refused(birds, name, place):
    write(birds / place, name, KINDS[name])
    layout = find(birds, ReaderOptions()).layout
    with pytest.raises(ValueError) as caught:
        read(birds, layout, ReaderOptions())
    said = str(caught.value)
    assert name in said
    assert "With --annotations PATH" in said
    assert "delete" not in said and "keep one" not in said


@pytest.mark.parametrize("name", NO_KINDS)
def test_other_text_files_are_left_alone(birds, name):
    write(birds / "robin", name, NO_KINDS[name])
    assert len(read(birds, "folders", ReaderOptions()).clips) == 2
    assert find_annotations(birds)[0] == []


@pytest.mark.parametrize(
    ("layout", "options"),
    [("folders", {}), ("names", {"name_pattern": "{label}"})],
)
def test_where_the_user_settled_it_they_are_counted(birds, layout, options):
    write(birds / "robin", "b.txt", AUDACITY)
    collection = read(birds, layout, ReaderOptions(**options), is_explicit=layout == "folders")
    assert len(collection.clips) == 2
    assert "1 file labels parts of recordings: 'robin/b.txt'; they are not read" in collection.notes[0]


def test_recordings_beside_their_labels_and_no_classes(tmp_path):
    touch(tmp_path, "monday.wav")
    write(tmp_path, "monday.txt", AUDACITY)
    with pytest.raises(ValueError, match="1 file labels parts of recordings: 'monday.txt'.*With --annotations PATH"):
        find(tmp_path, ReaderOptions())


def test_a_bounded_number_of_files_is_opened(birds, monkeypatch):
    for number in range(3 * MAX_OPENED):
        write(birds / "robin", f"{number:04}.txt", AUDACITY if number % 3 == 0 else "a song\n")
    files, n_texts = find_annotations(birds)
    assert n_texts == 3 * MAX_OPENED
    assert len(files) == MAX_OPENED
    with pytest.raises(ValueError, match="200 files label parts of recordings .of 600 text files, 200 at most were op"):
        read(birds, "folders", ReaderOptions())


def test_a_published_collection_has_times_and_is_read(tmp_path):
    write_text(
        tmp_path / "metadata/UrbanSound8K.csv",
        "slice_file_name,fsID,start,end,salience,fold,classID,class\n7-3-0-0.wav,7,0.0,0.3,1,5,3,dog_bark\n",
    )
    touch(tmp_path, "audio/fold5/7-3-0-0.wav")
    assert len(read(tmp_path, "urbansound8k", ReaderOptions()).clips) == 1


@pytest.mark.parametrize(
    ("header", "row", "columns"),
    [
        ("file,start_time,end_time,label", "a.wav,0,1.5,dog", "'start_time', 'end_time'"),
        ("file,label,Begin Time (s),End Time (s)", "a.wav,dog,0,1.5", r"'Begin Time \(s\)', 'End Time \(s\)'"),
        ("filename,onset,offset,label", "a.wav,0,1.5,dog", "'onset', 'offset'"),
        ("file,start,stop,label", "a.wav,0:00.5,0:01,dog", "'start', 'stop'"),
        ("file,t0,t1,label", "a.wav,0,1,dog", "'t0', 't1'"),
        ("file,startMs,endMs,label", "a.wav,0,1500,dog", "'startMs', 'endMs'"),
        ("file,start,duration,label", "a.wav,0,1500,dog", "'start', 'duration'"),
        ("file,onset,label", "a.wav,0.2,dog", "'onset'"),
        ("clip,kind,start,end", "a.wav,dog,0,1", "'start', 'end'"),
    ],
)
def test_a_table_with_times_is_refused_and_its_columns_named(birds, header, row, columns):
    table = birds.parent / "times.csv"
    write_text(table, f"{header}\n{row}\n")
    with pytest.raises(ValueError, match=f"times.csv has the columns {columns}, so each row labels a part") as caught:
        read(birds, "csv", ReaderOptions(labels=table))
    assert "With --annotations PATH" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("file,label,start_time,end_time", "robin/b.wav,dog,2021-05-03 06:00,2021-05-03 07:00"),
        ("file,label,start,end", "robin/b.wav,dog,,"),
        ("file,label,duration", "robin/b.wav,dog,5"),
        ("file,label,start,fold", "robin/b.wav,dog,robin,1"),
    ],
)
def test_columns_that_are_no_places_in_a_recording(birds, header, row):
    write_text(birds.parent / "times.csv", f"{header}\n{row}\n")
    assert len(read(birds, "csv", ReaderOptions(labels=birds.parent / "times.csv")).clips) == 1


def test_the_order_of_the_columns_does_not_matter():
    assert time_columns(["end", "x", "start"]) == ["start", "end"]
