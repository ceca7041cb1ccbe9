"""Headers that ask for impossible rates, channels and sizes: refused before memory is taken for them."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import pytest

from tests.conftest import SR, white
from tests.faults.bad_audio import chunk, encoded, fmt, ogg_page, wav
from tests.faults.real_runs import ROOT

pytestmark = [
    pytest.mark.fault(23),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells a process's peak of memory"),
]
MOST_MB = 100
"""Above what the program's imports take."""

DECODE = r"""
import json, re, sys
from pathlib import Path
import av, numpy
from generate.audio import BadAudio, decode

def peak_mb():
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1000

before, found = peak_mb(), {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        decode(path, longest_s=20)
        found[path.name] = ["", peak_mb() - before]
    except BadAudio as error:
        found[path.name] = [str(error), peak_mb() - before]
print(json.dumps(found))
"""


def ogg_of_another_rate(sr: int, n_channels: int = 1) -> bytes:
    """A real Ogg Vorbis whose first packet tells another rate."""
    content = bytearray(encoded(white(2.0), format="OGG", subtype="VORBIS"))
    head = struct.pack("<BI", n_channels, sr)
    packet = bytes(content[28 : 28 + 30])
    changed = ogg_page(packet[:11] + head + packet[16:], flags=2, serial=int.from_bytes(content[14:18], "little"))
    return changed + bytes(content[58:])


def flac(*, sr: int = SR, n_channels: int = 1, n_samples: int | None = None) -> bytes:
    """A real FLAC whose header tells something else."""
    content = bytearray(encoded(white(2.0), format="FLAC"))
    numbers = int.from_bytes(content[18:26], "big")
    n_samples = numbers & (1 << 36) - 1 if n_samples is None else n_samples
    bits = numbers >> 36 & 31
    content[18:26] = (sr << 44 | n_channels - 1 << 41 | bits << 36 | n_samples).to_bytes(8, "big")
    return bytes(content)


def aiff(*, n_channels: int, n_samples: int, rate: bytes = bytes.fromhex("400dac44000000000000")) -> bytes:
    """A header and a second of noise."""
    comm = b"COMM" + struct.pack(">IHIH", 18, n_channels, n_samples, 16) + rate
    ssnd = b"SSND" + struct.pack(">III", 8 + 2 * SR, 0, 0) + white(1.0).astype("<f4").tobytes()[: 2 * SR]
    return b"FORM" + struct.pack(">I", 4 + len(comm) + len(ssnd)) + b"AIFF" + comm + ssnd


def au(*, sr: int = SR, n_channels: int = 1) -> bytes:
    """The same as Sun and NeXT wrote it."""
    return b".snd" + struct.pack(">IIIII", 24, 2 * SR, 3, sr, n_channels) + bytes(range(256)) * 172 + bytes(68)


def m4a(*, sr: int) -> bytes:
    """A WAV's samples named as what a phone records; the container is no container."""
    return struct.pack(">I", 24) + b"ftypM4A " + struct.pack(">II", sr, 0) + b"isom" + bytes(1000)


PCM = bytes(range(256)) * 200
CASES = {
    "rate-2^31-1.ogg": ogg_of_another_rate(2**31 - 1),
    "rate-0.ogg": ogg_of_another_rate(0),
    "rate-1000001.ogg": ogg_of_another_rate(1_000_001),
    "channels-255.ogg": ogg_of_another_rate(SR, 255),
    "rate-2^32-1.wav": wav(fmt(sr=2**32 - 1), chunk(b"data", PCM)),
    "rate-7.wav": wav(fmt(sr=7), chunk(b"data", PCM)),
    "channels-65535.wav": wav(fmt(channels=65_535, align=2 * 65_535 % 65_536), chunk(b"data", PCM)),
    "channels-1024.wav": wav(fmt(channels=1024, align=2048), chunk(b"data", PCM)),
    "channels-65.wav": wav(fmt(channels=65, align=130), chunk(b"data", PCM)),
    "rate-1048575.flac": flac(sr=1_048_575),
    "samples-2^36-1.flac": flac(n_samples=2**36 - 1),
    "channels-8.flac": flac(n_channels=8),
    "channels-1000.aiff": aiff(n_channels=1000, n_samples=22),
    "samples-2^32-1.aiff": aiff(n_channels=1, n_samples=2**32 - 1),
    "rate-huge.aiff": aiff(n_channels=1, n_samples=SR, rate=bytes.fromhex("401effffffffffffffff")),
    "rate-2^32-1.au": au(sr=2**32 - 1),
    "channels-2^31.au": au(n_channels=2**31),
    "nothing.m4a": m4a(sr=2**32 - 1),
}


def test_what_no_recording_has_is_refused_in_little_memory(tmp_path, injected):
    for name, content in CASES.items():
        (tmp_path / name).write_bytes(content)
    # And sparse ones, which take no disk: gigabytes of zeros in many channels, as their headers say.
    for name, n_channels, sr in (("sparse-64.wav", 64, 1_000_000), ("sparse-1000.wav", 1000, 96_000)):
        size = 2 * n_channels * (3_000_000_000 // (2 * n_channels))
        head = wav(fmt(channels=n_channels, sr=sr, align=2 * n_channels), chunk(b"data", b"", size=size))
        (tmp_path / name).write_bytes(head)
        os.truncate(tmp_path / name, len(head) + size)
    ended = subprocess.run(
        [sys.executable, "-c", DECODE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    found = json.loads(ended.stdout)
    assert set(found) == {*CASES, "sparse-64.wav", "sparse-1000.wav"}
    for name, (reason, grown_mb) in found.items():
        assert reason, f"{name} was accepted"
        assert grown_mb < MOST_MB, (name, reason, grown_mb)
    assert "its sample rate is 2147483647 Hz" in found["rate-2^31-1.ogg"][0]
    assert "too long to be read at once" in found["sparse-64.wav"][0]
    print(f"{max(mb for _, mb in found.values()):.0f} MB at most")
    injected(len(found))
