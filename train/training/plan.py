"""The plan of a run, as text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from augment_audio import ORIGINAL
from generate.runtime.wording import count, listed, shown
from train import backend
from train.data.disk_cache import PixelsOnDisk
from train.data.grouped_folds import fewer_folds_note
from train.data.reviewed import is_added
from train.data.split import has_own_folds
from train.models.checkpoint import read_history
from train.recipe import Recipe
from train.runs.run_folder import LAST, Run
from train.training.expected_time import expected_s
from train.training.linear_head import MOST_IMAGES
from train.training.prepare import Prepared, phases_of
from train.wording import duration, start_in_words


def plan_text(prepared: Prepared) -> str:
    """The plan: images, split, model, transforms, schedule, device, about how long, and where the run goes.

    Parameters
    ----------
    prepared : Prepared
        As `train.training.prepare.prepare` or `resume` gives it.

    Returns
    -------
    str
        Lines without a newline at the end.
    """
    run, table = prepared.run, prepared.table
    recipe = run.recipe
    originals = table[table["variant"] == ORIGINAL]
    finished = run.finished_folds
    resumed = f", resumed ({count(len(finished), 'fold')} finished{_begun(run)})" if prepared.is_resumed else ""
    lines = [
        f"{shown(run.images)}: {run.collection}, {count(len(originals), 'clip')} of "
        f"{count(originals['source_id'].nunique(), 'recording')}, {count(len(run.classes), 'class')}"
        f"{_chosen(recipe)}{_several(prepared)}",
        f"  split     {_split(prepared)}",
        f"  train on  {_training(prepared)}",
        f"  model     {_models(recipe)}, {start_in_words(recipe.weights)}, {_pixels(run.input_size)}",
        f"  augment   {_transforms(recipe)}",
        f"  schedule  {_schedule(prepared)}",
        f"  device    {backend.description()}{_precision(recipe)}",
        *([f"  time      {expected}"] if (expected := _time(prepared)) else []),
        f"  output    {shown(run.folder)}{resumed}",
    ]
    pixels = prepared.images.pixels
    if isinstance(pixels, PixelsOnDisk):
        lines.insert(-1, f"  cache     on disk: {shown(pixels.path)} ({pixels.path.stat().st_size / 1e9:.3g} GB)")
    return "\n".join([*lines, *(f"  Note: {note}" for note in _notes(prepared))])


def _time(prepared: Prepared) -> str:
    """About how long training will take; empty where all folds are finished or nothing is known."""
    seconds = expected_s(prepared)
    if not seconds:
        return ""
    rounded = max(10.0, float(f"{seconds:.2g}"))
    return f"about {duration(rounded)} of training at the present speed of this machine; half or twice that is possible"


def _several(prepared: Prepared) -> str:
    """How many clips have several labels, and how many none."""
    if not prepared.run.multilabel:
        return ""
    n_labels = prepared.targets[(prepared.table["variant"] == ORIGINAL).to_numpy()].sum(axis=1)
    return f"; {count(int((n_labels > 1).sum()), 'clip')} with several labels, {int((n_labels == 0).sum()):,} with none"


def _chosen(recipe: Recipe) -> str:
    """That the folder has other classes too."""
    if recipe.leave_out:
        return f" (without {listed(recipe.leave_out, most=6)})"
    return "" if recipe.classes is None else " (of those in the folder)"


def _notes(prepared: Prepared) -> Iterator[str]:
    """Which class limits the number of folds, and which folds do not test a class."""
    recipe, table = prepared.run.recipe, prepared.table
    if recipe.protocol != "folds":
        return
    originals = table[(table["variant"] == ORIGINAL) & ~is_added(table)]
    if recipe.ignore_folds or not has_own_folds(originals):
        note = fewer_folds_note(originals, n_folds=recipe.n_folds, multilabel=prepared.run.multilabel)
        if note:
            yield note
    without: dict[str, list[str]] = {}
    for split in prepared.splits:
        for k in np.flatnonzero(~prepared.targets[split.test].any(axis=0)):
            without.setdefault(prepared.run.classes[k], []).append(split.name)
    if without:
        named = listed(f"{name!r} in {_folds_named(folds)}" for name, folds in without.items())
        yield f"not tested: {named}; no recording of these classes is there."


def _folds_named(folds: list[str]) -> str:
    return f"fold{'s' if len(folds) > 1 else ''} {listed(folds, most=12)}"


def _split(prepared: Prepared) -> str:
    run, recipe = prepared.run, prepared.run.recipe
    n_test = sum(len(split.test) for split in prepared.splits)
    if recipe.protocol == "paper":
        return f"LEAKY: all images split at random; {count(n_test, 'image')} to test"
    if recipe.protocol == "random-clips":
        return f"LEAKY: clips split at random, whatever their recording; {count(n_test, 'image')} to test"
    some = len(run.folds) < len(run.all_folds)
    which = f"{count(len(run.folds), 'fold')} of {len(run.all_folds)}" if some else count(len(run.folds), "fold")
    aside = ", the next fold for validation" if recipe.select == "validation" else ""
    n_left_out = sum(split.n_left_out for split in prepared.splits)
    left_out = f"; {count(n_left_out, 'image')} of tested recordings left out of training" if n_left_out else ""
    leaky = "; LEAKY: images of tested recordings are trained on" if any(s.is_leaky for s in prepared.splits) else ""
    kind = " of whole recordings, not the collection's own" if recipe.ignore_folds else ""
    return f"{which}{kind}, each the test set once, {count(n_test, 'original')} in all{aside}{left_out}{leaky}"


def _training(prepared: Prepared) -> str:
    numbers = [len(split.train) for split in prepared.splits]
    rows = np.unique(np.concatenate([split.train for split in prepared.splits]))
    variants = sorted(set(prepared.table["variant"].iloc[rows]) - {ORIGINAL})
    each = f"{min(numbers):,}" if min(numbers) == max(numbers) else f"{min(numbers):,} to {max(numbers):,}"
    which = "with " + listed(variants, most=8) if variants else "originals only"
    n_added = int(((prepared.table["variant"] == ORIGINAL) & is_added(prepared.table)).sum())
    added = f", {count(n_added, 'clip')} that a review added" if n_added else ""
    return f"{each} images a fold, {which}{added}{_left_out(prepared)}"


def _left_out(prepared: Prepared) -> str:
    """Variants that were left out because they equal their original."""
    if not prepared.n_duplicates:
        return ""
    kinds = ", ".join(f"{name} {n:,}" for name, n in prepared.n_duplicates.items())
    return f"; not those that equal their original ({kinds})"


def _models(recipe: Recipe) -> str:
    return recipe.model if recipe.ensemble in (None, 1) else f"an ensemble of {recipe.ensemble} {recipe.model}"


def _begun(run: Run) -> str:
    """The fold that was interrupted, if there is one."""
    for fold in run.folds:
        last = run.fold_folder(fold) / LAST
        if fold not in run.finished_folds and last.is_file():
            return f"; fold {fold} after epoch {len(read_history(last))}"
    return ""


def _transforms(recipe: Recipe) -> str:
    names = {"spectrogram": "spectrogram", "image": f"image ({recipe.image_preset})"}
    changed = [*recipe.spectrogram_values, *recipe.image_values]
    return (", ".join(names[name] for name in recipe.augment) or "none") + (f"; {' '.join(changed)}" if changed else "")


def _schedule(prepared: Prepared) -> str:
    parts = [
        _fitted(prepared)
        if phase.name == "head"
        else f"{count(phase.epochs, 'epoch')} at up to "
        f"{phase.learning_rate:g} and down to 0, batches of {prepared.run.recipe.batch_size}"
        for phase in phases_of(prepared, prepared.splits[0])
    ]
    return ", then ".join(parts)


def _fitted(prepared: Prepared) -> str:
    most = max(len(split.train) for split in prepared.splits)
    return "the last layer fitted" + (f" to {MOST_IMAGES:,} of the images" if most > MOST_IMAGES else "")


def _pixels(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} pixels"


def _precision(recipe: Recipe) -> str:
    if not recipe.mixed_precision:
        return ""
    return ", half precision" if backend.has_gpu() else "; without a GPU in full precision"
