"""`calibration.json`: written, read, and refused where it is not this program's."""

from __future__ import annotations

import json

import pytest

from train.calibration.saved import FILE, read_calibration, write_calibration


def test_it_comes_back(tmp_path):
    write_calibration(tmp_path, temperature=1.5, thresholds={"a": 0.6000009, "b": None})
    saved = read_calibration(tmp_path, ["a", "b"])
    assert saved.temperature == 1.5
    assert saved.threshold("a") == 0.6, "rounded down: what gave it reaches it"
    assert saved.threshold("b") == 1.0


def test_a_run_without_one(tmp_path):
    saved = read_calibration(tmp_path, ["a"])
    assert saved.temperature == 1.0 and saved.threshold("a") == 0.5


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": 0},
        {"temperature": "1"},
        {"thresholds": {"a": 2}},
        {"thresholds": {"a": 0.5, "c": 0.5}},
        {"thresholds": None},
        {"format": 2},
    ],
)
def test_one_that_somebody_changed_is_refused(tmp_path, change):
    write_calibration(tmp_path, temperature=1.5, thresholds={"a": 0.6, "b": 0.7})
    content = json.loads((tmp_path / FILE).read_text()) | change
    (tmp_path / FILE).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"is not as this program wrote it .*python -m train.report"):
        read_calibration(tmp_path, ["a", "b"])
