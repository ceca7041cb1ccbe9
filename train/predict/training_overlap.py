"""Recordings that a run's models were trained on: their answers to these say nothing of new ones."""

from __future__ import annotations

from collections.abc import Sequence

from generate.dataset import tables
from generate.runtime.wording import count
from train.predict.predictions import WindowPrediction
from train.runs.run_folder import Run
from train.wording import listed


def familiar_text(run: Run, folds: Sequence[str], heard: Sequence[WindowPrediction]) -> str:
    """Warn of sounds that some of the models asked were trained on, or that it cannot be told; else empty.

    Parameters
    ----------
    run : Run
    folds : sequence of str
        Whose models were asked.
    heard : sequence of Heard
    """
    try:
        clips = tables.read_metadata(run.images / tables.METADATA).drop_duplicates("audio_sha256")
        tested = {fold: set(run.read_fold_predictions(fold)["source_id"]) for fold in folds}
    except OSError:  # a run that was copied without its images predicts as well
        return ""
    except ValueError as error:
        return f"note: whether the models were trained on some of these cannot be told: {error}"
    source_of = dict(zip(clips["audio_sha256"], clips["source_id"], strict=True))
    n_trained: dict[str, int] = {}
    for window in heard:
        if window.sha256 in source_of:
            source = source_of[window.sha256]
            n_trained[window.file] = sum(source not in tested[fold] for fold in folds)
    familiar = [file for file, n in n_trained.items() if n]
    if not familiar:
        return ""
    most = max(n_trained.values())
    return (
        f"note: {most} of the {count(len(folds), 'model')} may have been trained on {listed(familiar, most=3)}, of "
        "the run's own collection. That they know such sounds says nothing of new ones; the run's report does."
    )
