"""The clips that an export is checked with: their audio, and the program's own images and probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import BadAudio
from generate.dataset import tables
from generate.dataset.allowed_recordings import leads_out, recordings_of
from generate.dataset.settings_file import SETTINGS, read_settings
from generate.features.spectrogram import fit_length
from train.data.decode import colour
from train.data.reviewed import is_added
from train.data.select_classes import select_classes
from train.export.subject import Subject
from train.predict.windows import Window, read_window

COLUMNS = ["clip_id", "source_id", "label", "audio_file", "start_s"]


@dataclass(frozen=True)
class Clips:
    """The clips that an export is checked with.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a clip: `clip_id`, `source_id`, `label`, `audio_file`, `start_s`.
    audio_folder : Path
    are_held_out : bool
        Whether no model of the export was trained on a recording of these.
    """

    table: pd.DataFrame
    audio_folder: Path
    are_held_out: bool


@dataclass(frozen=True)
class Checked:
    """A clip that was read.

    Parameters
    ----------
    row : int
        Of `Clips.table`.
    window : Window
        With its samples.
    input : np.ndarray, float32
        What the exported file is given: samples, shape=(n_samples,), or an image, shape=(height, width, 3).
    """

    row: int
    window: Window
    input: np.ndarray


def clips_of(subject: Subject, *, audio_folder: Path | None = None) -> Clips:
    """The test clips of a fold for the model of that fold; else all clips of the run.

    Parameters
    ----------
    subject : Subject
    audio_folder : Path, optional
        Of the recordings; see `generate.dataset.allowed_recordings.recordings_of`.

    Raises
    ------
    FileNotFoundError, ValueError
        If the images' table is not there, or no recording is.
    """
    run, fold = subject.run, subject.held_out_fold
    path = run.images / tables.METADATA
    if not path.is_file():
        raise FileNotFoundError(
            f"The images of the run must be there, to check an export with its clips. There is no file {str(path)!r}. "
            "Export where the run was trained."
        )
    folder, why_not = recordings_of(run.images, read_settings(run.images / SETTINGS), given=audio_folder)
    if folder is None:
        raise ValueError(f"The recordings must be there, to check an export with them. {why_not}")
    table = select_classes(tables.read_metadata(path), run.recipe, multilabel=run.multilabel)
    is_of_collection = (table["variant"] == ORIGINAL) & ~is_added(table)
    table = table[is_of_collection & ~table["silent"].astype(bool)]
    if fold is not None:
        tested = run.read_fold_predictions(fold).set_index("clip_id")["label"]  # a review may have changed it since
        table = table[table["clip_id"].isin(tested.index)]
        table = table.assign(label=table["clip_id"].map(tested))
    files = table["audio_file"]
    if len(files) and not any((folder / file).is_file() for file in files if not leads_out(file, folder)):
        raise FileNotFoundError(
            f"The recordings must be there, to check an export with them. Got the folder {str(folder)!r}, which has "
            f"none of them, such as {files.iloc[0]!r}. Give their folder with --audio-folder."
        )
    return Clips(table[COLUMNS].reset_index(drop=True), folder, fold is not None)


def read_clips(clips: Clips, subject: Subject, *, unreadable: list[str]) -> Iterator[Checked]:
    """Read the clips one after the other; silent ones are left out, as nothing is predicted for them.

    Parameters
    ----------
    clips : Clips
    subject : Subject
    unreadable : list of str
        Files that could not be read, with the reason, are added.
    """
    front = subject.front
    for row, (file, start_s) in enumerate(zip(clips.table["audio_file"], clips.table["start_s"], strict=True)):
        try:
            if leads_out(file, clips.audio_folder):
                raise BadAudio("it leads out of the folder of the recordings")
            window = read_window(clips.audio_folder / file, float(start_s), front, with_audio=True)
        except (BadAudio, OSError) as error:
            unreadable.append(f"{file}: {error}")
            continue
        if window.is_silent or window.y is None:
            continue
        if subject.input == "audio":
            given = fit_length(window.y, front.settings.n_samples, pad=front.settings.pad)
        else:
            given = colour(window.pixels, front.palette)
        yield Checked(row, window, given.astype(np.float32))
