"""Everything that is known before the first epoch: images, classes, split, run folder. All checks are here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset.label_sets import classes_of, membership
from generate.dataset.settings_file import SettingsFile, is_multilabel
from generate.runtime.one_or_several import as_tuple
from generate.runtime.os_compat import quoted
from train.augment.image_transforms import ImageTransforms, check_used, image_arguments
from train.augment.spectrogram_transforms import SpectrogramTransforms
from train.data.check_folds import check_classes, check_fold, check_fold_names, select_folds
from train.data.clip_statistics import clip_statistics
from train.data.decode import Images
from train.data.image_folder import open_images, read_images, read_unchanged_images
from train.data.select_classes import select_classes
from train.data.split import Split, splits_of, tested_in
from train.data.table_digest import table_sha256
from train.models.check_model import check_model
from train.recipe import Recipe
from train.report.knn_baseline import shrink
from train.runs.new_run import RUNS, check_name, check_ours, default_name, new_folder
from train.runs.run_folder import BUDGET_PLOT, CONFIG, Run, read_run
from train.runs.same_folds import check_same_folds
from train.training.schedule import VIEWS, Phase, highest_learning_rate, phases, start_of
from train.training.work import Work, work_of


@dataclass(frozen=True)
class Prepared:
    """All that a run needs.

    Parameters
    ----------
    run : Run
    settings : SettingsFile
        `settings.json` of the image folder.
    table : pandas.DataFrame
        One row an image that the run uses.
    images : Images
        In the order of the table.
    splits : list of Split
        Those that are to be trained; their rows are those of the table.
    is_resumed : bool
        Whether the run folder is there already.
    n_duplicates : dict of str to int
        Images of each wanted variant that equal their original and are not trained on for that.
    cache : {"auto", "memory", "disk"}
        Where the images are held; see `train.data.disk_cache`.
    work : Work or None
        That an image takes.
    """

    run: Run
    settings: SettingsFile
    table: pd.DataFrame
    images: Images
    splits: list[Split]
    is_resumed: bool
    n_duplicates: dict[str, int]
    cache: str = "auto"
    work: Work | None = None

    @cached_property
    def targets(self) -> np.ndarray:
        """One row an image, 1 for its classes: shape=(n_images, n_classes), float32."""
        run = self.run
        return membership(list(self.table["label"]), run.classes, multilabel=run.multilabel).astype(np.float32)

    @cached_property
    def features(self) -> dict[int, np.ndarray]:
        """What the pretrained layers give for an image, by its row; filled as folds need it."""
        return {}

    @cached_property
    def shrunk(self) -> np.ndarray:
        """The images as the nearest-neighbour baseline compares them."""
        return shrink(self.images.pixels)


def prepare(
    image_folder: Path,
    recipe: Recipe,
    *,
    folds: Collection[str] | None = None,
    name: str = "",
    runs: Path = RUNS,
    cache: str = "auto",
    may_download: bool = True,
) -> Prepared:
    """Prepare a new run.

    Parameters
    ----------
    image_folder : Path
        A folder of images that `python -m generate` made.
    recipe : Recipe
    folds : collection of str, optional
        To train only these.
    name : str
        Of the run's folder; default: the images' and the model's, with a number if there is one already.
    runs : Path
        Where run folders are.
    cache : {"auto", "memory", "disk"}
        Where the images are held; see `train.data.disk_cache`.
    may_download : bool
        Fetch ImageNet weights that are not on this machine; else they are not looked for.

    Raises
    ------
    FileNotFoundError, ValueError
        If anything is missing or does not fit; nothing is written then.
    """
    check_name(name, runs)
    check_used(image_arguments(recipe.image_preset, recipe.image_values))
    settings, table = read_images(image_folder)
    folder = runs / name if name else new_folder(runs, default_name(image_folder, recipe))
    check_ours(folder)
    if (folder / CONFIG).exists():
        raise ValueError(f"The run {str(folder)!r} exists already. Resume it with --resume, or give another --name.")
    return _prepared(image_folder, recipe, settings, table, folder, folds, cache, may_download)


def resume(
    folder: Path,
    *,
    folds: Collection[str] | None = None,
    cache: str = "auto",
    may_download: bool = True,
    is_final: bool = False,
) -> Prepared:
    """Prepare a run that was begun before.

    Parameters
    ----------
    folder : Path
        Of the run.
    folds : collection of str, optional
        Train only these.
    cache : {"auto", "memory", "disk"}
        Where the images are held; see `train.data.disk_cache`.
    may_download : bool
        See `prepare`.
    is_final : bool
        Take all folds, to train on what any of them trains on: a single one may lack a class then.

    Raises
    ------
    FileNotFoundError, ValueError
        As `prepare`, and if the images are no longer those that the run began with.
    """
    begun = read_run(folder)
    outer = folder.resolve().parent.parent
    if folder.resolve().parent.name == BUDGET_PLOT.parent.name and (outer / CONFIG).is_file():
        raise ValueError(
            f"RUN must be a run of all recordings. Got {str(folder)!r}, which is trained on half of them. To continue "
            f"it: python -m train.budget {quoted(outer)} --full"
        )
    settings, table = read_unchanged_images(
        begun.images, fingerprint=begun.image_settings()["fingerprint"], sha256=begun.table_sha256
    )
    wanted = list(begun.folds if folds is None else dict.fromkeys([*begun.finished_folds, *as_tuple(folds)]))
    wanted = list(begun.all_folds) if is_final else wanted
    prepared = _prepared(begun.images, begun.recipe, settings, table, folder, wanted, cache, may_download, is_final)
    if prepared.run.input_size != begun.input_size:
        raise ValueError(f"{begun.recipe.model!r} takes images of another size since the run began. Start a new run.")
    check_same_folds(begun, tested_in(prepared.splits, prepared.table))
    run = replace(prepared.run, versions=begun.versions)
    return replace(prepared, run=run, is_resumed=True)


def _prepared(
    image_folder: Path,
    recipe: Recipe,
    settings: SettingsFile,
    table: pd.DataFrame,
    folder: Path,
    folds: Collection[str] | None,
    cache: str,
    may_download: bool,
    is_final: bool = False,
) -> Prepared:
    _check_transforms(recipe)
    digest = table_sha256(table)
    multilabel = is_multilabel(settings)
    if multilabel:
        recipe = recipe.of_several_labels()
    table = select_classes(table, recipe, multilabel=multilabel)
    classes = classes_of(table["label"], multilabel=multilabel)
    splits = splits_of(recipe, table, multilabel=multilabel)
    all_folds = tuple(split.name for split in splits)
    check_fold_names(all_folds)
    splits = select_folds(splits, folds)
    if not is_final:
        check_classes(splits, table, classes, recipe, multilabel=multilabel)
    for split in splits:
        check_fold(split, with_validation=recipe.select == "validation")
    model = check_model(recipe, n_classes=len(classes), may_download=may_download)
    height, width = model.input_shape[1:3]
    recipe = settled(recipe)
    work = work_of(model, recipe)
    n_duplicates = _duplicates(table, recipe)
    facts = clip_statistics(table)
    used = np.unique(np.concatenate([part for s in splits for part in (s.train, s.validation, s.test)]))
    place = np.full(len(table), -1)
    place[used] = np.arange(len(used))
    splits = [
        replace(split, train=place[split.train], validation=place[split.validation], test=place[split.test])
        for split in splits
    ]
    table = table.iloc[used].reset_index(drop=True)
    images = open_images(image_folder, settings, table, size=(height, width), cache=cache)
    run = Run(
        folder=folder,
        images=image_folder,
        recipe=recipe,
        classes=classes,
        input_size=(height, width),
        folds=tuple(split.name for split in splits),
        all_folds=all_folds,
        collection=settings["collection"]["name"],
        versions=versions(),
        table_sha256=digest,
        trained_on=facts,
        multilabel=multilabel,
    )
    return Prepared(run, settings, table, images, splits, False, n_duplicates, cache, work)


def versions() -> dict[str, str]:
    """Python and the packages that training depends on."""
    import platform
    from importlib.metadata import version

    import keras

    backend = keras.backend.backend()
    packages = ("keras", backend, "numpy", "scipy", "scikit-learn", "pillow")
    return {"python": platform.python_version(), "backend": backend} | {name: version(name) for name in packages}


def _check_transforms(recipe: Recipe) -> None:
    """Check that the values of transforms can be read, before anything is loaded."""
    SpectrogramTransforms.from_values(recipe.spectrogram_values)
    arguments = image_arguments(recipe.image_preset, recipe.image_values)
    if "image" in recipe.augment:
        ImageTransforms(arguments).try_out()


def _duplicates(table: pd.DataFrame, recipe: Recipe) -> dict[str, int]:
    """How many images of each variant equal their original; `paper` trains on them."""
    if recipe.protocol == "paper":
        return {}
    variants = table.loc[table["duplicate"], "variant"]
    wanted = variants if recipe.train_variants is None else variants[variants.isin(recipe.train_variants)]
    return {str(name): int(n) for name, n in wanted.value_counts().items()}


def settled(recipe: Recipe) -> Recipe:
    """The recipe with the defaults that depend on other options, so that they are in the run's `config.json`."""
    from train.models.registry import ensemble_size

    start = start_of(recipe)
    views = VIEWS[start] if recipe.views is None and recipe.epochs is None else recipe.views
    recipe = replace(recipe, views=views, ensemble=ensemble_size(recipe))
    if not recipe.fine_tunes:
        return replace(recipe, augment=())
    return replace(recipe, learning_rate=highest_learning_rate(recipe), unfreeze=recipe.unfreeze or "all")


def phases_of(prepared: Prepared, split: Split) -> list[Phase]:
    """The phases of one fold of a prepared run.

    Parameters
    ----------
    prepared : Prepared
    split : Split
        Of the fold; one of `prepared.splits`.

    Returns
    -------
    list of Phase
        See `phases`.
    """
    n_clips = prepared.table["clip_id"].iloc[split.train].nunique()
    return phases(prepared.run.recipe, n_images=len(split.train), n_clips=n_clips)
