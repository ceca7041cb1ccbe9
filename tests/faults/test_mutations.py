"""Real sounds with bytes changed, headers and all: each becomes an image or a reason, in time, and the run lives."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from generate.audio import load
from generate.dataset import png, tables
from generate.dataset.settings import Settings
from generate.rendering.clip import Front, Job, render
from generate.workers.processes import map_unordered
from tests.faults.bad_audio import encoded
from tests.faults.rows import times
from tests.faults.running import QUICK, generate

SEED = int(os.environ.get("FAULTS_SEED", "20260"))
"""Another gives other mutations."""
LIMIT_S = 10.0
"""For one file."""
ENCODINGS: dict[str, dict[str, str]] = {
    "16.wav": {"format": "WAV", "subtype": "PCM_16"},
    "24.wav": {"format": "WAVEX", "subtype": "PCM_24"},
    "float.wav": {"format": "WAV", "subtype": "FLOAT"},
    "adpcm.wav": {"format": "WAV", "subtype": "IMA_ADPCM"},
    "ms.wav": {"format": "WAV", "subtype": "MS_ADPCM"},
    "gsm.wav": {"format": "WAV", "subtype": "GSM610"},
    "big.wav": {"format": "WAV", "subtype": "PCM_16", "endian": "BIG"},
    "a.flac": {"format": "FLAC", "subtype": "PCM_16"},
    "a.opus": {"format": "OGG", "subtype": "OPUS"},
    "a.mp3": {"format": "MP3"},
    "bare.mp3": {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.8},
    "a.aiff": {"format": "AIFF", "subtype": "PCM_16"},
    "a.au": {"format": "AU", "subtype": "PCM_16"},
    "a.w64": {"format": "W64", "subtype": "PCM_16"},
    "a.caf": {"format": "CAF", "subtype": "PCM_16"},
    "alac.caf": {"format": "CAF", "subtype": "ALAC_16"},
    "a.voc": {"format": "VOC", "subtype": "PCM_16"},
    "a.nist": {"format": "NIST", "subtype": "PCM_16"},
    "a.rf64": {"format": "RF64", "subtype": "PCM_16"},
}
"""The twentieth seed is a clip as it is published, Ogg Vorbis."""
RATES = {"a.opus": 48000, "gsm.wav": 8000}


def seeds(esc10: Path) -> dict[str, bytes]:
    """Twenty real sounds, each in another encoding."""
    clips = [sorted(folder.glob("*.ogg"))[number] for number in (3, 11) for folder in sorted(esc10.glob("0*"))]
    found = {"published.ogg": clips[0].read_bytes()}
    for clip, (name, options) in zip(clips[1:], ENCODINGS.items(), strict=True):
        sr = RATES.get(name, 22050)
        content = encoded(load(clip, sr).y[:sr], sr, **options)
        if name == "bare.mp3":
            content = without_info_header_at_22050(content)
        found[name] = content
    return found


def without_info_header_at_22050(mp3: bytes) -> bytes:
    """Without the first frame, which holds no sound but the number of frames."""
    return mp3[mp3.index(mp3[:2], 4) :]


def change_header(content: bytearray, rng: np.random.Generator) -> None:
    """One to four bytes among the first hundred, to anything."""
    for place in rng.integers(0, min(100, len(content)), rng.integers(1, 5)):
        content[place] = rng.integers(256)


def extreme_number(content: bytearray, rng: np.random.Generator) -> None:
    """Two or four bytes of the header to a number that programs stumble over."""
    width = int(rng.choice([2, 4]))
    number = int(rng.choice([0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 10**9])) % 2 ** (8 * width)
    place = int(rng.integers(0, min(120, len(content) - width)))
    content[place : place + width] = number.to_bytes(width, str(rng.choice(["little", "big"])))


def flip_bits(content: bytearray, rng: np.random.Generator) -> None:
    """Single bits all over the file."""
    for place in rng.integers(0, len(content), rng.integers(1, 40)):
        content[place] ^= 1 << int(rng.integers(8))


def cut_out(content: bytearray, rng: np.random.Generator) -> None:
    """A part is lost in the middle."""
    place = int(rng.integers(0, len(content)))
    del content[place : place + int(rng.integers(1, 5000))]


def put_in(content: bytearray, rng: np.random.Generator) -> None:
    """Bytes that do not belong there: noise, or a part of the file once more."""
    place, start = (int(rng.integers(0, len(content))) for _ in range(2))
    more = rng.bytes(int(rng.integers(1, 3000))) if rng.random() < 0.5 else content[start : start + 3000]
    content[place:place] = more


def cut_short(content: bytearray, rng: np.random.Generator) -> None:
    """The end is missing."""
    del content[int(rng.integers(1, len(content))) :]


def overwrite(content: bytearray, rng: np.random.Generator) -> None:
    """A run of zeros, of ones or of noise, as a bad disk gives."""
    place, length = int(rng.integers(0, len(content))), int(rng.integers(1, 4096))
    run = rng.choice([0, 255, -1])
    block = rng.bytes(length) if run < 0 else bytes([run]) * length
    content[place : place + length] = block[: len(content) - place]


Mutation = Callable[[bytearray, np.random.Generator], None]
MUTATIONS: tuple[Mutation, ...] = (
    *(change_header, change_header, extreme_number, extreme_number),
    *(flip_bits, cut_out, put_in, cut_short, overwrite),
)
"""Those of the header twice: there programs believe what they read."""


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """One mutation or two."""
    changed = bytearray(content)
    for number in rng.integers(0, len(MUTATIONS), 1 + (rng.random() < 0.3)):
        if len(changed) > 8:
            MUTATIONS[number](changed, rng)
    return bytes(changed)


def timed(job: Job, front: Front) -> list[dict[str, object]]:
    """Render a clip in a worker, and note in a file beside its sound how long that took."""
    started = time.monotonic()
    try:
        return render(job, front)
    finally:
        path = front.audio_folder / job.path
        path.with_name(path.name + ".seconds").write_text(str(time.monotonic() - started))


@pytest.mark.fault(17)
def test_mutations_of_real_sounds(esc10, tmp_path, injected, capsys):
    originals = seeds(esc10)
    assert len(originals) == 20
    n_each = times(100, daily=10)
    print(f"seed {SEED}, {n_each} mutations of each of {len(originals)} sounds")
    audio_folder, kept = tmp_path / "audio_folder", tmp_path / "kept"
    for label in ("mutated", "whole"):
        (audio_folder / label).mkdir(parents=True)
    for place, (name, content) in enumerate(originals.items()):
        (audio_folder / "whole" / name).write_bytes(content)
        for number in range(n_each):
            # Each from numbers of its own, so that one can be made again without the others.
            rng = np.random.default_rng([SEED, place, number])
            (audio_folder / "mutated" / f"{number:03d}-{name}").write_bytes(mutated(content, rng))
    n_mutated = n_each * len(originals)

    # All at once: headers for the pieces, then images.
    images = tmp_path / "images"
    limit_s = 60 + LIMIT_S * times(30, daily=6)
    done = generate(audio_folder, images, *QUICK, "--variants", "trim", "--max-rejected", "100", limit_s=limit_s)
    assert done.returncode == 0, done.stderr[-2000:]
    metadata = tables.read_metadata(images / tables.METADATA)
    rejected = pd.read_csv(images / tables.REJECTED, dtype=str, keep_default_na=False)
    assert set(metadata.loc[metadata["label"] == "whole", "audio_file"]) == {f"whole/{name}" for name in originals}
    drawn, refused = set(metadata["audio_file"]), set(rejected["audio_file"])
    expected = {path.relative_to(audio_folder).as_posix() for path in audio_folder.rglob("*.*")}
    lost = expected - drawn - refused
    assert not lost, f"neither an image nor a reason: {[keep(audio_folder / name, kept) for name in sorted(lost)[:5]]}"
    assert (rejected["reason"].str.strip() != "").all()
    dead = rejected[rejected["reason"].str.contains("worker process")]["audio_file"]
    assert not len(dead), f"a worker died or hung: {[keep(audio_folder / name, kept) for name in dead[:5]]}"
    most_pieces = rejected["audio_file"].value_counts().max()
    # Most give one line; a sample rate that is changed makes five seconds into minutes, and who could tell.
    assert most_pieces <= 300, f"{rejected['sound'].value_counts().index[0]} was cut into {most_pieces} pieces"
    for name in metadata["file_name"]:
        assert png.read(images / name)[0].shape == (32, 32)

    # Each by itself, with the clock.
    settings = Settings(sr=22050, seconds=1, image_size=(32, 32), variants=("trim",), engine="librosa", long="first")
    (tmp_path / "timed").mkdir()
    front = Front(audio_folder, tmp_path / "timed", settings, png.palette("magma"), "0")
    paths = sorted((audio_folder / "mutated").iterdir())
    jobs = [Job(f"c{n}", f"mutated/{p.name}", "m", "m", "", "r", 0.0, (None,)) for n, p in enumerate(paths)]
    n_done = 0
    for job, outcome in map_unordered(timed, jobs, front, workers=2, temporary_folder=tmp_path):
        assert outcome, job.path
        n_done += 1
    assert n_done == n_mutated
    slow = [path for path in paths if float(path.with_name(path.name + ".seconds").read_text()) > LIMIT_S]
    assert not slow, f"took more than {LIMIT_S} s: {[keep(path, kept) for path in slow[:5]]}"
    n_drawn = len({name for name in drawn if name.startswith("mutated/")})
    with capsys.disabled():
        print(f" {n_mutated} mutations, seed {SEED}: {n_drawn} gave an image, {len(refused - drawn)} a reason alone")
    injected(n_mutated)


def keep(path: Path, folder: Path) -> str:
    """Put an offending file aside, and say where."""
    folder.mkdir(exist_ok=True)
    return str(shutil.copy(path, folder))


def test_the_seeds_are_whole(esc10, tmp_path):
    for name, content in seeds(esc10).items():
        (tmp_path / name).write_bytes(content)
        assert len(load(tmp_path / name, 22050).y) > 10_000, name
        assert soundfile.info(tmp_path / name).frames > 8000, name
