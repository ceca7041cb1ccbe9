"""One healthy class: thresholds, false alarms and areas by simulation, and the command on tones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.metrics import roc_auc_score

from generate.dataset import tables
from generate.dataset.tables.schema import ADDED
from tests.conftest import SR, tone, white
from tests.train.conftest import draw
from train.novelty.command_line import main
from train.novelty.novelty import _held_out_folds, novelty
from train.novelty.scores import (
    area_under_curve,
    by_recording,
    distances_to,
    distances_to_others,
    expected_alarms,
    held_out_alarms,
    held_out_distances,
    threshold_of,
)


def test_a_new_healthy_recording_is_an_alarm_as_rarely_as_wanted():
    rng = np.random.default_rng(0)
    for n in (10, 30):
        new = [
            rng.standard_exponential() > threshold_of(rng.standard_exponential(n), false_alarms=0.1)
            for _ in range(4000)
        ]
        assert np.mean(new) == pytest.approx((np.floor(0.1 * (n + 1) + 1e-9)) / (n + 1), abs=0.015)
    assert threshold_of(np.arange(8.0), false_alarms=0.1) == np.inf, "eight recordings cannot promise it"
    assert held_out_alarms(np.arange(40.0), false_alarms=0.1).sum() == 4


@pytest.mark.parametrize("n", [10, 15, 40])
def test_the_expected_share_of_alarms_and_its_interval(n):
    """Of exponential scores the share above a threshold is known."""
    rng = np.random.default_rng(n)
    shares = np.exp([-threshold_of(rng.standard_exponential(n), false_alarms=0.1) for _ in range(2000)])
    expected, interval = expected_alarms(n, false_alarms=0.1)
    assert shares.mean() == pytest.approx(expected, abs=0.005) and expected <= 0.1
    assert np.mean((interval.low <= shares) & (shares <= interval.high)) == pytest.approx(0.95, abs=0.015)


def test_a_faulty_clip_is_not_compared_with_its_own_recording():
    """Each recording has an offset that is larger than the fault."""
    rng = np.random.default_rng(0)
    sources = np.arange(30) // 2
    offsets, fault = rng.standard_normal((16, 20)), np.eye(20)[0]
    healthy = offsets[sources] + 0.1 * rng.standard_normal((30, 20))
    faulty = offsets + 0.1 * rng.standard_normal((16, 20)) + fault  # one is of a recording without a healthy clip
    found = distances_to_others(faulty, np.arange(16), healthy, sources)
    for k in range(16):
        assert found[k] == pytest.approx(distances_to(faulty[[k]], healthy[sources != k])[0], rel=1e-5)
    assert (found[:15] > 2 * distances_to(faulty[:15], healthy)).all()


def test_clips_of_a_fold_are_not_compared_with_each_other():
    """Two clips of one recording are equal: their distance is that to the others."""
    rng = np.random.default_rng(0)
    features, folds = np.repeat(rng.standard_normal((10, 5)), 2, axis=0), _held_out_folds(np.arange(20) // 2)
    assert (folds[::2] == folds[1::2]).all() and len(set(folds)) == 5
    found = held_out_distances(features, folds)
    for k in range(20):
        assert found[k] == pytest.approx(distances_to(features[[k]], features[folds != folds[k]])[0], rel=1e-5)
    names, means = by_recording(np.array([1.0, 3, 5]), np.array(["b", "b", "a"]))
    assert list(names) == ["a", "b"] and list(means) == [5, 2]


def test_the_area_is_that_of_scikit_learn_and_its_interval_holds():
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(100):
        healthy, faulty = rng.standard_normal(20), rng.standard_normal(15) + 1
        area, interval = area_under_curve(healthy, faulty, seed=seed)
        assert area == pytest.approx(roc_auc_score([0] * 20 + [1] * 15, [*healthy, *faulty]))
        held += interval.low <= 0.7602 <= interval.high  # the normal distribution at 1 / sqrt(2)
    assert held >= 88
    assert area_under_curve(np.zeros(9), np.ones(5))[1].low is None
    assert 0.5 < area_under_curve(np.zeros(9), np.ones(8))[1].low < 0.7


@pytest.mark.slow
def test_tones_of_another_height_are_unlike(tmp_path, capsys):
    """Twelve healthy recordings, six faulty ones, and a new one of each; an own clip is not judged."""
    rng = np.random.default_rng(0)
    for label, hz, n in (("healthy", 300, 13), ("faulty", 6000, 7)):
        for number in range(n):
            file = tmp_path / (label if number < n - 1 else "new") / f"{label}{number}.wav"
            (tmp_path / "audio" / label).mkdir(parents=True, exist_ok=True)
            (tmp_path / "new").mkdir(exist_ok=True)
            file = file if number == n - 1 else tmp_path / "audio" / label / file.name
            soundfile.write(file, tone(hz * rng.uniform(0.9, 1.1), peak=0.3) + white(seed=number, rms=0.02), SR)
    # A recorder that was off: silence is no healthy sound, and excuses no recording.
    soundfile.write(tmp_path / "audio" / "healthy" / "off.wav", np.zeros(SR), SR)
    soundfile.write(
        tmp_path / "new" / "then_off.wav", np.concatenate([tone(6000, peak=0.3), np.zeros(SR * 7 // 5)]), SR
    )
    soundfile.write(tmp_path / "new" / "off.wav", np.zeros(SR), SR)
    images = draw(tmp_path / "audio", tmp_path / "images", "--variants", "none")
    new = [str(tmp_path / "new"), str(tmp_path / "audio" / "healthy" / "healthy0.wav")]
    assert main([str(images), *new, "--healthy", "healthy", "--csv", str(tmp_path / "n.csv")]) == 3
    text, scores = capsys.readouterr().out, pd.read_csv(tmp_path / "n.csv").set_index("recording")
    assert "found         100.0 %" in text and "AUC           1.000" in text
    assert list(scores["kind"].value_counts()[["healthy", "faulty", "new", "own"]]) == [12, 6, 3, 1]
    assert list(
        scores.loc[
            [str(tmp_path / "new" / name) for name in ("faulty6.wav", "healthy12.wav", "then_off.wav")], "is_alarm"
        ]
    ) == [True, False, True]
    assert "off.wav" in text and "silent" in text
    assert f"note: the last 0.4 s or less of {tmp_path / 'new' / 'then_off.wav'} are in no window of 1 s" in text
    assert "1 not judged" in text and "must have 20 recordings" not in text
    (tmp_path / "new" / "notes.txt").write_text("a sunny day")
    table = tables.read_metadata(images / "metadata.csv")
    table.loc[table["clip_id"] == "healthy1", "reviewed"] = ADDED  # as a review of `train.suggest` adds it
    tables.write_table(images / "metadata.csv", table)
    again = novelty(images, [tmp_path / "new"], healthy="healthy")
    assert again.scores["kind"].value_counts()["healthy"] == 11 and "healthy1" not in set(again.scores["recording"])
    assert again.skipped == {".txt": 1}
    assert main([str(images), "--healthy", "healthy", "--false-alarms", "0.05"]) == 1
    assert "must have 20 recordings or more" in capsys.readouterr().err


def test_the_healthy_class_must_be_there(images, capsys):
    assert main([str(images), "--healthy", "lo"]) == 1
    assert "must name a class of the images: high, low, middle. Got 'lo'" in capsys.readouterr().err
