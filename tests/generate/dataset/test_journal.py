from __future__ import annotations

import numpy as np
import pandas as pd

from generate.dataset import tables
from tests.generate.dataset.rows import row


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
        journal.append([one])
    journal.close()
    tables.write_table(tmp_path / "metadata.csv", pd.DataFrame(rows)[list(tables.COLUMNS)])
    pd.testing.assert_frame_equal(
        tables.read_journal(tmp_path / "journal.csv"), tables.read_metadata(tmp_path / "metadata.csv")
    )
    assert tables.read_metadata(tmp_path / "metadata.csv")["start_s"].tolist() == [one["start_s"] for one in rows]


def test_a_journal_that_was_cut_anywhere_is_read_and_goes_on(tmp_path):
    path = tmp_path / "journal.csv"
    journal = tables.Journal(path)
    journal.append([row(file_name="a.png"), row(file_name="b.png")])
    journal.append([row(file_name="c.png")])
    journal.close()
    content = path.read_bytes()
    for cut in range(0, len(content), 29):
        path.write_bytes(content[:cut])
        before = path.read_bytes()
        found = tables.read_journal(path)["file_name"].tolist()
        assert path.read_bytes() == before, "reading changes nothing"
        assert found == ["a.png", "b.png", "c.png"][: len(found)]
        journal = tables.Journal(path)
        journal.append([row(file_name="d.png")])
        journal.close()
        assert tables.read_journal(path)["file_name"].tolist() == [*found, "d.png"]


def test_damaged_rows_of_a_journal_are_skipped(tmp_path):
    journal = tables.Journal(tmp_path / "journal.csv")
    journal.append([row(file_name="a.png"), row(file_name="b.png", audio_bytes="many"), row(file_name="c.png")])
    journal.close()
    with (tmp_path / "journal.csv").open("ab") as file:
        file.write(b"\xff\xfe,garbage\n")
    assert tables.read_journal(tmp_path / "journal.csv")["file_name"].tolist() == ["a.png", "c.png"]
