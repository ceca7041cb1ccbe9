"""The runs of an ablation: with all stored variants, without each of them, and on originals only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.settings_file import is_multilabel
from generate.runtime.lock import LOCK
from generate.runtime.output_folder import check_output_folder
from generate.runtime.safe_names import safe_name
from generate.runtime.wording import listed
from train.compare.table import read_runs
from train.data.image_folder import read_images
from train.data.select_classes import select_classes
from train.recipe import LEAKY, Recipe
from train.report.paired_differences import Finished
from train.runs.new_run import RUNS, check_name
from train.runs.run_folder import CONFIG, REPORT, Run, read_run
from train.training.equal_budget import images_seen, with_budget

if TYPE_CHECKING:
    from train.training.prepare import Prepared

ALL = "all"
ORIGINALS = "originals"


@dataclass(frozen=True)
class Ablation:
    """Which runs there are, and where.

    Parameters
    ----------
    folder : Path
        Holds a run folder for each run.
    images : Path
        The image folder.
    recipe : Recipe
        Of the run `all`; the others differ in `train_variants` and in their epochs.
    folds : tuple of str or None
        Folds to train and test; None: all.
    train_variants : dict of str to tuple of str
        Name of each run to the variants that it trains on beside the originals; `all` comes first.
    """

    folder: Path
    images: Path
    recipe: Recipe
    folds: tuple[str, ...] | None
    train_variants: dict[str, tuple[str, ...]]

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """Name of each run to the variants of `all` that it lacks."""
        everything = self.train_variants[ALL]
        return {
            run: tuple(variant for variant in everything if variant not in variants)
            for run, variants in self.train_variants.items()
        }


def plan_ablation(
    images: Path,
    recipe: Recipe,
    *,
    folds: Sequence[str] | None = None,
    variants: Sequence[str] | None = None,
    name: str = "",
) -> Ablation:
    """Plan the runs; nothing is written.

    Parameters
    ----------
    images : Path
        An image folder that `python -m generate` made.
    recipe : Recipe
    folds : sequence of str, optional
        Train and test only these folds.
    variants : sequence of str, optional
        Leave out only these, one at a time; default: each variant that is trained on.
    name : str
        Of the folder in `train.runs.new_run.RUNS`; default: images and model, with `-ablation`.

    Raises
    ------
    FileNotFoundError, ValueError
        If the images cannot be read, the split would be leaky, or there is no variant to leave out.
    """
    check_name(name, RUNS)
    if recipe.protocol in LEAKY or recipe.allow_recording_overlap:
        given = "--allow-recording-overlap" if recipe.allow_recording_overlap else f"--protocol {recipe.protocol}"
        raise ValueError(
            f"An ablation must use a grouped split. Got {given}, with which a variant of a test clip helps because the "
            "model remembers it. Leave the option out."
        )
    settings, table = read_images(images)
    if is_multilabel(settings):
        recipe = recipe.of_several_labels()
    table = select_classes(table, recipe, multilabel=is_multilabel(settings))
    stored = tuple(variant for variant in dict.fromkeys(table["variant"]) if variant != ORIGINAL)
    trained = stored if recipe.train_variants is None else tuple(dict.fromkeys(recipe.train_variants))
    _check_known("--train-variants", trained, stored)
    if not trained:
        raise ValueError(
            f"An ablation needs variants to leave out. Got originals only, of {str(images)!r}. Make some with "
            "`python -m generate AUDIO_FOLDER --variants paper`, or name stored ones with --train-variants."
        )
    _check_known("--variants", variants or (), trained)
    # Images that equal their original are never trained on.
    changed = set(table.loc[~table["duplicate"], "variant"])
    same = [variant for variant in variants or trained if variant not in changed]
    ablated = [variant for variant in trained if variant in (variants or changed)]
    if same and (variants or not ablated):
        raise ValueError(
            f"--variants must name variants whose images differ from their originals. Got {same[0]!r}, all of whose "
            "images equal theirs, so that leaving it out changes nothing. Name others."
        )
    runs = {ALL: trained}
    if set(ablated) != set(trained) & changed or len(ablated) > 1:
        runs |= {f"without-{safe_name(out)}": tuple(v for v in trained if v != out) for out in ablated}
    folder = RUNS / (name or f"{images.resolve().name}-{recipe.model}-ablation")
    check_output_folder(folder, "--name", marker=f"{ALL}/{CONFIG}", is_own={ALL, LOCK}.__contains__)
    return Ablation(
        folder, images, replace(recipe, train_variants=trained), tuple(folds) if folds else None, runs | {ORIGINALS: ()}
    )


def _check_known(option: str, given: Sequence[str], known: Sequence[str]) -> None:
    if absent := [variant for variant in given if variant not in known]:
        raise ValueError(
            f"{option} must name variants that are trained on: {listed(known, most=20)}. Got {absent[0]!r}. Name one "
            "of these."
        )


def open_run(
    ablation: Ablation, name: str, recipe: Recipe, *, cache: str = "auto", may_download: bool = True
) -> Prepared:
    """Prepare one run, or resume it where it has begun.

    Parameters
    ----------
    ablation : Ablation
    name : str
        A key of `ablation.train_variants`.
    recipe : Recipe
        Of this run.
    cache, may_download
        See `train.training.prepare.prepare`.

    Raises
    ------
    FileNotFoundError, ValueError
        As `train.training.prepare.prepare`, or if the run began with other options.
    """
    from train.training.prepare import prepare, resume

    folder = ablation.folder / name
    if (folder / CONFIG).is_file():
        _check_begun(read_run(folder), ablation, recipe)
        return resume(folder, cache=cache, may_download=may_download)
    return prepare(
        ablation.images,
        recipe,
        folds=ablation.folds,
        name=name,
        runs=ablation.folder,
        cache=cache,
        may_download=may_download,
    )


def _check_begun(run: Run, ablation: Ablation, recipe: Recipe) -> None:
    """Check that a run began with the options that are given now."""
    from train.training.prepare import settled

    before, now = settled(run.recipe).to_json(), settled(recipe).to_json()
    differing = [name for name in now if before[name] != now[name]]
    if set(run.folds) != set(ablation.folds or run.all_folds):
        differing.append("folds")
    if run.images.resolve() != ablation.images.resolve():
        differing.append("images")
    if differing:
        options = listed(option.replace("_", "-") for option in differing)
        raise ValueError(
            f"The options must be those with which the ablation began. Got others for the run {str(run.folder)!r} "
            f"({options}). Give the same options to resume, or another --name."
        )


def recipes_of(ablation: Ablation, first: Prepared) -> dict[str, Recipe]:
    """The recipe of each run, with the epochs that let every model see about as many images as in the first run.

    Parameters
    ----------
    ablation : Ablation
    first : Prepared
        The run `all`.

    Returns
    -------
    dict of str to Recipe

    Raises
    ------
    ValueError
        If a run began with another recipe, or with other images.
    """
    recipes = {ALL: ablation.recipe}
    for name in list(ablation.train_variants)[1:]:
        recipe = replace(first.run.recipe, train_variants=ablation.train_variants[name])
        recipes[name] = with_budget(recipe, images_seen(first), n_train=n_train(ablation, name, first))
        if (ablation.folder / name / CONFIG).is_file():
            run = read_run(ablation.folder / name)
            _check_begun(run, ablation, recipes[name])
            if run.table_sha256 != first.run.table_sha256:
                raise ValueError(f"The run {str(run.folder)!r} was trained on other images. Give another --name.")
    return recipes


def n_train(ablation: Ablation, name: str, first: Prepared) -> int:
    """Number of images that a run trains on in its first fold."""
    variants: pd.Series = first.table["variant"].iloc[first.splits[0].train]
    return int(variants.isin([ORIGINAL, *ablation.train_variants[name]]).sum())


def is_finished(folder: Path) -> bool:
    """Whether all folds of a run are tested and its report is written."""
    if not (folder / CONFIG).is_file():
        return False
    run = read_run(folder)
    return run.finished_folds == run.folds and (folder / REPORT).is_file()


def unfinished_runs(
    ablation: Ablation, recipes: Mapping[str, Recipe], *, cache: str = "auto"
) -> Iterator[tuple[str, Prepared]]:
    """Prepare each run that is not finished, when its turn comes, so that the images of one run are in memory."""
    for name, recipe in recipes.items():
        if not is_finished(ablation.folder / name):
            yield name, open_run(ablation, name, recipe, cache=cache)


def finished_runs(ablation: Ablation) -> dict[str, Finished]:
    """Read the results of all runs, in the order of the plan.

    Raises
    ------
    ValueError
        If one is not finished.
    """
    runs, skipped = read_runs(ablation.folder / name for name in ablation.train_variants)
    if skipped:
        raise ValueError(f"{skipped[0]} Run the same command again to resume it.")
    found = {run.name: run for run in runs}
    return {name: found[name] for name in ablation.train_variants}
