"""Is a sound of no class named less often if other sounds were trained on? `python -m benchmarks.other_sounds`.

Ten trials on the real ESC-10: each class in turn is foreign, four others are the classes, and none, two or five of the
rest are trained on together as `_other`. Predicts as `--quality fast` on originals does, with the temperature and the
thresholds that the official folds give, and the mean of the folds' models for the foreign class.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax
from threadpoolctl import threadpool_limits

import generate
from benchmarks.measure import ESC10, show
from train.calibration.temperature import with_temperature
from train.calibration.thresholds import fit
from train.recipe import Recipe
from train.training.frozen_features import frozen_features
from train.training.linear_head import fit_head
from train.training.prepare import Prepared, prepare

N_CLASSES, N_OTHERS = 4, (0, 2, 5)


def trial(prepared: Prepared, features: np.ndarray, foreign: int, known: list[int], others: list[int]) -> list[float]:
    """Shares of the foreign clips that are named as a class, and of the known ones that are named rightly."""
    truth = prepared.targets.argmax(axis=1)
    labels = np.full(prepared.targets.shape[1], -1)
    labels[known], labels[others] = np.arange(len(known)), len(known)
    labels = labels[truth]
    tested, of_foreign, answers = [], [], []
    for split in prepared.splits:
        rows, test = (part[labels[part] >= 0] for part in (split.train, split.test))
        head = fit_head(features[rows], labels[rows], len(known) + bool(others), class_weights=True)
        tested.append(softmax(head.logits(features[test]), axis=1))
        answers.append(labels[test])
        of_foreign.append(softmax(head.logits(features[truth == foreign]), axis=1))
    calibration = fit(np.concatenate(tested), np.concatenate(answers))
    thresholds = np.array(calibration.thresholds)

    def named(probabilities: np.ndarray) -> np.ndarray:
        best = probabilities.argmax(axis=1)
        is_named = (best < len(known)) & (probabilities.max(axis=1) >= thresholds[best])
        return np.where(is_named, best, -1)

    mean = np.mean([with_temperature(p, calibration.temperature) for p in of_foreign], axis=0)
    answer = np.concatenate(answers)
    is_right = named(with_temperature(np.concatenate(tested), calibration.temperature)) == answer
    return [float((named(mean) >= 0).mean()), float(is_right[answer < len(known)].mean())]


def main() -> None:
    """Print a line a number of other classes."""
    argparse.ArgumentParser(prog="python -m benchmarks.other_sounds", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        images = Path(name) / "images"
        generate.render(ESC10, images, variants=["none"], listen=0)
        prepared = prepare(images, Recipe.of_quality("fast", {}), runs=Path(name))
        features = frozen_features(prepared, np.arange(len(prepared.table)))
        rng, found = np.random.default_rng(0), []
        for foreign, label in enumerate(prepared.run.classes):
            rest = rng.permutation([k for k in range(len(prepared.run.classes)) if k != foreign]).tolist()
            for n in N_OTHERS:
                known, others = rest[:N_CLASSES], rest[N_CLASSES:][:n]
                found.append([n, label, *trial(prepared, features, foreign, known, others)])
    table = pd.DataFrame(found, columns=["classes in _other", "foreign", "foreign named", "known named rightly"])
    mean = table.drop(columns="foreign").groupby("classes in _other", as_index=False).mean().round(3)
    show("A foreign class, mean of ten trials", mean.to_dict("records"), file_name="other_sounds.csv")


if __name__ == "__main__":
    main()
