import tracemalloc

import numpy as np
import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from train.figures import (
    accuracy,
    bootstrap_interval,
    confusion_matrix,
    log_loss,
    macro_f1,
    most_confused,
    per_class,
    top_k_accuracy,
)

CLASSES = ("bird", "rain", "<saw & co>")
clips = st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=1, max_size=60)


def answers(n=200, seed=0, classes=CLASSES):
    rng = np.random.default_rng(seed)
    labels, predicted = rng.choice(classes, n), rng.choice(classes, n)
    return labels, np.where(rng.random(n) < 0.6, labels, predicted), rng.dirichlet(np.ones(len(classes)), n)


def by_drawing_recordings(correct, groups, n_resamples=4000):
    """The interval in the plain way: draw recordings one by one, and collect their clips."""
    rng = np.random.default_rng(1)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    means = []
    for _ in range(n_resamples):
        drawn = np.concatenate([members[k] for k in rng.integers(0, len(members), len(members))])
        means.append(correct[drawn].mean())
    return np.quantile(means, [0.025, 0.975])


@given(clips, st.integers(0, 99))
def test_the_interval_contains_the_figure(results, seed):
    correct, groups = map(np.array, zip(*results, strict=True))
    low, high = bootstrap_interval(correct, groups, seed=seed, n_resamples=2000)
    assert 0 <= low <= correct.mean() + 1e-12
    assert correct.mean() - 1e-12 <= high <= 1 + 1e-12


@given(st.lists(st.booleans(), min_size=2, max_size=80), st.integers(0, 99))
def test_clips_that_are_their_own_recording_give_the_ordinary_bootstrap(correct, seed):
    n, part = len(correct), np.mean(correct)
    low, high = bootstrap_interval(correct, np.arange(n), seed=seed)
    # The mean of n draws from the clips is binomial: its quantiles, give or take five deviations of 10,000 draws.
    for value, level in ((low, 0.025), (high, 0.975)):
        least, most = scipy.stats.binom.ppf([level - 0.008, level + 0.008], n, part) / n
        assert least - 1e-9 <= value <= most + 1e-9


def test_the_interval_equals_scipys_where_each_clip_is_its_own_recording():
    correct = np.random.default_rng(0).random(400) < 0.9
    theirs = scipy.stats.bootstrap(
        (correct,), np.mean, method="percentile", n_resamples=9999, rng=np.random.default_rng(0)
    ).confidence_interval
    assert bootstrap_interval(correct, np.arange(400)) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_the_interval_equals_that_of_drawing_recordings_one_by_one():
    rng = np.random.default_rng(0)
    groups = rng.choice([f"r{k}" for k in range(40)], 160)
    correct = (rng.random(160) < 0.8) | (groups < "r2")
    assert bootstrap_interval(correct, groups) == pytest.approx(by_drawing_recordings(correct, groups), abs=0.012)


@settings(max_examples=30)
@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(2, 6))
def test_more_clips_of_the_same_recordings_tell_nothing_new(correct, copies):
    groups = np.arange(len(correct))
    once = bootstrap_interval(correct, groups)
    assert bootstrap_interval(np.repeat(correct, copies), np.repeat(groups, copies)) == pytest.approx(once)


def test_the_interval_does_not_depend_on_the_order_nor_on_names():
    rng = np.random.default_rng(3)
    correct, groups = rng.random(90) < 0.7, rng.integers(0, 30, 90)
    order = rng.permutation(90)
    names = np.array([f"鳥 {group}" for group in groups], dtype=object)
    assert bootstrap_interval(correct, groups) == bootstrap_interval(correct[order], names[order])


def test_a_wider_level_gives_a_wider_interval_and_differences_may_be_negative():
    difference = np.repeat([-1, 0, 1], 70)
    low, high = bootstrap_interval(difference, np.arange(210), level=0.95)
    lower, higher = bootstrap_interval(difference, np.arange(210), level=0.99)
    assert lower < low < 0 < high < higher


def test_ten_thousand_recordings_take_little_memory():
    rng = np.random.default_rng(0)
    values = rng.random(10_000)  # no two recordings alike: the worst case
    tracemalloc.start()
    low, high = bootstrap_interval(values, np.arange(10_000), n_resamples=1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert low < values.mean() < high
    assert peak < 150e6


@pytest.mark.parametrize(
    "arguments, options, message",
    [
        (([], []), {}, "no test picture"),
        (([1, 0], ["a"]), {}, r"shape \(2,\)"),
        (([1], ["a"]), {"level": 1}, "between 0 and 1"),
        (([1], ["a"]), {"n_resamples": 0}, "at least 1"),
    ],
)
def test_what_is_no_bootstrap_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(*arguments, **options)


def test_figures_equal_those_of_scikit_learn():
    labels, predicted, probabilities = answers()
    assert accuracy(labels, predicted) == sklearn.metrics.accuracy_score(labels, predicted)
    assert macro_f1(labels, predicted, CLASSES) == pytest.approx(
        sklearn.metrics.f1_score(labels, predicted, average="macro")
    )
    table = per_class(labels, predicted, CLASSES).set_index("label")
    theirs = sklearn.metrics.classification_report(labels, predicted, output_dict=True)
    for name in CLASSES:
        row = [table.loc[name, column] for column in ("precision", "recall", "f1", "n")]
        assert row == pytest.approx([theirs[name][key] for key in ("precision", "recall", "f1-score", "support")])
    ordered = sorted(CLASSES)
    columns = [CLASSES.index(name) for name in ordered]
    assert log_loss(labels, probabilities, CLASSES) == pytest.approx(
        sklearn.metrics.log_loss(labels, probabilities[:, columns], labels=ordered)
    )


def test_classes_stay_in_their_order_and_rows_are_the_truth():
    matrix = confusion_matrix(["rain", "rain", "bird"], ["bird", "rain", "bird"], CLASSES)
    assert matrix.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]


def test_a_class_that_was_not_tested_has_no_recall_and_does_not_lower_macro_f1():
    table = per_class(["bird", "rain"], ["bird", "rain"], CLASSES)
    assert table["n"].tolist() == [1, 1, 0]
    assert np.isnan(table["recall"][2])
    assert macro_f1(["bird", "rain"], ["bird", "rain"], CLASSES) == 1


def test_a_class_that_was_never_recognised_lowers_macro_f1():
    assert macro_f1(["bird", "rain"], ["bird", "bird"], CLASSES) == pytest.approx((2 / 3 + 0) / 2)


def test_most_frequent_mistakes_come_first_and_right_answers_never():
    matrix = np.array([[9, 2, 1], [0, 3, 2], [0, 0, 50]])
    table = most_confused(matrix, CLASSES, most=2)
    assert table.to_dict("records") == [
        {"label": "rain", "predicted": "<saw & co>", "count": 2, "n": 5},
        {"label": "bird", "predicted": "rain", "count": 2, "n": 12},
    ]
    assert most_confused(np.diag([3, 3, 3]), CLASSES).empty


def test_top_k():
    probabilities = [[0.5, 0.3, 0.2], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3]]
    labels = ["rain", "bird", "rain"]
    assert [top_k_accuracy(labels, probabilities, CLASSES, k=k) for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1])
    two = top_k_accuracy(["a", "b", "b"], [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]], ("a", "b"), k=1)
    assert two == pytest.approx(2 / 3)


def test_probabilities_of_half_precision_are_brought_to_a_sum_of_one():
    half = np.array([[0.6665, 0.3335], [0.25, 0.7505]], dtype=np.float16)
    assert log_loss(["a", "b"], half * 1.001, ("a", "b")) == pytest.approx(
        log_loss(["a", "b"], half, ("a", "b")), abs=1e-3
    )
    assert np.isfinite(log_loss(["a"], [[0.0, 1.0]], ("a", "b")))


def test_what_does_not_fit_is_named():
    with pytest.raises(ValueError, match="'wind' is not among the 3 classes"):
        per_class(["wind"], ["rain"], CLASSES)
    with pytest.raises(ValueError, match=r"expected \(1, 3\)"):
        log_loss(["rain"], [[0.5, 0.5]], CLASSES)
    with pytest.raises(ValueError, match="no test picture"):
        accuracy([], [])
