"""Average precision: scikit-learn's, for many resamples at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from train.report.multilabel_metrics import average_precision, mean_average_precision, multilabel_result

CLIPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8).map(lambda k: k / 8), st.integers(0, 3)), min_size=1, max_size=40
)


@given(clips=CLIPS)
def test_it_is_scikit_learns_with_weights_and_equal_scores(clips):
    truth, scores, weights = (np.array(column) for column in zip(*clips, strict=True))
    found = average_precision(truth.astype(bool), scores, weights[None].astype(float))[0]
    if not (truth * weights).any():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(average_precision_score(truth, scores, sample_weight=weights))


def test_classes_that_nobody_has_do_not_count():
    truth, p = (
        np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0]]),
        np.array([[0.9, 0.1, 0.5], [0.2, 0.3, 0.5], [0.1, 0.2, 0.5]]),
    )
    assert mean_average_precision(truth, p) == pytest.approx(average_precision_score(truth[:, :2], p[:, :2]))


def test_clips_of_no_class_have_no_average_precision():
    result = multilabel_result(np.zeros((8, 2), bool), np.full((8, 2), 0.5), groups=np.arange(8), classes=["a", "b"])
    assert result.mean_average_precision is None
    assert result.chance is None
    assert result.low is None
    assert [row.average_precision for row in result.labels] == [None, None]


def test_intervals_are_over_recordings():
    """Clips that are copies of each other within a recording are worth one, however many there are."""
    rng = np.random.default_rng(0)
    truth = rng.random((60, 2)) < 0.4
    p = np.clip(truth + rng.normal(0, 0.7, (60, 2)), 0, 1)
    once = multilabel_result(truth, p, groups=np.arange(60), classes=["a", "b"])
    ten = multilabel_result(
        np.repeat(truth, 10, axis=0), np.repeat(p, 10, axis=0), groups=np.repeat(np.arange(60), 10), classes=["a", "b"]
    )
    assert ten.high - ten.low == pytest.approx(once.high - once.low, rel=0.15)
    few = multilabel_result(truth, p, groups=np.arange(60) % 5, classes=["a", "b"])
    assert few.low is None
    assert few.labels[0].low is None


def test_where_all_is_right_the_interval_is_as_wide_as_so_few_recordings_need():
    """Six of six: as the exact binomial interval, from 54.1 % on."""
    from scipy.stats import binomtest

    truth = np.zeros((30, 2), bool)
    truth[:6, 0] = truth[6:16, 1] = True
    result = multilabel_result(truth, truth.astype(float), groups=np.arange(30), classes=["a", "b"])
    for n, row in zip((6, 10), result.labels, strict=True):
        exact = binomtest(n, n).proportion_ci(0.95).low
        assert row.average_precision == row.high == 1 and row.low == pytest.approx(exact)
    assert result.low == result.labels[0].low and result.high == 1


def test_the_interval_holds_in_a_simulation():
    """Of recordings with four clips that are alike, the true value is in nine of ten intervals or more."""
    rng = np.random.default_rng(1)

    def sample(n):
        truth = np.repeat(rng.random((n, 3)) < 0.3, 4, axis=0)
        shared = np.repeat(rng.normal(0, 1, (n, 3)), 4, axis=0)
        return truth, truth * 1.5 + shared + rng.normal(0, 0.5, truth.shape), np.repeat(np.arange(n), 4)

    truth, scores, _ = sample(20_000)
    expected = mean_average_precision(truth, scores)
    held = 0
    for _ in range(100):
        truth, scores, groups = sample(60)
        result = multilabel_result(truth, scores, groups=groups, classes=["a", "b", "c"])
        held += result.low <= expected <= result.high
    assert held >= 88
