"""Formats, what they need, and how small they can be made."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

INPUTS = ("audio", "image")
"""Samples, or images that are rendered elsewhere."""
QUANTIZE = ("none", "dynamic", "int8")
"""Weights of 32 bits; weights of 8 bits; activations of 8 bits too, calibrated on training images."""


@dataclass(frozen=True)
class Format:
    """A kind of file.

    Parameters
    ----------
    file : str
        Its name, in the folder of the export.
    packages : tuple of (str, str)
        That writing and checking it needs: as they are installed, and as they are imported.
    quantizes : tuple of str
        Of `QUANTIZE`.
    is_fft_a_power_of_two : bool
        Whether its Fourier transform has no other lengths.
    takes_images : bool
        Whether images may be its input.
    """

    file: str
    packages: tuple[tuple[str, str], ...]
    quantizes: tuple[str, ...] = ("none",)
    is_fft_a_power_of_two: bool = False
    takes_images: bool = True


FORMATS: dict[str, Format] = {
    "onnx": Format("model.onnx", (("onnx", "onnx"), ("tf2onnx", "tf2onnx"), ("onnxruntime", "onnxruntime")), QUANTIZE),
    "litert": Format(
        "model.tflite",
        (("ai-edge-litert", "ai_edge_litert"), ("ai-edge-quantizer", "ai_edge_quantizer")),
        QUANTIZE,
        is_fft_a_power_of_two=True,
    ),
    "html": Format(
        "index.html",
        (("onnx", "onnx"), ("tf2onnx", "tf2onnx"), ("onnxruntime", "onnxruntime")),
        ("none", "dynamic"),
        takes_images=False,
    ),
    "saved-model": Format("saved_model", (("tensorflow", "tensorflow"),)),
}
"""By the name that `--format` takes."""


def check_formats(formats: Sequence[str], *, input: str, quantize: str, n_fft: int) -> None:
    """Check that formats can be written here, without importing what writes them.

    Parameters
    ----------
    formats : sequence of str
    input : {"audio", "image"}
    quantize : str
    n_fft : int
        Of the run's images.

    Raises
    ------
    ValueError
        If there is no such format, it cannot be made so small, or a package is not installed.
    """
    if not formats:
        raise ValueError(f"--format must name one or more of {', '.join(FORMATS)}. Got none.")
    for name in formats:
        if name not in FORMATS:
            raise ValueError(f"--format must be of {', '.join(FORMATS)}. Got {name!r}.")
        if quantize not in FORMATS[name].quantizes:
            able = [other for other in FORMATS if quantize in FORMATS[other].quantizes]
            raise ValueError(
                f"--quantize must be one of {', '.join(FORMATS[name].quantizes)} for {name}. Got {quantize!r}"
                + (f", which goes with {', '.join(able)}." if able else ".")
            )
        if input == "image" and not FORMATS[name].takes_images:
            raise ValueError(f"--input must be audio for {name}, which reads recordings. Got {input!r}.")
        if FORMATS[name].is_fft_a_power_of_two and input == "audio" and n_fft & (n_fft - 1):
            raise ValueError(
                f"The images must be rendered with an --n-fft that is a power of two for {name}, whose Fourier "
                f"transform has no other. Got {n_fft}. Give --input image, or another format."
            )
        absent = [pip for pip, module in FORMATS[name].packages if importlib.util.find_spec(module) is None]
        if absent:
            raise ValueError(
                f"--format {name} needs {', '.join(pip for pip, _ in FORMATS[name].packages)}. Not installed: "
                f"{', '.join(absent)}. To install: pip install {' '.join(absent)}"
            )


def check_backend() -> None:
    """Check that Keras runs on TensorFlow, whose graphs are converted.

    Raises
    ------
    ValueError
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"KERAS_BACKEND must be tensorflow to export. Got {keras.backend.backend()!r}. Runs that were trained on "
            "another backend can be exported on TensorFlow too."
        )
