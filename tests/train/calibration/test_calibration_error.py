"""The calibration error against a plain loop, and what is chance of it by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, softmax

from tests.train.calibration.test_temperature import predictions
from train.calibration.calibration_error import calibration_error, error_by_chance


def test_the_calibration_error_is_that_of_a_plain_loop():
    p, truth = predictions(too_sure=2.0)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == truth
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence >= low) & ((confidence < low + 1 / 15) | (low > 0.93))
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert calibration_error(p, truth) == pytest.approx(expected)


def calibrated(n_recordings, per_recording, *, multilabel, seed):
    """Clips whose probabilities are as high as they are right; the clips of a recording have one answer."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((n_recordings, 4))
    if multilabel:
        p = expit(logits)
        truth = rng.random(p.shape) < p
    else:
        p = softmax(logits, axis=1)
        truth = (rng.random((n_recordings, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(max=3)
    return (np.repeat(values, per_recording, axis=0) for values in (p, truth, np.arange(n_recordings)))


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("per_recording", [1, 5])
def test_calibrated_probabilities_are_within_what_chance_gives_in_95_of_100_cases(per_recording, multilabel):
    is_within = []
    for seed in range(100):
        p, truth, groups = calibrated(60, per_recording, multilabel=multilabel, seed=seed)
        is_within.append(calibration_error(p, truth) <= error_by_chance(p, groups, multilabel=multilabel))
    assert 0.9 <= np.mean(is_within) <= 0.99


def test_probabilities_that_are_too_sure_are_beyond_it():
    p, truth = predictions(400, too_sure=2.0)
    assert calibration_error(p, truth) > 2 * error_by_chance(p, np.arange(400))
