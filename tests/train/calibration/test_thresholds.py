"""Thresholds promise no more than holds on recordings that nobody fitted them on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from train.calibration.distance import is_beyond, limit_of_folds
from train.calibration.temperature import with_temperature
from train.calibration.thresholds import (
    HIGHEST,
    LEAST_ALARMS,
    NEVER,
    Calibration,
    _threshold_from,
    fit,
    out_of_fold,
    reaches,
    threshold_for,
)
from train.defaults import DEFAULT_THRESHOLD
from train.predict.events import find_events
from train.rehearse.results import predictions_of
from train.report.calibration_results import calibrate

SCORES = st.lists(st.tuples(st.integers(0, 20).map(lambda k: k / 20), st.booleans()), min_size=1, max_size=60)


@given(clips=SCORES, precision=st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_the_threshold_is_the_lowest_that_reaches_the_precision(clips, precision):
    p, is_class = np.array([c[0] for c in clips]), np.array([c[1] for c in clips])
    reaching = [t for t in sorted(set(p)) if is_class[p >= t].mean() >= precision and (p >= t).sum() >= LEAST_ALARMS]
    assert threshold_for(p, is_class, precision=precision) == (min(reaching[0], HIGHEST) if reaching else NEVER)


def simulate(n_recordings, *, seed, n_classes=4, per_recording=4, folds=5, spread=1.5):
    """Clips of recordings whose logits share a part that the model gets wrong together."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(0, n_classes, n_recordings), per_recording)
    groups = np.repeat(np.arange(n_recordings), per_recording)
    shared = np.repeat(spread * rng.standard_normal((n_recordings, n_classes)), per_recording, axis=0)
    logits = 2.5 * np.eye(n_classes)[truth] + shared + 0.7 * rng.standard_normal((len(truth), n_classes))
    return softmax(1.7 * logits, axis=1), truth, np.array([f"f{g % folds}" for g in groups]), groups


def test_a_fold_has_no_part_in_its_own_thresholds():
    """Other labels of one fold change nothing in that fold."""
    p, truth, folds, groups = simulate(60, seed=1)
    before = out_of_fold(p, truth, folds, groups)
    here = folds == "f2"
    changed = truth.copy()
    changed[here] = (changed[here] + 1) % 4
    after = out_of_fold(p, changed, folds, groups)
    np.testing.assert_array_equal(before.probabilities[here], after.probabilities[here])
    np.testing.assert_array_equal(before.thresholds[here], after.thresholds[here])
    assert (before.thresholds[~here] != after.thresholds[~here]).any()


def test_clips_of_a_recording_that_two_folds_share_have_no_part_in_either():
    """As in ESC-50: other labels of them in one fold change nothing in the other."""
    p, truth, folds, groups = simulate(60, seed=1)
    shared = groups == groups[0]
    folds[np.flatnonzero(shared)[0]] = "f2"
    changed = np.where(shared & (folds == "f2"), (truth + 1) % 4, truth)
    of_recording = folds == folds[np.flatnonzero(shared)[-1]]
    before, after = (out_of_fold(p, labels, folds, groups) for labels in (truth, changed))
    np.testing.assert_array_equal(before.thresholds[of_recording], after.thresholds[of_recording])
    np.testing.assert_array_equal(before.probabilities[of_recording], after.probabilities[of_recording])


def test_a_fold_that_shares_all_its_recordings_gets_the_default():
    p, truth, folds, _ = simulate(10, seed=1)
    found = out_of_fold(p, truth, folds, np.zeros(len(truth)))
    np.testing.assert_allclose(found.probabilities, p)
    assert (found.thresholds == DEFAULT_THRESHOLD).all()


def test_what_is_beyond_the_limit_of_the_other_folds_is_no_alarm():
    p, truth, folds, groups = simulate(100, seed=3)
    distances = np.random.default_rng(0).gamma(4.0, size=len(truth))
    options = {"folds": folds, "groups": groups, "classes": list("abcd")}
    without, limited = (calibrate(p, truth, **options, distances=given) for given in (None, distances))
    assert without.most_distance is None and limited.most_distance == limit_of_folds(distances, folds)
    beyond = is_beyond(distances, folds, groups)
    found = out_of_fold(p, truth, folds, groups)
    for k, (one, other) in enumerate(zip(without.thresholds, limited.thresholds, strict=True)):
        is_alarm = found.probabilities[:, k] >= found.thresholds[:, k]
        assert (one.n_alarms, other.n_alarms) == (is_alarm.sum(), (is_alarm & ~beyond).sum())
        assert other.recall == pytest.approx((is_alarm & ~beyond)[truth == k].mean())
        assert one.threshold == other.threshold


@pytest.mark.parametrize("spread", [0.1, 1.5])
def test_thresholds_are_as_high_as_nine_in_ten_right_predictions_allow(spread):
    """And one half at least: low ones would do for test clips that are easily told apart, not for foreign sounds."""
    p, truth, _, _ = simulate(200, seed=2, spread=spread)
    fitted = fit(p, truth)
    scaled = with_temperature(p, fitted.temperature)
    assert fitted.thresholds.min() >= 0.5
    for k, threshold in enumerate(fitted.thresholds):
        right = scaled[(truth == k) & (scaled.argmax(axis=1) == k), k]
        lost = (right < threshold).mean()
        assert lost <= 0.1 or threshold == threshold_for(scaled[:, k], truth == k), "unless precision needs more"
        assert scaled[truth != k, k][scaled[truth != k, k] >= threshold].size <= 0.1 * (scaled[:, k] >= threshold).sum()


@pytest.mark.parametrize("n_recordings", [40, 150])
def test_what_is_promised_at_a_threshold_holds(n_recordings):
    """Of 95 % intervals for what the stored thresholds do on new recordings, nine in ten hold or more."""
    n_held = {"precision": 0, "recall": 0}
    n_all = {"precision": 0, "recall": 0}
    new_p, new_truth, _, _ = simulate(20_000, seed=12345)
    for seed in range(40):
        p, truth, folds, groups = simulate(n_recordings, seed=seed)
        result = calibrate(p, truth, folds=folds, groups=groups, classes=list("abcd"))
        scaled = with_temperature(new_p, result.temperature)
        for k, row in enumerate(result.thresholds):
            if row.threshold is None:
                continue
            alarm, is_class = scaled[:, k] >= row.threshold, new_truth == k
            for name, true, low, high in (
                ("precision", is_class[alarm].mean(), row.precision_low, row.precision_high),
                ("recall", alarm[is_class].mean(), row.recall_low, row.recall_high),
            ):
                if low is not None:
                    n_all[name] += 1
                    n_held[name] += low <= true <= high
    for name, n in n_all.items():
        assert n > 80 and n_held[name] / n >= 0.9, f"{name}: {n_held[name]} of {n}"


def test_a_class_that_nobody_can_tell_is_never_named():
    rng = np.random.default_rng(0)
    p, truth = softmax(rng.standard_normal((200, 3)), axis=1), rng.integers(0, 3, 200)
    folds = np.array([f"f{k % 5}" for k in range(200)])
    result = calibrate(p, truth, folds=folds, groups=np.arange(200), classes=list("abc"))
    assert [row.n_alarms for row in result.thresholds] == [0, 0, 0]
    assert result.error < result.error_before


@pytest.mark.parametrize("multilabel", [False, True])
def test_a_class_with_too_few_clips_to_choose_a_threshold_has_one_half(multilabel):
    """As in a run of one fold: never naming it would be a choice too."""
    truth = np.repeat([0, 1, 2], [LEAST_ALARMS - 1, LEAST_ALARMS, 40])
    p = 0.94 * np.eye(3)[truth] + 0.02
    thresholds = fit(p, np.eye(3)[truth] == 1 if multilabel else truth).thresholds
    assert thresholds[0] == 0.5 and 0.5 < thresholds[1] < 1 and 0.5 < thresholds[2] < 1


def test_a_threshold_that_is_raised_is_right_as_often():
    """Precision need not rise with the threshold: at one half, 9 of 10 are right, at 0.7, 4 of 5."""
    p = np.array([0.9] * 4 + [0.8] + [0.6] * 5)
    is_class = np.array([1] * 4 + [0] + [1] * 5, bool)
    assert _threshold_from(0.5, p, is_class) == 0.6
    assert _threshold_from(0.7, p, is_class) == NEVER, "there is none of five clips or more"
    assert _threshold_from(0.7, np.append(p, [0.95] * 6), np.append(is_class, [True] * 6)) == 0.7


def test_no_probability_reaches_a_threshold_that_stands_for_never():
    """Of a sure model, and a temperature below 1, some are exactly 1."""
    truth = np.repeat([0, 1, 2], 20)
    p = np.eye(3)[truth]
    scaled = with_temperature(p, 0.5)
    assert (scaled.max(axis=1) == 1).all()
    assert not reaches(scaled, NEVER).any()
    np.testing.assert_array_equal(reaches(scaled, [0.5, 1.0, HIGHEST]), (scaled == 1) & [True, False, True])
    assert (find_events(np.arange(60.0), np.arange(60.0) + 1, scaled, "abc", thresholds={"b": NEVER}, hop_s=1)) == []
    tests = pd.DataFrame(
        {"fold": "1", "clip_id": range(60), "source_id": range(60), "label": np.array(list("abc"))[truth]}
    )
    calibration = Calibration(0.5, np.array([0.5, NEVER, HIGHEST]))
    np.testing.assert_array_equal(predictions_of(p, tests, "clean", list("abc"), calibration)["unsure"], truth == 1)


def test_a_class_whose_predictions_are_all_certain_is_named():
    truth = np.repeat([0, 1, 2], 20)
    p = np.eye(3)[truth]
    assert threshold_for(p[:, 0], truth == 0) == HIGHEST
    fitted = fit(p, truth)
    assert reaches(with_temperature(p, fitted.temperature), fitted.thresholds)[np.arange(60), truth].all()
    result = calibrate(p, truth, folds=np.arange(60) % 5, groups=np.arange(60), classes=list("abc"))
    assert [row.n_alarms for row in result.thresholds] == [20, 20, 20]
