"""Tables of a user's own that cannot be understood: refused with their lines, columns or files, and never guessed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generate.__main__ import main as generate_main
from generate.readers import ReaderOptions, read
from tests.generate.readers.conftest import touch

HEADER = "file,site,label\n"
GOOD = "a.wav,park,dog\nb.wav,wood,cat\n"

REFUSED: dict[str, tuple[str | bytes, str]] = {
    # What it is: the table, and what the message must say.
    "an unquoted comma": (HEADER + "a.wav,Forest, north,dog\nb.wav,wood,cat\n", "line 2 has 4 fields.*has 3"),
    "an unquoted comma far below": (HEADER + GOOD + "c.wav,Forest, north,dog\n", "line 4 has 4 fields"),
    "decimal commas": ("file,gain,label\na.wav,1,5,dog\nb.wav,2,5,cat\n", "line 2 has 4 fields.*decimal comma"),
    "decimal commas before an empty column": (
        "file,label,gain,fold\na.wav,dog,1,5,\nb.wav,cat,2,5,\n",
        "line 2 has 5 fields, the first line has 4",
    ),
    "a field too few": (HEADER + "a.wav,dog\n", "line 2 has 2 fields"),
    "a value without a column": ("file,label,\na.wav,dog,x\n", "line 2 has 'x' in a column without a name"),
    "a separator in some rows": ("file,label\na.wav,dog,\nb.wav,cat\n", "line 2 has 3 fields"),
    "two separators": ("file;label, x\na.wav;dog, y\n", "not certain which.*sep="),
    "cp1252": ("file,label\na.wav,caf\xe9\n".encode("cp1252"), r"line 2 is not in UTF-8.*cp1252.*Save it as UTF-8"),
    "cp1252 in the first line": ("file,label,h\xf6he\na.wav,dog,1\n".encode("cp1252"), "line 1 is not in UTF-8"),
    "UTF-16 without a mark": ("file,label\na.wav,dog\n".encode("utf-16-le"), "NUL byte.*UTF-16"),
    "UTF-16 cut short": ("file,label\na.wav,dog\n".encode("utf-16")[:-1], "is not UTF-16"),
    "UTF-32": ("file,label\na.wav,dog\n".encode("utf-32"), "in UTF-32"),
    "NUL bytes": (b"file,label\na.wav,dog\nb\0.wav,cat\n", "line 3 holds a NUL byte"),
    "a workbook": (b"PK\x03\x04rest", "workbook.*CSV UTF-8"),
    "an old workbook": (b"\xd0\xcf\x11\xe0rest", "Excel workbook"),
    "nothing": ("", "is empty"),
    "blank lines": ("\n\n\n", "is empty"),
    "an open quotation mark": ('file,label\n"a.wav,dog\nb.wav,cat\n', "begins in line 2 is never closed"),
    "a quotation mark that swallows a row": ('file,label\na.wav,"dog\nb.wav,cat"\n', "begins in line 2"),
    "a word after a quotation mark": ('file,label\na.wav,"dog" loud\n', "begins in line 2 there is text"),
    "two columns of one name": ("file,label,label\na.wav,dog,cat\n", "columns 2 and 3"),
    "two columns that differ by case": ("file,Label,label\na.wav,dog,cat\n", "'Label', 'label'"),
    "no line of names": ("a.wav,dog\nb.wav,cat\n", "first line looks like a row"),
    "no column of labels": ("file,kind\na.wav,dog\n", "'file', 'kind'.*--label-column"),
    "no label": (HEADER + "a.wav,park,\n", "no label in line 2"),
    "no file": (HEADER + ",park,dog\n", "no file in line 2"),
    "a file twice": (HEADER + GOOD + "./a.wav,park,cat\n", "'a.wav' in lines 2 and 4"),
    "a file twice in other letters": ("file,label\nKa\u0308uz.wav,x\nKäuz.wav,y\n", "in lines 2 and 3"),
    "../": (HEADER + "../a.wav,park,dog\n", "line 2, which leaves"),
    "an absolute path": (HEADER + "/etc/a.wav,park,dog\n", "line 2, which leaves"),
    "a path beside the folder": ("file,label\n{folder}-more/a.wav,dog\n", "line 2, which leaves"),
    "a drive": (HEADER + "D:\\a.wav,park,dog\n", "line 2, which leaves"),
    "start_time and end_time": ("file,start_time,end_time,label\na.wav,0,1,dog\n", "'start_time', 'end_time'.*cut"),
    "Raven": (
        "file\tBegin Time (s)\tEnd Time (s)\tlabel\na.wav\t0.5\t1\tdog\n",
        r"'Begin Time \(s\)'.*With --annotations PATH",
    ),
    "onset and offset": ("filename;onset;offset;label\na.wav;0,5;1;dog\n", "'onset', 'offset'"),
    "start and stop, a file twice": ("file,start,stop,label\na.wav,0,1,dog\na.wav,1,2,cat\n", "'start', 'stop'"),
    "t0": ("file,t0,label\na.wav,0.5,dog\n", "'t0'"),
    "no file is there": ("file,label\nx.wav,dog\ny.wav,dog\n", "2 files that its table names do not exist"),
}
BESIDE: dict[str, tuple[str, str]] = {
    "an Audacity label track": ("robin/b.txt", "0.5\t1.5\trobin\n"),
    "Raven's selections": ("robin/b.Table.1.selections.txt", "Selection\tBegin Time (s)\tEnd Time (s)\n1\t0.5\t1\n"),
    "a table of times": ("times.csv", "recording,start,end\nb.wav,0,1\n"),
    "a TextGrid": ("robin/b.TextGrid", 'File type = "ooTextFile"\n'),
}
"""Files beside recordings in class folders."""
UNDERSTOOD: dict[str, str | bytes] = {
    "a byte-order mark and CRLF": "\ufefffile,label\r\na.wav,dog\r\nb.wav,cat\r\n",
    "UTF-16": "file,label\na.wav,dog\nb.wav,cat\n".encode("utf-16"),
    "sep=": "sep=;\nfile;label\na.wav;dog\nb.wav;cat\n",
    "semicolons and decimal commas": "file;label;gain, dB\na.wav;dog;1,5\nb.wav;cat;2,5\n",
    "old Mac": "file,label\ra.wav,dog\rb.wav,cat\r",
    "quotes after a space": 'file, label, site\na.wav, dog, "Forest, north"\nb.wav, cat, wood\n',
    "an index of pandas": ",file,label\n0,a.wav,dog\n1,b.wav,cat\n",
    "commas at all ends": "file,label,\na.wav,dog,\nb.wav,cat,\n",
    "absolute paths into the folder": "file,label\n{folder}/a.wav,dog\n{folder}/b.wav,cat\n",
    "backslashes": "file,label\n.\\a.wav,dog\n{backslashes}\\b.wav,cat\n",
    "other folders": "file,label\nfold1/a.wav,dog\nfold2/b.wav,cat\n",
}


@pytest.fixture
def folder(tmp_path) -> Path:
    touch(tmp_path / "audio_folder", "a.wav", "b.wav", "c.wav", "Käuz.wav")
    return tmp_path / "audio_folder"


def write(folder: Path, table: str | bytes) -> Path:
    path = folder.parent / "labels.csv"
    if isinstance(table, str):
        there = str(folder.resolve())
        table = table.replace("{folder}", there).replace("{backslashes}", there.replace("/", "\\")).encode()
    path.write_bytes(table)
    return path


def refusal(here: Path, monkeypatch, capsys, *arguments: object) -> str:
    """What is said by a command that must be refused, and changes nothing."""
    monkeypatch.chdir(here)
    before = {path: path.read_bytes() if path.is_file() else b"" for path in here.rglob("*")}
    assert generate_main([str(argument) for argument in arguments]) == 1
    assert {path: path.read_bytes() if path.is_file() else b"" for path in here.rglob("*")} == before
    said = capsys.readouterr()
    assert "Traceback" not in said.err and not said.out
    assert not re.search("delete|remove|keep one", said.err)
    return said.err


@pytest.mark.fault(20)
@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_is_not_understood_is_refused(name, folder, monkeypatch, capsys, injected):
    table, expected = REFUSED[name]
    path = write(folder, table)
    said = refusal(folder.parent, monkeypatch, capsys, folder, "--labels", path)
    assert re.search(expected, said, re.DOTALL), said
    # The same where it is the only table in the folder; of some the first line does not tell that it is one.
    path.rename(folder / "labels.csv")
    said = refusal(folder.parent, monkeypatch, capsys, folder)
    assert re.search(f"{expected}|It is not certain what the classes", said, re.DOTALL), said
    injected(1)


@pytest.mark.fault(20)
@pytest.mark.parametrize("name", BESIDE)
def test_labels_of_parts_beside_class_folders_are_refused(name, tmp_path, monkeypatch, capsys, injected):
    place, text = BESIDE[name]
    touch(tmp_path / "audio_folder", "blackbird/a.wav", "robin/b.wav")
    (tmp_path / "audio_folder" / place).write_text(text)
    said = refusal(tmp_path, monkeypatch, capsys, tmp_path / "audio_folder")
    assert place in said and "With --annotations PATH" in said and "--layout folders" in said
    injected(1)


@pytest.mark.fault(20)
@pytest.mark.parametrize("name", UNDERSTOOD)
def test_what_is_understood_is_read_right(name, folder, injected):
    collection = read(folder, "csv", ReaderOptions(labels=write(folder, UNDERSTOOD[name])))
    rows = dict(zip(collection.clips["path"], collection.clips["label"], strict=True))
    assert rows == {"a.wav": "dog", "b.wav": "cat"} and not collection.missing
    injected(1)
