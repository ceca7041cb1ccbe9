"""How often the check for near duplicates is wrong: `python -m benchmarks.near_duplicates [--quick] [FOLDER ...]`.

Prints, by kind of sound, the false pairs among unrelated clips and the share of true copies that is found. The kinds
are synthetic, pieces of different recordings of ESC-10, and ESC-10 itself; each FOLDER of audio files (such as spoken
digits, a file a recording) is one kind more.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import soxr

from benchmarks.measure import esc10_clips, show
from benchmarks.unrelated_audio import KINDS, draw
from generate.audio import load
from generate.audit.near_duplicates import near_duplicates, small_image
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image

FORMATS = {
    "0.3 to 0.8 s in 0.8 s at 16 kHz": (Settings(seconds=0.8, sr=16000, n_fft=1024, hop_length=256), 0.3, 0.8),
    "0.3 to 0.8 s in 5 s at 44.1 kHz": (Settings(), 0.3, 0.8),
    "1 s at 22 kHz, log": (Settings(seconds=1, sr=22050, feature="log"), 1, 1),
    "5 s at 22 kHz, gammatone": (Settings(seconds=5, sr=22050, feature="gammatone"), 5, 5),
    "10 s at 8 kHz": (Settings(seconds=10, sr=8000, n_fft=512, hop_length=128), 10, 10),
}
"""Name to settings, shortest and longest clip in seconds."""


def encoded(y: np.ndarray, sr: int, kind: str, subtype: str | None, compression: float) -> np.ndarray:
    """Through a lossy codec and back."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(y, -1, 1), sr, format=kind, subtype=subtype, compression_level=compression)
    buffer.seek(0)
    return soundfile.read(buffer, dtype="float32")[0]


def resampled(y: np.ndarray, sr: int, to: int) -> np.ndarray:
    """At another rate."""
    return soxr.resample(y, sr, to).astype(np.float32)


def later(y: np.ndarray, sr: int, seconds: float) -> np.ndarray:
    """Begin later, or earlier where `seconds` is below 0."""
    n = round(seconds * sr)
    return y[-n:] if n < 0 else np.concatenate([np.zeros(n, dtype=np.float32), y])


def with_noise(y: np.ndarray) -> np.ndarray:
    """With noise 40 dB below it."""
    noise = np.random.default_rng(7).standard_normal(len(y)).astype(np.float32)
    return y + noise * np.float32(0.01 * np.sqrt(np.mean(y**2)))


COPIES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "Ogg Vorbis": lambda y, sr: encoded(y, sr, "OGG", "VORBIS", 0.9),
    "MP3": lambda y, sr: encoded(y, sr, "MP3", None, 0.9),
    "Opus": lambda y, sr: resampled(encoded(resampled(y, sr, 48000), 48000, "OGG", "OPUS", 0.9), 48000, sr),
    "-6 dB": lambda y, sr: 0.5 * y,
    "noise at 40 dB": lambda y, sr: with_noise(y),
    "50 ms later": lambda y, sr: later(y, sr, 0.05),
    "97 ms later": lambda y, sr: later(y, sr, 0.097),
    "50 ms earlier": lambda y, sr: later(y, sr, -0.05),
    "16 kHz and back": lambda y, sr: resampled(resampled(y, sr, min(16000, sr)), min(16000, sr), sr),
    "Ogg, noise, later": lambda y, sr: encoded(with_noise(later(0.5 * y, sr, 0.063)), sr, "OGG", "VORBIS", 0.8),
}


def main() -> None:
    """Measure and print one table of false pairs and one of copies found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.near_duplicates", description=__doc__)
    parser.add_argument("folders", metavar="FOLDER", nargs="*", type=Path, help="of audio files, a file a recording")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    options = parser.parse_args()
    folders, quick = options.folders, options.quick
    false_pairs, found = [], []
    for name, kind, sounds, sources, settings in collections(folders, n=60 if quick else 1000):
        row = false_row(sounds, sources, settings)
        false_pairs.append({"clips": f"{kind}, {name}", **row})
        every = max(1, len(sounds) // (10 if quick else 60))
        found.append({"clips": f"{kind}, {name}", **recall_row(sounds[::every], settings)})
        print(false_pairs[-1], flush=True)
    show("False pairs among unrelated clips", false_pairs, file_name="near_duplicates.csv")
    show("Copies found, % of the clips that hold enough to tell", found, file_name="near_duplicates_found.csv")


def collections(folders: Sequence[Path], *, n: int):
    """Name, kind, sounds at the settings' rate, recordings and settings of each."""
    for name, (settings, shortest, longest) in FORMATS.items():
        for kind in KINDS:
            sounds = draw(kind, n, seed=1, sr=settings.sr, shortest_s=shortest, longest_s=longest)
            yield name, kind, sounds, np.arange(n), settings
    paths = esc10_clips()
    settings = Settings()
    whole = [load(path, settings.sr).y for path in (paths if n >= 400 else paths[::10])]
    sources = np.array([path.stem.split("-")[1] for path in (paths if n >= 400 else paths[::10])])
    yield "5 s", "ESC-10", whole, sources, settings
    cut, of = pieces(whole, sources, settings.sr, n)
    yield "0.3 to 0.8 s in 0.8 s", "ESC-10", cut, of, replace(settings, seconds=0.8)
    for folder in folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".wav", ".ogg", ".flac"})
        settings = Settings(seconds=0.8, sr=8000, n_fft=512, hop_length=128)
        yield "0.8 s at 8 kHz", folder.name, [load(p, 8000).y for p in files], np.arange(len(files)), settings


def pieces(sounds: Sequence[np.ndarray], sources: np.ndarray, sr: int, n: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Short pieces of real recordings at random places, of 0.3 to 0.8 s, and the recording of each."""
    rng = np.random.default_rng(1)
    cut, of = [], []
    while len(cut) < n:
        number, length = rng.integers(len(sounds)), int(rng.uniform(0.3, 0.8) * sr)
        start = rng.integers(0, len(sounds[number]) - length)
        y = sounds[number][start : start + length]
        if np.abs(y).max() > 0.01:
            cut.append(y)
            of.append(sources[number])
    return cut, np.array(of)


def small_images(sounds: Sequence[np.ndarray], settings: Settings) -> np.ndarray:
    """What is compared of each, shape=(n, 32, columns), uint8."""
    images = (spectrogram_image(np.ascontiguousarray(y, dtype=np.float32), settings) for y in sounds)
    return np.stack([small_image(image, settings) for image in images])


def false_row(sounds: Sequence[np.ndarray], sources: np.ndarray, settings: Settings) -> dict[str, object]:
    """Pairs that are found where there is none."""
    copies = near_duplicates(
        small_images(sounds, settings), sources, seconds=settings.seconds, feature=settings.feature
    )
    return {"n": len(sounds), "comparable": f"{100 * copies.comparable.mean():.0f} %", "false pairs": len(copies.pairs)}


def recall_row(sounds: Sequence[np.ndarray], settings: Settings) -> dict[str, object]:
    """Share of the copies of each kind that are found, among the clips that hold enough to tell."""
    n = len(sounds)
    original = small_images(sounds, settings)
    tellable = near_duplicates(original, np.zeros(n), seconds=settings.seconds, feature=settings.feature).comparable
    row: dict[str, object] = {}
    for name, copy in COPIES.items():
        copied = small_images([copy(y, settings.sr) for y in sounds], settings)
        pairs = near_duplicates(
            np.concatenate([original, copied]), np.arange(2 * n), seconds=settings.seconds, feature=settings.feature
        ).pairs
        is_found = np.isin(np.arange(n), pairs["a"][pairs["b"] - pairs["a"] == n])
        row[name] = f"{100 * is_found[tellable].mean():.0f}" if tellable.any() else ""
    return row


if __name__ == "__main__":
    main()
