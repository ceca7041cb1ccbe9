"""How well each engine changes pitch and tempo, and how long it takes: `python -m benchmarks.engines AUDIO_FOLDER`.

Of steady tones (220, 440, 1000 and 3000 Hz, two semitones up and down): how many cents off they are, and how many
decibels they are above all else. Of noise bursts of 14 ms: how much of their energy stays within 5 ms before to 20 ms
after their place. Of clips: how far the mel-spectrogram is from the original's after a change and its reverse, in dB.
Time is that of one process for the four variants of `paper`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from augment_audio import open_audio
from benchmarks.measure import show
from generate.audio import load
from generate.dataset.settings import Settings
from generate.features.mel import mel_decibels
from generate.readers.audio_folder.walk import find_audio_files

SR, SECONDS, N_CLIPS = 44100, 5, 12
CHANGES = ((1.0, 2.0), (1.0, -2.0), (0.7, 0.0), (1.2, 0.0))
"""Rate and semitones of the preset `paper`."""
Change = Callable[[np.ndarray, float, float], np.ndarray]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument("audio_folder", type=Path)
    folder = parser.parse_args(arguments).audio_folder
    files, _ = find_audio_files(folder)
    chosen = sorted(files)[:: max(1, len(files) // N_CLIPS)][:N_CLIPS]
    clips = [load(folder / name, SR, longest_s=SECONDS).y[: SECONDS * SR] for name in chosen]
    engines: dict[str, Change] = {"librosa": _by_librosa, "Rubber Band R3, short window": _by_rubber_band}
    engines |= {
        "Rubber Band R3, long window": partial(_by_pedalboard, high_quality=True, use_long_fft_window=True),
        "Rubber Band R2": partial(_by_pedalboard, high_quality=False),
    }
    rows = [row_of(name, change, clips) for name, change in engines.items()]
    show(f"Engines, {len(clips)} clips", rows, file_name="engines.csv")


def row_of(name: str, change: Change, clips: Sequence[np.ndarray]) -> dict[str, object]:
    """What is measured of one engine."""
    cents, decibels = zip(*(_tone(change, hz, n) for hz in (220, 440, 1000, 3000) for n in (2.0, -2.0)), strict=True)
    bursts = [_bursts(change, *how) for how in CHANGES]
    there_and_back = [
        np.mean([_there_and_back(change, y, *how) for y in clips])
        for how in (((1, 2), (1, -2)), ((0.7, 0), (1 / 0.7, 0)))
    ]
    started = time.process_time()
    for y in clips:
        for how in CHANGES:
            change(y, *how)
    return {
        "engine": name,
        "cents off, at most": f"{max(cents):.1f}",
        "tone above the rest, dB": f"{min(decibels):.0f} to {max(decibels):.0f}",
        "bursts in place": f"{100 * min(bursts):.0f} to {100 * max(bursts):.0f} %",
        "pitch and back, dB": f"{there_and_back[0]:.2f}",
        "stretch and back, dB": f"{there_and_back[1]:.2f}",
        "ms a clip": f"{1e3 * (time.process_time() - started) / len(clips):.0f}",
    }


def _by_librosa(y: np.ndarray, rate: float, n_semitones: float) -> np.ndarray:
    return open_audio(y, SR, engine="librosa").stretch_and_shift(rate=rate, n_semitones=n_semitones)


def _by_rubber_band(y: np.ndarray, rate: float, n_semitones: float) -> np.ndarray:
    return open_audio(y, SR, engine="rubberband").stretch_and_shift(rate=rate, n_semitones=n_semitones)


def _by_pedalboard(y: np.ndarray, rate: float, n_semitones: float, **options: bool) -> np.ndarray:
    import pedalboard

    peak = np.float32(np.abs(y).max())
    scaled = np.asarray(y, np.float32) / peak * np.float32(0.25)
    how = {"stretch_factor": rate, "pitch_shift_in_semitones": n_semitones, "preserve_formants": False}
    return np.asarray(pedalboard.time_stretch(scaled, SR, **how, **options)[0] * (peak * 4))


def _tone(change: Change, hz: float, n_semitones: float) -> tuple[float, float]:
    """How many cents a changed tone is off, and how many decibels it is above all else."""
    t = np.arange(SECONDS * SR) / SR
    out = change((0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32), 1.0, n_semitones)
    out = out[SR : 4 * SR].astype(float)
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)), 1 << 20))
    k = int(spectrum.argmax())
    low, middle, high = np.log(spectrum[k - 1 : k + 2])  # a parabola through the logarithms
    found = (k + 0.5 * (low - high) / (low - 2 * middle + high)) * SR / (1 << 20)
    phase = 2 * np.pi * found * np.arange(len(out)) / SR
    waves = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    rest = out - waves @ np.linalg.lstsq(waves, out, rcond=None)[0]
    cents = abs(1200 * np.log2(found / (hz * 2 ** (n_semitones / 12))))
    return cents, float(10 * np.log10((out**2).sum() / max((rest**2).sum(), 1e-12)))


def _bursts(change: Change, rate: float, n_semitones: float) -> float:
    """Share of the energy of noise bursts that stays in place, the median of thirteen."""
    n = SR // 4
    decay = np.exp(-np.arange(n // 2) / (0.002 * SR))
    burst = (0.3 * np.random.default_rng(0).standard_normal(n // 2) * decay).astype(np.float32)
    y = np.zeros(SECONDS * SR, np.float32)
    for k in range(4 * SECONDS):
        y[k * n + n // 4 :][: n // 2] += burst
    energy = change(y, rate, n_semitones).astype(float) ** 2
    shares = []
    for k in range(3, 16):
        place = int((k * n + n // 4) / rate)
        around = energy[place - SR // 10 : place + SR // 10].sum()
        shares.append(energy[place - SR // 200 : place + SR // 50].sum() / max(around, 1e-20))
    return float(np.median(shares))


def _there_and_back(change: Change, y: np.ndarray, there: tuple[float, float], back: tuple[float, float]) -> float:
    """Mean difference of the mel-spectrograms of a clip and of what a change and its reverse make of it, in dB."""
    settings = Settings(sr=SR)
    out = change(np.ascontiguousarray(change(y, *there)), *back)[: len(y)]
    out = np.pad(out, (0, len(y) - len(out))).astype(np.float32)
    return float(np.abs(mel_decibels(out, settings) - mel_decibels(y, settings)).mean())


if __name__ == "__main__":
    main()
