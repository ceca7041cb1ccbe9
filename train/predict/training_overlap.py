"""Recordings that a run's models were trained on: predictions for these do not show how good the models are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from generate.runtime.wording import count, listed
from train.data.image_folder import read_images
from train.data.table_digest import table_sha256
from train.predict.fold_models import is_leaky
from train.predict.predictions import WindowPrediction
from train.runs.run_folder import FINAL, Run


def training_overlap_note(run: Run, folds: Sequence[str], predictions: Iterable[WindowPrediction]) -> str:
    """Warn of recordings that some of the models were trained on, or if this cannot be determined; else empty.

    Parameters
    ----------
    run : Run
    folds : sequence of str
        Whose models were averaged.
    predictions : iterable of WindowPrediction
    """
    try:
        table = read_images(run.images)[1]
        has_changed = table_sha256(table) != run.table_sha256
        table = table if run.multilabel else table[table["label"].isin(run.classes)]
        clips = table[~table["silent"]].drop_duplicates("audio_sha256")  # all silence is equal
        leaky = is_leaky(run)  # then recordings that were tested were trained on too
        without_test = {FINAL, *(folds if leaky else ())}
        tested = {
            fold: set() if fold in without_test else set(run.read_fold_predictions(fold)["source_id"]) for fold in folds
        }
    except OSError:  # a run that was copied without its images can predict too
        return ""
    except ValueError as error:
        return f"note: cannot tell whether the models were trained on these recordings: {error}"
    source_of = dict(zip(clips["audio_sha256"], clips["source_id"], strict=True))
    n_trained: dict[str, int] = {}
    for window in predictions:
        if window.sha256 in source_of:
            source = source_of[window.sha256]
            n = sum(source not in tested[fold] for fold in folds)
            n_trained[window.file] = max(n, n_trained.get(window.file, 0))
    in_training = [file for file, n in n_trained.items() if n]
    if not in_training:
        return ""
    if has_changed:
        return (
            f"note: the images of the run have changed since it began, and those of {listed(in_training, most=3)} are "
            "among them now. The models may have been trained on them."
        )
    which = (
        "the final model was"
        if FINAL in folds
        else f"{max(n_trained.values())} of the {count(len(folds), 'model')} may have been"
    )
    return (
        f"note: {which} trained on "
        f"{listed(in_training, most=3)}, of the run's own collection. Predictions for training data do not show how "
        f"accurate the models are on new recordings; {'nor does the leaky report' if leaky else 'the report does'}."
    )
