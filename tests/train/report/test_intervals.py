"""Intervals hold as often as they say, whatever the recordings; and what they are where that is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from benchmarks.interval_coverage import coverage, coverage_of_differences
from train.report.intervals import Interval, difference_interval, recordings_needed, share_interval

clips = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=1, max_size=60)


def test_intervals_of_accuracies_hold_in_every_combination():
    """2 to 50 recordings of 1 to 100 clips, correlation 0 to 0.99, accuracy 0.5 to 0.99; 300 tests of each."""
    table = coverage(["train.report.intervals"], n_tests=300, recordings=(2, 3, 6, 12, 25, 50))
    assert len(table) == 6 * (4 * 6 + 1) * 5
    # Of 750 looks with a deviation of 1.3 points each, some fall short by chance.
    assert table["holds"].min() >= 0.91
    assert (table["holds"] < 0.93).mean() < 0.01
    assert table.groupby("recordings")["holds"].mean().between(0.96, 1).all()
    # Wide ones hold too: 0.65, 0.51, 0.36 and 0.24 on average, where recordings alone would give 0.75, 0.61, 0.46, 0.33.
    widths = table.groupby("recordings")["width"].mean()
    assert (widths[[6, 12, 25, 50]] < [0.69, 0.54, 0.38, 0.26]).all()


def test_intervals_of_differences_hold():
    table = coverage_of_differences(n_tests=200, recordings=(6, 12, 50))
    assert table["holds"].min() >= 0.89  # a deviation of 1.8 points a look
    assert (table["holds"] < 0.93).mean() < 0.02


def test_two_recordings_give_no_interval():
    right = np.r_[np.repeat([1, 0], [460, 40]), np.repeat([1, 0], [454, 46])]
    assert share_interval(right, np.repeat(["a", "b"], 500)) == Interval(None, None, 2)
    assert difference_interval(-right, np.repeat(["a", "b"], 500)) == Interval(None, None, 2)


def test_the_third_speaker_is_within_the_interval_of_six():
    """Five speakers of 91 % and one of 67 %: the next may be of either kind."""
    right = np.concatenate([np.repeat([1, 0], [n, 100 - n]) for n in (91, 92, 90, 91, 67, 93)])
    found = share_interval(right, np.repeat(np.arange(6), 100))
    assert found.low < 0.67 and found.high > 0.93


@given(st.integers(6, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_clips_that_are_their_own_recording_give_the_exact_interval_of_clopper_and_pearson(n_and_right):
    n, right = n_and_right
    found = share_interval(np.arange(n) < right, np.arange(n))
    exact = binomtest(right, n).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_clips_that_do_not_resemble_those_of_their_recording_count_nearly_as_their_own(seed):
    correct = np.random.default_rng(seed).random(1000) < 0.9
    found = share_interval(correct, np.repeat(np.arange(20), 50))
    exact = binomtest(int(correct.sum()), 1000).proportion_ci(method="exact")
    assert found.high - found.low < 1.6 * (exact.high - exact.low)


@pytest.mark.parametrize("n", [6, 10, 50])
@pytest.mark.parametrize("clips_each", [1, 40])
def test_where_all_are_right_the_recordings_count(n, clips_each):
    found = share_interval(np.ones(n * clips_each), np.repeat(np.arange(n), clips_each))
    assert (found.low, found.high) == pytest.approx((0.025 ** (1 / n), 1))


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=6, max_size=30), st.integers(2, 6))
def test_more_clips_of_the_same_recordings_tell_nothing_new(correct, copies):
    groups = np.arange(len(correct))
    once = share_interval(correct, groups)
    again = share_interval(np.repeat(correct, copies), np.repeat(groups, copies))
    assert (again.low, again.high) == pytest.approx((once.low, once.high), abs=1e-9)


@given(clips)
def test_intervals_contain_what_was_measured(results):
    correct, groups = map(np.array, zip(*results, strict=True))
    found = share_interval(correct, groups)
    if len(np.unique(groups)) < 6:
        assert found.low is None and found.high is None
    else:
        assert 0 <= found.low <= correct.mean() + 1e-9 and correct.mean() - 1e-9 <= found.high <= 1
        change = difference_interval(correct * np.where(groups % 2, 1, -1), groups)
        mean = (correct * np.where(groups % 2, 1, -1)).mean()
        assert -1 <= change.low <= mean + 1e-9 and mean - 1e-9 <= change.high <= 1
        assert change.low < change.high


def test_the_order_and_the_names_of_recordings_do_not_matter():
    rng = np.random.default_rng(3)
    correct, groups = rng.random(90) < 0.7, rng.integers(0, 30, 90)
    order = rng.permutation(90)
    names = np.array([f"鳥 {group}" for group in groups], dtype=object)
    one, other = share_interval(correct, groups), share_interval(correct[order], names[order])
    assert (one.low, one.high) == pytest.approx((other.low, other.high))


def test_a_higher_level_gives_a_wider_interval():
    rng = np.random.default_rng(0)
    difference, groups = rng.integers(-1, 2, 210), np.arange(210) // 3
    widths = []
    for level in (0.8, 0.95, 0.999):
        found = difference_interval(difference, groups, level=level)
        assert found.low < difference.mean() < found.high and found.level == level
        widths.append(found.high - found.low)
    assert widths == sorted(widths)


@pytest.mark.parametrize("value", [-1, -0.3, 0, 0.5, 1])
def test_differences_that_are_all_alike_have_a_width_that_shrinks_with_the_recordings(value):
    widths = []
    for n in (6, 20, 100):
        found = difference_interval(np.full(3 * n, float(value)), np.repeat(np.arange(n), 3))
        assert found.low <= value <= found.high and found.high - found.low > 0.02
        widths.append(found.high - found.low)
    assert widths == sorted(widths, reverse=True)


def test_differences_turned_round_turn_the_interval_round():
    rng = np.random.default_rng(5)
    difference, groups = rng.choice([-1, 0, 0, 1, 1], 80), rng.integers(0, 20, 80)
    one, other = difference_interval(difference, groups), difference_interval(-difference, groups)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


@pytest.mark.parametrize("level", [0.9, 0.95, 1 - 0.05 / 6, 1 - 0.05 / 60])
def test_recordings_needed_are_those_of_the_sign_test(level):
    m = recordings_needed(level)
    assert binomtest(0, m).pvalue <= 1 - level + 1e-12 < binomtest(0, m - 1).pvalue


def test_recordings_needed_are_known():
    assert [recordings_needed(level) for level in (0.5, 0.95, 0.99, 0.995)] == [2, 6, 8, 9]


@pytest.mark.parametrize(
    "arguments, options, message",
    [
        (([], []), {}, "at least one clip"),
        (([1, 0], ["a"]), {}, r"shape \(2,\)"),
        (([1], ["a"]), {"level": 1}, "between 0 and 1"),
        (([1, 2], ["a", "b"]), {}, "from 0 to 1. Got 1 to 2"),
        (([1, np.nan], ["a", "b"]), {}, "from 0 to 1"),
    ],
)
def test_what_has_no_interval_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        share_interval(*arguments, **options)
