"""What the other half of ESC-10 was worth, against what was said of it before: `python -m benchmarks.budget`.

Somebody has a random half of the recordings of each class, and measures what the second half of these was worth
(`train.budget`). Then the other half of ESC-10 comes: what is it worth, on the same clips? Compared are the measured
gain as it is, and as much less as the error has fallen meanwhile (a power law through both: each doubling leaves the
same share of the errors).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import generate
from benchmarks.measure import ESC10, show
from train.budget.results import HALF, gain_of
from train.budget.subsets import part_of_recordings, right_by_share
from train.recipe import Recipe
from train.training.frozen_features import frozen_features
from train.training.prepare import prepare


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budget", description=__doc__)
    parser.add_argument("--halves", type=int, default=20, metavar="N", help="random halves (default: 20)")
    parser.add_argument("--draws", type=int, default=5, metavar="N", help="quarters in each (default: 5)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        images = Path(name) / "images"
        generate.render(ESC10, images, variants=["none"], listen=0)
        prepared = prepare(images, Recipe.of_quality("fast", {}), runs=Path(name))
        features = frozen_features(prepared, np.arange(len(prepared.table)))
    truth, sources = prepared.targets.argmax(axis=1), prepared.table["source_id"].to_numpy()
    data = (features, truth, sources)
    n_classes = len(prepared.run.classes)
    whole = right_by_share(*data, prepared.splits, n_classes=n_classes, shares=[1.0], n_draws=1)[1.0]
    found = []
    for number in range(options.halves):
        rng = np.random.default_rng(number)
        mine = part_of_recordings(np.arange(len(truth)), truth, sources, HALF, rng=rng)
        splits = [
            replace(split, train=split.train[np.isin(split.train, mine)], test=split.test[np.isin(split.test, mine)])
            for split in prepared.splits
        ]
        right = right_by_share(
            *data, splits, n_classes=n_classes, shares=[HALF, 1.0], n_draws=options.draws, seed=number
        )
        said = gain_of(right[HALF][:, mine], right[1.0][:, mine], sources[mine])
        came = float(whole[0, mine].mean() - right[1.0][0, mine].mean())
        power_law = said.gain * (1 - said.all) / (1 - said.half)
        holds = said.low is not None and said.high is not None and said.low <= came <= said.high
        found.append((said.gain, power_law, came, holds))
    said, power_law, came, holds = np.array(found, float).T
    rows: list[dict[str, object]] = [
        {
            "prediction": name,
            "predicted, points": f"{100 * values.mean():+.1f}",
            "came": f"{100 * came.mean():+.1f} ({100 * came.min():+.1f} to {100 * came.max():+.1f})",
            "mean error": f"{100 * np.abs(values - came).mean():.1f}",
            "bias": f"{100 * (values - came).mean():+.1f}",
            "interval held": f"{int(holds.sum())} of {len(holds)}" if name == "measured gain" else "",
        }
        for name, values in (("measured gain", said), ("power law", power_law), ("nothing", 0 * came))
    ]
    show(f"The other half of ESC-10, fast, {options.halves} halves", rows, file_name="budget.csv")
    return 0


if __name__ == "__main__":
    sys.exit(main())
