"""What a rehearsal predicts, checked before the first clip is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset.background_classes import counted
from generate.dataset.settings import Settings
from generate.dataset.settings_file import refuse_multilabel
from generate.gallery.make import front_of
from generate.runtime.wording import count, listed
from train.data.image_folder import read_images
from train.predict.fold_models import refuse_leaky
from train.rehearse.background import unheard_background
from train.rehearse.degradations import check_installed, degradations_for
from train.rehearse.degraded_clip import DegradingFront
from train.report.results import read_predictions
from train.runs.run_folder import Run


@dataclass(frozen=True)
class Plan:
    """What will be predicted, known before any work.

    Parameters
    ----------
    run : Run
    how : DegradingFront
    tests : pandas.DataFrame
        The test predictions of the run for the clips that are rehearsed; as in its accuracy, without `_background`.
    clips : pandas.DataFrame
        Their originals in `metadata.csv`, by `file_name`.
    calibrated_on : pandas.DataFrame
        All test predictions of the run.
    """

    run: Run
    how: DegradingFront
    tests: pd.DataFrame
    clips: pd.DataFrame
    calibrated_on: pd.DataFrame


def plan_rehearsal(
    run: Run,
    *,
    audio_folder: Path | None = None,
    background_folder: Path | None = None,
    n_recordings: int | None = None,
    seed: int = 0,
) -> Plan:
    """Check everything that can be known before the first clip is read.

    Parameters
    ----------
    run : Run
        With a grouped split, of which at least one fold is finished.
    audio_folder : Path, optional
        Folder of the recordings; default: see `generate.dataset.allowed_recordings`.
    background_folder : Path, optional
        Folder of recordings that are mixed with the clips.
    n_recordings : int, optional
        Rehearse a random sample of so many recordings; default: all.
    seed : int
        Of the sample, the noise and the parts of the background.

    Raises
    ------
    FileNotFoundError, ValueError
        If the run is leaky, not finished or of several labels a clip, or images, audio or background are missing or
        are not those of the run.
    """
    check_installed()
    predictions = read_predictions(run)
    refuse_leaky(run)
    described, table = read_images(run.images)
    refuse_multilabel(described)
    if described["fingerprint"] != run.image_settings()["fingerprint"]:
        raise ValueError(
            f"The images in {str(run.images)!r} were rendered with other settings since the run began. Render them as "
            "they were, or train again."
        )
    _refuse_stereo(Settings.from_json(described["settings"]))
    front, why_not = front_of(run.images, described, audio_folder=audio_folder)
    if front is None:
        raise FileNotFoundError(why_not)
    clips = table.set_index("file_name", drop=False)
    if absent := [name for name in predictions["file_name"] if name not in clips.index]:
        raise ValueError(
            f"The images in {str(run.images)!r} must be those that the run tested. Got none of {listed(absent)}. "
            "Render them again, or train again."
        )
    tests = _sample(predictions[counted(predictions["label"])], n_recordings, seed=seed)
    clips = clips.loc[tests["file_name"]]
    missing = [name for name in dict.fromkeys(clips["audio_file"]) if not (front.audio_folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"The audio of all clips must be in {str(front.audio_folder)!r}. {count(len(missing), 'file')} missing: "
            f"{listed(missing)}. Name the folder with --audio-folder."
        )
    background = None
    if background_folder is not None:
        background = unheard_background(background_folder, table, front.audio_folder, front.settings)
    names = tuple(degradations_for(front.settings.sr, with_background=background is not None))
    how = DegradingFront(front, run.input_size, names, background, seed)
    return Plan(run, how, tests, clips, predictions)


def _refuse_stereo(settings: Settings) -> None:
    if settings.channels == "stereo":
        raise ValueError(
            "The images must be of one channel to be rehearsed: noise and rooms are made for mono. Got images with the "
            f"planes {' '.join(settings.planes)}. Render the recordings without --channels stereo, and train on them."
        )


def _sample(predictions: pd.DataFrame, n_recordings: int | None, *, seed: int) -> pd.DataFrame:
    """The test images of a random sample of the recordings, in their order."""
    names = np.array(sorted(predictions["source_id"].unique()), dtype=object)
    if n_recordings is None:
        return predictions
    if not 1 <= n_recordings <= len(names):
        raise ValueError(
            f"--recordings must be 1 to {len(names)}, the recordings of the run's test clips. Got {n_recordings}. Give "
            "fewer, or leave it out for all."
        )
    chosen = np.random.default_rng(seed).choice(names, n_recordings, replace=False)
    return predictions[predictions["source_id"].isin(chosen)]
