"""Recordings that a run was trained on are named."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.train.fake_runs import fake_run
from train.predict.predictions import WindowPrediction
from train.predict.training_overlap import training_overlap_note


@pytest.mark.parametrize("protocol", ["folds", "paper"])
def test_a_recording_that_was_tested_is_unheard_in_a_grouped_split_alone(tmp_path, monkeypatch, protocol):
    """In a leaky one others of its images were trained on."""
    run = fake_run(tmp_path / "run", protocol=protocol, all_folds=("1",))
    tested = run.read_fold_predictions("1")["source_id"].iloc[0]
    clips = pd.DataFrame({"audio_sha256": ["a", "b"], "source_id": [tested, "another"]})
    monkeypatch.setattr("train.predict.training_overlap.tables.read_metadata", lambda path: clips)
    windows = [WindowPrediction(f"{name}.wav", 0, 1, None, sha256=name) for name in "ab"]
    note = training_overlap_note(run, ["1"], windows)
    assert ("a.wav" in note) == (protocol == "paper") and "b.wav" in note
    assert ("nor does the leaky report" in note) == (protocol == "paper")
    both = [WindowPrediction("both.wav", at_s, at_s + 1, None, sha256=name) for at_s, name in enumerate("ba")]
    assert "both.wav" in training_overlap_note(run, ["1"], both), "a later window that was tested changes nothing"
