"""Recordings that a run was trained on are named."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from tests.train.fake_runs import fake_run
from train.data.table_digest import table_sha256
from train.predict.predictions import WindowPrediction
from train.predict.training_overlap import training_overlap_note


@pytest.mark.parametrize("protocol", ["folds", "paper"])
def test_a_recording_that_was_tested_is_unheard_in_a_grouped_split_alone(tmp_path, monkeypatch, protocol):
    """In a leaky one others of its images were trained on."""
    run = fake_run(tmp_path / "run", protocol=protocol, all_folds=("1",))
    tested = run.read_fold_predictions("1")["source_id"].iloc[0]
    clips = pd.DataFrame({"audio_sha256": ["a", "b"], "source_id": [tested, "another"], "label": list(run.classes[:2])})
    clips = clips.assign(silent=False, background_source_id="", reviewed="", file_name=["a.png", "b.png"])
    clips = clips.assign(clip_id=["a", "b"], fold="", variant="original", duplicate=False)
    run = replace(run, table_sha256=table_sha256(clips))
    monkeypatch.setattr("train.predict.training_overlap.read_images", lambda images: ({}, clips))
    windows = [WindowPrediction(f"{name}.wav", 0, 1, None, sha256=name) for name in "ab"]
    note = training_overlap_note(run, ["1"], windows)
    assert ("a.wav" in note) == (protocol == "paper") and "b.wav" in note
    assert ("nor does the leaky report" in note) == (protocol == "paper")
    both = [WindowPrediction("both.wav", at_s, at_s + 1, None, sha256=name) for at_s, name in enumerate("ba")]
    assert "both.wav" in training_overlap_note(run, ["1"], both), "a later window that was tested changes nothing"


def test_clips_that_the_run_does_not_know_are_no_training_data(tmp_path, monkeypatch):
    """Of classes that were left out, silent, or rendered since."""
    run = fake_run(tmp_path / "run", all_folds=("1",))
    known, *_ = run.classes
    clips = pd.DataFrame({"audio_sha256": ["a", "b", "c"], "source_id": ["a", "b", "c"]})
    clips = clips.assign(label=[known, "left out", known], silent=[False, False, True], background_source_id="")
    clips = clips.assign(file_name=["a.png", "b.png", "c.png"], clip_id=["a", "b", "c"], fold="", variant="original")
    clips = clips.assign(duplicate=False, reviewed="")
    windows = [WindowPrediction(f"{name}.wav", 0, 1, None, sha256=name) for name in "abc"]
    monkeypatch.setattr("train.predict.training_overlap.read_images", lambda images: ({}, clips))
    run = replace(run, recipe=replace(run.recipe, leave_out=("left out",)))
    note = training_overlap_note(replace(run, table_sha256=table_sha256(clips)), ["1"], windows)
    assert "trained on a.wav, of the run's own collection" in note and "b.wav" not in note and "c.wav" not in note
    note = training_overlap_note(run, ["1"], windows)
    assert "have changed since it began, and those of a.wav are among them now" in note
