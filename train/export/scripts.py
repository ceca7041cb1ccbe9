"""Programs that go with an export: `verify.py`, and the examples of its README."""

from __future__ import annotations

_OPEN = {
    "onnx": """\
import onnxruntime

session = onnxruntime.InferenceSession({path}, providers=["CPUExecutionProvider"])


def run(x):
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {{session.get_inputs()[0].name: x}})))
""",
    "html": """\
import base64
import gzip
import re

import onnxruntime

found = re.search(rb'id="model">([A-Za-z0-9+/=]+)<', pathlib.Path({path}).read_bytes())
content = gzip.decompress(base64.b64decode(found[1]))
session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def run(x):
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {{"samples": x}})))
""",
    "litert": """\
from ai_edge_litert.interpreter import Interpreter

signature = Interpreter({path}).get_signature_runner()


def run(x):
    return signature(**{{next(iter(signature.get_input_details())): x}})
""",
    "saved-model": """\
import tensorflow as tf

model = tf.saved_model.load({path})
signature = model.signatures["serving_default"]


def run(x):
    given = signature(**{{next(iter(signature.structured_input_signature[1])): tf.constant(x)}})
    return {{name: values.numpy() for name, values in given.items()}}
""",
}
"""For each format: a function `run` from an array of inputs to the outputs by name."""
PACKAGES = {"onnx": "onnxruntime", "html": "onnxruntime", "litert": "ai-edge-litert", "saved-model": "tensorflow"}

_VERIFY = '''\
"""Check on this device that the model gives what it gave where it was exported: python verify.py

It needs nothing but numpy, soundfile and {packages}. Exit status 0: it does; 1: it does not.
"""

import json
import pathlib
import sys
import time

import numpy as np
import soundfile
{open}

here = pathlib.Path(__file__).resolve().parent
about = json.loads((here / "export.json").read_text(encoding="utf-8"))
is_good = bool(about["golden"])
for clip in about["golden"]:
    path = here / clip["file"]
    x = np.load(path) if path.suffix == ".npy" else soundfile.read(path, dtype="float32")[0]
    began = time.perf_counter()
    given = run(x[None].astype("float32"))
    p = given["probabilities"][0]
    ms = 1000 * (time.perf_counter() - began)
    expected = np.array(clip["probabilities"])
    difference = np.abs(p - expected).max()
    is_good &= bool(difference <= about["tolerance"])
    if "unlikeness" in clip:
        off = abs(float(given["unlikeness"][0, 0]) / clip["unlikeness"] - 1)
        is_good &= off <= about["unlikeness_tolerance"]
    label = about["classes"][p.argmax()]
    print(f"{{clip['file']}}: {{label}} {{p.max():.1%}}, differs by {{difference:.2g}}, {{ms:.0f}} ms")
print("As expected." if is_good else f"DIFFERS by more than {{about['tolerance']}}, or in unlikeness.")
sys.exit(0 if is_good else 1)
'''


def verify_script(name: str, file: str) -> str:
    """The text of `verify.py` for a format.

    Parameters
    ----------
    name : str
        Of `train.export.options.FORMATS`.
    file : str
        Of the model, beside the script.
    """
    path = f'str(pathlib.Path(__file__).resolve().parent / "{file}")'
    return _VERIFY.format(packages=PACKAGES[name], open=_OPEN[name].format(path=path))


_PYTHON = """\
import json
import soundfile
{open}

about = json.load(open("export.json", encoding="utf-8"))
y, sr = soundfile.read("recording.wav", dtype="float32", always_2d=True)
y = y.mean(axis=1)[: about["n_samples"]]  # mono; sr must be {sr}: resample first, for instance with soxr
y = {padded}
given = run(y[None])
p = given["probabilities"][0]
"""

_PYTHON_IMAGE = """\
import json
import PIL.Image
{open}

about = json.load(open("export.json", encoding="utf-8"))
image = PIL.Image.open("image.png")
pixels = PIL.Image.fromarray(np.asarray(image)).resize(({width}, {height}), PIL.Image.Resampling.BILINEAR)
x = {coloured}
given = run(x[None].astype("float32"))
p = given["probabilities"][0]
"""

_ANSWER = """\
label = about["classes"][p.argmax()]
threshold = about["thresholds"][label]  # 1: never sure
is_sure = threshold < 1 and p.max() >= threshold and np.max(given.get("unlikeness", 0)) <= 1
print(label, p.max(), "" if is_sure else "unsure")
"""

_ANSWER_OF_SEVERAL = """\
thresholds = about["thresholds"]  # 1: never
found = dict(zip(about["classes"], p))
print({label: p for label, p in found.items() if thresholds[label] < 1 and p >= thresholds[label]})
"""


def python_example(name: str, file: str, about: dict) -> str:
    """Lines of Python that classify one recording or image with an export."""
    opened = "import numpy as np\n" + _OPEN[name].format(path=f'"{file}"').rstrip()
    answer = _ANSWER_OF_SEVERAL if about["multilabel"] else _ANSWER
    if about["input"] == "image":
        palette = "np.reshape(image.getpalette(), (-1, 3))[np.asarray(pixels)]  # coloured after it is resized"
        return (
            _PYTHON_IMAGE.format(
                open=opened, coloured="np.asarray(pixels)" if about.get("planes") else palette, **about
            )
            + answer
        )
    n = about["n_samples"]
    repeats = about["pad"] == "repeat"
    padded = f"np.resize(y, {n})  # repeated" if repeats else f"np.pad(y, (0, {n} - len(y)))  # silence"
    return _PYTHON.format(open=opened, sr=about["sample_rate_hz"], padded=padded) + answer


def has_javascript(name: str, about: dict) -> bool:
    """Whether an export gets an example in JavaScript: every browser decodes audio to its rate.

    Parameters
    ----------
    name : str
        Of `train.export.options.FORMATS`.
    about : dict
        The content of `export.json`.
    """
    return name == "onnx" and about["input"] == "audio" and 8000 <= about["sample_rate_hz"] <= 96_000


def javascript_example(about: dict) -> str:
    """Lines of JavaScript that classify a recording in a browser with onnxruntime-web."""
    several = "console.log(about.classes.filter((name, k) => reaches(name, p[k])));"
    one = """const [name, best] = about.classes.map((name, k) => [name, p[k]]).sort((a, b) => b[1] - a[1])[0];
console.log(name, best, isUnlike || !reaches(name, best) ? "unsure" : "");"""
    return f"{_JAVASCRIPT}{several if about['multilabel'] else one}\n"


_JAVASCRIPT = """\
// <script src="ort.wasm.min.js"></script>, of the npm package onnxruntime-web, beside its .wasm and .mjs files
const about = await (await fetch("export.json")).json();
const session = await ort.InferenceSession.create("model.onnx");
const context = new AudioContext({sampleRate: about.sample_rate_hz}); // resamples while it decodes
const audio = await context.decodeAudioData(await (await fetch("recording.wav")).arrayBuffer());
const y = new Float32Array(about.n_samples);
for (let c = 0; c < audio.numberOfChannels; c++)
  audio.getChannelData(c).subarray(0, y.length).forEach((v, i) => { y[i] += v / audio.numberOfChannels; });
if (about.pad === "repeat") for (let i = audio.length; i < y.length; i++) y[i] = y[i - audio.length];
const given = await session.run({samples: new ort.Tensor("float32", y, [1, y.length])});
const p = given.probabilities.data, isUnlike = given.unlikeness?.data[0] > 1;
const reaches = (name, value) => about.thresholds[name] < 1 && value >= about.thresholds[name]; // 1: never
"""
