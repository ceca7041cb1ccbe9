"""Three collections that look like what people bring: `python -m benchmarks.realistic_collections FOLDER`.

- `urbansound8k`: as Kaggle packs UrbanSound8K, the table beside `fold1` ... `fold10`. The table is the real one; its
  audio is not free to pass on, so clips of ESC-10 stand in, each recording at a speed, gain and rate of its own.
- `digits`: 1,000 clips of 0.3 to 0.7 s, ten words by six speakers, at 8 kHz, named `7_alan_12.wav`. Spoken by
  espeak-ng (`apt-get install espeak-ng`), each at a speed and pitch of its own, in a little noise.
- `field`: recordings of 40 to 100 minutes in FLAC (24 bits, peaks near -50 dBFS), MP3 and M4A, three sites with two
  classes of faint calls in wind and hum: real clips of ESC-10 far off.

ESC-10 and the tables must be in `../shared`. What the program prints about them can be compared with `facts.txt`.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
import soxr

SHARED = Path(__file__).resolve().parents[2] / "shared"
STAND_INS = {
    "air_conditioner": "Rain",
    "car_horn": "Baby cry",
    "children_playing": "Rooster",
    "dog_bark": "Dog bark",
    "drilling": "Chainsaw",
    "engine_idling": "Helicopter",
    "gun_shot": "Person sneeze",
    "jackhammer": "Clock tick",
    "siren": "Sea waves",
    "street_music": "Fire crackling",
}
"""Class of UrbanSound8K to class of ESC-10."""
SPEAKERS = {
    "alan": ("en-gb", 40),
    "beth": ("en-us+f3", 65),
    "carl": ("en-gb-scotland+m4", 30),
    "dora": ("en-gb-x-rp+f5", 75),
    "emil": ("en-us+m7", 20),
    "faye": ("en-gb-x-gbclan+f2", 55),
}
"""Name to voice of espeak-ng and its pitch, 0 to 99."""
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
N_DIGITS = 1000
FIELD_MINUTES = {"flac": (40, 70, 100), "mp3": (45, 75, 90), "m4a": (40, 60, 80)}
FIELD_SR = 22050
CALLS = {"crow of a rooster": "Rooster", "barking": "Dog bark"}


def esc10_clips(label: str) -> list[Path]:
    """Clips of a class of ESC-10, in the order of their names."""
    (folder,) = (SHARED / "ESC-10").glob(f"* - {label}")
    return sorted(folder.glob("*.ogg"))


def urbansound8k(folder: Path) -> str:
    """Write the tree of UrbanSound8K as Kaggle packs it; returns what is true of it."""
    table = pd.read_csv(SHARED / "metadata" / "UrbanSound8K.csv", dtype={"fsID": str})
    folder.mkdir(parents=True)
    shutil.copy(SHARED / "metadata" / "UrbanSound8K.csv", folder)
    clips = {label: [soundfile.read(path)[0] for path in esc10_clips(esc)] for label, esc in STAND_INS.items()}

    def write_recording(rows: pd.DataFrame) -> None:
        rng = np.random.default_rng(int(rows["fsID"].iloc[0]))
        y = clips[rows["class"].iloc[0]][rng.integers(40)]
        sr = int(rng.choice([16000, 22050, 44100], p=[0.5, 0.4, 0.1]))
        y = soxr.resample(y, 44100 * rng.uniform(0.8, 1.25), sr) * rng.uniform(0.2, 1.0)
        n_channels, subtype = int(rng.choice([1, 2])), str(rng.choice(["PCM_16", "PCM_24"]))
        for row in rows.itertuples():
            n = max(1, round((row.end - row.start) * sr))
            start = rng.integers(max(1, len(y) - n))
            clip = np.resize(y[start:], n)
            path = folder / f"fold{row.fold}" / row.slice_file_name
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, np.repeat(clip[:, None], n_channels, axis=1), sr, subtype=subtype)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write_recording, (rows for _, rows in table.groupby("fsID"))))
    return f"{len(table):,} clips of {table['fsID'].nunique():,} recordings, 10 classes, 10 folds"


def digits(folder: Path) -> str:
    """Write 1,000 spoken digits of six speakers; returns what is true of them."""
    folder.mkdir(parents=True)

    def write_clip(number: int) -> float:
        rng = np.random.default_rng(number)
        digit, speaker = number % 10, list(SPEAKERS)[number // 10 % 6]
        voice, pitch = SPEAKERS[speaker]
        options = ["-v", voice, "-s", str(rng.integers(140, 230)), "-p", str(int(pitch + rng.integers(-12, 13)))]
        spoken = subprocess.run(["espeak-ng", *options, "--stdout", WORDS[digit]], capture_output=True, check=True)
        y, sr = soundfile.read(io.BytesIO(spoken.stdout))
        y = np.trim_zeros(np.where(np.abs(y) < 0.01, 0, y))
        y = soxr.resample(y, sr, 8000)[: int(0.8 * 8000)]
        y = np.pad(y, (int(rng.uniform(0, 400)), max(0, int(0.3 * 8000) - len(y))))[: int(0.8 * 8000)]
        y = 0.3 * rng.uniform(0.3, 1) * y / np.abs(y).max() + rng.normal(0, 0.002, len(y))
        soundfile.write(folder / f"{digit}_{speaker}_{number // 60}.wav", y, 8000)
        return len(y) / 8000

    with ThreadPoolExecutor(2) as threads:
        lengths = list(threads.map(write_clip, range(N_DIGITS)))
    low, p95, high = np.quantile(lengths, [0, 0.95, 1])
    return f"{len(lengths):,} clips of 6 speakers, {low:.2f} to {high:.2f} s (95th percentile {p95:.2f} s), 8,000 Hz"


def field(folder: Path) -> str:
    """Write recordings of hours with faint calls; returns what is true of them."""
    facts = []
    for label, esc in CALLS.items():
        calls = [soxr.resample(soundfile.read(path)[0], 44100, FIELD_SR) for path in esc10_clips(esc)]
        (folder / label).mkdir(parents=True)
        for number, ending in enumerate(FIELD_MINUTES):
            for minutes in FIELD_MINUTES[ending]:
                rng = np.random.default_rng([number, minutes, len(label)])
                y = _soundscape(calls, minutes, rng)
                path = folder / label / f"site{number + 1}_{minutes}min.{ending}"
                _write_field(path, y)
                facts.append(f"{path.name} {len(y) / FIELD_SR / 60:.2f} min, peak {20 * np.log10(np.abs(y).max()):.1f}")
    return f"{len(facts)} recordings: " + "; ".join(facts)


def _soundscape(calls: list[np.ndarray], minutes: int, rng: np.random.Generator) -> np.ndarray:
    """Wind and hum with a call every 20 s or so, float32, peaks near -55 dBFS."""
    n = minutes * 60 * FIELD_SR
    y = rng.standard_normal(n, dtype=np.float32) * np.float32(3e-5)
    y[1:] += 0.9 * y[:-1]
    y += np.float32(4e-5) * np.sin(2 * np.pi * 50 * np.arange(n, dtype=np.float64) / FIELD_SR).astype(np.float32)
    for start in rng.integers(0, n - 6 * FIELD_SR, size=minutes * 3):
        call = calls[rng.integers(len(calls))]
        y[start : start + len(call)] += (call * rng.uniform(3e-4, 2e-3)).astype(np.float32)
    return y


def _write_field(path: Path, y: np.ndarray) -> None:
    """FLAC at its own faint level; MP3 and M4A raised by 40 dB, as recorders with automatic gain do."""
    if path.suffix == ".flac":
        soundfile.write(path, y, FIELD_SR, subtype="PCM_24")
        return
    import av

    y = np.clip(100 * y, -1, 1).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mp3" if path.suffix == ".mp3" else "aac", rate=FIELD_SR, layout="mono")
        stream.bit_rate = 64_000
        for start in range(0, len(y), FIELD_SR):
            frame = av.AudioFrame.from_ndarray(y[None, start : start + FIELD_SR], format="fltp", layout="mono")
            frame.sample_rate = FIELD_SR
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


COLLECTIONS = {"urbansound8k": urbansound8k, "digits": digits, "field": field}


def main() -> None:
    """Make the collections that are not there yet."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.realistic_collections", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="that they are put into")
    parser.add_argument("--only", choices=COLLECTIONS, nargs="+", default=list(COLLECTIONS))
    options = parser.parse_args()
    for name in options.only:
        if (options.folder / name).exists():
            print(f"{name}: there already")
            continue
        facts = COLLECTIONS[name](options.folder / name)
        print(f"{name}: {facts}", flush=True)
        with (options.folder / "facts.txt").open("a", encoding="utf-8") as file:
            file.write(f"{name}: {facts}\n")


if __name__ == "__main__":
    main()
