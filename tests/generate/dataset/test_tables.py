from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from generate.dataset import tables
from generate.dataset.folder import known_images
from generate.dataset.tables import schema
from tests.generate.dataset.rows import row

DOCUMENT = Path(__file__).parents[3] / "docs/generate.md"


def test_the_documentation_has_the_table_of_the_schema():
    rows = (f"| `{column.name}` | {column.description} |\n" for column in schema.METADATA_COLUMNS)
    assert "| column | what it holds |\n|---|---|\n" + "".join(rows) in DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize("column", schema.METADATA_COLUMNS, ids=lambda column: column.name)
def test_what_the_schema_says_of_a_column_is_checked(tmp_path, column):
    """Each value that its kind, its rule or `required` forbid is refused, and named with its line."""
    wrong = {"text": [], "flag": ["1"], "float": ["x"], "int": ["x", "1.5"]}[column.kind]
    wrong += [""] * (column.required or (column.kind != "text" and not column.nullable))
    wrong += ["../x"] * (column.rule is not None)
    for value in wrong:
        path = tmp_path / "metadata.csv"
        tables.write_table(path, pd.DataFrame([row(**{column.name: value})], dtype=object)[list(tables.COLUMNS)])
        with pytest.raises(ValueError, match=column.name) as error:
            tables.read_metadata(path)
        assert "line 2" in str(error.value)


AWKWARD = [
    "001",
    "1e5",
    "NA",
    "nan",
    "None",
    "",
    'say "hi", <b>&',
    "a\nb",
    "Grünfink 'ü' 鳥",
    " x ",
    "TRUE",
    "-0",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_text_stays_as_it_was(tmp_path, text):
    # Neither a class nor a name is empty.
    name = text or "x"
    rows = [
        row(label=name, clip_id=name, fold=text, recording=text, audio_file=text, file_name=f"a/{name}__original.png")
    ]
    tables.write_table(tmp_path / "metadata.csv", pd.DataFrame(rows, dtype=object)[list(tables.COLUMNS)])
    back = tables.read_metadata(tmp_path / "metadata.csv").iloc[0]
    for column in ("label", "clip_id", "fold", "recording", "audio_file", "file_name"):
        assert back[column] == rows[0][column]
    assert back["audio_mtime_ns"] == rows[0]["audio_mtime_ns"]


def test_numbers_that_are_not_known_stay_empty(tmp_path):
    rows = [row(sample_rate_hz=pd.NA, peak_dbfs=float("nan")), row(clip_id="2", file_name="a/2__original.png")]
    tables.write_table(tmp_path / "metadata.csv", pd.DataFrame(rows))
    back = tables.read_metadata(tmp_path / "metadata.csv")
    assert list(back.columns) == list(tables.COLUMNS)
    assert back["sample_rate_hz"].isna().tolist() == back["peak_dbfs"].isna().tolist() == [True, False]
    assert known_images(tmp_path)["file_name"].tolist() == ["a/1__original.png", "a/2__original.png"]
    tables.write_table(tmp_path / "again.csv", back)
    assert "44100" in (tmp_path / "again.csv").read_text() and "44100.0" not in (tmp_path / "again.csv").read_text()


@pytest.mark.parametrize("name", tables.COLUMNS)
def test_a_table_without_a_column_is_refused(tmp_path, name):
    tables.write_table(tmp_path / "metadata.csv", pd.DataFrame([row()]).drop(columns=name))
    with pytest.raises(ValueError, match=f"its first line lacks {name}.*run `python -m generate` again"):
        tables.read_metadata(tmp_path / "metadata.csv")


def test_only_recordings_that_a_review_added_may_be_elsewhere(tmp_path):
    for name in ("/x.wav", "../x.wav", "a/../../x.wav"):
        table = pd.DataFrame([row(audio_file=name, reviewed="added")])
        tables.write_table(tmp_path / "metadata.csv", table)
        assert tables.read_metadata(tmp_path / "metadata.csv")["audio_file"].tolist() == [name]
        tables.write_table(tmp_path / "metadata.csv", table.assign(reviewed="changed"))
        with pytest.raises(ValueError, match="audio_file must be an audio file, relative to the audio folder.*line 2"):
            tables.read_metadata(tmp_path / "metadata.csv")


def test_a_column_that_is_there_twice_is_named(tmp_path):
    table = pd.DataFrame([row()])
    tables.write_table(tmp_path / "metadata.csv", pd.concat([table, table[["audio_file"]]], axis=1))
    with pytest.raises(ValueError, match="audio_file twice"):
        tables.read_metadata(tmp_path / "metadata.csv")


def test_damage_is_named(tmp_path):
    for text in ("nonsense", "file_name,label\na,b\n", ""):
        (tmp_path / "metadata.csv").write_text(text)
        with pytest.raises(ValueError, match="--overwrite"):
            tables.read_metadata(tmp_path / "metadata.csv")
