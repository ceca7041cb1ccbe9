"""The tables of Mushtaq et al.: `python -m benchmarks.papers IMAGES [--models cnn9 ...] [--quick]`.

Trains the networks that they list, with their two kinds of augmentation, under their kind of protocol (all images at
random, which is leaky) and under the grouped one, and prints the accuracies beside the published figures. IMAGES is an
image folder of ESC-10, ESC-50 or UrbanSound8K with `--variants paper`. Wants a GPU; a run that is finished is not
trained again, and one that was stopped resumes. A model whose weights are not at hand is named, with the file to fetch.

`--quick` tries all of it in minutes on two cores: two classes, one epoch, small images and random weights. Its figures
are no measurement.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment_audio import PRESETS
from benchmarks.measure import RESULTS, show
from train import backend
from train.data.image_folder import read_images
from train.recipe import Recipe

if TYPE_CHECKING:
    from train.report.report import Report

MODELS = ("cnn7", "cnn9", "squeezenet", "alexnet", "vgg16", "densenet161", "resnet152")
"""From small to large. Which VGG they took was not found out; VGG-16 stands for it. The two CNNs are ours of as many
layers: theirs were not found described in full."""
PAPER = PRESETS["paper"]
AUGMENTATIONS: dict[str, dict[str, Any]] = {
    "TAA": {"train_variants": (), "augment": ("image",), "image_preset": "paper"},
    "NAA": {"train_variants": PAPER, "augment": ()},
}
"""Traditional: random transforms of the images; new: stored variants of the audio. By Mushtaq, Su and Tran, 2021."""
PROTOCOLS = {"paper": "their protocol (leaky)", "folds": "grouped"}
QUICK: dict[str, Any] = {"weights": "none", "epochs": 1, "input_size": 64}
LARGE = frozenset({"vgg16", "densenet161", "resnet152"})
"""With `--quick` they are trained once instead of four times."""
NO_MEASUREMENT = "no measurement"


@dataclass(frozen=True)
class Published:
    """A published accuracy.

    Parameters
    ----------
    collection : str
        A key of `COLLECTIONS`.
    model, augmentation : str
        As the paper calls them.
    accuracy : float
        In percent.
    paper : str
    """

    collection: str
    model: str
    augmentation: str
    accuracy: float
    paper: str


PAPER_2020 = (
    'Mushtaq, Su, "Environmental sound classification using a regularized deep convolutional neural network with data '
    'augmentation", Applied Acoustics, 2020'
)
SYMMETRY_2020 = "Mushtaq, Su, Symmetry 12(11), 1822, 2020 (https://doi.org/10.3390/sym12111822)"
PUBLISHED = (
    *(
        Published(name, "DCNN without max-pooling", "offline, log-mel", accuracy, PAPER_2020)
        for name, accuracy in (("ESC-10", 94.94), ("ESC-50", 89.28), ("UrbanSound8K", 95.37))
    ),
    *(
        Published(name, "DenseNet-161", "stacked features", accuracy, SYMMETRY_2020)
        for name, accuracy in (("ESC-10", 99.22), ("ESC-50", 98.52), ("UrbanSound8K", 97.98))
    ),
)
"""From the abstracts of both papers; neither is of TAA or NAA. What split they were measured with was not found out."""
NOT_VERIFIED = (
    "No figure of Mushtaq, Su, Tran, Applied Acoustics 172, 2021 (https://doi.org/10.1016/j.apacoust.2020.107581), "
    "whose models and augmentations these are, could be verified; none is printed."
)
COLLECTIONS = {("esc10", ""): "ESC-10", ("esc50", "esc10"): "ESC-10", ("esc50", ""): "ESC-50"} | {
    ("urbansound8k", ""): "UrbanSound8K"
}
"""By layout and subset of an image folder."""


@dataclass(frozen=True)
class Planned:
    """One run.

    Parameters
    ----------
    model, augmentation, protocol : str
        Of `MODELS`, `AUGMENTATIONS` and `PROTOCOLS`.
    recipe : Recipe
    """

    model: str
    augmentation: str
    protocol: str
    recipe: Recipe

    @property
    def name(self) -> str:
        """Of the run's folder."""
        return f"{self.model}-{self.augmentation}-{self.protocol}"


def plan(models: Sequence[str], classes: Sequence[str], *, quick: bool) -> list[Planned]:
    """The runs, those of small models first.

    Parameters
    ----------
    models : sequence of str
    classes : sequence of str
        Of the images.
    quick : bool
    """
    runs = []
    for model in models:
        for augmentation, options in AUGMENTATIONS.items():
            for protocol in PROTOCOLS:
                recipe = Recipe.from_values({"model": model, "protocol": protocol, "ensemble": 1, **options})
                if quick:
                    variants = (recipe.train_variants or ())[:1]
                    recipe = replace(recipe, train_variants=variants, classes=tuple(classes[:2]), **QUICK)
                runs.append(Planned(model, augmentation, protocol, recipe))
    return [run for run in runs if not (quick and run.model in LARGE and run.name[len(run.model) :] != "-NAA-folds")]


def report_of(run: Planned, images: Path, runs: Path, *, folds: Sequence[str] | None) -> Report:
    """The report of a run, which is trained or resumed first unless it is finished."""
    from train.report.report import read_report
    from train.runs.run_folder import CONFIG, REPORT, read_run
    from train.training.cross_validation import execute
    from train.training.prepare import prepare, resume, settled

    folder = runs / run.name
    if (folder / CONFIG).is_file():
        begun = read_run(folder)
        if begun.recipe != settled(run.recipe) or begun.images.resolve() != images.resolve():
            raise ValueError(f"The run {str(folder)!r} was begun with other images or options. Move it away.")
        if begun.finished_folds == begun.folds and (folder / REPORT).is_file():
            return read_report(folder)
        return execute(resume(folder), n_explained=0)
    of_protocol = folds if run.protocol == "folds" else None
    return execute(prepare(images, run.recipe, folds=of_protocol, name=run.name, runs=runs), n_explained=0)


def without_weights(runs: Sequence[Planned]) -> dict[str, str]:
    """The models whose weights are not at hand and cannot be downloaded, and what to do."""
    from train.models.check_model import check_model

    missing = {}
    for model, recipe in {run.model: run.recipe for run in runs}.items():
        try:
            check_model(recipe, n_classes=2)
        except FileNotFoundError as error:
            missing[model] = str(error).partition("; or take --weights")[0] + "."
    return missing


def table_of(
    reports: Mapping[tuple[str, str, str], Report], models: Sequence[str], *, collection: str, quick: bool
) -> list[dict[str, object]]:
    """A row for each model and augmentation, and for each published figure.

    Parameters
    ----------
    reports : Mapping of (str, str, str) to Report
        By model, augmentation and protocol.
    models : sequence of str
    collection : str
        A key of `PUBLISHED`, or empty.
    quick : bool
        Whether its accuracies are to be marked.
    """
    rows: list[dict[str, object]] = [
        {
            "model": model,
            "augmentation": augmentation,
            **{
                heading: _accuracy(reports.get((model, augmentation, protocol)), quick=quick)
                for protocol, heading in PROTOCOLS.items()
            },
            "published": "",
        }
        for model in models
        for augmentation in AUGMENTATIONS
    ]
    empty = dict.fromkeys(PROTOCOLS.values(), "")
    rows += [
        {"model": row.model, "augmentation": row.augmentation, **empty, "published": f"{row.accuracy:.2f} %"}
        for row in PUBLISHED
        if row.collection == collection
    ]
    return rows


def _accuracy(report: Report | None, *, quick: bool) -> str:
    from train.report.interval_text import ends_in_words
    from train.wording import percent

    if report is None:
        return "not trained"
    pooled = report.pooled
    if quick:
        return f"{percent(pooled.accuracy)} ({NO_MEASUREMENT})"
    return f"{percent(pooled.accuracy)} ({ends_in_words(pooled)}; {pooled.n_images:,} images)"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is left, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.papers", description=__doc__.partition("\n")[0])
    parser.add_argument("images", metavar="IMAGES", type=Path, help="image folder with --variants paper")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), help="only these")
    parser.add_argument("--quick", action="store_true", help="try all of it; the figures are no measurement")
    options = parser.parse_args(arguments)
    settings, table = read_images(options.images)
    if absent := [variant for variant in PAPER if variant not in set(table["variant"])]:
        parser.error(f"IMAGES must have the variants {', '.join(PAPER)}. Got none of {absent[0]}. Render them.")
    origin = settings["collection"]
    collection = COLLECTIONS.get((origin["layout"], origin["subset"]), "")
    backend.set_up()
    runs = plan(options.models, sorted(table["label"].unique()), quick=options.quick)
    folds = sorted(set(table["fold"]) - {""})[:1] or None if options.quick else None
    missing = without_weights(runs)
    for message in missing.values():
        print(message, flush=True)
    folder = RESULTS / f"papers{'-quick' if options.quick else ''}" / options.images.resolve().name
    reports = {}
    for run in runs:
        if run.model not in missing:
            print(f"{run.name} ...", flush=True)
            report = report_of(run, options.images, folder, folds=folds)
            reports[run.model, run.augmentation, run.protocol] = report
    rows = table_of(reports, options.models, collection=collection, quick=options.quick)
    title = f"{collection or options.images.name}: accuracy, 95 % interval over recordings"
    if options.quick:
        title = f"{collection or options.images.name}, --quick: one epoch of two classes, {NO_MEASUREMENT}"
    show(title, rows, file_name=f"papers{'-quick' if options.quick else ''}.csv")
    papers = dict.fromkeys(row.paper for row in PUBLISHED if row.collection == collection)
    print("\n".join([*(f"Published (abstract): {paper}" for paper in papers), NOT_VERIFIED, f"Runs: {folder}"]))


if __name__ == "__main__":
    main()
