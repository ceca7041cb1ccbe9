"""A set of images twice as large as the memory for it: `python -m benchmarks.larger_than_memory [--quick]`. Linux.

With `--quick` the epoch is read, transformed and put together to batches, and no model learns from it.

What is limited is anonymous memory (`RLIMIT_DATA`), which is what a process takes for itself; pages of files are the
system's to give and take back. A first process trains on few images, to see what the program and its model take without
any. The others may take `LIMIT_MB` more than that, which the system enforces, and get images of twice as much.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import met, show

SIDE_PX = 224
LIMIT_MB, NO_NET = 100, "none"
N_CLASSES, N_FOLDS, N_FEW, MOST_S = 4, 10, 100, 600
MB = 1_000_000


def main() -> None:
    """Train in memory and from the disk, and print a table of both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.larger_than_memory", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="read and transform, train no model")
    if not sys.platform.startswith("linux"):
        sys.exit("Only Linux limits and tells the memory that is meant here.")
    trained = NO_NET if parser.parse_args().quick else "cnn7"
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        rows = compare(Path(name), limit_mb=LIMIT_MB, model=trained)
    title = f"Images twice as large as the memory for them, an epoch of {SIDE_PX} x {SIDE_PX} pixels, model: {trained}"
    show(title, rows, file_name="larger_than_memory.csv")


def compare(folder: Path, *, limit_mb: int, model: str = "cnn7", input_size: int = SIDE_PX) -> list[dict[str, object]]:
    """Train an epoch on the same images in memory and from the disk, with and without the limit.

    Parameters
    ----------
    folder : Path
        For images; not in memory (tmpfs).
    limit_mb : int
        Megabytes that a process may take beyond what the program takes with few images.
    model : str
        `NO_NET`: read and transform alone.
    input_size : int
        Side in pixels of the images and of what the model sees.

    Returns
    -------
    list of dict
        A row a process.

    Raises
    ------
    RuntimeError
        If even few images cannot be trained on.
    """
    n = 2 * limit_mb * MB // input_size**2
    write_images(folder / "few", N_FEW, input_size)
    write_images(folder / "many", n, input_size)
    base = train(folder / "few", "memory", model, input_size)
    if "failed" in base:
        raise RuntimeError(f"Training on few images failed: {base['failed']}")
    limit = base["data_bytes"] + limit_mb * MB
    free = train(folder / "many", "memory", model, input_size)
    ways = {
        "in memory, no limit": free,
        "in memory": train(folder / "many", "memory", model, input_size, limit_bytes=limit),
        "from disk, file made by this run": train(folder / "many", "disk", model, input_size, limit_bytes=limit),
    }
    for path in (folder / "many").glob(".pixels-*.npy"):
        _forget(path)
    ways["from disk, nothing of it in memory at first"] = train(
        folder / "many", "disk", model, input_size, limit_bytes=limit
    )
    return [
        {
            "images": way,
            "MB of levels": round(n * input_size**2 / MB),
            "limit, MB": "none" if way.endswith("no limit") else limit_mb,
            "peak above few images, MB": _rounded(got, "anonymous_bytes", less=base["anonymous_bytes"], per=MB),
            "epoch, s": _rounded(got, "epoch_s"),
            "same answers": met(1, 1) if got.get("answers") == free["answers"] else got.get("failed", met(0, 1)),
        }
        for way, got in ways.items()
    ]


def write_images(image_folder: Path, n: int, side_px: int) -> None:
    """Make a folder of n images of coarse noise, as stage one would write them: a clip of its own each.

    Parameters
    ----------
    image_folder : Path
    n : int
    side_px : int
    """
    from generate.dataset import png, settings_file, tables
    from generate.dataset.settings import Settings
    from generate.runtime.atomic_write import write_json

    rng = np.random.default_rng(0)
    palette = png.palette("magma")
    others = dict.fromkeys(tables.COLUMNS, "") | {"dc_offset": 0.0, "background_bytes": 0, "background_mtime_ns": 0}
    rows = []
    for k in range(n):
        label = f"class{k % N_CLASSES}"
        (image_folder / label).mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 180, (side_px // 8, side_px // 8), dtype=np.uint8)
        pixels = coarse.repeat(8, axis=0).repeat(8, axis=1)
        pixels[(k % N_CLASSES) * side_px // N_CLASSES :][: side_px // 8] |= 64
        png.write(image_folder / label / f"{k}__original.png", pixels, palette=palette, text={"settings": "benchmark"})
        clip = {name: f"{k}" for name in ("clip_id", "source_id", "recording")}
        file = {"file_name": f"{label}/{k}__original.png", "label": label, "fold": f"{k // N_CLASSES % N_FOLDS + 1}"}
        sound = {"seconds": 1.0, "peak_dbfs": 0.0, "audio_file": f"{k}.wav", "start_s": 0.0}
        sound |= {"sample_rate_hz": 44100, "channel": "mono", "audio_sha256": f"{k:064x}"}
        state = {"variant": "original", "duplicate": False, "silent": False, "audio_bytes": 1, "audio_mtime_ns": 1}
        rows.append(others | clip | file | sound | state)
    tables.write_table(image_folder / tables.METADATA, pd.DataFrame(rows)[list(tables.COLUMNS)])
    origin = dict.fromkeys(settings_file.REQUIRED_OF_COLLECTION, "") | {"name": "benchmark"}
    described = {"format": settings_file.FORMAT, "settings": Settings().to_json(), "fingerprint": "benchmark"}
    described |= {"fan_out": False, "engine": "none", "collection": origin, "versions": {}}
    write_json(image_folder / settings_file.SETTINGS, described)


def train(image_folder: Path, cache: str, model: str, input_size: int, *, limit_bytes: int = 0) -> dict[str, object]:
    """Train an epoch of the first fold in a process of its own.

    Parameters
    ----------
    image_folder : Path
    cache : {"memory", "disk"}
    model : str
        `NO_NET`: read and transform alone.
    input_size : int
    limit_bytes : int
        Of anonymous memory; 0: none.

    Returns
    -------
    dict
        `epoch_s`, `answers` (digits of all that came out), `data_bytes` and `anonymous_bytes` (peaks); or `failed`,
        why.
    """
    command = [sys.executable, "-m", "benchmarks.larger_than_memory", "train"]
    command += [str(image_folder), cache, model, str(input_size), str(limit_bytes)]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "MALLOC_ARENA_MAX": "2"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=MOST_S)
    except subprocess.TimeoutExpired:  # a thread that has no memory to start is waited for in vain
        return {"failed": f"no: not done after {MOST_S} s"}
    if done.returncode:
        return {"failed": "no: " + (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:60]}
    return json.loads(done.stdout.splitlines()[-1])


def _train_here(
    image_folder: Path, cache: str, model: str, input_size: int, begin: Callable[[], None]
) -> dict[str, object]:
    """Prepare, train and test the first fold as a run does; say when all is loaded that has nothing to do with them."""
    threading.stack_size(1 << 20)  # or each thread counts for eight times as much
    if model == NO_NET:
        return _read_here(image_folder, cache, input_size, begin)
    import hashlib

    from train import backend

    backend.set_up()
    from train.recipe import Recipe
    from train.report.knn_baseline import nearest_neighbour_accuracy, shrink
    from train.training.fit import fit_fold
    from train.training.outputs import outputs
    from train.training.prepare import prepare
    from train.training.train_fold import fold_of

    begin()
    recipe = Recipe(model=model, ensemble=1, input_size=input_size, epochs=1)
    with tempfile.TemporaryDirectory() as runs:
        prepared = prepare(image_folder, recipe, folds=["1"], runs=Path(runs), cache=cache)
        fold = fold_of(prepared, prepared.splits[0])
        meter = nearest_neighbour_accuracy(
            shrink(prepared.images.pixels), prepared.table["label"].to_numpy(), fold.split
        )
        trained, history = fit_fold(recipe, fold, on_epoch=lambda row, n: None)
        says = outputs(trained, prepared.images, fold.split.test, batch_size=recipe.batch_size)
    answers = hashlib.sha256(repr((meter, history[-1]["loss"])).encode() + says.tobytes()).hexdigest()
    return {"epoch_s": history[-1]["seconds"], "answers": answers}


def _read_here(image_folder: Path, cache: str, input_size: int, begin: Callable[[], None]) -> dict[str, object]:
    """All that is done with images in an epoch of the first fold, but for the model."""
    import hashlib

    from train.augment.spectrogram_transforms import SpectrogramTransforms
    from train.data.image_folder import open_images, read_images
    from train.data.split import make_splits
    from train.report.knn_baseline import nearest_neighbour_accuracy, shrink
    from train.training.batches import Batches

    begin()
    settings, table = read_images(image_folder)
    images = open_images(image_folder, settings, table, size=(input_size,) * 2, cache=cache)
    labels, split = table["label"].to_numpy(), make_splits(table)[0]
    meter = nearest_neighbour_accuracy(shrink(images.pixels), labels, split)
    targets = np.eye(N_CLASSES, dtype=np.float32)[np.unique(labels, return_inverse=True)[1]]
    digest = hashlib.sha256(repr(meter).encode())
    began = time.perf_counter()
    for x, y in Batches(images, split.train, targets, 32, (0,), SpectrogramTransforms()).epochs(0, 1):
        digest.update(x)
        digest.update(y)
    return {"epoch_s": time.perf_counter() - began, "answers": digest.hexdigest()}


def _with_peaks(work: Callable[[Callable[[], None]], dict[str, object]], *, limit_bytes: int) -> dict[str, object]:
    """Do some work, limited from the moment that it says, and look at its memory a hundred times a second from then."""
    peaks = {"VmData": 0, "RssAnon": 0}
    begun = threading.Event()
    ended = threading.Event()

    def begin() -> None:
        if limit_bytes:
            resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, limit_bytes))
        begun.set()

    def look() -> None:
        begun.wait()
        while not ended.wait(0.01):
            for line in Path("/proc/self/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in peaks:
                    peaks[name] = max(peaks[name], 1024 * int(value.split()[0]))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    done = work(begin)
    ended.set()
    watcher.join()
    return done | {"data_bytes": peaks["VmData"], "anonymous_bytes": peaks["RssAnon"]}


def _forget(path: Path) -> None:
    """Have the system forget what it holds of a file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _rounded(got: dict[str, object], name: str, *, less: float = 0, per: float = 1) -> float | str:
    return round((got[name] - less) / per, 1) if name in got else "-"


if __name__ == "__main__":
    if sys.argv[1:2] == ["train"]:
        given = Path(sys.argv[2]), *sys.argv[3:5], int(sys.argv[5])
        print(json.dumps(_with_peaks(lambda begin: _train_here(*given, begin), limit_bytes=int(sys.argv[6]))))
    else:
        main()
