"""Names that other programs stumble over: one image for each sound, and the trainer reads the folder."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import pytest
import soundfile

from generate.audio import load
from generate.dataset import png
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from tests.conftest import SR, tone, white
from tests.faults.bad_audio import streaminfo
from tests.faults.rows import only_at_full_count, times
from tests.faults.running import QUICK, generate, metadata, reasons, run

E_COMPOSED, E_DECOMPOSED = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")
KINDS: dict[str, tuple[bytes, ...]] = {
    "not UTF-8": (b"caf\xe9.wav", b"caf\xe8.wav", b"\xff\xfe.wav"),
    "many dots": (b"a.b.c.wav", b"v1.0.wav", b"v1.1.wav"),
    "newline": (b"a\nb.wav", b"a b.wav", b"a-b.wav"),
    "leading -": (b"-rf.wav", b"--overwrite.wav"),
    "differing by case": (b"Dog.wav", b"dog.wav", b"DOG.WAV"),
    "two formats": (b"a.wav", b"a.flac", b"a.wav.flac"),
    "NFC and NFD": (f"{E_COMPOSED}.wav".encode(), f"{E_DECOMPOSED}.wav".encode()),
    "255 bytes": (b"x" * 251 + b".wav", b"x" * 250 + b"y.wav"),
    "255 bytes of letters of three": ("犬" * 83).encode() + b"12.wav",
    "spaces": (b" .wav", b"  .wav", b" a.wav", b"a .wav"),
    "tab and carriage return": (b"a\tb.wav", b"a\rb.wav", b"a\r\nb.wav"),
    "#": (b"#1.wav", b"a#t=1.wav"),
    "%": (b"100%.wav", b"%2e%2e%2f.wav", b"%s.wav"),
    "quotes": (b'say "hi".wav', b"it's.wav", b"`id`.wav"),
    "as if above": (b"x..wav", b"x...wav", b"x..\\..\\y.wav"),
    "devices of Windows": (b"CON.wav", b"nul.wav", b"com1.tar.wav"),
    "right to left": ("שלום.wav".encode(), "a\u202egnp.wav".encode()),
    "emoji": ("🐕.wav".encode(), "👩\u200d👩\u200d👧.wav".encode(), "🐈.wav".encode()),
    "of the shell": (b"$(reboot).wav", b"a;b.wav", b"a&b|c.wav", b"*.wav", b"?.wav", b"[a].wav"),
    "of HTML": (b"<script>alert(1)<.wav", b"a&lt;b.wav"),
    "of a table": (b"a,b.wav", b'a"",.wav', b"=1+1.wav", b"NA.wav", b"nan.wav", b"001.wav", b"1e5.wav"),
    "as one of ours": (b"a__original.wav", b"b__pitch=+2.wav", b"journal.csv.wav", b"a.png.wav", b"a-piece000.wav"),
    "control bytes": (b"\x01\x1b[31m.wav", b"\x7f.wav"),
    "colon and backslash": (b"C:\\x.wav", b"a:b.wav", b"http:.wav"),
    "ending alone in capitals": (b"only.WaV", b"only.Flac"),
}
"""What is in the names, and the names, as bytes; the first kinds are those of every day."""
CLASSES = (b"plain", b"-rf *\n", b"caf\xe9", b"new\rline", "犬 🐕".encode(), b"CON", b"x.wav")
"""Folders of the same sounds."""


def fill(folder: Path, name: bytes, number: int) -> None:
    """Write a sound that no other equals, under a name that Python's text may not hold."""
    y = tone(150 + 11 * number, seconds=0.3) + white(0.3, seed=number, rms=0.02)
    format_name = "FLAC" if name.lower().endswith(b".flac") else "WAV"
    path = os.path.join(os.fsencode(folder), name)
    with open(path, "xb") as file:  # that it is not there yet shows that the disk tells the names apart
        soundfile.write(file, y, SR, format=format_name)


@only_at_full_count
@pytest.mark.fault(9)
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="this system takes no such names")
def test_one_image_for_each_sound_whatever_its_name(tmp_path, injected):
    assert len(KINDS) == 25
    kinds = dict(list(KINDS.items())[: times(25, daily=9)])
    names = [name for of_kind in kinds.values() for name in ([of_kind] if isinstance(of_kind, bytes) else of_kind)]
    audio_folder, images = tmp_path / "so%20unds #1", tmp_path / "pic tures"
    number = 0
    for label in CLASSES[: times(len(CLASSES), daily=3)]:
        folder = os.path.join(os.fsencode(audio_folder), label)
        os.makedirs(folder)
        for name in names if label == CLASSES[0] else names[:8]:
            fill(Path(os.fsdecode(folder)), name, number)
            number += 1

    more = [*QUICK, "--variants", "trim", "--engine", "librosa"]
    done = generate(audio_folder, images, *more, "--listen", "all")
    assert done.returncode == 0, done.stdout
    assert "no sound of" not in done.stdout, done.stdout
    assert reasons(images) == {}
    assert_one_image_for_each(audio_folder, images, number)
    heard = {path.with_suffix("").relative_to(images).as_posix() for path in images.rglob("*.flac")}
    assert heard == {name.removesuffix(".png") for name in metadata(images)["file_name"]}
    before = {path: path.stat().st_mtime_ns for path in images.rglob("*.png")}
    assert "Nothing to render" in generate(audio_folder, images, *more, "--listen", "all").stdout
    assert {path: path.stat().st_mtime_ns for path in images.rglob("*.png")} == before

    # What is bad under such names is told of, and takes nothing with it.
    names_of_bad = [b"bad\xe9.m4a", b"bad\rb.mp3", b"bad\nd.flac", b"bad.wma"]
    for name in names_of_bad:
        with open(os.path.join(os.fsencode(audio_folder), CLASSES[0], name), "xb") as file:
            file.write(streaminfo(n_samples=0, edition=0))
    done = generate(audio_folder, images, *more, "--max-rejected", "90")
    assert done.returncode == 0
    assert len(reasons(images)) == len(names_of_bad)
    assert {path: path.stat().st_mtime_ns for path in images.rglob("*.png")} == before

    done = run("train", images, "--dry-run", limit_s=120)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert f"{number} clips of {number} recordings" in done.stdout
    injected(len(kinds))


def assert_one_image_for_each(audio_folder: Path, images: Path, n_files: int) -> None:
    """As many clips as sounds, each with names that no system takes for another's, and its own sound's image."""
    table = metadata(images)
    assert table["clip_id"].nunique() == n_files
    assert table["audio_sha256"].nunique() == n_files
    assert table["audio_file"].nunique() == n_files
    assert len(table) == 2 * n_files
    folded = {unicodedata.normalize("NFC", name).casefold() for name in table["file_name"]}
    assert len(folded) == len(table), "two images share a name where case or composition is ignored"
    for name in table["file_name"]:
        assert len(name.rpartition("/")[2].encode()) <= 255
        assert not set(name) & set('\n\r\t\\:*?"<>|')
    settings = Settings(sr=SR, seconds=1, image_size=(32, 32))
    drawn = {png.read(images / name)[0].tobytes() for name in table.loc[table["variant"] == "original", "file_name"]}
    files = [os.path.join(folder, name) for folder, _, found in os.walk(os.fsencode(audio_folder)) for name in found]
    expected = {spectrogram_image(load(Path(os.fsdecode(file)), SR).y, settings).tobytes() for file in files}
    assert len(expected) == len(files) == n_files
    assert drawn == expected
