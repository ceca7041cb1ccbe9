"""Sounds of many kinds that have nothing to do with each other: what a check for copies must not be taken in by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

Maker = Callable[[np.random.Generator, np.ndarray, int], np.ndarray]


def draw(kind: str, n: int, *, seed: int, sr: int, shortest_s: float, longest_s: float) -> list[np.ndarray]:
    """Make independent sounds of one kind.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    n : int
    seed : int
        The same seed gives the same sounds.
    sr : int
        Hertz.
    shortest_s, longest_s : float
        Between which the lengths are drawn evenly.

    Returns
    -------
    list of np.ndarray, shape=(samples,), float32
        Peaks at 0.5.
    """
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    seconds = rng.uniform(shortest_s, longest_s, n)
    return [_scaled(KINDS[kind](rng, np.arange(round(s * sr)) / sr, sr)) for s in seconds]


def _scaled(y: np.ndarray) -> np.ndarray:
    return (0.5 * y / max(np.abs(y).max(), 1e-9)).astype(np.float32)


def _coloured(rng: np.random.Generator, n: int, sr: int) -> np.ndarray:
    """Noise that falls by 0 to 6 dB an octave."""
    spectrum = np.fft.rfft(rng.standard_normal(n)) * np.maximum(np.fft.rfftfreq(n, 1 / sr), 30) ** -rng.uniform(0, 1)
    return _scaled(np.fft.irfft(spectrum, n))


def _hiss(rng: np.random.Generator, y: np.ndarray) -> np.ndarray:
    """With noise 40 to 70 dB below it."""
    return _scaled(y) + 10 ** (-rng.uniform(40, 70) / 20) * rng.standard_normal(len(y))


def _swept(hz: np.ndarray | float, t: np.ndarray, sr: int) -> np.ndarray:
    return 2 * np.pi * np.cumsum(np.broadcast_to(hz, t.shape)) / sr


def _noise(rng, t, sr):
    return _coloured(rng, len(t), sr)


def _swelling(rng, t, sr):
    return _coloured(rng, len(t), sr) * np.sin(np.pi * np.arange(len(t)) / len(t)) ** rng.uniform(0.5, 3)


def _hit(rng, t, sr):
    return _coloured(rng, len(t), sr) * np.exp(-t * rng.uniform(5, 25))


def _rain(rng, t, sr):
    drops = np.zeros(len(t))
    n = rng.poisson(t[-1] * rng.uniform(50, 1500))
    np.add.at(drops, rng.integers(0, len(t), n), rng.exponential(1, n))
    hz = rng.uniform(800, 0.3 * sr)
    band = [max(100, 0.6 * hz), min(0.49 * sr, 1.4 * hz)]
    return _hiss(rng, sosfilt(butter(1, band, "band", fs=sr, output="sos"), drops))


def _hum(rng, t, sr):
    hz = rng.choice([50, 60, 100, 120])
    lines = [rng.exponential(h**-0.7) * np.sin(2 * np.pi * hz * h * t + rng.uniform(0, 7)) for h in range(1, 25)]
    return _hiss(rng, np.sum(lines, axis=0))


def _clicks(rng, t, sr):
    y, decay = np.zeros(len(t)), np.arange(sr // 100) / sr
    click = np.exp(-decay / 0.0008) * np.sin(2 * np.pi * 2000 * decay)
    for start in rng.integers(0, len(t) - len(click), 1 + rng.poisson(t[-1] * rng.uniform(3, 10))):
        y[start : start + len(click)] += click * rng.choice([1, 0.7, 0.5])
    return _hiss(rng, y)


def _click_train(rng, t, sr):
    period = sr / rng.uniform(4, 40)
    y = np.zeros(len(t))
    y[np.arange(rng.uniform(0, min(period, len(t) - 1)), len(t), period).astype(int)] = 1
    return _hiss(rng, lfilter([1], [1, -rng.uniform(-0.9, 0.9)], y))


def _tone(rng, t, sr):
    hz = 2 ** rng.uniform(7, np.log2(0.4 * sr))
    return _hiss(rng, np.sin(2 * np.pi * hz * t) * np.exp(-t * rng.choice([0, 3, 10, 20])))


def _beeps(rng, t, sr):
    period, hz = rng.uniform(0.1, 0.4), rng.uniform(400, 3000)
    is_on = (t + rng.uniform(0, period)) % period < rng.uniform(0.2, 0.8) * period
    return _hiss(rng, np.sin(2 * np.pi * hz * t) * is_on)


def _chirp(rng, t, sr):
    low, high = 2 ** rng.uniform(7, np.log2(0.45 * sr), 2)
    return _hiss(
        rng,
        np.sin(_swept(low * (high / low) ** (t / t[-1]), t, sr)) * np.sin(np.pi * np.arange(len(t)) / len(t)) ** 0.5,
    )


def _bird(rng, t, sr):
    period = rng.uniform(0.1, 0.4)
    within = (t % period) / period
    low, high = 2 ** rng.uniform(10.5, np.log2(0.4 * sr), 2)
    return _hiss(rng, np.sin(_swept(low * (high / low) ** within, t, sr)) * np.sin(np.pi * within) ** 2)


def _music(rng, t, sr):
    y, beat = np.zeros(len(t) + sr), rng.choice([0.1, 0.125, 0.15, 0.2, 0.25])
    strength = rng.exponential(1, 8) / np.arange(1, 9)
    for start in np.arange(0, t[-1], beat):
        hz, note = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12, 14, 16]) / 12), np.arange(int(2 * beat * sr)) / sr
        tone = sum(strength[h] * np.sin(2 * np.pi * hz * (h + 1) * note) for h in range(8) if hz * (h + 1) < sr / 2)
        y[int(start * sr) :][: len(note)] += np.exp(-5 * note) * tone
    return _hiss(rng, y[: len(t)])


def _engine(rng, t, sr):
    turning = 1 + 0.02 * np.sin(2 * np.pi * rng.uniform(0.5, 3) * t) + rng.uniform(-0.3, 0.3) * t / t[-1]
    phase = _swept(rng.uniform(20, 90) * turning, t, sr)
    lines = [rng.exponential(h**-0.6) * np.sin(h * phase + rng.uniform(0, 6)) for h in range(1, 20)]
    return _scaled(np.sum(lines, axis=0)) + 0.1 * _coloured(rng, len(t), sr) * (1 + np.sin(phase))


KINDS: dict[str, Maker] = {
    "noise": _noise,
    "swelling noise": _swelling,
    "hit": _hit,
    "rain": _rain,
    "hum": _hum,
    "clicks": _clicks,
    "click train": _click_train,
    "tone": _tone,
    "beeps": _beeps,
    "chirp": _chirp,
    "bird": _bird,
    "music": _music,
    "engine": _engine,
}
"""Name to a maker of one sound."""
