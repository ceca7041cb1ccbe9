"""The main function of explanations for new recordings: images and audio of what a run's models attend to."""

from __future__ import annotations

import difflib
import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import soundfile

from generate.dataset import tables
from generate.dataset.mp3 import audible
from generate.runtime.atomic_write import atomic_write
from generate.runtime.os_compat import nfc
from generate.runtime.output_folder import check_output_folder
from generate.runtime.safe_names import printable, unique_ids
from train.data.decode import colour
from train.explain.masked_audio import mask_audio
from train.explain.overlay import overlay, write_image
from train.predict.classifier import Classifier, load_classifier
from train.predict.fold_models import load_models
from train.predict.predict_recordings import Inputs, check_any_read, find_inputs, predict_batch, quiet_level
from train.predict.predictions import WindowPrediction
from train.predict.recordings import Rejected, stream_windows
from train.predict.windows import FrontEnd, Window
from train.runs.run_folder import Run

if TYPE_CHECKING:
    import keras

    from train.explain.attribution import Attributions

TABLE = "explanations.csv"
OWN = re.compile(
    r".+__(image|grad_cam|integrated_gradients)\.png|.+__what_mattered\.wav|explanations\.csv|.+\.\d+\.tmp",
    re.DOTALL,
)
"""Names of the files that are written here."""


class ExplainedWindow(NamedTuple):
    """A window that was read; a silent one has no class and no files."""

    name: str
    prediction: WindowPrediction
    label: str = ""
    probability: float = np.nan
    completeness_error: float = np.nan
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Explanations:
    """Explanations of recordings; their files are in a folder.

    Parameters
    ----------
    folder : Path
    folds : tuple of str
        Whose models were averaged.
    windows : tuple of ExplainedWindow
        In order.
    rejected : tuple of Rejected
        Recordings, or the rest of one, that could not be read.
    rests_s : Mapping of str to float
        By recording: seconds at its end that are in no window.
    """

    folder: Path
    folds: tuple[str, ...]
    windows: tuple[ExplainedWindow, ...]
    rejected: tuple[Rejected, ...]
    rests_s: Mapping[str, float]

    def table(self) -> pd.DataFrame:
        """One row a window.

        Returns
        -------
        pandas.DataFrame
            `name`, `file`, `start_s`, `end_s`, `silent`, `quiet` and `unlike` (explained here; `train.predict` names no
            class), `class`, `probability`, `completeness_error` (see `train.explain.integrated_gradients`) and `files`,
            relative to the folder and separated by `;`.
        """
        rows = [
            {
                "name": window.name,
                "file": window.prediction.file,
                "start_s": round(window.prediction.start_s, 3),
                "end_s": round(window.prediction.end_s, 3),
                "silent": window.prediction.probabilities is None,
                "quiet": window.prediction.is_quiet,
                "unlike": window.prediction.is_unlike,
                "class": window.label,
                "probability": round(window.probability, 6),
                "completeness_error": round(window.completeness_error, 6),
                "files": ";".join(window.files),
            }
            for window in self.windows
        ]
        return pd.DataFrame(rows)


def explain_recordings(
    run: Run,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    folder: Path,
    *,
    label: str | None = None,
    folds: Sequence[str] | None = None,
    batch_size: int = 32,
    on_start: Callable[[Inputs], None] | None = None,
) -> Explanations:
    """Explain the predictions for every window of recordings: `python -m train.explain`.

    Parameters
    ----------
    run : Run
    paths : str, path, or sequence of them
        Audio files, or folders of them.
    folder : Path
        For the files and `explanations.csv`; it is made. Files of the same names are replaced.
    label : str, optional
        The class to explain; default: the most probable one of each window.
    folds : sequence of str, optional
        Use only the models of these folds; default: see `train.predict.fold_models.folds_to_average`.
    batch_size : int
        Images that go through a model at once.
    on_start : callable, optional
        Called before the models are loaded, which takes seconds.

    Returns
    -------
    Explanations

    Raises
    ------
    FileNotFoundError, ValueError
        If a model cannot be loaded, the class is not one of the run, the folder holds other files, or no recording
        could be read.
    """
    inputs = find_inputs(run, paths, folds=folds)
    label_index = None if label is None else _label_index(run, nfc(label))
    check_folder(folder)
    if on_start is not None:
        on_start(inputs)
    windows: list[ExplainedWindow] = []
    rejected, rests_s = inputs.rejected, dict[str, float]()
    if inputs.recordings:
        models = load_models(run, inputs.folds)
        classifier = load_classifier(run, inputs.folds, inputs.calibration, models=models)
        explainer = _Explainer(
            inputs.front, classifier, models, quiet_level(run), run.classes, folder, label_index, batch_size
        )
        folder.mkdir(parents=True, exist_ok=True)
        with stream_windows(inputs.recordings, inputs.front, with_audio=True) as stream:
            names = _names(stream.starts)
            windows = [explainer.explain(names[path, window.start_s], path, window) for path, window in stream.windows]
        rejected, rests_s = rejected + stream.rejected, stream.rests_s
    check_any_read(windows, rejected, "explained")
    explanations = Explanations(folder, inputs.folds, tuple(windows), tuple(rejected), rests_s)
    tables.write_table(folder / TABLE, explanations.table())
    return explanations


def check_folder(folder: Path) -> None:
    """Check that a folder for explanations is new, or holds explanations.

    Parameters
    ----------
    folder : Path
        Which need not exist.

    Raises
    ------
    ValueError
        If it is a file, or holds other files and no explanations.
    """
    check_output_folder(folder, "--output", marker=TABLE, is_own=OWN.fullmatch)


@dataclass(frozen=True)
class _Explainer:
    """What is the same for every window; parameters as in `explain_recordings`."""

    front: FrontEnd
    classifier: Classifier
    models: Sequence[keras.Model]
    quiet_level: float | None
    classes: tuple[str, ...]
    folder: Path
    label_index: int | None
    batch_size: int

    @cached_property
    def silence(self) -> np.ndarray:
        return self.front.silent_pixels()

    def explain(self, name: str, path: Path, window: Window) -> ExplainedWindow:
        """Explain one window and write its files, whose names begin with `name`."""
        from train.explain.attribution import attribute  # loads Keras

        (prediction,) = predict_batch([(printable(str(path)), window)], self.front, self.classifier, min_dbfs=None)
        probabilities = prediction.probabilities
        if probabilities is None:
            return ExplainedWindow(name, prediction)
        palette, pixels = self.front.palette, window.pixels[np.newaxis]
        index = int(probabilities.argmax()) if self.label_index is None else self.label_index
        attributions = attribute(
            self.models, pixels, palette, np.array([index]), silence=self.silence, batch_size=self.batch_size
        )
        return ExplainedWindow(
            name=name,
            prediction=prediction._replace(
                is_quiet=self.quiet_level is not None and window.peak_dbfs < self.quiet_level
            ),
            label=self.classes[index],
            probability=float(probabilities[index]),
            completeness_error=float(attributions.completeness_error[0]),
            files=self._write(name, window, attributions),
        )

    def _write(self, name: str, window: Window, attributions: Attributions) -> tuple[str, ...]:
        """Write the files of a window, and return their names."""
        front, pixels = self.front, window.pixels
        grad_cam, integrated = attributions.grad_cam[0], attributions.integrated_gradients[0]
        images = {
            f"{name}__image.png": colour(pixels, front.palette),
            f"{name}__grad_cam.png": overlay(pixels, grad_cam, front.palette),
            f"{name}__integrated_gradients.png": overlay(pixels, integrated, front.palette),
        }
        for file_name, image in images.items():
            write_image(self.folder / file_name, image)
        audio_file = f"{name}__what_mattered.wav"
        assert window.y is not None, "the stream was opened with_audio"
        masked = mask_audio(audible(window.y), integrated, front.settings)
        encoded = io.BytesIO()  # libsndfile does not report a full disk
        soundfile.write(encoded, np.clip(masked, -1, 1), front.settings.sr, format="WAV", subtype="PCM_16")
        with atomic_write(self.folder / audio_file, to_disk=False) as temporary:
            temporary.write_bytes(encoded.getbuffer())
        return *images, audio_file


def _label_index(run: Run, label: str) -> int:
    """Index of a class among the models' outputs."""
    if label in run.classes:
        return run.classes.index(label)
    by_folded = {name.casefold(): name for name in run.classes}
    close = difflib.get_close_matches(label.casefold(), by_folded, n=1)
    hint = f"Did you mean {by_folded[close[0]]!r}?" if close else "Use one of these."
    raise ValueError(
        f"--class must be a class of the run {str(run.folder)!r}: {', '.join(run.classes)}. Got {label!r}. {hint}"
    )


def _names(starts: Mapping[Path, np.ndarray]) -> dict[tuple[Path, float], str]:
    """Unique names for windows: the recording's, with the start time if it has several windows."""
    names, places = {}, []
    for path, starts_s in starts.items():
        for start_s in map(float, starts_s):
            at = f"__{start_s:g}s" if len(starts_s) > 1 else ""
            names[path, start_s] = f"{path.stem}{at}"
            places.append(f"{path}{at}")
    return dict(zip(names, unique_ids(list(names.values()), places), strict=True))
