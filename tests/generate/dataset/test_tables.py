import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generate.dataset import tables
from generate.runtime.atomic_write import write_text_atomically


def row(**changes):
    values = {
        "file_name": "a/1__original.png",
        "label": "a",
        "clip_id": "1",
        "source_id": "r1",
        "recording": "r1",
        "fold": "1",
        "split": "",
        "variant": "original",
        "duplicate": False,
        "silent": False,
        "seconds": 5.0,
        "peak_dbfs": -3.0,
        "dc_offset": 0.001,
        "channel": "1",
        "sample_rate_hz": 44100,
        "audio_file": "a/1.wav",
        "start_s": 0.0,
        "audio_bytes": 100,
        "audio_mtime_ns": 1_700_000_000_123_456_789,
        "audio_sha256": "ab" * 32,
    }
    return values | changes


def test_a_table_of_an_earlier_version_is_read_without_the_split(tmp_path):
    columns = [name for name in tables.COLUMNS if name != "split"]
    tables.write_table(tmp_path / "metadata.csv", pd.DataFrame([row()], dtype=object)[columns])
    back = tables.read_metadata(tmp_path / "metadata.csv")
    assert list(back.columns) == list(tables.COLUMNS)
    assert back["split"].tolist() == [""]


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
    rows = [row(label=name, clip_id=name, fold=text, recording=text, sound=text, file_name=f"a/{name}__original.png")]
    tables.write_table(tmp_path / "metadata.csv", pd.DataFrame(rows, dtype=object)[list(tables.COLUMNS)])
    back = tables.read_metadata(tmp_path / "metadata.csv").iloc[0]
    for column in ("label", "clip_id", "fold", "recording", "audio_file", "file_name"):
        assert back[column] == rows[0][column]
    assert back["audio_mtime_ns"] == rows[0]["audio_mtime_ns"]


def test_a_table_of_an_earlier_release_is_read(tmp_path):
    later = ["dc_offset", "channel", "sample_rate_hz"]
    table = pd.DataFrame([row()])
    tables.write_table(tmp_path / "metadata.csv", table[[name for name in tables.COLUMNS if name not in later]])
    back = tables.read_metadata(tmp_path / "metadata.csv")
    assert list(back.columns) == list(tables.COLUMNS)
    assert back["channel"].tolist() == [""] and back[["dc_offset", "sample_rate_hz"]].isna().all(axis=None)
    tables.write_table(tmp_path / "again.csv", pd.concat([back, table]).assign(file_name=["a/1__original.png"] * 2))
    assert "44100" in (tmp_path / "again.csv").read_text() and "44100.0" not in (tmp_path / "again.csv").read_text()


def test_journal_and_table_read_the_same(tmp_path):
    rows = [
        row(
            file_name=f"a/{n}__original.png",
            clip_id=str(n),
            start_s=n * 0.1,
            peak_dbfs=-np.inf if n else -1.25,
            duplicate=bool(n),
        )
        for n in range(3)
    ]
    journal = tables.Journal(tmp_path / "journal.csv")
    for one in rows:
        journal.note([one])
    journal.close()
    tables.write_table(tmp_path / "metadata.csv", pd.DataFrame(rows)[list(tables.COLUMNS)])
    pd.testing.assert_frame_equal(
        tables.read_journal(tmp_path / "journal.csv"), tables.read_metadata(tmp_path / "metadata.csv")
    )
    assert tables.read_metadata(tmp_path / "metadata.csv")["start_s"].tolist() == [one["start_s"] for one in rows]


def test_a_journal_that_was_cut_anywhere_is_read_and_goes_on(tmp_path):
    path = tmp_path / "journal.csv"
    journal = tables.Journal(path)
    journal.note([row(file_name="a.png"), row(file_name="b.png")])
    journal.note([row(file_name="c.png")])
    journal.close()
    content = path.read_bytes()
    for cut in range(0, len(content), 7):
        path.write_bytes(content[:cut])
        before = path.read_bytes()
        found = tables.read_journal(path)["file_name"].tolist()
        assert path.read_bytes() == before, "reading changes nothing"
        assert found == ["a.png", "b.png", "c.png"][: len(found)]
        journal = tables.Journal(path)
        journal.note([row(file_name="d.png")])
        journal.close()
        assert tables.read_journal(path)["file_name"].tolist() == [*found, "d.png"]


def test_damaged_rows_of_a_journal_are_skipped(tmp_path):
    journal = tables.Journal(tmp_path / "journal.csv")
    journal.note([row(file_name="a.png"), row(file_name="b.png", audio_bytes="many"), row(file_name="c.png")])
    journal.close()
    with (tmp_path / "journal.csv").open("ab") as file:
        file.write(b"\xff\xfe,garbage\n")
    assert tables.read_journal(tmp_path / "journal.csv")["file_name"].tolist() == ["a.png", "c.png"]


def test_damage_is_named(tmp_path):
    for text in ("nonsense", "file_name,label\na,b\n", ""):
        (tmp_path / "metadata.csv").write_text(text)
        with pytest.raises(ValueError, match="--overwrite"):
            tables.read_metadata(tmp_path / "metadata.csv")
    for text in ("{", "[]", "{}", "3"):
        (tmp_path / "settings.json").write_text(text)
        with pytest.raises(ValueError, match="another OUTPUT"):
            tables.read_settings(tmp_path / "settings.json")


def test_writing_is_all_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    write_text_atomically(path, "old")

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="disk full"):
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]


def table(*pairs, silent=False):
    rows = [row(recording=recording, audio_sha256=sha, silent=silent) for recording, sha in pairs]
    return pd.DataFrame(rows)


def test_equal_sounds_share_a_source_through_chains():
    united = tables.unite_equal_audio(table(("d", "1"), ("b", "1"), ("b", "2"), ("c", "2"), ("e", "3"), ("a", "4")))
    assert united["source_id"].tolist() == ["b", "b", "b", "b", "e", "a"]
    assert united["recording"].tolist() == ["d", "b", "b", "c", "e", "a"]


def test_silence_unites_nothing():
    assert tables.unite_equal_audio(table(("a", "1"), ("b", "1"), silent=True))["source_id"].tolist() == ["a", "b"]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 9).map(str)), min_size=1), st.randoms())
def test_uniting_is_the_components_of_a_graph(pairs, random):
    """Against scipy: recordings and sounds are vertices, rows are edges."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    recordings = sorted({recording for recording, _ in pairs})
    rows = [recordings.index(recording) for recording, _ in pairs]
    columns = [len(recordings) + int(sha) for _, sha in pairs]
    size = len(recordings) + 10
    _, component = connected_components(
        coo_matrix((np.ones(len(pairs)), (rows, columns)), (size, size)), directed=False
    )
    expected = {
        r: min(o for j, o in enumerate(recordings) if component[j] == component[i]) for i, r in enumerate(recordings)
    }
    shuffled = random.sample(pairs, len(pairs))
    united = tables.unite_equal_audio(table(*shuffled))
    assert united["source_id"].tolist() == [expected[recording] for recording, _ in shuffled]
