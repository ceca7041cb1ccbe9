"""Temperature scaling, against what Keras and a plain loop compute."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from train.calibration.calibration_error import calibration_error
from train.calibration.temperature import fit_temperature, with_temperature


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
    assert min(losses.values()) >= losses[best] - 1e-4, "but for the one error that is added"


def test_where_all_clips_are_right_probabilities_are_no_surer_than_so_many_clips_allow():
    """The log loss alone would make them 1: by Laplace's rule of succession 61 of 62 such clips are right."""
    rng = np.random.default_rng(0)
    p = np.full((60, 3), 0.0)
    p[:, 0] = rng.uniform(0.6, 0.95, 60)
    p[:, 1], p[:, 2] = 0.7 * (1 - p[:, 0]), 0.3 * (1 - p[:, 0])
    temperature = fit_temperature(p, np.zeros(60, int))
    assert with_temperature(p, temperature)[:, 0].mean() == pytest.approx(61 / 62, abs=0.03)
    assert with_temperature([0.5, 0.3, 0.2], temperature)[0] < 0.9
    both = fit_temperature(p[:, :1], np.ones((60, 1), bool))
    assert with_temperature(p[:, :1], both, multilabel=True).mean() == pytest.approx(61 / 62, abs=0.03)


def test_with_many_labels_calibrated_probabilities_stay_as_they_are():
    """Most labels of a clip are easily absent, so that an error in each would be many."""
    rng = np.random.default_rng(0)
    p = 1 / (1 + np.exp(-rng.normal(-8, 5, (100, 20))))
    assert fit_temperature(p, rng.random(p.shape) < p) == pytest.approx(1, abs=0.15)


def test_scaling_lowers_the_error_of_a_model_that_is_too_sure():
    p, truth = predictions(4000, too_sure=3.0)
    scaled = with_temperature(p, fit_temperature(p, truth))
    assert calibration_error(scaled, truth) < 0.03 < 0.1 < calibration_error(p, truth)
