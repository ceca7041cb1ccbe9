"""What an exported file says of itself: in its own metadata and in `export.json`."""

from __future__ import annotations

from generate.dataset.settings import Settings
from train.data.clip_statistics import quietest_dbfs
from train.export.subject import Subject
from train.predict.fold_models import is_leaky
from train.predict.predict_recordings import MARGIN_DB
from train.report.report import Report
from train.report.summary import accuracy_text
from train.runs.run_folder import FINAL


def metadata(subject: Subject, report: Report) -> dict[str, object]:
    """What a user of the file must know, by name; texts and what JSON can hold.

    Parameters
    ----------
    subject : Subject
    report : Report
        Of its run.
    """
    run, settings = subject.run, subject.front.settings
    quietest = quietest_dbfs(run.trained_on)
    height, width = subject.size
    audio: dict[str, object] = {
        "sample_rate_hz": settings.sr,
        "n_samples": settings.n_samples,
        "window_s": settings.seconds,
        "channels": settings.channels,
        "pad": settings.pad,
    }
    image = {"height": height, "width": width, **_colours(settings)}
    return {
        "input": subject.input,
        **(audio if subject.input == "audio" else image),
        "classes": list(run.classes),
        "multilabel": run.multilabel,
        "thresholds": {name: subject.calibration.threshold(name) for name in run.classes},
        "temperature": subject.calibration.temperature,
        "min_dbfs": None if quietest is None else quietest - MARGIN_DB,
        "run": run.folder.resolve().name,
        "images_sha256": run.table_sha256,
        "model": run.recipe.model,
        "trained_on": trained_on(subject),
        "accuracy": accuracy_in_full(report),
        "is_leaky": is_leaky(run),
        "collection": run.collection,
        "licence": licence(subject),
        "citation": run.image_settings()["collection"]["citation"],
    }


def _colours(settings: Settings) -> dict[str, object]:
    """What red, green and blue of an image are."""
    return {"planes": list(settings.planes)} if settings.planes else {"colormap": settings.colormap}


def trained_on(subject: Subject) -> str:
    """Which models these are, in words."""
    run, folds = subject.run, subject.folds
    if folds == (FINAL,):
        return "all recordings of the run (the final model)"
    is_one = len(folds) == 1
    models = (
        f"the model of fold {folds[0]}" if is_one else f"the mean of {len(folds)} models, of folds {', '.join(folds)}"
    )
    if is_leaky(run):
        return f"images of the recordings that {'it was' if is_one else 'they were'} tested with, too (leaky; {models})"
    others = f"all folds but {folds[0]}" if is_one else "the others"
    if run.recipe.select == "validation":
        others += f"{' and' if is_one else ' but'} the one that chose its epoch (--select validation)"
    return others if is_one else f"{models}, each trained on {others}"


def accuracy_in_full(report: Report) -> str:
    """The cross-validated accuracy of the run, with its interval; it says where it is leaky."""
    return f"{'LEAKY: ' if report.is_leaky else ''}{accuracy_text(report)}"


def licence(subject: Subject) -> str:
    """Under which licences the weights were made: the program knows those of its sources, not that of the result."""
    recipe = subject.run.recipe
    recordings = subject.run.image_settings()["collection"]["licence"]
    start = "" if recipe.weights == "none" else f"; training began with the weights {recipe.weights} of {recipe.model}"
    if recipe.weights == "imagenet" and recipe.model.startswith("efficientnet_lite"):
        start += " (Apache-2.0)"
    return f"trained on recordings under: {recordings or 'no stated licence; ask whoever recorded them'}{start}"
