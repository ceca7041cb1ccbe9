"""For the page of a run: where its models looked in test images, as images and as sounds."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import BadAudio
from generate.dataset import mp3, settings_file
from generate.dataset.recordings import leads_out
from generate.dataset.settings import Settings
from generate.gallery.listen import LEADS_OUT, job_of
from generate.gallery.make import front_of
from generate.rendering.clip import Front, Job, open_clip
from generate.runtime.os_compat import has_content, remove_empty_folder
from generate.runtime.safe_names import safe_name
from generate.workers.pool import usable_cores
from generate.workers.processes import map_ordered
from train.data.decode import Images
from train.data.image_folder import open_images
from train.explain.overlay import overlay, write_image
from train.predict.reading import MOST_READERS
from train.runs.run_folder import PROBABILITY, Run

EXPLAINED = "explained"
"""Folder of the run that holds them."""
OWN = re.compile(r".+__(grad_cam|integrated_gradients)\.png|.+__(original|what_mattered)\.mp3", re.DOTALL)
"""What the files in it are called."""


def choose(predictions: pd.DataFrame, *, most: int) -> list[int]:
    """Which test images to explain: the mistakes, the surest first, and the surest right answer of each class.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them.
    most : int
        At most.

    Returns
    -------
    list of int
        Rows.
    """
    sure = np.array([predictions.at[row, PROBABILITY + predictions.at[row, "predicted"]] for row in predictions.index])
    is_right = (predictions["label"] == predictions["predicted"]).to_numpy()
    mistakes = np.flatnonzero(~is_right)
    mistakes = mistakes[np.argsort(-sure[mistakes], kind="stable")]
    right = pd.DataFrame(
        {"row": np.flatnonzero(is_right), "label": predictions["label"][is_right], "sure": sure[is_right]}
    )
    right = right.sort_values("sure", ascending=False, kind="stable")
    right = right.drop_duplicates("label").sort_values("label")["row"]
    return [int(row) for row in [*mistakes, *right]][:most]


def explain_run(
    run: Run, predictions: pd.DataFrame, table: pd.DataFrame, *, most: int, recordings: Path | None = None
) -> tuple[list[dict[str, object] | None], str]:
    """Explain some test images of a run, each by the model that it was a test of.

    Writes for each a `__grad_cam.png`, an `__integrated_gradients.png` and, where the sound can be read, an
    `__original.mp3` and a `__what_mattered.mp3` into the folder `explained` of the run, in place of those of before.

    Parameters
    ----------
    run : Run
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them.
    table : pandas.DataFrame
        Of the image folder.
    most : int
        Images, at most.
    recordings : Path, optional
        Folder of the recordings; default: the one that the images' `settings.json` names, if it lies in the working
        directory (see `generate.dataset.recordings`).

    Returns
    -------
    explained : list of dict or None
        One a row of `predictions`: `stem` of its files, `completeness_error`, `original` and `sound` (whether there
        are those); None where it is not explained.
    why_not : str
        What is missing, and why; empty where nothing is.
    """
    folder = run.folder / EXPLAINED
    if folder.is_symlink():
        raise ValueError(f"{str(folder)!r} is a link, and nothing is written or removed through it; delete it.")
    for path in folder.iterdir() if folder.is_dir() else ():
        if OWN.fullmatch(path.name):
            with suppress(PermissionError):  # on Windows, where an image or a sound of it is open elsewhere
                path.unlink()
    if folder.is_dir() and not has_content(folder):
        remove_empty_folder(folder)
    explained: list[dict[str, object] | None] = [None] * len(predictions)
    rows = choose(predictions, most=most)
    if not rows:
        return explained, ""
    folder.mkdir(exist_ok=True)
    described = settings_file.read_settings(run.images / settings_file.SETTINGS)
    front, why_not = front_of(run.images, described, audio_folder=recordings)
    clips = table.set_index("file_name")
    silent = []
    chosen = predictions.loc[rows].sort_values("fold", kind="stable")
    originals = chosen.loc[chosen["variant"] == ORIGINAL, "file_name"]
    with _sounds({row: clips.loc[[name]].reset_index() for row, name in originals.items()}, front) as audio_folder:
        for row, images, k, maps in _by_fold(run, chosen, described):
            test = predictions.loc[row]
            stem = safe_name(f"{test['clip_id']}__{test['variant']}")
            for name in ("grad_cam", "integrated_gradients"):
                image = overlay(images.pixels[k], getattr(maps, name)[k], images.palette)
                write_image(folder / f"{stem}__{name}.png", image)
            y = next(audio_folder) if front is not None and test["variant"] == ORIGINAL else None
            if isinstance(y, str):
                silent.append(y)
            elif y is not None:
                attribution = maps.integrated_gradients[k]
                _write_audio(folder, stem, y, front.settings, run.recipe.silent_ends, attribution)
            explained[row] = {
                "stem": stem,
                "completeness_error": float(maps.completeness_error[k]),
                "original": isinstance(y, np.ndarray),
                "audio_file": isinstance(y, np.ndarray),
            }
    if front is None:
        return explained, f"the sounds. {why_not}"
    return explained, f"the sound of {len(silent)} clips, such as {silent[0]}" if silent else ""


@contextmanager
def _sounds(clips: Mapping[int, pd.DataFrame], front: Front | None) -> Iterator[Iterator[np.ndarray | str]]:
    """The sound of each clip in order, or its name and why there is none; read in processes of their own."""
    if front is None:
        yield iter(())
        return
    parts = ((row, job_of(clip, front)) for row, clip in clips.items())
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        closing(
            map_ordered(
                partial(_read, front=front),
                parts,
                workers=min(MOST_READERS, usable_cores()),
                temporary_folder=Path(temporary),
            )
        ) as outcomes,
    ):
        yield (f"{job.path}: {outcome}" if isinstance(outcome, str) else outcome for (_, job), outcome in outcomes)


def _read(row: int, job: Job, *, front: Front) -> np.ndarray:
    """A clip as far as its image shows it; what a worker does."""
    if leads_out(job.path, front.audio_folder):
        raise BadAudio(LEADS_OUT)
    return mp3.audible(open_clip(job, front)[1].y[: front.settings.n_samples])


def _by_fold(run: Run, chosen: pd.DataFrame, described: dict[str, object]) -> Iterator[tuple[int, Images, int, object]]:
    """Each row, the images that it is among, its place there, and their explanations; one model in memory at a time."""
    from train.explain.explanations import explain_pixels, image_of_silence
    from train.predict.fold_models import load_models
    from train.predict.windows import front_end

    silence = image_of_silence(front_end(run))
    for fold, tests in chosen.groupby("fold", sort=False):
        models = load_models(run, [fold])
        how = {"size": run.input_size, "silent_ends": run.recipe.silent_ends, "cache": "memory"}
        images = open_images(run.images, described, tests, **how)
        classes = np.array([run.classes.index(name) for name in tests["predicted"]])
        maps = explain_pixels(models, images.pixels, images.palette, classes, silence=silence)
        for k, row in enumerate(tests.index):
            yield row, images, k, maps


def _write_audio(
    folder: Path, stem: str, y: np.ndarray, settings: Settings, silent_ends: str, attribution: np.ndarray
) -> None:
    """The sound as far as its image shows it, and what of it spoke for the class."""
    from train.explain.masked_audio import masked_sound

    mp3.write(folder / f"{stem}__original.mp3", y, settings.sr)
    masked = masked_sound(y, attribution, settings, silent_ends=silent_ends)
    mp3.write(folder / f"{stem}__what_mattered.mp3", masked, settings.sr)
