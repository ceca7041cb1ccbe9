"""The checks of a collection whose clips have several labels."""

from __future__ import annotations

import pandas as pd

from generate.audit import checks


def table(labels):
    rows = [(f"clip{k}", label, f"r{k}", "") for k, label in enumerate(labels)]
    return pd.DataFrame(rows, columns=["clip_id", "label", "source_id", "fold"])


def test_each_class_is_counted_by_itself():
    clips = table(["crow;robin"] * 3 + ["crow"] * 3 + ["_background"] * 5)
    found = checks.balance(clips, multilabel=True)
    assert found.what.startswith("2 classes of 3 to 6 clips")
    assert "class-weights" not in found.fix
    assert "3 classes of 3 to 5 clips" in checks.balance(clips).what
