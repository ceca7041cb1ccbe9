"""From prepared pictures to a report: one fold after the other."""

from __future__ import annotations

import time
from zlib import crc32

import numpy as np
import pandas as pd

from generate import manifest
from train.command_line import EXPLAINED_TESTS
from train.fit import Fold, fit_fold, n_pictures_to_see, probabilities, tested_epoch
from train.leak_meter import nearest_neighbour_accuracy, shrink
from train.prepare import Prepared
from train.progress import Progress
from train.report import make_report
from train.run_folder import FOLD, PREDICTIONS, PROBABILITY, only_writer, write_json, write_run
from train.split import Split, relatives_in_training


def execute(prepared: Prepared, *, tensorboard: bool = False, n_explained: int = EXPLAINED_TESTS) -> dict[str, object]:
    """Train and test each fold that is not finished, and write the report.

    Parameters
    ----------
    prepared : Prepared
    tensorboard : bool
        Write logs for it into the run's folder.
    n_explained : int
        Tests for which the run's page shows where the net looked.

    Returns
    -------
    dict
        The report, as in `report.json`.
    """
    run, table = prepared.run, prepared.table
    with only_writer(run.folder):
        write_run(run, prepared.settings)
        folds = {split.name: _fold(prepared, split) for split in prepared.splits}
        left = [split for split in prepared.splits if split.name not in run.finished_folds]
        shrunk = shrink(prepared.pictures.levels) if left else None
        n_to_see = {split.name: n_pictures_to_see(run.recipe, folds[split.name]) for split in left}
        with Progress(sum(n_to_see.values())) as progress:
            for number, split in enumerate(left, start=1):
                progress.begin(f"fold {split.name} ({number} of {len(left)})", n_to_see[split.name])
                fold = folds[split.name]
                logs = fold.folder / "logs" if tensorboard else None
                began = time.monotonic()
                model, history = fit_fold(
                    run.recipe, fold, on_epoch=progress.epoch, log_folder=logs, devices=prepared.devices
                )
                says = probabilities(model, prepared.pictures, split.test, batch_size=run.recipe.batch_size)
                del model  # or two nets are in memory when the next fold begins
                predictions = _predictions(table, split, says, run.classes)
                manifest.write_table(fold.folder / PREDICTIONS, predictions)
                described = {
                    "name": split.name,
                    "n_train": len(split.train),
                    "n_validation": len(split.validation),
                    "n_test": len(split.test),
                    "n_left_out": split.n_left_out,
                    "is_leaky": split.is_leaky,
                    "relatives_in_training": relatives_in_training(table, split),
                    "nearest_neighbour_accuracy": nearest_neighbour_accuracy(shrunk, table["label"].to_numpy(), split),
                    "devices": prepared.devices.to_json(run.recipe.batch_size),
                    "epochs": len(history),
                    "tested_epoch": tested_epoch(run.recipe, history),
                    "train_seconds": round(sum(row["seconds"] for row in history), 1),
                    "pictures_seen": len(history) * len(split.train),
                }
                # Last, since a fold with this file is finished.
                write_json(fold.folder / FOLD, described)
                right = (predictions["predicted"] == predictions["label"]).mean()
                progress.end(split, float(right), time.monotonic() - began)
        return make_report(run, n_explained=n_explained)


def _fold(prepared: Prepared, split: Split) -> Fold:
    """What one fold is trained on."""
    run, table = prepared.run, prepared.table
    number = table["label"].map({label: k for k, label in enumerate(run.classes)}).to_numpy()
    return Fold(
        split=split,
        pictures=prepared.pictures,
        targets=np.eye(len(run.classes), dtype=np.float32)[number],
        n_clips=table["clip_id"].iloc[split.train].nunique(),
        seed=(run.recipe.seed, crc32(split.name.encode())),
        folder=run.fold_folder(split.name),
    )


def _predictions(table: pd.DataFrame, split: Split, says: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """One row a test picture; see `train.run_folder.read_predictions`."""
    tested = table.iloc[split.test]
    rows = tested[["clip_id", "source_id", "variant", "file_name", "label"]].reset_index(drop=True)
    rows.insert(0, "fold", split.name)
    rows["predicted"] = np.array(classes, dtype=object)[says.argmax(axis=1)]
    columns = [f"{PROBABILITY}{label}" for label in classes]
    # Significant digits, not decimals: a very small probability is not none.
    six_digits = np.char.mod("%.6g", says.astype(np.float64)).astype(np.float64)
    return rows.join(pd.DataFrame(six_digits, columns=columns))
