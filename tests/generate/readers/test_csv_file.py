from __future__ import annotations

import pytest

from generate.readers import ReaderOptions, find, read
from tests.generate.readers.conftest import touch, write_text

FILES = ("a.wav", "b.wav", "sub/c.wav")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "audio_folder"
    touch(folder, *FILES)
    return folder


def read_table(folder, text, **options):
    """Read a table that lies outside the folder, as a user may have it."""
    table = folder.parent / "labels.csv"
    if isinstance(text, bytes):
        table.write_bytes(text)
    else:
        write_text(table, text)
    return read(folder, "csv", ReaderOptions(labels=table, **options))


def rows(collection):
    return {clip.path: (clip.label, clip.fold, clip.source_id) for clip in collection.clips.itertuples()}


def test_a_table_with_all_that_can_be_told(folder):
    text = "file,label,fold,recording\na.wav,dog,1,r1\nb.wav,dog,2,r1\nsub/c.wav,cat,2,\n"
    collection = read_table(folder, text)
    assert rows(collection) == {
        "a.wav": ("dog", "1", "r1"),
        "b.wav": ("dog", "2", "r1"),
        "sub/c.wav": ("cat", "2", "sub-c"),
    }
    assert list(collection.clips["clip_id"]) == ["sub-c", "a", "b"]


def test_fold_and_recording_may_be_left_out(folder):
    assert rows(read_table(folder, "file,label\na.wav,dog\nb.wav,cat\n")) == {
        "a.wav": ("dog", "", "a"),
        "b.wav": ("cat", "", "b"),
    }


@pytest.mark.parametrize(
    "header",
    [
        "file,label,fold,recording",
        "Filename,Class,Folds,Source",
        "PATH,Species,FOLD,recording_id",
        "file_name, category ,fold,src_file",
        "sound,target,fold,source_id",
    ],
)
def test_columns_are_found_by_their_usual_names(folder, header):
    assert rows(read_table(folder, f"{header}\na.wav,dog,1,r1\n")) == {"a.wav": ("dog", "1", "r1")}


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("target,category,filename", "0,dog,a.wav"),
        ("species,class,label,path,file", "x,y,dog,z,a.wav"),
        ("source,recording,label,file", "x,r1,dog,a.wav"),
    ],
)
def test_of_several_usual_names_the_plainest_is_taken(folder, header, row):
    (found,) = rows(read_table(folder, f"{header}\n{row}\n")).values()
    assert found[0] == "dog"
    assert found[2] in ("a", "r1")


def test_columns_that_are_told_win(folder):
    text = "file,label,fold,recording,clip,kind,part,tape\nx.wav,x,x,x,a.wav,dog,1,r1\n"
    collection = read_table(
        folder, text, file_column="clip", label_column="kind", fold_column="part", source_column="tape"
    )
    assert rows(collection) == {"a.wav": ("dog", "1", "r1")}


@pytest.mark.parametrize("role", ["file", "label", "fold", "source"])
def test_a_column_that_was_told_and_is_not_there(folder, role):
    with pytest.raises(ValueError, match=r"labels.csv.* has no column 'Tipo'. It has 'file', 'label', 'fold'"):
        read_table(folder, "file,label,fold\na.wav,dog,1\n", **{f"{role}_column": "Tipo"})


@pytest.mark.parametrize(("header", "role"), [("name,label", "file"), ("file,kind", "label")])
def test_a_column_that_cannot_be_found(folder, header, role):
    with pytest.raises(ValueError) as caught:
        read_table(folder, f"{header}\na.wav,dog\n")
    message = str(caught.value)
    assert f"no column for the {role}" in message
    assert ", ".join(repr(name) for name in header.split(",")) in message
    assert f"--{role}-column" in message


# How tables are written


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_separators_line_ends_and_byte_order_marks(folder, separator, line_end, mark):
    lines = [["file", "label", "fold"], ["a.wav", "Straße", "1"], ["sub/c.wav", "犬", "2"]]
    text = mark + "".join(separator.join(line) + line_end for line in lines)
    assert rows(read_table(folder, text)) == {"a.wav": ("Straße", "1", "a"), "sub/c.wav": ("犬", "2", "sub-c")}


def test_other_separators_within_the_fields(folder):
    text = "file;label;fold\na.wav;dog, loud;1\nb.wav;dog,\tquiet;1\n"
    assert {label for label, _, _ in rows(read_table(folder, text)).values()} == {"dog, loud", "dog,\tquiet"}


def test_fields_in_quotes(folder):
    touch(folder, "odd, name.wav")
    text = 'file,label,recording\n"odd, name.wav","a ""big"" dog","r,1"\n'
    assert rows(read_table(folder, text)) == {"odd, name.wav": ('a "big" dog', "", "r,1")}


@pytest.mark.parametrize("label", ["nan", "NA", "None", "null", "007", "1.0", "True", "1e5"])
def test_labels_stay_as_they_are_written(folder, label):
    assert rows(read_table(folder, f"file,label,fold\na.wav,{label},{label}\n"))["a.wav"][:2] == (label, label)


def test_space_around_fields_does_not_count(folder):
    text = "file, label ,fold,recording\n a.wav , dog , 1 , r1 \n"
    assert rows(read_table(folder, text)) == {"a.wav": ("dog", "1", "r1")}


def test_empty_lines_do_not_count(folder):
    assert rows(read_table(folder, "file,label\n\na.wav,dog\n\n\n")) == {"a.wav": ("dog", "", "a")}


def test_rows_that_end_early_are_named(folder):
    with pytest.raises(ValueError, match="line 3 has 2 fields, the first line has 3 .*'b.wav,cat'"):
        read_table(folder, "file,label,fold\na.wav,dog,1\nb.wav,cat\n")


def test_a_separator_at_the_end_of_every_row(folder):
    assert rows(read_table(folder, "file,label\na.wav,dog,\nb.wav,cat,\n")) == {
        "a.wav": ("dog", "", "a"),
        "b.wav": ("cat", "", "b"),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,site,label\n0.wav,Forest, north,dog\n1.wav,park,cat\n", "line 2 has 4 fields, the first line has 3"),
        ("file,site,label\n1.wav,park,cat\n\n0.wav,Forest, north,dog\n", "line 4 has 4 fields, the first line has 3"),
        ("file,gain,label\n0.wav,1,5,dog\n1.wav,2,5,cat\n", "line 2 has 4 fields.*the same in lines 2 and 3"),
        ("file,label,gain,fold\n0.wav,dog,1,5,\n1.wav,cat,2,5,\n", "line 2 has 5 fields, the first line has 4"),
        ("file,label,\na.wav,dog,\nb.wav,cat,x\n", "line 3 has 'x' in a column without a name"),
        ("file,site,label,\n0.wav,Forest, north,dog\n", "line 2 has 'dog' in a column without a name"),
        ("file,label\na.wav,dog,\nb.wav,Forest,north\n", "line 3 has 3 fields"),
        ("file,label\na.wav,dog,\nb.wav,cat\n", "line 2 has 3 fields"),
        ("label,file\n7,a.wav,2.wav\n8,b.wav,3.wav\n", "line 2 has 3 fields"),
    ],
)
def test_rows_with_a_field_too_many_are_never_read_from_the_wrong_column(folder, text, said):
    with pytest.raises(ValueError, match=f"labels.csv.*{said}.*in quotes") as caught:
        read_table(folder, text)
    assert "line" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        'file,site,label\na.wav,"Forest, north",dog\n',
        'file, site, label\na.wav, "Forest, north", dog\n',
        "file;site;label\na.wav;Forest, north;dog\n",
        "sep=;\nfile;site;label\na.wav;Forest, north;dog\n",
        '"sep=\t"\r\nfile\tsite\tlabel\r\na.wav\tForest, north\tdog\r\n',
        "sep=|\nfile|site|label\na.wav|Forest, north|dog\n",
        "file\rlabel\r".replace("\r", ",", 1) + "a.wav,dog\r",
        ",file,label\n0,a.wav,dog\n",
        "file,label,,\na.wav,dog,,\n",
        "file;label;gain, dB\na.wav;dog;1,5\n",
    ],
)
def test_commas_that_are_understood(folder, text):
    assert {path: label for path, (label, *_) in rows(read_table(folder, text)).items()} == {"a.wav": "dog"}


@pytest.mark.parametrize(
    ("bound", "most", "said"),
    [
        ("MAX_TABLE_BYTES", 20, "must be a table of labels.*Got"),
        ("MAX_ROWS", 2, "at most 2 rows"),
        ("MAX_HEADER", 5, "first line must be .*Got 11 characters"),
    ],
)
def test_a_table_that_would_fill_the_memory(folder, monkeypatch, bound, most, said):
    from generate.readers.csv_tables import csv_text

    monkeypatch.setattr(csv_text, bound, most)
    with pytest.raises(ValueError, match=said):
        read_table(folder, "file,label\na.wav,dog\nb.wav,cat\n")


def test_a_separator_that_cannot_be_told(folder):
    with pytest.raises(ValueError, match="commas and semicolons give the same number of columns.*sep=,"):
        read_table(folder, "file;label, x\na.wav;dog, y\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_encodings_that_say_what_they_are(folder, encoding):
    touch(folder, "café.wav")
    text = "file,label\ncafé.wav,犬\n"
    mark = "" if encoding in ("utf-16", "utf-8-sig") else "\ufeff"
    assert rows(read_table(folder, (mark + text).encode(encoding))) == {"café.wav": ("犬", "", "café")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "it is empty. Its first line"),
        (b"\n\n", "it is empty. Its first line"),
        (
            "file,label\na.wav,dog\ncafé.wav,dog\n".encode("cp1252"),
            r"line 3 is not in UTF-8; perhaps it is in Windows-1252 \(cp1252.*'café.wav,dog'.*Save it as UTF-8: in Excel",
        ),
        ("file,label\ncafé.wav,dog\n".encode("utf-16-le"), "line 1 holds a NUL byte.*perhaps it is in UTF-16 without"),
        ("file,label\ncafé.wav,dog\n".encode("utf-32"), "it is in UTF-32. Save it as UTF-8"),
        (b"file,label\na.wav,dog\nb\0.wav,dog\n", "line 3 holds a NUL byte"),
        (b'file,label\n"a.wav,dog\nb.wav,cat\n', "the row that begins in line 2 is never closed"),
        (b'file,label\na.wav,dog\n"b" old.wav,cat\n', "the row that begins in line 3 there is text between"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "NUL byte"),
        (b"file," + b"x" * 200_000 + b"\na.wav,dog\n", "field larger than field limit"),
        (b"PK\x03\x04\x14\0", "an Excel or LibreOffice workbook. Open it there and save the sheet as 'CSV UTF-8'"),
    ],
    ids=[
        "empty",
        "blank",
        "cp1252",
        "utf-16 without mark",
        "utf-32",
        "NUL",
        "open quote",
        "quote",
        "image",
        "endless",
        "xlsx",
    ],
)
def test_what_is_no_table(folder, text, said):
    with pytest.raises(ValueError, match=f"labels.csv.*cannot be read as a CSV table: .*{said}"):
        read_table(folder, text)


def test_a_quotation_mark_that_swallows_the_next_row(folder):
    with pytest.raises(ValueError, match="label must be on one line.*dog.nb.wav,cat.*begins in line 2"):
        read_table(folder, 'file,label\na.wav,"dog\nb.wav,cat"\n')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label,label\na.wav,dog,cat\n", "must have one column 'label'. Got 2, columns 2 and 3"),
        ("file,Label,label\na.wav,dog,cat\n", "must have one column for the label. Got 'Label', 'label'. Choose"),
    ],
)
def test_two_columns_of_one_name(folder, text, said):
    with pytest.raises(ValueError, match=said):
        read_table(folder, text)


def test_two_columns_of_one_name_that_nobody_uses(folder):
    assert set(rows(read_table(folder, "file,x,x,label\na.wav,1,2,dog\n"))) == {"a.wav"}


def test_a_table_without_a_line_of_names(folder):
    with pytest.raises(ValueError, match="'a.wav', 'dog'.*first line looks like a row; add a line with the names"):
        read_table(folder, "a.wav,dog\nb.wav,cat\n")


def test_columns_that_are_not_used_and_rows_that_tell_less_are_named(folder):
    text = (
        "file,site,label,split,fold,recording\na.wav,x,dog,train,1,r1\nb.wav,x,cat,test,,r2\nsub/c.wav,x,cat,test,2,\n"
    )
    assert read_table(folder, text).notes == [
        "labels.csv: file from 'file', label from 'label', fold from 'fold', source from 'recording'",
        "labels.csv: not used 'site', 'split'",
        "labels.csv: 1 row without a fold, and others with one: python -m train needs all or none (line 3)",
        "labels.csv: 1 row without a recording: each of these files is its own (line 4)",
    ]
    text = ",file,label,recording\n0,a.wav,dog,\n"
    assert read_table(folder, text).notes == [
        "labels.csv: file from 'file', label from 'label', source from 'recording'"
    ]


def test_a_column_for_two_roles(folder):
    with pytest.raises(ValueError, match="label and the source must have columns of their own. Got 'label'"):
        read_table(folder, "file,label\na.wav,dog\n", source_column="label")


def test_a_table_of_nothing_but_its_first_line(folder):
    with pytest.raises(ValueError, match="holds no audio files"):
        read_table(folder, "file,label\n")


# What rows name


def test_backslashes_and_a_leading_dot_are_read_as_windows_and_shells_write_them(folder):
    text = "file,label\nsub\\c.wav,dog\n./a.wav,dog\n.\\b.wav,dog\n"
    assert set(rows(read_table(folder, text))) == set(FILES)


@pytest.mark.parametrize(
    "path",
    [
        *("../secret.wav", "sub/../../secret.wav", "sub/..", "..", "/etc/passwd", "C:\\sounds\\a.wav", "C:a.wav"),
        *("..\\secret.wav", "\\\\server\\share\\a.wav", "//server/a.wav", "./../secret.wav", "./ /../../secret.wav"),
    ],
)
def test_paths_that_leave_the_folder(folder, path):
    touch(folder.parent, "secret.wav")
    with pytest.raises(ValueError) as caught:
        read_table(folder, f"file,label\na.wav,dog\n{path},dog\n")
    message = str(caught.value)
    assert "labels.csv" in message
    assert repr(path.replace("\\", "/")) in message
    assert "leaves the audio folder" in message
    assert "relative" in message
    assert str(folder) in message


@pytest.mark.parametrize("way", ["{}/sub/c.wav", "{}\\sub\\c.wav", "{}/./sub//c.wav"])
def test_absolute_paths_into_the_folder(folder, way):
    path = way.format(folder if "/" in way else str(folder).replace("/", "\\"))
    assert rows(read_table(folder, f"file,label\n{path},dog\n")) == {"sub/c.wav": ("dog", "", "sub-c")}
    with pytest.raises(ValueError, match="line 2, which leaves the audio folder"):
        read_table(folder, f"file,label\n{folder}/../secret.wav,dog\n")
    with pytest.raises(ValueError, match="line 2, which leaves the audio folder"):
        read_table(folder, f"file,label\n{folder}-more/secret.wav,dog\n")


def test_dots_in_names_are_no_way_out(folder):
    touch(folder, "..a.wav", "b..wav", "...wav")
    assert len(rows(read_table(folder, "file,label\n..a.wav,x\nb..wav,x\n...wav,x\n"))) == 3


def test_files_that_are_not_there_are_named_with_their_class_and_the_rest_is_read(folder):
    text = "file,label\na.wav,dog\ngone.wav,dog\nsub,cat\nsub/gone.wav,bird\n"
    collection = read_table(folder, text)
    assert set(rows(collection)) == {"a.wav"}
    reason = "named in labels.csv, but not there"
    assert collection.missing == [("gone.wav", "dog", reason), ("sub", "cat", reason), ("sub/gone.wav", "bird", reason)]


def test_none_of_the_files_is_there(folder):
    with pytest.raises(ValueError, match="holds no audio files .*the 2 files that its table names do not exist"):
        read_table(folder, "file,label\nx.wav,dog\ny.wav,dog\n")


def test_a_name_longer_than_any_file_can_have_is_missing(folder):
    collection = read_table(folder, f"file,label\na.wav,dog\n{'x' * 300}.wav,dog\n")
    assert [path for path, _, _ in collection.missing] == ["x" * 300 + ".wav"]


def test_a_file_in_two_rows(folder):
    with pytest.raises(ValueError, match="1 file named more than once, 'a.wav' in lines 2 and 4.*Keep the table"):
        read_table(folder, "file,label\na.wav,dog\nb.wav,cat\n./a.wav,cat\n")


@pytest.mark.parametrize("path", ["sub//c.wav", "sub/./c.wav", ".//sub/c.wav"])
def test_a_file_in_two_rows_that_spell_it_differently(folder, path):
    with pytest.raises(ValueError, match="1 file named more than once, 'sub/c.wav' in lines 2 and 3"):
        read_table(folder, f"file,label\nsub/c.wav,dog\n{path},cat\n")


def test_an_empty_label(folder):
    with pytest.raises(ValueError, match=r"labels.csv: .*Got no label in lines 4 and 5 \('b.wav'\)"):
        read_table(folder, "file,label\na.wav,dog\n\nb.wav, \nsub/c.wav,\n")


def test_an_empty_file_name_is_called_that(folder):
    with pytest.raises(ValueError, match="labels.csv: .*Got no file in line 4"):
        read_table(folder, "file,label\na.wav,dog\n\n,cat\n")


# Which table


def test_the_only_table_in_the_folder_is_found(folder):
    write_text(folder / "Labels.CSV", "file,label\na.wav,dog\n")
    assert find(folder, ReaderOptions()).layout == "csv", "before class folders, such as sub/"
    assert set(rows(read(folder, "csv", ReaderOptions()))) == {"a.wav"}


@pytest.mark.parametrize("text", ["x,y\n1,2\n", "", "\xff"])
def test_a_table_of_something_else_is_left_alone(folder, text):
    (folder / "other.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="not certain what the classes in .* are"):
        find(folder, ReaderOptions())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "file,label\na.wav,Forest, north\n"),
        ("labels.csv", "file,label\na.wav,caf\xe9\n"),
        ("labels.tsv", "file\tlabel\na.wav\n"),
    ],
)
def test_a_broken_table_is_no_reason_to_take_folders_for_classes(folder, name, text):
    (folder / name).write_bytes(text.encode("latin-1"))
    assert find(folder, ReaderOptions()).layout == "csv"
    with pytest.raises(ValueError, match=f"{name}.*line 2"):
        read(folder, "csv", ReaderOptions())


def test_a_hidden_table_is_none(folder):
    write_text(folder / "._labels.csv", "file,label\na.wav,dog\n")
    with pytest.raises(ValueError, match="not certain what the classes in .* are"):
        find(folder, ReaderOptions())


def test_of_two_tables_one_must_be_told(folder):
    write_text(folder / "train.csv", "file,label\na.wav,dog\n")
    write_text(folder / "test.csv", "file,label\nb.wav,dog\n")
    with pytest.raises(ValueError, match="--labels .*test.csv --file-column file --label-column label"):
        find(folder, ReaderOptions())
    with pytest.raises(FileNotFoundError, match="does not hold exactly one CSV. Name the table with --labels FILE.csv"):
        read(folder, "csv", ReaderOptions())
    assert set(rows(read(folder, "csv", ReaderOptions(labels=folder / "test.csv")))) == {"b.wav"}


def test_a_class_folder_named_like_a_table(folder):
    touch(folder, "old.csv/d.wav")
    with pytest.raises(ValueError, match="not certain what the classes in .* are"):
        find(folder, ReaderOptions())


@pytest.mark.parametrize("name", ["nowhere.csv", "audio_folder"])
def test_a_table_that_is_not_there(folder, name):
    with pytest.raises(FileNotFoundError, match=rf"no table '.*{name}' \(--labels\)"):
        read(folder, "csv", ReaderOptions(labels=folder.parent / name))


def test_the_table_of_esc50_reads_as_any_other(real_tables, tmp_path):
    table = real_tables / "esc50.csv"
    names = [line.partition(",")[0] for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    touch(tmp_path, *names)
    clips = read(tmp_path, "csv", ReaderOptions(labels=table)).clips
    assert len(clips) == 2000
    assert clips["label"].nunique() == 50
    assert "dog" in set(clips["label"]), "the category, not the number in the column target"
    assert set(clips["fold"]) == set("12345")
    assert clips["source_id"].nunique() < 2000


def test_a_table_that_writes_letters_in_another_way_than_the_disk(tmp_path):
    touch(tmp_path, "Ka\u0308uz/1.wav", "dog.wav")
    write_text(tmp_path / "labels.csv", "file,label\nKäuz/1.wav,Käuz\ndog.wav,dog\ncat.wav,cat\n")
    collection = read(tmp_path, "csv", ReaderOptions())
    assert list(collection.clips["path"]) == ["Ka\u0308uz/1.wav", "dog.wav"]
    assert [path for path, *_ in collection.missing] == ["cat.wav"] and not collection.skipped


def test_several_labels_in_one_column(folder):
    text = "file,label\na.wav,dog; cat\nb.wav,dog\nsub/c.wav,_background\n"
    collection = read_table(folder, text, label_separator=";")
    assert {path: row[0] for path, row in rows(collection).items()} == {
        "a.wav": "cat;dog",
        "b.wav": "dog",
        "sub/c.wav": "_background",
    }
    assert collection.multilabel
    two = read_table(folder, "file,label\na.wav,Käuz;dog\nb.wav,dog;Ka\u0308uz;Käuz\n", label_separator=";")
    assert [row[0] for row in rows(two).values()] == ["Käuz;dog", "Käuz;dog"], "one class, however it is written"
    plain = read_table(folder, text)
    assert not plain.multilabel
    assert rows(plain)["a.wav"][0] == "dog; cat"
    assert any("1 label with ';'" in note and "--label-separator" in note for note in plain.notes)


def test_a_column_for_each_class(folder):
    text = "file,dog,cat,weather\na.wav,1,1,rain\nb.wav,true,0,sun\nsub/c.wav,0,FALSE,sun\n"
    collection = read_table(folder, text, label_columns=["dog", "cat"])
    assert {path: row[0] for path, row in rows(collection).items()} == {
        "a.wav": "cat;dog",
        "b.wav": "dog",
        "sub/c.wav": "_background",
    }
    assert any("not used 'weather'" in note for note in collection.notes)


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (
            "file,dog\na.wav,1\nb.wav,2\n",
            {"label_columns": ["dog"]},
            "must hold 1 or 0. Got '2' in the column 'dog' in line 3",
        ),
        ("file,dog\na.wav,1\n", {"label_columns": ["cat"]}, "cat"),
        ("file,dog\na.wav,1\n", {"label_columns": ["dog", "dog"]}, "Got 'dog' twice"),
        ("file,dog\na.wav,1\n", {"label_columns": ["dog"], "label_separator": ";"}, "--label-separator"),
        ("file,label\na.wav, ; \n", {"label_separator": ";"}, "Got no label in line 2"),
        ("file,label\na.wav,dog;x|cat\n", {"label_separator": "|"}, "must not have ';'"),
    ],
)
def test_several_labels_that_cannot_be_read(folder, text, options, words):
    with pytest.raises(ValueError) as error:
        read_table(folder, text, **options)
    assert words in str(error.value)
