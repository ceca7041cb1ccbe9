"""The README beside an export: what the file is, how good it is, and how it is used."""

from __future__ import annotations

from generate.dataset.planes import planes_in_words
from train.export.c_array import has_c_array
from train.export.parity import Parity, accuracy_in_words, parity_text
from train.export.scripts import PACKAGES, has_javascript, javascript_example, python_example
from train.wording import escaped

_METADATA = {
    "onnx": "`session.get_modelmeta().custom_metadata_map`",
    "html": "at the top and the bottom of the page",
    "litert": "the metadata entry `spectrogram_image_classification`, as JSON",
    "saved-model": "the signature `metadata` gives it, as JSON",
}


_UNLIKENESS = (
    "Output `unlikeness`: 32-bit numbers, shape (batch, 1). Above 1 the sound is farther from the training clips than "
    "95 % of the clips that the models were tested with: call the answer `unsure`, whatever the probability."
)
_MICRO = (
    "For [TensorFlow Lite Micro](https://github.com/tensorflow/tflite-micro), `model.c` and `model.h` hold the file; "
    "the header names its operators. It takes as much flash as the file, and as much RAM as the largest layers need: "
    "the Python package `tflite-micro` runs it on a computer, and its `print_allocations()` says how much. The log-mel "
    "image is rendered on the board, as the run's `settings.json` says."
)


def readme_text(name: str, about: dict, parity: Parity) -> str:
    """Write the README in Markdown.

    Parameters
    ----------
    name : str
        Of `train.export.options.FORMATS`.
    about : dict
        The content of `export.json`.
    parity : Parity
    """
    leaky = "**LEAKY: the accuracy does not hold for new recordings.** " if about["is_leaky"] else ""
    what = "classes" if about["multilabel"] else "class"
    classes = ", ".join(escaped(label) for label in about["classes"])
    parts = [
        f"# {escaped(about['run'])} as {name}",
        f"{leaky}`{about['file']}` ({about['megabytes']:.1f} MB) names the {what} of a sound: {classes}.",
        "## Input and output",
        _input(about),
        f"Output `probabilities`: 32-bit numbers, shape (batch, {len(about['classes'])}), in the order of `classes` in "
        f"`export.json`{', calibrated' if about['temperature'] != 1 else ''}. "
        + (
            "Each class has one of its own, and is there from its number in `thresholds` on; with 1, never."
            if about["multilabel"]
            else "Below the class's number in `thresholds`, and where that is 1, call the answer `unsure`."
        ),
        *([_UNLIKENESS] if parity.n_as_like is not None else []),
        "## How good it is",
        f"- Accuracy: {accuracy_in_words(parity, cross_validated=about['accuracy'])}.",
        f"- This file against the program: {parity_text(parity)}; `clips.csv` has each.",
        f"- {parity.window_ms:.0f} ms a window where it was exported ({about['made_on']}).",
        f"- Weights: {_quantized(about['quantize'])}. Trained on {escaped(about['trained_on'])}.",
        f"- What `export.json` says is in the file too: {_METADATA[name]}.",
        "## Check it on your device",
        f"```\npip install numpy soundfile {PACKAGES[name]}\npython verify.py\n```",
        f"reruns the {len(about['golden'])} clips in `golden/`, whose probabilities are in `export.json`.",
        *(
            [
                "## Use it",
                "Open `index.html` by a double click. Drop a recording on it, or listen to the microphone; it needs "
                "no network.",
            ]
            if name == "html"
            else ["## Python", f"```python\n{python_example(name, about['file'], about)}```"]
        ),
        *(["## JavaScript", f"```javascript\n{javascript_example(about)}```"] if has_javascript(name, about) else []),
        *(["## On a microcontroller", _MICRO] if has_c_array(name, about) else []),
        "## Licence",
        f"{escaped(about['licence'])}. {escaped(about['citation'])}".strip(),
    ]
    return "\n\n".join(parts) + "\n"


def _input(about: dict) -> str:
    if about["input"] == "image":
        of_planes = f"which show {planes_in_words(about.get('planes', ()))}"
        of_palette = f"in the colours of `{about['colormap']}`, which pixel values get after they are resized"
        colours = of_planes if about.get("planes") else of_palette
        return (
            f"Input `image`: 32-bit numbers from 0 to 255, shape (batch, {about['height']}, {about['width']}, 3), red, "
            f"green, blue, {colours}, as this program renders images."
        )
    short = "repeat it" if about["pad"] == "repeat" else "add silence"
    cancel = " (where they cancel each other, take the loudest of them)" if about["channels"] == "auto" else ""
    lines = [
        f"Input `samples`: mono, {about['sample_rate_hz']:,} Hz, 32-bit numbers from -1 to 1, shape (batch, "
        f"{about['n_samples']:,}): windows of {about['window_s']:g} s. Resample before; average the channels"
        f"{cancel}; where a recording is shorter, {short}. All else is inside: "
        "offset, spectrogram, decibels, image, model.",
        "It gives probabilities for any sound, also for silence. The program calls a window silent, and predicts "
        "nothing, where no sample is more than 0.0001 from the mean"
        + (
            f", and quiet where none of any channel reaches {about['min_dbfs']:.0f} dB of full scale"
            if about["min_dbfs"] is not None
            else ""
        )
        + "; do the same. Recordings of 24 bits that are fainter than 16 bits can hold look darker here than in the "
        "program.",
    ]
    return "\n\n".join(lines)


def _quantized(quantize: str) -> str:
    return {
        "none": "32 bits",
        "dynamic": "8 bits",
        "int8": "8 bits, and so are activations, calibrated on training clips",
    }[quantize]
