"""Thirty kinds of files that are called sounds and are none, each in as many editions as are wanted."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import soundfile
from PIL import Image

from tests.conftest import SR, tone


def encoded(y: np.ndarray, sr: int = SR, **options: object) -> bytes:
    """A sound as the bytes of a file; `options` are those of `soundfile.write`."""
    file = io.BytesIO()
    soundfile.write(file, y, sr, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes, *, size: int | None = None) -> bytes:
    """A chunk of a RIFF file, whose header may say another size than it has."""
    return name + struct.pack("<I", len(content) if size is None else size) + content


def wav(*chunks: bytes) -> bytes:
    """A WAV file of some chunks."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def fmt(*, tag: int = 1, channels: int = 1, sr: int = SR, align: int = 2, bits: int = 16) -> bytes:
    """What a WAV file says of its samples."""
    values = tag, channels, sr % 2**32, sr * align % 2**32, align, bits
    return chunk(b"fmt ", struct.pack("<HHIIHH", *values))


def pcm(edition: int) -> bytes:
    """Half a second of 16-bit samples."""
    return (tone(300 + 50 * edition, seconds=0.5) * 32767).astype("<i2").tobytes()


def noise(edition: int, n: int = 20_000) -> bytes:
    """Random bytes."""
    return np.random.default_rng(edition).bytes(n)


def ogg_page(content: bytes, *, flags: int, serial: int, number: int = 0, position: int = 0) -> bytes:
    """One page (RFC 3533), its checksum included."""
    segments = [255] * (len(content) // 255) + [len(content) % 255] if content else []
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, position, serial, number, 0)
    page = bytearray(head + bytes([len(segments), *segments]) + content)
    checksum = 0
    for byte in page:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ (0x04C11DB7 if checksum & 0x80000000 else 0)) & 0xFFFFFFFF
    page[22:26] = struct.pack("<I", checksum)
    return bytes(page)


def streaminfo(*, n_samples: int, edition: int) -> bytes:
    """The head of a FLAC file (RFC 9639): blocks of 4,096, 22,050 Hz, one channel, 16 bits."""
    packed = SR << 44 | 0 << 41 | 15 << 36 | n_samples
    content = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + noise(edition, 16)
    return b"fLaC" + bytes([0x80, 0, 0, len(content)]) + content


def id3(edition: int) -> bytes:
    """A tag with a title, and no sound behind it."""
    title = b"\0" + f"Song {edition}".encode() * 10
    frame = b"TIT2" + struct.pack(">IH", len(title), 0) + title
    return b"ID3\3\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 127]) + frame


def image(edition: int) -> bytes:
    """A PNG."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(edition).integers(0, 256, (40, 40), dtype=np.uint8)).save(file, "PNG")
    return file.getvalue()


def archive(edition: int) -> bytes:
    """A zip with a real sound in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as content:
        content.writestr(f"{edition}.flac", encoded(tone(400), format="FLAC"))
    return file.getvalue()


def resource_fork(edition: int) -> bytes:
    """What macOS puts beside a file on a foreign disk: AppleDouble, RFC 1740."""
    return struct.pack(">II16xH", 0x00051607, 0x00020000, 1) + struct.pack(">III", 9, 38, 32) + noise(edition, 32)


def midi(edition: int) -> bytes:
    """Notes, not sound."""
    notes = bytes([0, 0x90, 60 + edition, 64, 96, 0x80, 60 + edition, 0, 0, 0xFF, 0x2F, 0])
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", len(notes)) + notes


def aiff_without_sound(edition: int) -> bytes:
    """A `COMM` chunk that promises samples and no `SSND` with them."""
    comm = b"COMM" + struct.pack(">IHIH", 18, 1, SR + edition, 16) + bytes.fromhex("400dac44000000000000")
    return b"FORM" + struct.pack(">I", 4 + len(comm)) + b"AIFF" + comm


HTML = "<!DOCTYPE html><html><head><title>{}</title></head><body><h1>Not Found</h1></body></html>\n"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{:064x}\nsize 441044\n"

KINDS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "empty": (".wav", lambda edition: b""),
    "text": (".wav", lambda edition: f"Recording {edition}: see the other folder.\n".encode() * 50),
    "html": (".mp3", lambda edition: HTML.format(404 + edition).encode()),
    "lfs-pointer": (".ogg", lambda edition: LFS.format(edition).encode()),
    "zero-channels": (".wav", lambda edition: wav(fmt(channels=0), chunk(b"data", pcm(edition)))),
    "rate-0": (".wav", lambda edition: wav(fmt(sr=0), chunk(b"data", pcm(edition)))),
    "rate-4e9": (".wav", lambda edition: wav(fmt(sr=4_000_000_000 + edition), chunk(b"data", pcm(edition)))),
    "17-bits": (".wav", lambda edition: wav(fmt(bits=17, align=2, sr=SR + edition), chunk(b"data", pcm(edition)))),
    "riff-noise": (".wav", lambda edition: b"RIFF" + struct.pack("<I", 20_004) + b"WAVE" + noise(edition)),
    "resource-fork": (".wav", resource_fork),
    "png": (".wav", image),
    "zip": (".flac", archive),
    "gzip": (".wav", lambda edition: gzip.compress(encoded(tone(300 + edition), format="WAV"))),
    "header-only": (".wav", lambda edition: wav(fmt(), chunk(b"data", b"", size=44_100 + 2 * edition))),
    "no-data-chunk": (".wav", lambda edition: wav(fmt(), chunk(b"LIST", b"INFO" + noise(edition, 100)))),
    "data-0": (".wav", lambda edition: wav(fmt(), chunk(b"data", pcm(edition), size=0))),
    "data-2^32-1": (".wav", lambda edition: wav(fmt(sr=SR + edition), chunk(b"data", b"", size=2**32 - 1))),
    "block-align": (".wav", lambda edition: wav(fmt(align=(0, 3, 999)[edition % 3]), chunk(b"data", pcm(edition)))),
    "unknown-codec": (".wav", lambda edition: wav(fmt(tag=0x9999 + edition), chunk(b"data", pcm(edition)))),
    "id3-only": (".mp3", id3),
    "mp3-noise": (".mp3", noise),
    "zeros": (".mp3", lambda edition: bytes(10_000 + edition)),
    "ogg-no-packets": (".ogg", lambda edition: ogg_page(b"", flags=6, serial=edition)),
    "ogg-no-codec": (".ogg", lambda edition: ogg_page(b"fishead\0" + noise(edition, 56), flags=6, serial=edition)),
    "opus-head-only": (
        ".opus",
        lambda edition: ogg_page(
            b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, SR, 0, 0), flags=6, serial=1 + edition
        ),
    ),
    "flac-0-samples": (".flac", lambda edition: streaminfo(n_samples=0, edition=edition)),
    "flac-noise": (".flac", lambda edition: streaminfo(n_samples=SR, edition=edition) + noise(edition)),
    "midi": (".wav", midi),
    "aiff-no-sound": (".aiff", aiff_without_sound),
    "phone": (".m4a", lambda edition: b"\0\0\0\x20ftypM4A " + noise(edition)),
}
"""Name to (ending, bytes of an edition: 0, 1, 2, ...)."""
HIDDEN = "resource-fork"
"""The kind whose names begin with `._`, as macOS writes them."""
