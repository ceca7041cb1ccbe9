"""Temperature scaling, against what Keras and a plain loop compute."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from train.calibration.temperature import calibration_error, fit_temperature, with_temperature


def predictions(n=400, n_classes=5, *, too_sure=1.0, seed=0):
    """Labels drawn by calibrated probabilities, and those probabilities made too sure by a factor of their logits."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.standard_normal((n, n_classes))
    truth = np.array([rng.choice(n_classes, p=p) for p in softmax(logits, axis=1)])
    return softmax(too_sure * logits, axis=1), truth


@given(temperature=st.floats(0.1, 10), seed=st.integers(0, 99))
def test_scaling_is_that_of_the_logits(temperature, seed):
    logits = 3 * np.random.default_rng(seed).standard_normal((4, 6))
    expected = softmax(logits / temperature, axis=1)
    scaled = with_temperature(softmax(logits, axis=1), temperature)
    np.testing.assert_allclose(scaled, expected, atol=1e-6)
    assert (scaled.argmax(axis=1) == logits.argmax(axis=1)).all()


def test_probabilities_of_zero_are_no_error():
    scaled = with_temperature(np.array([[1.0, 0.0], [0.5, 0.5]]), 3.0)
    assert np.isfinite(scaled).all() and scaled.sum(axis=1) == pytest.approx([1, 1])


@pytest.mark.parametrize("too_sure", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_put_in_is_found(too_sure):
    p, truth = predictions(6000, too_sure=too_sure)
    assert fit_temperature(p, truth) == pytest.approx(too_sure, rel=0.06)


def test_no_other_temperature_has_a_lower_log_loss():
    from sklearn.metrics import log_loss

    p, truth = predictions(too_sure=2.0)
    best = fit_temperature(p, truth)
    losses = {t: log_loss(truth, with_temperature(p, t)) for t in [best, *np.geomspace(0.1, 10, 60)]}
    assert min(losses.values()) >= losses[best] - 1e-7


def test_the_calibration_error_is_that_of_a_plain_loop():
    p, truth = predictions(too_sure=2.0)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == truth
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence >= low) & ((confidence < low + 1 / 15) | (low > 0.93))
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert calibration_error(p, truth) == pytest.approx(expected)


def test_scaling_lowers_the_error_of_a_model_that_is_too_sure():
    p, truth = predictions(4000, too_sure=3.0)
    scaled = with_temperature(p, fit_temperature(p, truth))
    assert calibration_error(scaled, truth) < 0.03 < 0.1 < calibration_error(p, truth)
