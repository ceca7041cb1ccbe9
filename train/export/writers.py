"""The function that writes each format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from train.export.html_file import write_html
from train.export.litert_file import write_litert
from train.export.onnx_file import write_onnx
from train.export.saved_model import write_saved_model
from train.export.subject import Subject
from train.export.training_clips import TrainingClips

WRITERS = {"onnx": write_onnx, "litert": write_litert, "saved-model": write_saved_model, "html": write_html}
"""By format; see `write_file`."""


def write_file(
    name: str,
    path: Path,
    subject: Subject,
    *,
    metadata: Mapping[str, object],
    quantize: str,
    training: TrainingClips | None,
) -> None:
    """Write a run as a file of a format.

    Parameters
    ----------
    name : str
        A key of `WRITERS`.
    path : Path
        Of the file, or of the folder that the format is.
    subject : Subject
    metadata : Mapping
        Written into the format's own fields.
    quantize : {"none", "dynamic", "int8"}
        See `train.export.options.QUANTIZE`.
    training : TrainingClips, optional
        That `int8` is calibrated with.
    """
    WRITERS[name](path, subject, metadata=metadata, quantize=quantize, training=training)
