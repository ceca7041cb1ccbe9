"""Labels of ESC-10 that are set to another class on purpose, and found: `python -m benchmarks.suspects [--seeds 10]`.

Predicts as `--quality fast` on originals does, in the five official folds, with 4 and with 40 of the 400 labels set to
a random other class, and ranks the clips by `train.report.label_quality`. Prints how many of these are among the first,
and how accurate a model is (by the true labels) before and after those among the first are set right.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax
from threadpoolctl import threadpool_limits

import generate
from benchmarks.measure import ESC10, show
from train.recipe import Recipe
from train.report.intervals import difference_interval
from train.report.label_quality import suspects_table
from train.runs.run_folder import PROBABILITY
from train.training.frozen_features import frozen_features
from train.training.linear_head import fit_head
from train.training.prepare import Prepared, prepare

FLIPS = {4: 10, 40: 80}
"""How many labels are set to another class, and how many of the first clips somebody listens to."""


def predictions(prepared: Prepared, features: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """What a run with these labels predicts out of fold, as `train.report.results.read_predictions` gives it."""
    classes, parts = prepared.run.classes, []
    for split in prepared.splits:
        head = fit_head(features[split.train], labels[split.train], len(classes))
        probabilities = softmax(head.logits(features[split.test]), axis=1)
        own = prepared.table.iloc[split.test][["clip_id", "source_id", "variant"]].assign(
            row=split.test,
            fold=split.name,
            label=[classes[k] for k in labels[split.test]],
            predicted=[classes[k] for k in probabilities.argmax(axis=1)],
        )
        parts.append(own.assign(**{PROBABILITY + name: probabilities[:, k] for k, name in enumerate(classes)}))
    return pd.concat(parts, ignore_index=True)


def flipped(truth: np.ndarray, n: int, n_classes: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which `n` are another class, and which."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(truth), n, replace=False)
    labels = truth.copy()
    labels[rows] = (truth[rows] + rng.integers(1, n_classes, n)) % n_classes
    return labels, rows


def by_margin(table: pd.DataFrame, classes: Sequence[str]) -> list[str]:
    """Clips by the normalized margin, the other rank of confident learning: for comparison."""
    p = table[[PROBABILITY + name for name in classes]].to_numpy()
    own = np.array([list(classes).index(label) for label in table["label"]])
    others = np.where(np.eye(len(classes), dtype=bool)[own], -1, p).max(axis=1)
    return list(table["clip_id"].iloc[np.argsort(p[np.arange(len(p)), own] - others, kind="stable")])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suspects", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="sets of flipped labels (default: 10)")
    n_seeds = parser.parse_args(arguments).seeds
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        images = Path(name) / "images"
        generate.render(ESC10, images, variants=["none"], listen=0)
        prepared = prepare(images, Recipe.of_quality("fast", {}), runs=Path(name))
        features = frozen_features(prepared, np.arange(len(prepared.table)))
    classes, truth = prepared.run.classes, prepared.targets.argmax(axis=1)
    clips, groups = prepared.table["clip_id"].to_numpy(), prepared.table["source_id"].to_numpy()

    def are_right(labels: np.ndarray) -> np.ndarray:
        table = predictions(prepared, features, labels)
        is_right = np.zeros(len(truth))
        is_right[table["row"]] = table["predicted"] == [classes[k] for k in truth[table["row"]]]
        return is_right

    clean, rows = are_right(truth), []
    table = suspects_table(predictions(prepared, features, truth), classes)
    print(f"As published: {int(table['is_confident'].sum())} of {len(truth)} labels are called probably wrong.")
    for n, n_first in FLIPS.items():
        found, of_margin, counted, of_counted, before, after = [], [], [], [], [], []
        for seed in range(n_seeds):
            labels, wrong = flipped(truth, n, len(classes), seed=seed)
            predicted = predictions(prepared, features, labels)
            table, names = suspects_table(predicted, classes), set(clips[wrong])
            first = table["clip_id"][:n_first]
            found.append(len(names & set(first)))
            of_margin.append(len(names & set(by_margin(predicted, classes)[:n_first])))
            counted.append(int(table["is_confident"].sum()))
            of_counted.append(len(names & set(table["clip_id"][table["is_confident"]])))
            set_right = labels.copy()
            heard = np.isin(clips, first)
            set_right[heard] = truth[heard]
            before.append(are_right(labels))
            after.append(are_right(set_right))
        gain = np.mean(after, axis=0) - np.mean(before, axis=0)
        ends = difference_interval(gain, groups)
        low, high = 100 * (ends.low or 0), 100 * (ends.high or 0)
        rows.append(
            {
                "wrong labels": n,
                "first": n_first,
                "found (each set)": " ".join(map(str, found)),
                "by margin": f"{np.mean(of_margin):.1f}",
                "called wrong": f"{np.mean(counted):.1f}",
                "rightly": f"{np.mean(of_counted):.1f}",
                "accuracy": f"{100 * np.mean(before):.1f} %",
                "set right": f"{100 * np.mean(after):.1f} %",
                "gain, points": f"{100 * gain.mean():+.1f} ({low:.1f} to {high:.1f})",
                "no wrong labels": f"{100 * clean.mean():.1f} %",
            }
        )
    show(f"Wrong labels found in ESC-10, fast, {n_seeds} sets of flips", rows, file_name="suspects.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
