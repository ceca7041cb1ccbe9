"""Images to augmented batches, ours and theirs: `python -m benchmarks.training_input [--quick]`."""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
import time
from pathlib import Path

from benchmarks.measure import ESC10, met, on_one_core, paired_ms, ratio, show

SIDE_PX, BATCH, ROUNDS, TARGET = 224, 32, 3, 10.0


def main() -> None:
    """Time the batches, compare the pixels, and time an epoch."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_input", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    quick = parser.parse_args().quick
    on_one_core()
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    with tempfile.TemporaryDirectory() as name:
        image_folder = render_originals(Path(name), "40" if quick else "400")
        show("The same pixels as ImageDataGenerator", pixels(image_folder), file_name="pixels.csv")
        batches(image_folder, rounds=1 if quick else ROUNDS)
        epoch(image_folder, rounds=1 if quick else 3)


def pixels(image_folder: Path) -> list[dict[str, object]]:
    """Largest difference to `ImageDataGenerator.random_transform`, same seeds, over a few hundred images."""
    import numpy as np
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    from train.augment.image_transforms import PRESETS, ImageTransforms
    from train.data.decode import colour

    images, _ = _ours(image_folder, SIDE_PX)
    rows = []
    for preset, arguments in PRESETS.items():
        pixels = images.pixels[:: max(1, len(images.pixels) // 200)]
        ours = ImageTransforms(arguments).transform(pixels, images.palette, np.random.default_rng(0))
        seeds = np.random.default_rng(0).integers(2**32, size=len(pixels))
        generator = ImageDataGenerator(**arguments)
        worst = 0.0
        for image, seed, done in zip(colour(pixels, images.palette), seeds, ours, strict=True):
            theirs = generator.random_transform(image.astype(np.float32), seed=int(seed))
            worst = max(worst, float(np.abs(theirs - done).max()))
        rows.append({"preset": preset, "images": len(pixels), "largest difference": worst, "reached": met(0, worst)})
    return rows


def batches(image_folder: Path, *, rounds: int) -> None:
    """Milliseconds an image, decoding included for those who decode each time."""
    from benchmarks.programs_to_beat import flow_from_directory, image_dataset
    from train.augment.image_transforms import PRESETS

    generator = flow_from_directory(image_folder, arguments=PRESETS["paper"], side_px=SIDE_PX, batch_size=BATCH)
    dataset = image_dataset(image_folder, side_px=SIDE_PX, batch_size=BATCH)
    ours = _batches(image_folder, SIDE_PX)
    numbers = itertools.count()

    # A whole epoch each, from its first batch on: nobody works ahead in another's time.
    def our_epoch() -> int:
        number = next(numbers)
        return sum(len(x) for x, _ in ours.epochs(number, number + 1))

    works = {
        "flow_from_directory + ImageDataGenerator": lambda: sum(len(next(generator)[0]) for _ in range(len(generator))),
        "image_dataset_from_directory + layers": lambda: sum(len(x) for x, _ in dataset),
        "ours, --augment image --image-preset paper": our_epoch,
    }
    ms = paired_ms(works, rounds=rounds)
    *programs, mine = works
    rows = []
    for program in programs:
        reached = ratio(ms[program], ms[mine])
        rows.append(
            {
                "program to beat": program,
                "ms an image": round(min(ms[program]), 2),
                "our ms an image": round(min(ms[mine]), 2),
                "times as fast": round(reached, 1),
                "target": TARGET,
                "reached": met(reached, TARGET),
            }
        )
    show(f"Training input, {SIDE_PX} x {SIDE_PX} pixels, one core", rows, file_name="training_input.csv")


def epoch(image_folder: Path, *, rounds: int) -> None:
    """Seconds of an epoch of cnn9 with image augmentation, the same model and images, one core."""
    import keras

    from benchmarks.programs_to_beat import flow_from_directory
    from train.augment.image_transforms import PRESETS
    from train.models.build import build_model
    from train.models.registry import MODELS

    side_px = MODELS["cnn9"].size
    generator = flow_from_directory(image_folder, arguments=PRESETS["paper"], side_px=side_px, batch_size=BATCH)
    ours = _batches(image_folder, side_px)
    n_classes = ours.targets.shape[1]
    models = {name: build_model("cnn9", n_classes=n_classes) for name in ("theirs", "ours")}
    for model in models.values():
        model.compile(keras.optimizers.Adam(), "categorical_crossentropy", jit_compile=False)
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    for number in range(rounds + 1):
        for name, data in (("theirs", generator), ("ours", ours.epochs(number, number + 1))):
            began = time.perf_counter()
            models[name].fit(data, steps_per_epoch=len(ours), epochs=1, verbose=0)
            if number:
                seconds[name].append(time.perf_counter() - began)
    row = {
        "images": len(ours.rows),
        "plain Keras loop, s": round(min(seconds["theirs"]), 1),
        "ours, s": round(min(seconds["ours"]), 1),
        "times as fast": round(ratio(seconds["theirs"], seconds["ours"]), 1),
    }
    show(f"An epoch of cnn9, {side_px} x {side_px} pixels, image augmentation, one core", [row], file_name="epoch.csv")


def render_originals(folder: Path, limit: str) -> Path:
    """Images of the originals, 224 x 224."""
    from benchmarks.whole_runs import generate

    generate(ESC10, folder / "images", "--limit", limit, "--variants", "none", "--engine", "librosa")
    return folder / "images"


def _ours(image_folder: Path, side_px: int) -> tuple[object, object]:
    from train.data.image_folder import open_images, read_images

    settings, table = read_images(image_folder)
    return open_images(image_folder, settings, table, size=(side_px, side_px)), table


def _batches(image_folder: Path, side_px: int) -> object:
    import numpy as np

    from train.augment.image_transforms import PRESETS, ImageTransforms
    from train.training.batches import Batches

    images, table = _ours(image_folder, side_px)
    labels = sorted(table["label"].unique())
    targets = np.eye(len(labels), dtype=np.float32)[table["label"].map(labels.index).to_numpy()]
    return Batches(images, np.arange(len(table)), targets, BATCH, seed=(0,), image=ImageTransforms(PRESETS["paper"]))


if __name__ == "__main__":
    main()
