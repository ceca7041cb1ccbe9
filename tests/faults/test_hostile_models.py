"""Files of models that are broken, or made to run code: nothing in them runs, and what is not a model is refused."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from tests.conftest import SR, white
from tests.faults.rows import IS_FULL, only_at_full_count
from tests.train.conftest import ROOT, draw, in_new_process

MOST_MB = 250
"""That a command may take to look at a file; the bombs unpack to 500 MB and more."""
LIMIT_S = 60.0
DAILY = ("cut short", "Python code", "os.system", "HDF5 bomb")
ONLY_CONFIGURED = {
    "os.system",
    "os.system as a function",
    "code after a switch",
    "a file fetched",
    "a layer of a billion",
    "words of another file",
    "a saved model of TensorFlow",
}
"""Hostile only in the configuration, which is never read: the weights are those of the model, and are used."""
DRIVER = """
import contextlib, io, json, sys, time
from pathlib import Path
from train import backend
backend.set_up()
import train.__main__, train.predict.command_line
def peak_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
for job in json.load(sys.stdin):
    module = {"train": train.__main__, "train.predict": train.predict.command_line}[job[0]]
    Path("/proc/self/clear_refs").write_text("5")
    before, began = peak_mb(), time.monotonic()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = module.main(job[1:])
        except BaseException as error:
            status = repr(error)
    said = {"status": status, "out": out.getvalue(), "err": err.getvalue()}
    print("DONE", json.dumps(said | {"mb": peak_mb() - before, "seconds": time.monotonic() - began}), flush=True)
"""
"""Many commands in one process, since loading TensorFlow for each would take most of the time."""


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder with sounds, images, and a run of one fold, `run`."""
    here = tmp_path_factory.mktemp("ensemble")
    for number in range(16):
        path = here / "audio_folder" / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, white(seed=number, rms=0.01 + 0.2 * (number % 2)), SR)
    draw(here / "audio_folder", here / "images", "--variants", "none", "--listen", "0")
    tiny = ["--model", "cnn7", "--ensemble", "1", "--input-size", "32", "--epochs", "1", "--batch-size", "4"]
    done = in_new_process("train", "images", *tiny, "--folds", "1", "--name", "run", cwd=here)
    assert done.returncode == 0, done.stderr
    return here


def rezipped(model: Path, changes: dict[str, bytes]) -> bytes:
    """A model with some members of its archive replaced or added, compressed as far as it goes."""
    path = model.with_name("rezipped.zip")
    with zipfile.ZipFile(model) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, changes.pop(name) if name in changes else before.read(name))
        for name, content in changes.items():
            after.writestr(name, content)
    content = path.read_bytes()
    path.unlink()
    return content


def with_layer(model: Path, layer: dict[str, object]) -> bytes:
    """A model whose configuration names something else in place of its last layer but one."""
    with zipfile.ZipFile(model) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][-2] |= layer
    return rezipped(model, {"config.json": json.dumps(config).encode()})


def with_weights(model: Path, change) -> bytes:
    """A model whose weights `change(file)` has changed; a dataset that it makes large is stored as nothing."""
    path = model.with_name("weights.h5")
    with zipfile.ZipFile(model) as archive:
        path.write_bytes(archive.read("model.weights.h5"))
    with h5py.File(path, "r+") as file:
        change(file)
    content = path.read_bytes()
    path.unlink()
    return rezipped(model, {"model.weights.h5": content})


def first_dataset(file: h5py.File) -> str:
    """Name of the first array."""
    names = []
    file.visititems(lambda name, child: names.append(name) if isinstance(child, h5py.Dataset) else None)
    return names[0]


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path):
        self._marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self._marker}",)


def hostile_models(model: Path, marker: Path) -> dict[str, bytes]:
    """What each is, and its bytes."""
    import keras

    whole = model.read_bytes()
    command = f"touch {marker}"
    image = keras.layers.Input((32, 32, 3), name="image")
    code = f"__import__('os').system({command!r})"
    python = keras.layers.Lambda(eval(f"lambda x: [{code}, x[:, 0, 0, :2]][1]"))(image)
    assert marker.exists(), "building it has run it: what these files try can be done"
    keras.Model(image, python).save(model.with_name("lambda.keras"))
    marker.unlink(missing_ok=True)
    lambda_layer = model.with_name("lambda.keras").read_bytes()
    with zipfile.ZipFile(model.with_name("lambda.keras")) as archive:
        coded = next(
            layer
            for layer in json.loads(archive.read("config.json"))["config"]["layers"]
            if layer["class_name"] == "Lambda"
        )
    model.with_name("lambda.keras").unlink()
    calls = [{"args": [command], "kwargs": {}}]
    unsafe = {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}
    fetch = {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"}

    def huge(file):
        name = first_dataset(file)
        del file[name]
        file.create_dataset(name, shape=(150_000_000,), dtype="f4", chunks=(1_000_000,), compression="gzip")

    def elsewhere(file):
        name = first_dataset(file)
        del file[name]
        file[name] = h5py.ExternalLink(str(model), "/")

    def raw_bytes_of_another_file(file):
        name = first_dataset(file)
        shape = file[name].shape
        del file[name]
        n_bytes = 4 * int(np.prod(shape))
        file.create_dataset(name, shape=shape, dtype="f4", external=[("/etc/passwd", 0, n_bytes)])

    npz = model.with_name("pickled.npz")
    np.savez(npz, weights=np.array([Payload(marker)], dtype=object))
    pickled = npz.read_bytes()
    npz.unlink()
    return {
        "cut short": whole[: len(whole) // 2],
        "text": b"no model at all\n" * 100,
        "another zip": _zip_of({"hello.txt": b"hello"}),
        "Python code": lambda_layer,
        "os.system": with_layer(
            model, {"module": "os", "class_name": "system", "config": command, "inbound_nodes": calls}
        ),
        "os.system as a function": with_layer(
            model,
            {
                "module": "keras.layers",
                "class_name": "Activation",
                "registered_name": None,
                "config": {"activation": {"module": "os", "class_name": "function", "config": "system"}},
            },
        ),
        "code after a switch": with_layer(model, coded | {"config": coded["config"] | {"arguments": {"mask": unsafe}}}),
        "a file fetched": with_layer(model, fetch | {"inbound_nodes": calls}),
        "zip bomb": rezipped(model, {"model.weights.h5": bytes(600_000_000)}),
        "HDF5 bomb": with_weights(model, huge),
        "a bomb of a configuration": rezipped(model, {"config.json": b"[" * 300_000_000}),
        "a layer of a billion": with_layer(
            model,
            {
                "module": "keras.layers",
                "class_name": "Dense",
                "registered_name": None,
                "config": {"name": "huge", "units": 10**9},
            },
        ),
        "names that lead out": rezipped(
            model, {"../../../out.txt": b"out", "assets/../../out.txt": b"out", "/tmp/w/out.txt": b"out"}
        ),
        "a pickle for weights": rezipped(model, {"model.weights.h5": pickle.dumps(Payload(marker))}),
        "pickled arrays": rezipped(model, {"model.weights.npz": pickled}),
        "weights of another file": with_weights(model, elsewhere),
        "bytes of another file": with_weights(model, raw_bytes_of_another_file),
        "words of another file": with_layer(
            model,
            {
                "module": "keras.layers",
                "class_name": "StringLookup",
                "registered_name": None,
                "config": {"name": "words", "vocabulary": "/etc/passwd"},
            },
        ),
        "a saved model of TensorFlow": with_layer(
            model,
            {
                "module": "keras.layers",
                "class_name": "TFSMLayer",
                "registered_name": None,
                "config": {"name": "tf", "filepath": str(model.parent)},
            },
        ),
    }


def hostile_weights(marker: Path) -> dict[str, bytes]:
    """Files of weights alone, by their names."""
    bomb, link = io.BytesIO(), io.BytesIO()
    with h5py.File(bomb, "w") as file:
        name, chunks = "layers/dense/vars/0", (1 << 20,)
        file.create_dataset(name, shape=(150_000_000,), dtype="f4", chunks=chunks, compression="gzip")
    with h5py.File(link, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
    return {
        "bomb.weights.h5": bomb.getvalue(),
        "pickle.weights.h5": pickle.dumps(Payload(marker)),
        "link.weights.h5": link.getvalue(),
        "weights.pickle": pickle.dumps(Payload(marker)),
        "index.weights.json": json.dumps({"weight_map": {"/layers": ["../../../etc/passwd"]}}).encode(),
    }


def _zip_of(members: dict[str, bytes]) -> bytes:
    """An archive of some files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def files_in(folder: Path) -> dict[Path, int]:
    """All files and their sizes; locks and what is hidden aside."""
    return {path: path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@only_at_full_count
@pytest.mark.fault(13)
def test_a_hostile_model_is_refused_and_nothing_in_it_runs(finished, tmp_path, injected):
    here = tmp_path / "here"
    shutil.copytree(finished, here)
    marker = tmp_path / "it_ran"
    runs = here / "outputs/runs"
    whole = runs / "run/fold-1/last.keras"
    models = hostile_models(whole, marker)
    assert not marker.exists()
    wanted = list(models) if IS_FULL else [name for name in models if name in DAILY]
    sound = next((here / "audio_folder").rglob("*.wav"))
    jobs, names = [], []
    for number, name in enumerate(wanted):
        # A finished run, one that goes on, and a file of weights; each with the model.
        for what in ("finished", "begun"):
            shutil.copytree(runs / "run", runs / f"{what}-{number}")
            (runs / f"{what}-{number}/fold-1/last.keras").write_bytes(models[name])
        (runs / f"begun-{number}/fold-1/fold.json").unlink()
        weights = here / f"{number}.keras"
        weights.write_bytes(models[name])
        images = ["images", "--model", "cnn7", "--ensemble", "1", "--input-size", "32", "--name", f"new-{number}"]
        jobs += [
            ["train.predict", str(runs / f"finished-{number}"), str(sound)],
            ["train", *images, "--weights", str(weights), "--dry-run"],
        ]
        names += [(name, "predict"), (name, "--weights")]
        if name not in ONLY_CONFIGURED:
            jobs.append(["train", "--resume", str(runs / f"begun-{number}")])
            names.append((name, "--resume"))
    alone = hostile_weights(marker)
    for name in alone if IS_FULL else list(alone)[:1]:
        (here / name).write_bytes(alone[name])
        jobs.append(["train", *images[:-1], f"with-{name}", "--weights", name, "--dry-run"])
        names.append((name, "weights alone"))
    jobs.append(["train.predict", str(runs / "run"), str(sound)])
    before = files_in(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER],
        input=json.dumps(jobs),
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=len(jobs) * LIMIT_S,
    )
    answers = [json.loads(line.removeprefix("DONE ")) for line in done.stdout.splitlines() if line.startswith("DONE ")]
    assert len(answers) == len(jobs), done.stderr
    *answers, good = answers
    assert good["status"] == 0, good
    for name, answer in zip(names, answers, strict=True):
        is_used = name[0] in ONLY_CONFIGURED
        assert answer["status"] == (0 if is_used else 1), (name, answer)
        assert "Traceback" not in answer["err"] + answer["out"], (name, answer)
        if is_used:
            pass
        elif name[1] == "weights alone":
            assert name[0] in answer["err"], (name, answer)
        else:
            assert ".keras" in answer["err"] and "cannot be read" in answer["err"], (name, answer)
        assert answer["mb"] < MOST_MB, (name, answer)
        assert answer["seconds"] < LIMIT_S, (name, answer)
    assert not marker.exists()
    assert files_in(tmp_path) == before, "nothing is written, anywhere"
    injected(len(wanted) + sum(what == "weights alone" for _, what in names))
