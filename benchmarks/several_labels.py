"""Clips with several labels: `python -m benchmarks.several_labels [--quality standard]`.

The clips of each of ESC-10's folds are put into random pairs. Each pair gives a clip with both sounds, the second -6 to
6 dB from the first, and a clip of the first sound alone: 400 clips, none with sounds of two folds. Trains on four
folds, tests the fifth, and prints average precisions with intervals over pairs.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

import generate
import train
from benchmarks.field_recordings import SR, clips_of, read
from benchmarks.measure import ESC10, show
from train.quality import QUALITIES

LABELS = tuple(sorted(path.name.split("- ")[1] for path in ESC10.glob("*- *")))
LOUDEST_DB = 6.0


def make(folder: Path) -> pd.DataFrame:
    """Write the clips and `labels.csv`; return the table."""
    rng, rows = np.random.default_rng(0), []
    folder.mkdir(parents=True)
    for fold in range(1, 6):
        clips = [(path, label) for label in LABELS for path in clips_of(label, [fold])]
        order = rng.permutation(len(clips)).reshape(-1, 2)
        for number, (first, second) in enumerate(order):
            (one, own), (two, other) = clips[first], clips[second]
            both = mixed(read(one), read(two), 10 ** (rng.uniform(-LOUDEST_DB, LOUDEST_DB) / 20))
            for name, y, labels in (("both", both, {own, other}), ("one", read(one), {own})):
                file = f"{fold}-{number:02d}-{name}.wav"
                soundfile.write(folder / file, 0.9 * y / max(1e-9, float(np.abs(y).max())), SR)
                rows.append((file, ";".join(sorted(labels)), fold, f"{fold}-{number:02d}"))
    table = pd.DataFrame(rows, columns=["file", "label", "fold", "recording"])
    table.to_csv(folder / "labels.csv", index=False)
    return table


def mixed(one: np.ndarray, two: np.ndarray, gain: float) -> np.ndarray:
    """The sum of two sounds of equal energy, the second with a gain."""
    y = np.zeros(max(len(one), len(two)), np.float32)
    for part, factor in ((one, 1.0), (two, gain)):
        y[: len(part)] += factor * part / max(1e-6, float(np.sqrt(np.mean(part**2))))
    return y


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.several_labels", description=__doc__)
    parser.add_argument("--quality", choices=list(QUALITIES), default="fast", help="as of `train` (default: fast)")
    quality = parser.parse_args().quality
    with tempfile.TemporaryDirectory() as name:
        audio, images = Path(name) / "mixtures", Path(name) / "images"
        make(audio)
        generate.render(audio, images, labels=audio / "labels.csv", label_separator=";", variants=["none"], listen=0)
        report = train.fit(images, quality=quality, runs=Path(name) / "runs").report
    result, pooled = report.multilabel, report.pooled
    assert result is not None
    ends = "{:.1f} to {:.1f} %"
    rows: list[dict[str, object]] = [
        {
            "class": row.label,
            "average precision": f"{100 * (row.average_precision or 0):.1f} %",
            "95 % interval": ends.format(100 * (row.low or 0), 100 * (row.high or 0)),
            "clips with it": f"{row.share:.1%}",
        }
        for row in result.labels
    ]
    for what, value, low, high in (
        ("mean", result.mean_average_precision, result.low, result.high),
        ("all labels right", pooled.accuracy, pooled.low, pooled.high),
    ):
        rows.append(
            {
                "class": what,
                "average precision": f"{value:.1%}",
                "95 % interval": ends.format(100 * (low or 0), 100 * (high or 0)),
                "clips with it": "",
            }
        )
    title = f"{pooled.n_clips} clips of {pooled.n_recordings} pairs of ESC-10, {quality}"
    show(title, rows, file_name="several_labels.csv")


if __name__ == "__main__":
    main()
