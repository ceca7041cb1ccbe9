"""The models of a run: of its folds, or the final one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.one_or_several import as_tuple
from generate.runtime.os_compat import quoted
from train import backend
from train.recipe import LEAKY
from train.runs.run_folder import FINAL, FOLD, Run

if TYPE_CHECKING:
    import keras

ALL = "all"
"""Given for the names of folds: all that are finished."""


def folds_to_average(run: Run, wanted: Sequence[str] | None = None) -> tuple[str, ...]:
    """The folds whose models are averaged.

    Parameters
    ----------
    run : Run
    wanted : sequence of str, optional
        Finished folds, `FINAL` for the model that was trained on all recordings, or `ALL` for all folds that are
        finished; default: the final model where the run has one, else all folds.

    Raises
    ------
    ValueError
        If no fold is finished, or one that is wanted is not.
    """
    finished = run.finished_folds
    if not finished:
        raise ValueError(
            f"No fold of the run {str(run.folder)!r} is finished, so it has no model yet. Resume it with "
            f"`python -m train --resume {quoted(run.folder)}`."
        )
    has_final = run.is_finished(FINAL)
    wanted = None if wanted is None else [str(fold) for fold in as_tuple(wanted)]  # 1 is the fold `1`
    if wanted is None:
        wanted = [FINAL] if has_final else finished
    elif wanted == [ALL] and ALL not in run.all_folds:
        wanted = finished
    if has_final and list(wanted) == [FINAL]:
        return (FINAL,)
    if not wanted:
        raise ValueError("folds must name one finished fold or more. Got none. Leave it out for all.")
    absent = [fold for fold in wanted if fold not in finished]
    if absent:
        raise ValueError(
            f"The folds must be finished folds of the run {str(run.folder)!r}"
            f"{', or final alone' if has_final else ''}. Got {absent[0]!r}. Choose from {', '.join(finished)}."
            + (
                f" `python -m train.finalize {quoted(run.folder)}` trains a final model."
                if absent[0] == FINAL and not has_final
                else ""
            )
        )
    return tuple(fold for fold in finished if fold in wanted)


def is_leaky(run: Run) -> bool:
    """Whether clips of the same recording are in both training and test, so that the accuracy is too high.

    Raises
    ------
    ValueError
        If the description of a fold cannot be read.
    """
    try:
        return run.recipe.protocol in LEAKY or any(run.read_fold(fold).get("is_leaky") for fold in run.finished_folds)
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"A {FOLD} of the run {str(run.folder)!r} is not as this program wrote it ({error})."
        ) from None


def refuse_leaky(run: Run) -> None:
    """Check that each test clip of a run was predicted by a model that was not trained on its recording.

    Parameters
    ----------
    run : Run

    Raises
    ------
    ValueError
        If it is leaky, or the description of a fold cannot be read.
    """
    if is_leaky(run):
        raise ValueError(
            f"The run must have a grouped split. Got {str(run.folder)!r}, which is leaky: its models were trained on "
            "the recordings that they are tested on. Train another one without --protocol and without "
            "--allow-recording-overlap."
        )


def load_models(run: Run, folds: Sequence[str]) -> list[keras.Model]:
    """Load the models of some folds.

    Raises
    ------
    FileNotFoundError, ValueError
        If a model is missing, cannot be read, or does not fit this run.
    """
    return [_load(run, fold) for fold in folds]


def models_in_turn(run: Run, folds: Sequence[str]) -> Iterator[tuple[str, keras.Model]]:
    """Yield each fold with its model: one object, with the weights of one fold after the other.

    So one model is in memory, and what is traced or compiled for the first fold serves all.

    Raises
    ------
    FileNotFoundError, ValueError
        If a model is missing, cannot be read, or does not fit this run.
    """
    from train.models import checkpoint

    model = None
    for fold in folds:
        if model is None:
            model = _load(run, fold)
        else:
            checkpoint.restore(model, _model_file(run, fold))
        yield fold, model


def _load(run: Run, fold: str) -> keras.Model:
    backend.set_up()
    from train.models import checkpoint

    return checkpoint.load(
        _model_file(run, fold),
        run.recipe,
        n_classes=len(run.classes),
        size=run.input_size,
        multilabel=run.multilabel,
    )


def _model_file(run: Run, fold: str) -> Path:
    path = run.model_file(fold)
    if not path.is_file() and fold == FINAL:
        raise FileNotFoundError(
            f"The model {str(path)!r} does not exist. Delete its folder and train it again: "
            f"python -m train.finalize {quoted(run.folder)}."
        )
    if not path.is_file():
        raise FileNotFoundError(
            f"The model {str(path)!r} does not exist. Delete the folder {str(run.fold_folder(fold))!r} and train the "
            f"fold again (python -m train --resume {quoted(run.folder)}), or use other --folds."
        )
    return path
