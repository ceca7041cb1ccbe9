import numpy as np
import pytest
import sklearn.metrics
from sklearn.metrics import precision_recall_fscore_support

from train.report.metrics import (
    accuracy,
    binary_log_loss,
    confusion_matrix,
    log_loss,
    macro_f1,
    most_confused,
    per_class,
    per_label,
    top_k_accuracy,
)

CLASSES = ("bird", "rain", "<saw & co>")


def predictions_of(n=200, seed=0, classes=CLASSES):
    rng = np.random.default_rng(seed)
    labels, predicted = rng.choice(classes, n), rng.choice(classes, n)
    return labels, np.where(rng.random(n) < 0.6, labels, predicted), rng.dirichlet(np.ones(len(classes)), n)


def test_metrics_equal_those_of_scikit_learn():
    labels, predicted, probabilities = predictions_of()
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


def test_log_loss_of_several_labels_is_the_mean_of_scikit_learns():
    rng = np.random.default_rng(0)
    truth, p = rng.random((40, 3)) < 0.4, rng.random((40, 3))
    expected = np.mean([sklearn.metrics.log_loss(truth[:, k], p[:, k]) for k in range(3)])
    assert binary_log_loss(truth, p) == pytest.approx(expected)


@pytest.mark.parametrize("n_classes", [1, 4])
def test_several_labels_equal_scikit_learn(n_classes):
    truth, predicted = np.random.default_rng(0).random((2, 30, n_classes)) < 0.4
    truth[:, -1] &= n_classes == 1  # a class that no clip has
    table = per_label(truth, predicted, [f"class {k}" for k in range(n_classes)])
    for k in range(n_classes):
        expected = precision_recall_fscore_support(truth[:, k], predicted[:, k], average="binary", zero_division=np.nan)
        np.testing.assert_allclose(table.loc[k, ["precision", "recall", "f1"]].astype(float), expected[:3])
    assert table["n"].tolist() == truth.sum(axis=0).tolist()


def test_a_class_that_was_never_recognised_lowers_macro_f1():
    assert macro_f1(["bird", "rain"], ["bird", "bird"], CLASSES) == pytest.approx((2 / 3 + 0) / 2)


def test_most_frequent_errors_come_first_and_correct_predictions_never():
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
    with pytest.raises(ValueError, match="must be of the 3 classes .*Got 'wind'"):
        per_class(["wind"], ["rain"], CLASSES)
    with pytest.raises(ValueError, match=r"must have shape \(1, 3\)"):
        log_loss(["rain"], [[0.5, 0.5]], CLASSES)
    with pytest.raises(ValueError, match="at least one test image"):
        accuracy([], [])
