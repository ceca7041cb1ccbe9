"""Recordings to files that show and let hear what a run's nets go by, one window after the other."""

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
from generate.readers.collection import printable, unique_ids
from generate.runtime.atomic_write import whole_file
from generate.runtime.os_compat import is_of_the_system
from train.data.decode import colour
from train.explain.explanations import Explanations, explain_levels, picture_of_silence
from train.explain.masked_sound import masked_sound
from train.explain.overlay import overlay, write_picture
from train.predict.fold_models import mean_probabilities
from train.predict.predictions import Heard, Rejected
from train.predict.reading import reading
from train.predict.windows import FrontEnd, Window, read_window_and_sound

if TYPE_CHECKING:
    import keras

TABLE = "explanations.csv"
OWN = re.compile(
    r".+__(picture|grad_cam|integrated_gradients)\.png|.+__what_mattered\.wav|explanations\.csv|.+\.\d+\.tmp", re.DOTALL
)
"""What the files are called that are written here."""


def check_ours(folder: Path) -> None:
    """See that a folder for explanations is new, or holds such.

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
    names = [name for name in os.listdir(folder) if not is_of_the_system(name)]
    foreign = sorted(name for name in names if not OWN.fullmatch(name))
    if foreign and TABLE not in names:
        raise ValueError(
            f"--output must be a new folder, or one of explanations. Got {str(folder)!r}, which holds {foreign[0]!r} "
            f"and no {TABLE}; give another one."
        )


class Explained(NamedTuple):
    """A window that was read; where there is nothing to hear, it has neither class nor files."""

    name: str
    heard: Heard
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
    nets : tuple of keras.Model
        Their mean is explained.
    classes : tuple of str
        In the order of the nets' outputs.
    folder : Path
        For the files; those of the same names are replaced.
    label : int or None
        Place of the class that is explained; None: the likeliest of each window.
    batch_size : int
        Pictures that go through a net at once.
    """

    front: FrontEnd
    nets: tuple[keras.Model, ...]
    classes: tuple[str, ...]
    folder: Path
    label: int | None = None
    batch_size: int = 32

    @cached_property
    def silence(self) -> np.ndarray:
        """The picture of silence as a net sees it, shape=(height, width), uint8."""
        return picture_of_silence(self.front)

    def explain(self, name: str, path: Path, window: Window, y: np.ndarray) -> Explained:
        """Explain one window of a recording and write its files, which are called `name` and what they hold."""
        file = printable(str(path))
        if window.is_silent:
            return Explained(name, Heard(file, window.start_s, window.end_s, None, window.sha256))
        batch = window.levels[np.newaxis]
        probabilities = mean_probabilities(self.nets, colour(batch, self.front.palette))[0]
        label = int(probabilities.argmax()) if self.label is None else self.label
        maps = explain_levels(
            self.nets,
            batch,
            self.front.palette,
            np.array([label]),
            silence=self.silence,
            batch_size=self.batch_size,
        )
        return Explained(
            name=name,
            heard=Heard(file, window.start_s, window.end_s, probabilities, window.sha256),
            label=self.classes[label],
            probability=float(probabilities[label]),
            completeness_error=float(maps.completeness_error[0]),
            files=self._write(name, window.levels, maps, y),
        )

    def _write(self, name: str, levels: np.ndarray, maps: Explanations, y: np.ndarray) -> tuple[str, ...]:
        """Write the files of a window, and say what they are called."""
        front, grad_cam, integrated = self.front, maps.grad_cam[0], maps.integrated_gradients[0]
        pictures = {
            f"{name}__picture.png": colour(levels, front.palette),
            f"{name}__grad_cam.png": overlay(levels, grad_cam, front.palette),
            f"{name}__integrated_gradients.png": overlay(levels, integrated, front.palette),
        }
        for file_name, picture in pictures.items():
            write_picture(self.folder / file_name, picture)
        sound = f"{name}__what_mattered.wav"
        masked = masked_sound(audible(y), integrated, front.settings, silent_ends=front.silent_ends)
        encoded = io.BytesIO()  # where the disk is full libsndfile does not say so
        soundfile.write(encoded, np.clip(masked, -1, 1), front.settings.sr, format="WAV", subtype="PCM_16")
        with whole_file(self.folder / sound, to_disk=False) as temporary:
            temporary.write_bytes(encoded.getbuffer())
        return *pictures, sound


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
    with reading(recordings, read_window_and_sound, explainer.front) as found:
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
