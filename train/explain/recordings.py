"""Recordings to files that show and let hear what a run's models go by, one window after the other."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import soundfile

from generate.dataset.mp3 import audible
from generate.runtime.atomic_write import atomic_write
from generate.runtime.os_compat import is_system_file
from generate.runtime.safe_names import printable, unique_ids
from train.data.decode import colour
from train.explain.explanations import Explanations, explain_pixels, image_of_silence
from train.explain.masked_audio import masked_sound
from train.explain.overlay import overlay, write_image
from train.predict.fold_models import mean_probabilities
from train.predict.predictions import Rejected, WindowPrediction
from train.predict.reading import reading
from train.predict.windows import FrontEnd, Window, read_window_and_audio

if TYPE_CHECKING:
    import keras

TABLE = "explanations.csv"
OWN = re.compile(
    r".+__(image|grad_cam|integrated_gradients)\.png|.+__what_mattered\.wav|explanations\.csv|.+\.\d+\.tmp", re.DOTALL
)
"""What the files are called that are written here."""


def check_ours(folder: Path) -> None:
    """Check that a folder for explanations is new, or holds such.

    Parameters
    ----------
    folder : Path
        Which need not exist.

    Raises
    ------
    ValueError
        If it is a file, or holds something else and no explanations.
    """
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise ValueError(
            f"--output must be a folder. Got {str(folder)!r}, which is a file; give one such as explained."
        )
    names = [name for name in os.listdir(folder) if not is_system_file(name)]
    foreign = sorted(name for name in names if not OWN.fullmatch(name))
    if foreign and TABLE not in names:
        raise ValueError(
            f"--output must be a new folder, or one of explanations. Got {str(folder)!r}, which holds {foreign[0]!r} "
            f"and no {TABLE}; give another one."
        )


class Explained(NamedTuple):
    """A window that was read; where there is nothing to hear, it has neither class nor files."""

    name: str
    heard: WindowPrediction
    label: str = ""
    probability: float = np.nan
    completeness_error: float = np.nan
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explainer:
    """How windows are explained, and where to.

    Parameters
    ----------
    front : FrontEnd
    models : tuple of keras.Model
        Their mean is explained.
    classes : tuple of str
        In the order of the models' outputs.
    folder : Path
        For the files; those of the same names are replaced.
    label : int or None
        Place of the class that is explained; None: the likeliest of each window.
    batch_size : int
        Images that go through a model at once.
    """

    front: FrontEnd
    models: tuple[keras.Model, ...]
    classes: tuple[str, ...]
    folder: Path
    label: int | None = None
    batch_size: int = 32

    @cached_property
    def silence(self) -> np.ndarray:
        """The image of silence as a model sees it, shape=(height, width), uint8."""
        return image_of_silence(self.front)

    def explain(self, name: str, path: Path, window: Window, y: np.ndarray) -> Explained:
        """Explain one window of a recording and write its files, which are called `name` and what they hold."""
        file = printable(str(path))
        if window.is_silent:
            return Explained(name, WindowPrediction(file, window.start_s, window.end_s, None, window.sha256))
        batch = window.pixels[np.newaxis]
        probabilities = mean_probabilities(self.models, colour(batch, self.front.palette))[0]
        label = int(probabilities.argmax()) if self.label is None else self.label
        maps = explain_pixels(
            self.models,
            batch,
            self.front.palette,
            np.array([label]),
            silence=self.silence,
            batch_size=self.batch_size,
        )
        return Explained(
            name=name,
            heard=WindowPrediction(file, window.start_s, window.end_s, probabilities, window.sha256),
            label=self.classes[label],
            probability=float(probabilities[label]),
            completeness_error=float(maps.completeness_error[0]),
            files=self._write(name, window.pixels, maps, y),
        )

    def _write(self, name: str, pixels: np.ndarray, maps: Explanations, y: np.ndarray) -> tuple[str, ...]:
        """Write the files of a window, and say what they are called."""
        front, grad_cam, integrated = self.front, maps.grad_cam[0], maps.integrated_gradients[0]
        images = {
            f"{name}__image.png": colour(pixels, front.palette),
            f"{name}__grad_cam.png": overlay(pixels, grad_cam, front.palette),
            f"{name}__integrated_gradients.png": overlay(pixels, integrated, front.palette),
        }
        for file_name, image in images.items():
            write_image(self.folder / file_name, image)
        sound = f"{name}__what_mattered.wav"
        masked = masked_sound(audible(y), integrated, front.settings, silent_ends=front.silent_ends)
        encoded = io.BytesIO()  # where the disk is full libsndfile does not say so
        soundfile.write(encoded, np.clip(masked, -1, 1), front.settings.sr, format="WAV", subtype="PCM_16")
        with atomic_write(self.folder / sound, to_disk=False) as temporary:
            temporary.write_bytes(encoded.getbuffer())
        return *images, sound


def explain_recordings(recordings: Sequence[Path], explainer: Explainer) -> tuple[list[Explained], list[Rejected]]:
    """Explain every window of every recording, one after the other.

    Parameters
    ----------
    recordings : sequence of Path
    explainer : Explainer
        Its folder is made.

    Returns
    -------
    explained : list of Explained
        One a window, in order.
    rejected : list of Rejected
        Recordings, or the rest of one, that could not be read.
    """
    explainer.folder.mkdir(parents=True, exist_ok=True)
    with reading(recordings, read_window_and_audio, explainer.front) as found:
        names = _names(found.starts)
        explained = [
            explainer.explain(names[path, start_s], path, window, y) for path, start_s, (window, y) in found.windows
        ]
    return explained, found.rejected


def table_of(explained: Sequence[Explained]) -> pd.DataFrame:
    """One row a window.

    Returns
    -------
    pandas.DataFrame
        `name`, `file`, `start_s`, `end_s`, `silent`, `class`, `probability`, `completeness_error` (a part of what the
        integrated gradients should add up to) and `files`, relative to the table, with `;` between them.
    """
    rows = [
        {
            "name": one.name,
            "file": one.heard.file,
            "start_s": round(one.heard.start_s, 3),
            "end_s": round(one.heard.end_s, 3),
            "silent": one.heard.probabilities is None,
            "class": one.label,
            "probability": round(one.probability, 6),
            "completeness_error": round(one.completeness_error, 6),
            "files": ";".join(one.files),
        }
        for one in explained
    ]
    return pd.DataFrame(rows)


def _names(starts: Mapping[Path, np.ndarray]) -> dict[tuple[Path, float], str]:
    """What the files of each window are called: as its recording, with where it begins if that has several."""
    names, places = {}, []
    for path, starts_s in starts.items():
        for start_s in map(float, starts_s):
            at = f"__{start_s:g}s" if len(starts_s) > 1 else ""
            names[path, start_s] = f"{path.stem}{at}"
            places.append(f"{path}{at}")
    return dict(zip(names, unique_ids(list(names.values()), places), strict=True))
