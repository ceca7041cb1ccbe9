"""Synthesise a small labelled audio collection: what a newcomer renders and trains on first."""

import io
import os
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile

from generate.runtime.os_compat import replace_file

SR = 22050
RECORDINGS, TAKES, FOLDS = 10, 2, 5
"""Recordings per class, excerpts (takes) of each, folds; each fold has equally many recordings of each class."""
SHORTEST_S, LONGEST_S = 2.0, 4.0
"""Duration of a take. A recording lasts `TAKES * LONGEST_S`, so that no two takes share a sample."""
SNR_DB = (-4.0, 24.0)
"""Signal to background noise. One recording in seven is below 0 dB, as some are in the field."""
INTRUDER_SHARE, INTRUDER_DB = 0.3, (-24.0, -10.0)
"""Share of the recordings with another class in the background, and its level: no class is known by one band alone."""
SETTINGS = {"sr": SR, "seconds": LONGEST_S}
"""Defaults of its images: no empty rows above its frequencies, no empty columns after its clips."""
PEAK_DB = (-22.0, -1.0)  # of a recording, re full scale; -1 dB is 0.89
MADE_BY = "Made by `python -m generate demo`: recipe 1, seed {seed}."
"""The last line of the README, by which a demo is recognised. Raise the number with any change of the audio."""
README = f"""# Demo collection

{{classes}}: {RECORDINGS} recordings of each, {TAKES} takes (excerpts) of each recording.
Synthesised by a program, without recordings of anyone. Free to use for anything (CC0 1.0).
`labels.csv` has the class, fold and recording of each clip; a split must keep the takes of one recording together.

{MADE_BY}
"""


def bell(rng: np.random.Generator, *, sr: int, duration_s: float) -> np.ndarray:
    """Inharmonic decaying partials, struck repeatedly."""
    # A church bell's: Fletcher and Rossing, The Physics of Musical Instruments, 2nd edition, 1998, chapter 21.
    ratio = np.array([[0.5, 1, 1.2, 1.5, 2, 2.5, 2.67, 3, 4, 5.33, 6.67, 8]]).T
    ratio = ratio * rng.uniform(0.98, 1.02, (12, 1))
    t_s = np.arange(3 * sr) / sr
    beating = 1 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.5, 4, (12, 1)) * t_s)
    partials = beating * np.sin(2 * np.pi * rng.uniform(220, 1100) * ratio * t_s)
    partials *= np.exp(-t_s / (rng.uniform(0.3, 1.2) * ratio**-0.7))
    stroke = (rng.uniform(0.3, 1, (12, 1)) * ratio**-0.4 * partials).sum(axis=0)
    y = np.zeros(round(duration_s * sr))
    interval_s, now_s = rng.uniform(0.6, 1.8), rng.uniform(0, 0.4)
    while now_s < duration_s:
        _add(y, rng.uniform(0.5, 1) * stroke, start=round(now_s * sr))
        now_s += interval_s * rng.uniform(0.92, 1.08)
    return y


def birdsong(rng: np.random.Generator, *, sr: int, duration_s: float) -> np.ndarray:
    """Whistled sweeps of one singer: two or three syllables of its own, repeated in short phrases."""
    base_hz, syllables = rng.uniform(2000, 5500), []
    for _ in range(rng.integers(2, 4)):
        u = np.linspace(0, 1, round(rng.uniform(0.06, 0.28) * sr))
        slope, arch, trill = rng.uniform(-0.9, 0.9), rng.uniform(-0.5, 0.5), rng.choice([0, 0.05, 0.12])
        octaves = slope * (u - 0.5) + 4 * arch * u * (1 - u) + trill * np.sin(2 * np.pi * rng.integers(3, 9) * u)
        phase = 2 * np.pi / sr * np.cumsum(np.clip(base_hz * 2**octaves, 1500, 9500))
        syllables.append((np.sin(phase) + 0.1 * np.sin(2 * phase)) * np.sin(np.pi * u) ** 1.2)
    y = np.zeros(round(duration_s * sr))
    gap_s, rest_s, now_s = rng.uniform(0.02, 0.12), rng.uniform(0.1, 0.5), rng.uniform(0, 0.3)
    while now_s < duration_s:
        syllable = rng.uniform(0.5, 1) * syllables[rng.integers(len(syllables))]
        for _ in range(rng.integers(1, 6)):
            _add(y, syllable, start=round(now_s * sr))
            now_s += len(syllable) / sr + gap_s
        now_s += rest_s * rng.uniform(0.5, 1.5)
    return y


def cricket(rng: np.random.Generator, *, sr: int, duration_s: float) -> np.ndarray:
    """Pulsed tone trains of one near and up to two far crickets, each with a pitch, chirp and pulse rate."""
    t_s = np.arange(round(duration_s * sr)) / sr
    y = np.zeros(len(t_s))
    for gain in (1, 0.4, 0.2)[: rng.integers(1, 4)]:
        n_pulses, pulse_rate_hz = rng.integers(2, 8), rng.uniform(22, 60)
        chirp_s = n_pulses / pulse_rate_hz
        period_s = chirp_s * rng.uniform(1, 4)
        late_s = 0.1 * period_s * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * t_s)
        into_chirp_s = (t_s + late_s + rng.uniform(0, period_s)) % period_s
        into_pulse = (into_chirp_s * pulse_rate_hz) % 1
        loudness = np.where(into_chirp_s < chirp_s, 0.4 + 0.6 * into_chirp_s / chirp_s, 0)
        phase = 2 * np.pi / sr * np.cumsum(rng.uniform(3400, 8200) * (1.02 - 0.04 * into_pulse))
        y += gain * loudness * np.sin(np.pi * into_pulse) ** 2 * np.sin(phase)
    return y


def engine(rng: np.random.Generator, *, sr: int, duration_s: float) -> np.ndarray:
    """Harmonics of a wandering speed with jitter, and exhaust noise in step with them."""
    n = round(duration_s * sr)
    t_s = np.arange(n) / sr
    revving = rng.uniform(0.02, 0.35) * np.sin(2 * np.pi * (rng.uniform(0.1, 0.5) * t_s + rng.random()))
    octaves = revving + 0.02 * wander(rng, n, sr=sr, rate_hz=20)
    cycles = np.cumsum(rng.uniform(22, 70) * 2**octaves) / sr
    harmonic = np.arange(1, 49)
    gains = rng.uniform(0.2, 1, 48) * np.exp(-harmonic / rng.uniform(6, 14))
    gains *= np.where(harmonic % rng.integers(2, 5), 0.35, 1)
    # One table of a cycle, read at the wandering speed: 48 cosines for the price of one look-up.
    grid = np.linspace(0, 1, 2049)
    table = gains @ np.cos(2 * np.pi * (harmonic[:, None] * grid + rng.random((48, 1))))
    exhaust = noise(rng, n, sr=sr, slope_db=-7, fmin_hz=80) * np.sin(2 * np.pi * cycles) ** 2
    return _level(np.interp(cycles % 1, grid, table)) + rng.uniform(0.1, 0.4) * _level(exhaust)


def footsteps(rng: np.random.Generator, *, sr: int, duration_s: float) -> np.ndarray:
    """Filtered thumps at a gait, heel then toe, on a ground between hard floor and gravel."""
    t_s = np.arange(round(0.25 * sr)) / sr
    thump_hz, crunch_hz, slope_db = rng.uniform(60, 200), rng.uniform(300, 2500), rng.uniform(-7, -3)
    crunch_s, gravel = rng.uniform(0.006, 0.06), rng.uniform(0.15, 1)
    y = np.zeros(round(duration_s * sr))
    interval_s, now_s, foot = 1 / rng.uniform(1.4, 3.0), rng.uniform(0, 0.3), 0
    toe_s = interval_s * rng.uniform(0.15, 0.3)
    while now_s < duration_s:
        thump = np.sin(2 * np.pi * thump_hz * t_s * (1 + 0.1 * foot)) * np.exp(-t_s / 0.03)
        for start_s, gain in ((now_s, rng.uniform(0.7, 1)), (now_s + toe_s, rng.uniform(0.2, 0.5))):
            crunch = noise(rng, len(t_s), sr=sr, slope_db=slope_db, fmin_hz=crunch_hz) * np.exp(-t_s / crunch_s)
            _add(y, gain * (thump + gravel * crunch), start=round(start_s * sr))
        now_s, foot = now_s + interval_s * rng.uniform(0.94, 1.06), 1 - foot
    return y


def rain(rng: np.random.Generator, *, sr: int, duration_s: float) -> np.ndarray:
    """Hiss that swells and falls, and droplets: short ringing bubbles whose pitch rises."""
    n = round(duration_s * sr)
    hiss = noise(rng, n, sr=sr, slope_db=rng.uniform(-4, 0), fmin_hz=rng.uniform(300, 1500))
    hiss *= np.exp(0.3 * wander(rng, n, sr=sr, rate_hz=2))
    t_s = np.arange(round(0.04 * sr)) / sr
    each = (round(duration_s * 10 ** rng.uniform(0.8, 1.9)), 1)
    ring_hz = rng.uniform(900, 4000) * 2 ** rng.uniform(-0.7, 0.9, each)
    bubble = np.sin(2 * np.pi * ring_hz * t_s * (1 + rng.uniform(0, 6) * t_s))
    bubble *= rng.exponential(size=each) * np.exp(-t_s / rng.uniform(0.003, 0.009, each))
    drops = np.zeros(n)
    np.add.at(drops, rng.integers(n - len(t_s), size=each) + np.arange(len(t_s)), bubble)
    return _level(hiss) + rng.uniform(0.3, 1.5) * _level(drops)


CLASSES = {f.__name__: f for f in (bell, birdsong, cricket, engine, footsteps, rain)}
"""Each is `f(rng, *, sr, duration_s)`, `sr` in Hz and at least 22050, and gives mono float64 of shape
(duration_s * sr,), at any level. All differences between recordings come from `rng`."""


def takes(label: str, number: int, *, seed: int = 0) -> list[np.ndarray]:
    """Excerpts of one recording as from the field: the class, its echo, noise around it, perhaps an intruder.

    Parameters
    ----------
    label : str
        Key of `CLASSES`.
    number, seed : int
        The recording's number, 1 and up, and a seed, 0 and up; with `label` they determine every random number.

    Returns
    -------
    list of np.ndarray
        `TAKES` excerpts that do not overlap: mono float64 within -1 to 1, `SHORTEST_S` to `LONGEST_S` long.
    """
    rng = np.random.default_rng([seed, crc32(label.encode()), number])
    duration_s, longest = TAKES * LONGEST_S, round(LONGEST_S * SR)
    y = _level(CLASSES[label](rng, sr=SR, duration_s=duration_s))
    n = len(y)
    tail = rng.standard_normal(SR // 3) * np.exp(-np.arange(SR // 3) / (rng.uniform(0.02, 0.12) * SR))
    y = y + rng.uniform(0.1, 0.5) * _level(np.fft.irfft(np.fft.rfft(y) * np.fft.rfft(tail, n), n))
    if rng.random() < INTRUDER_SHARE:
        other = rng.choice([name for name in CLASSES if name != label])
        y += 10 ** (rng.uniform(*INTRUDER_DB) / 20) * _level(CLASSES[other](rng, sr=SR, duration_s=duration_s))
    around = noise(rng, n, sr=SR, slope_db=rng.uniform(-7, -1)) * np.exp(0.3 * wander(rng, n, sr=SR, rate_hz=2))
    y += 10 ** (-rng.uniform(*SNR_DB) / 20) * _level(around)
    y *= 10 ** (rng.uniform(*PEAK_DB) / 20) / np.abs(y).max()
    lengths = rng.integers(round(SHORTEST_S * SR), longest, TAKES, endpoint=True)
    starts = np.arange(TAKES) * longest + rng.integers(longest - lengths, endpoint=True)
    return [y[i : i + length] for i, length in zip(starts, lengths, strict=True)]


def synthesise(folder: Path, *, seed: int = 0) -> Path:
    """Write the demo collection: `<class>/<class>-<recording>-<take>.wav`, `labels.csv` and `README.md`.

    Only files that are missing are written, `labels.csv` last.

    Parameters
    ----------
    folder : Path
        New, empty, or an earlier demo with the same seed.
    seed : int
        0 and up; the same seed gives the same bytes.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    ValueError
        If the folder holds something else, or a demo with another seed, or the seed is negative.
    """
    if seed < 0:
        raise ValueError(f"seed must be 0 or more. Got {seed}.")
    folder, made_by = Path(folder), MADE_BY.format(seed=seed)
    readme = folder / "README.md"
    if folder.exists() and any(not path.name.startswith(".") for path in folder.iterdir()):
        lines = readme.read_text("utf-8", "replace").splitlines() if readme.is_file() else []
        if made_by not in lines:
            found = repr(lines[-1]) if lines else "other files"
            raise ValueError(f"{folder} must be new, or have a README with {made_by!r}. Got {found}. Move that away.")
    _write(readme, README.format(classes=", ".join(CLASSES), seed=seed).encode())
    rows = ["file,label,fold,recording"]
    for label in CLASSES:
        for number in range(1, RECORDINGS + 1):
            name = f"{label}-{number:02d}"
            files = [f"{label}/{name}-{take}.wav" for take in range(1, TAKES + 1)]
            rows += [f"{file},{label},{(number - 1) % FOLDS + 1},{name}" for file in files]
            if not all((folder / file).exists() for file in files):
                for file, y in zip(files, takes(label, number, seed=seed), strict=True):
                    _write(folder / file, _wav(y))
    _write(folder / "labels.csv", ("\n".join(rows) + "\n").encode())
    return folder


def is_demo(folder: Path) -> bool:
    """Whether a folder is a demo collection, by its README.

    Parameters
    ----------
    folder : Path
    """
    try:
        lines = (folder / "README.md").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    return any(line.startswith(MADE_BY.partition("{")[0]) for line in lines)


def noise(rng: np.random.Generator, n: int, *, sr: int, slope_db: float, fmin_hz: float = 30) -> np.ndarray:
    """Coloured noise of RMS 1, shape (n,): `slope_db` dB an octave above `fmin_hz`, falling softly below it."""
    f_hz = np.maximum(np.fft.rfftfreq(n, 1 / sr), 1).astype(np.float32)
    shape = f_hz ** np.float32(slope_db / 6.02) / (1 + (fmin_hz / f_hz) ** 4)
    spectrum = rng.standard_normal(2 * len(f_hz), dtype=np.float32).view(np.complex64)
    return _level(np.fft.irfft(shape * spectrum, n))


def wander(rng: np.random.Generator, n: int, *, sr: int, rate_hz: float) -> np.ndarray:
    """Slow random curve around 0, deviation about 1, shape (n,): `rate_hz` random values a second, joined by lines."""
    knots_s = np.arange(0, n / sr + 2 / rate_hz, 1 / rate_hz)
    return np.interp(np.arange(n) / sr, knots_s, rng.standard_normal(len(knots_s)))


def _level(y: np.ndarray) -> np.ndarray:
    """Scale to RMS 1."""
    return y / np.sqrt(np.mean(y**2))


def _add(y: np.ndarray, event: np.ndarray, *, start: int) -> None:
    """Add an event to `y` in place, as far as it fits."""
    y[start : start + len(event)] += event[: max(0, len(y) - start)]


def _wav(y: np.ndarray) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, np.round(y * 32767).astype(np.int16), SR, format="WAV", subtype="PCM_16")
    return content.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        replace_file(part, path)
    finally:
        part.unlink(missing_ok=True)
