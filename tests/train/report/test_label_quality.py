"""Labels that are probably wrong, from predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.train.fake_runs import fake_run
from train.report.label_quality import confidently_other, self_confidence, suspects_table
from train.report.make_report import make_report
from train.report.report import Report
from train.report.summary import summary_text
from train.runs.run_folder import PROBABILITY


def noisy(seed: int, *, n: int = 300, n_classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and labels of which a fifth are wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(n_classes, n, p=[0.5, 0.3, 0.15, 0.05])
    logits = rng.standard_normal((n, n_classes)) + 3 * rng.random((n, 1)) * np.eye(n_classes)[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return probabilities, np.where(rng.random(n) < 0.2, rng.choice(n_classes, n), truth)


@pytest.mark.parametrize("seed", range(5))
def test_as_cleanlab(seed):
    """The authors' own program finds the same clips, in the same order."""
    pytest.importorskip("cleanlab")
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    probabilities, labels = noisy(seed)
    scores = get_label_quality_scores(labels, probabilities, method="self_confidence")
    np.testing.assert_allclose(self_confidence(probabilities, labels), scores)
    issues = find_label_issues(labels, probabilities, filter_by="confident_learning", n_jobs=1)
    assert 10 < issues.sum() < 200, "neither none nor nearly all"
    np.testing.assert_array_equal(confidently_other(probabilities, labels), issues)


def test_a_class_is_confident_from_its_own_mean_on():
    """By hand: class 0 from 0.7 on (mean of 0.9, 0.8, 0.4), class 1 from 0.6 on (mean of 0.9, 0.3)."""
    of_0 = np.array([0.9, 0.8, 0.4, 0.1, 0.7])
    labels = np.array([0, 0, 0, 1, 1])
    # The third is rather class 1 (0.6), and reaches it; the last reaches class 0.
    np.testing.assert_array_equal(
        confidently_other(np.stack([of_0, 1 - of_0], axis=1), labels), [False, False, True, False, True]
    )


def test_variants_count_once_and_right_predictions_not_at_all():
    rows = [
        ("a", "original", "x", 0.2),
        ("a", "pitch=+2", "x", 0.1),
        ("b", "original", "x", 0.05),
        ("c", "original", "y", 0.1),
    ]
    table = pd.DataFrame(rows, columns=["clip_id", "variant", "label", PROBABILITY + "x"])
    table = table.assign(source_id=table["clip_id"], fold="1", **{PROBABILITY + "y": 1 - table[PROBABILITY + "x"]})
    suspects = suspects_table(table, ["x", "y"])
    assert list(suspects["clip_id"]) == ["b", "a"] and list(suspects["rank"]) == [1, 2]
    assert list(suspects["suggested"]) == ["y", "y"] and list(suspects["p_label"]) == [0.05, 0.2]


def test_a_report_writes_them_and_says_so_in_one_line(tmp_path):
    run = fake_run(tmp_path / "run", right=0.8)
    report = make_report(run, n_explained=0)
    suspects = pd.read_csv(run.folder / "suspects.csv", dtype={"fold": str})
    assert report.suspects.first == suspects["clip_id"][0] and suspects["p_label"].is_monotonic_increasing
    assert 0 < report.suspects.n_suspects == suspects["is_confident"].sum() < len(suspects)
    assert f"labels to check  {report.suspects.n_suspects} of 72, in suspects.csv" in summary_text(report)
    assert Report.from_json(report.to_json()).suspects == report.suspects


def test_a_label_that_a_person_gave_is_not_to_be_checked(tmp_path):
    run = fake_run(tmp_path / "run", right=0.8)
    before = make_report(run, n_explained=0).suspects
    for fold in run.finished_folds:
        path = run.fold_folder(fold) / "predictions.csv"
        table = pd.read_csv(path, dtype=str)
        table.assign(reviewed=np.where(table["clip_id"] == before.first, "confirmed", "")).to_csv(path, index=False)
    (run.folder / "suspects.csv").unlink()
    after = make_report(run, n_explained=0).suspects
    assert after.first != before.first and after.n_suspects == before.n_suspects - 1
    suspects = pd.read_csv(run.folder / "suspects.csv", keep_default_na=False)
    assert suspects.iloc[-1][["clip_id", "reviewed"]].tolist() == [before.first, "confirmed"]
    assert list(suspects["rank"]) == [*range(1, len(suspects) + 1)]


def test_folds_that_were_tested_before_a_review_lack_the_column(tmp_path):
    run = fake_run(tmp_path / "run", right=0.8)
    before = make_report(run, n_explained=0).suspects
    path = run.fold_folder("2") / "predictions.csv"
    pd.read_csv(path, dtype=str).assign(reviewed="").to_csv(path, index=False)
    (run.folder / "suspects.csv").unlink()
    assert make_report(run, n_explained=0).suspects == before


def test_a_report_leaves_the_table_that_says_more(tmp_path):
    run = fake_run(tmp_path / "run", right=0.8)
    make_report(run, n_explained=0)
    path = run.folder / "suspects.csv"
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    table.assign(nearest_labels="bird 5").to_csv(path, index=False)
    make_report(run, n_explained=0)
    assert set(pd.read_csv(path)["nearest_labels"]) == {"bird 5"}
    table.assign(nearest_labels="bird 5", p_label="0.5").to_csv(path, index=False)
    make_report(run, n_explained=0)
    assert "nearest_labels" not in pd.read_csv(path), "of other probabilities"
    table.iloc[1:].assign(nearest_labels="of other predictions").to_csv(path, index=False)
    make_report(run, n_explained=0)
    assert "nearest_labels" not in pd.read_csv(path) and len(pd.read_csv(path)) == len(table)


def test_a_leaky_run_says_nothing_of_labels(tmp_path):
    run = fake_run(tmp_path / "run", protocol="paper", all_folds=("1",))
    (run.folder / "suspects.csv").write_text("of an earlier report")
    assert make_report(run, n_explained=0).suspects is None
    assert not (run.folder / "suspects.csv").exists()
