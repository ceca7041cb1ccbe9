"""For the page of a run: what its models attend to in test images, as images and as audio."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypedDict

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import BadAudio
from generate.dataset import mp3, settings_file
from generate.dataset.allowed_recordings import leads_out
from generate.dataset.label_sets import split_labels
from generate.dataset.settings import Settings
from generate.features.spectrogram import fit_length, padded_before
from generate.gallery.listen import LEADS_OUT, job_of
from generate.gallery.make import front_of
from generate.rendering.clip import Front, Job, open_clip
from generate.runtime.os_compat import has_content, remove_empty_folder
from generate.runtime.safe_names import safe_name
from generate.runtime.wording import count, on_a_line
from generate.workers.pool import usable_cores
from generate.workers.processes import map_ordered
from train.data.image_folder import open_images
from train.explain.masked_audio import mask_audio
from train.explain.overlay import overlay, write_image
from train.predict.recordings import MAX_READERS
from train.runs.run_folder import PROBABILITY, Run

EXPLAINED = "explained"
"""Folder for the files, in the run's folder."""
OWN = re.compile(r".+__(grad_cam|integrated_gradients)\.png|.+__(original|what_mattered)\.mp3", re.DOTALL)
"""Names of the files in it."""


class ExplainedTest(TypedDict):
    """An explained test image, for the page: `stem` of its files, and whether the audio is among them."""

    stem: str
    completeness_error: float
    has_audio: bool


def choose(predictions: pd.DataFrame, *, most: int) -> list[int]:
    """Choose test images to explain: errors, most confident first, then the most confident correct one a class.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them.
    most : int
        How many, at most.

    Returns
    -------
    list of int
        Rows of `predictions`.
    """
    confidence = np.array(
        [predictions.at[row, PROBABILITY + predictions.at[row, "predicted"]] for row in predictions.index]
    )
    is_correct = (predictions["label"] == predictions["predicted"]).to_numpy()
    errors = np.flatnonzero(~is_correct)
    errors = errors[np.argsort(-confidence[errors], kind="stable")]
    correct = pd.DataFrame(
        {
            "row": np.flatnonzero(is_correct),
            "label": predictions["label"][is_correct],
            "confidence": confidence[is_correct],
        }
    )
    correct = correct.sort_values("confidence", ascending=False, kind="stable")
    correct = correct.drop_duplicates("label").sort_values("label")["row"]
    return [int(row) for row in [*errors, *correct]][:most]


def most_probable(run: Run, predictions: pd.DataFrame) -> pd.DataFrame:
    """The predictions of clips with several labels, as those of the most probable class alone.

    Returns
    -------
    pandas.DataFrame
        `predicted` is that class, and `label` the same where the clip has it, else all that it has.
    """
    columns = [PROBABILITY + name for name in run.classes]
    best = [run.classes[k] for k in predictions[columns].to_numpy().argmax(axis=1)]
    labels = [
        name if name in split_labels(label) else label for name, label in zip(best, predictions["label"], strict=True)
    ]
    return predictions.assign(predicted=best, label=labels)


def explain_run(
    run: Run, predictions: pd.DataFrame, table: pd.DataFrame, *, most: int, audio_folder: Path | None = None
) -> tuple[list[ExplainedTest | None], str]:
    """Explain some test images of a run, each by the model that it was a test of.

    Writes for each a `__grad_cam.png`, an `__integrated_gradients.png` and, if the audio can be read, an
    `__original.mp3` and a `__what_mattered.mp3` into the folder `explained` of the run, in place of earlier ones.

    Parameters
    ----------
    run : Run
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them.
    table : pandas.DataFrame
        Of the image folder.
    most : int
        How many images, at most.
    audio_folder : Path, optional
        Folder of the recordings; default: the one that the images' `settings.json` names, if it is in the working
        directory (see `generate.dataset.allowed_recordings`).

    Returns
    -------
    explained : list of ExplainedTest or None
        One a row of `predictions`; None if it is not explained.
    why_not : str
        What is missing, and why; empty if nothing is.
    """
    folder = run.folder / EXPLAINED
    explained: list[ExplainedTest | None] = [None] * len(predictions)
    rows = choose(predictions, most=most)
    if not rows:
        _remove_own_files(folder)
        return explained, ""
    described = settings_file.read_settings(run.images / settings_file.SETTINGS)
    front, why_not = front_of(run.images, described, audio_folder=audio_folder)
    _remove_own_files(folder)  # only now: nothing is lost where a folder is not there
    folder.mkdir(exist_ok=True)
    clips = table.set_index("file_name")
    unreadable = []
    chosen = predictions.loc[rows].sort_values("fold", kind="stable")
    originals = chosen.loc[chosen["variant"] == ORIGINAL, "file_name"]
    with _clips_audio({row: clips.loc[[name]].reset_index() for row, name in originals.items()}, front) as audio:
        for row, test in _attributions_by_fold(run, chosen, described):
            clip, variant = predictions.at[row, "clip_id"], predictions.at[row, "variant"]
            stem = safe_name(f"{clip}__{variant}")
            for name, attribution in (("grad_cam", test.grad_cam), ("integrated_gradients", test.integrated)):
                write_image(folder / f"{stem}__{name}.png", overlay(test.pixels, attribution, test.palette))
            y = next(audio) if front is not None and variant == ORIGINAL else None
            if isinstance(y, str):
                unreadable.append(y)
            elif y is not None and front is not None:
                _write_audio(folder, stem, y, front.settings, test.integrated)
            explained[row] = {
                "stem": stem,
                "completeness_error": test.completeness_error,
                "has_audio": isinstance(y, np.ndarray),
            }
    if front is None:
        return explained, f"the audio. {why_not}"
    if not unreadable:
        return explained, ""
    return explained, f"the audio of {count(len(unreadable), 'clip')}, such as {on_a_line(unreadable[0])}"


def nearest_of_class(
    shrunk: np.ndarray, labels: np.ndarray, *, rows: np.ndarray, train: np.ndarray, label: str
) -> np.ndarray:
    """Find the training image of a class that is nearest to each of some images.

    Parameters
    ----------
    shrunk : np.ndarray, shape=(n_images, n), uint8 or float32
        From `train.report.knn_baseline.shrink`; the distance is Euclidean.
    labels : np.ndarray, shape=(n_images,)
    rows : np.ndarray, shape=(n,), int
        Images to find the nearest one of.
    train : np.ndarray, shape=(n_train,), int
        Rows of the training images.
    label : str
        The class.

    Returns
    -------
    np.ndarray, shape=(n,), int
        Rows of `shrunk`; -1 if there is no training image of the class.
    """
    candidates = train[labels[train] == label]
    if not len(candidates) or not len(rows):
        return np.full(len(rows), -1)
    # |a - b|^2 = |a|^2 - 2ab + |b|^2, and |a|^2 is the same for all candidates.
    a, b = shrunk[rows].astype(np.float32), shrunk[candidates].astype(np.float32)
    distances = (b**2).sum(axis=1) - 2 * a @ b.T
    return candidates[distances.argmin(axis=1)]


def _remove_own_files(folder: Path) -> None:
    """Remove the files of an earlier report, and the folder if it is then empty."""
    if folder.is_symlink():
        raise ValueError(f"{str(folder)!r} must not be a link: nothing is written or removed through it. Delete it.")
    for path in folder.iterdir() if folder.is_dir() else ():
        if OWN.fullmatch(path.name):
            with suppress(PermissionError):  # on Windows, if another program has the file open
                path.unlink()
    if folder.is_dir() and not has_content(folder):
        remove_empty_folder(folder)


@contextmanager
def _clips_audio(clips: Mapping[int, pd.DataFrame], front: Front | None) -> Iterator[Iterator[np.ndarray | str]]:
    """Yield the samples of each clip in order, or why they could not be read; worker processes read them."""
    if front is None:
        yield iter(())
        return
    parts = ((row, job_of(clip, front)) for row, clip in clips.items())
    workers = min(MAX_READERS, usable_cores())
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        closing(
            map_ordered(partial(_read, front=front), parts, workers=workers, temporary_folder=Path(temporary))
        ) as outcomes,
    ):
        yield (f"{job.path}: {outcome}" if isinstance(outcome, str) else outcome for (_, job), outcome in outcomes)


def _read(row: int, job: Job, *, front: Front) -> np.ndarray:
    """Read a clip as far as its image shows it; runs in a worker."""
    if leads_out(job.path, front.audio_folder):
        raise BadAudio(LEADS_OUT)
    settings, y = front.settings, open_clip(job, front)[1].y
    if settings.pad == "random":
        y = fit_length(y, settings.n_samples, pad=settings.pad, before=padded_before(settings, job.clip_id))
    return mp3.audible(y[..., : settings.n_samples])


class _Test(NamedTuple):
    """A test image and its attributions."""

    pixels: np.ndarray
    palette: np.ndarray | None
    grad_cam: np.ndarray
    integrated: np.ndarray
    completeness_error: float


def _attributions_by_fold(
    run: Run, chosen: pd.DataFrame, described: settings_file.SettingsFile
) -> Iterator[tuple[int, _Test]]:
    """Yield each row with its attributions; one model is in memory at a time."""
    from train.explain.attribution import attribute  # loads Keras
    from train.predict.fold_models import models_in_turn
    from train.predict.windows import front_end

    silence = front_end(run).silent_pixels()
    tests_of = {str(fold): tests for fold, tests in chosen.groupby("fold", sort=False)}
    for fold, model in models_in_turn(run, list(tests_of)):
        tests = tests_of[fold]
        images = open_images(run.images, described, tests, size=run.input_size, cache="memory")
        classes = np.array([run.classes.index(name) for name in tests["predicted"]])
        pixels = images.pixels[: len(tests)]
        found = attribute([model], pixels, images.palette, classes, silence=silence)
        for k, row in enumerate(tests.index):
            yield (
                row,
                _Test(
                    pixels[k],
                    images.palette,
                    found.grad_cam[k],
                    found.integrated_gradients[k],
                    float(found.completeness_error[k]),
                ),
            )


def _write_audio(folder: Path, stem: str, y: np.ndarray, settings: Settings, attribution: np.ndarray) -> None:
    """Write the audio as far as its image shows it, and what of it is evidence for the class."""
    mp3.write(folder / f"{stem}__original.mp3", y, settings.sr)
    mp3.write(folder / f"{stem}__what_mattered.mp3", mask_audio(y, attribution, settings), settings.sr)
