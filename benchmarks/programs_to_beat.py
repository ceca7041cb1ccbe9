"""What people run today, short and as they write it: a clip to six images, and images to batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import librosa
import librosa.display
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pyrubberband
from PIL import Image

matplotlib.use("Agg")
SR = 44100


def librosa_variants(y: np.ndarray) -> dict[str, np.ndarray]:
    """The original and five variants by `librosa.effects`."""
    return {
        "original": y,
        "pitch=+2": librosa.effects.pitch_shift(y, sr=SR, n_steps=2),
        "pitch=-2": librosa.effects.pitch_shift(y, sr=SR, n_steps=-2),
        "stretch=0.7": librosa.effects.time_stretch(y, rate=0.7),
        "stretch=1.2": librosa.effects.time_stretch(y, rate=1.2),
        "trim": librosa.effects.trim(y)[0],
    }


def rubberband_variants(y: np.ndarray) -> dict[str, np.ndarray]:
    """The same by pyrubberband, which starts the program for each."""
    return {
        "original": y,
        "pitch=+2": pyrubberband.pitch_shift(y, SR, 2),
        "pitch=-2": pyrubberband.pitch_shift(y, SR, -2),
        "stretch=0.7": pyrubberband.time_stretch(y, SR, 0.7),
        "stretch=1.2": pyrubberband.time_stretch(y, SR, 1.2),
        "trim": librosa.effects.trim(y)[0],
    }


def mel_decibels(y: np.ndarray) -> np.ndarray:
    """The image's values, as in librosa's tutorial."""
    return librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SR, n_mels=128), ref=np.max)


def save_by_specshow(decibels: np.ndarray, path: Path) -> None:
    """Draw with matplotlib, without axes, 224 x 224 pixels."""
    figure = plt.figure(figsize=(2.24, 2.24), dpi=100)
    axes = figure.add_axes([0, 0, 1, 1])
    axes.axis("off")
    librosa.display.specshow(decibels, sr=SR, ax=axes)
    figure.savefig(path)
    plt.close(figure)


def save_by_pillow(decibels: np.ndarray, path: Path) -> None:
    """A grey image, low frequencies at the bottom."""
    grey = np.clip((decibels + 80) / 80 * 255, 0, 255).astype(np.uint8)[::-1]
    Image.fromarray(grey).resize((224, 224)).save(path)


def render_clip(
    sound: Path,
    folder: Path,
    *,
    variants: Callable[[np.ndarray], dict[str, np.ndarray]],
    save: Callable[[np.ndarray, Path], None],
) -> None:
    """Decode, make the variants, draw and save each."""
    y, _ = librosa.load(sound, sr=SR)
    for name, variant in variants(y).items():
        save(mel_decibels(variant), folder / f"{sound.stem}-{name}.png")


def flow_from_directory(images: Path, *, arguments: dict[str, object], side_px: int, batch_size: int) -> Iterator:
    """Batches by `ImageDataGenerator.flow_from_directory`."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**arguments).flow_from_directory(
        images, target_size=(side_px, side_px), batch_size=batch_size, class_mode="categorical"
    )


def image_dataset(images: Path, *, side_px: int, batch_size: int) -> Iterable:
    """Batches by `image_dataset_from_directory` and Keras preprocessing layers of about the paper's values."""
    import keras

    layers = keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(30 / 360, fill_mode="nearest"),
            keras.layers.RandomTranslation(0.2, 0.2, fill_mode="nearest"),
            keras.layers.RandomZoom(0.25, fill_mode="nearest"),
            keras.layers.RandomBrightness(0.5),
        ]
    )
    dataset = keras.utils.image_dataset_from_directory(
        images, image_size=(side_px, side_px), batch_size=batch_size, label_mode="categorical", verbose=False
    )
    return dataset.map(lambda x, y: (layers(x, training=True), y)).prefetch(2)
