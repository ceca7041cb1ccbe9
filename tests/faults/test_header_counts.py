"""Audio beyond or short of what its header counts, in every container: all of it, or a reason; never a part as if all."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path

import av
import numpy as np
import pytest

from generate.audio import BadAudio, decode, length
from tests.conftest import white
from tests.faults.bad_audio import chunk, encoded, fmt, wav

SR = 22050
N = 3 * SR
"""Samples of each sound."""


def through_ffmpeg(codec: str, container: str, *, sr: int = 0, options: dict[str, str] | None = None) -> bytes:
    """Three seconds of noise as FFmpeg writes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audio_file"
        _write(path, codec, container, sr or SR, options or {})
        return path.read_bytes()


def _write(path: Path, codec: str, container: str, sr: int, options: dict[str, str]) -> None:
    with av.open(str(path), "w", format=container, options=options) as out:
        stream = out.add_stream(codec, rate=sr, layout="mono")
        stream.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(white(3, sr=sr)[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = sr, 0
        for each in (frame, None):
            out.mux(stream.encode(each))


def told(content: bytes, n_samples: int) -> bytes:
    """A FLAC that tells another number of samples."""
    numbers = int.from_bytes(content[18:26], "big") >> 36 << 36 | n_samples
    return content[:18] + numbers.to_bytes(8, "big") + content[26:]


def patched(content: bytes, mark: bytes, behind: int, number: int, form: str = "<I") -> bytes:
    """Another number behind a mark."""
    place = content.index(mark) + behind
    return content[:place] + struct.pack(form, number) + content[place + struct.calcsize(form) :]


def mp3_telling(content: bytes, n_frames: int) -> bytes:
    """An MP3 whose header tells another number of frames."""
    mark = b"Info" if b"Info" in content[:100] else b"Xing"
    return patched(content, mark, 8, n_frames, ">I")


Y = white(3, sr=SR)
PCM = (np.clip(Y, -1, 1) * 32767).astype("<i2").tobytes()
FLAC, MP3 = encoded(Y, SR, format="FLAC"), encoded(Y, SR, format="MP3")
OGG, OPUS = encoded(Y, SR, format="OGG"), encoded(Y[:48000], 48000, format="OGG", subtype="OPUS")
AIFF, AU = encoded(Y, SR, format="AIFF"), encoded(Y, SR, format="AU")
CAF, W64 = encoded(Y, SR, format="CAF"), encoded(Y, SR, format="W64")
RF64, NIST = encoded(Y, SR, format="RF64"), encoded(Y, SR, format="NIST")
M4A = through_ffmpeg("aac", "ipod")
FAST_M4A = through_ffmpeg("aac", "ipod", options={"movflags": "faststart"})
NOISE = np.random.default_rng(5).bytes(20_000)
DATA = W64.index(b"data\xf3\xac\xd3\x11")

ALL = {
    "wav-list-behind.wav": wav(fmt(), chunk(b"data", PCM), chunk(b"LIST", b"INFO" + bytes(100))),
    "wav-id3-behind.wav": wav(fmt(), chunk(b"data", PCM), chunk(b"id3 ", b"ID3" + bytes(5000))),
    "wav-bext-ixml-cue.wav": wav(fmt(), *(chunk(k, bytes(700)) for k in (b"bext", b"iXML", b"cue ")), chunk(b"data", PCM)),
    "wav-tag-behind.wav": wav(fmt(), chunk(b"data", PCM)) + b"TAG" + bytes(125),
    "wav-ape-tag-behind.wav": wav(fmt(), chunk(b"data", PCM)) + b"APETAGEX" + bytes(300),
    "wav-zeros-behind.wav": wav(fmt(), chunk(b"data", PCM)) + bytes(4096),
    "wav-counts-itself.wav": wav(fmt(), chunk(b"data", PCM, size=len(PCM) + 44)),
    "wav-piped.wav": wav(fmt(), chunk(b"data", PCM, size=2**32 - 1)),
    "flac-short.flac": told(FLAC, N ^ 1 << 16),
    "flac-unknown.flac": told(FLAC, 0),
    "flac-one-less.flac": told(FLAC, N - 1),
    "flac-tag.flac": FLAC + b"TAG" + bytes(125),
    "mp3-half.mp3": mp3_telling(MP3, 20),
    "mp3-one-more.mp3": mp3_telling(MP3, 117),
    "mp3-zeros-before.mp3": bytes(100) + MP3,
    "mp3-tag.mp3": MP3 + b"TAG" + bytes(125),
    "m4a.m4a": M4A,
    "m4a-free-behind.m4a": M4A + struct.pack(">I", 1008) + b"free" + bytes(1000),
    "ogg-zeros.ogg": OGG + bytes(300),
    "aiff-name.aiff": AIFF + b"NAME" + struct.pack(">I", 4) + b"name",
}  # fmt: skip
"""What is read to the end."""
NONE = {
    "wav-more.wav": wav(fmt(), chunk(b"data", PCM, size=len(PCM) // 2)),
    "wav-noise-behind.wav": wav(fmt(), chunk(b"data", PCM)) + NOISE,
    "wav-two-datas.wav": wav(fmt(), chunk(b"data", PCM), chunk(b"data", PCM)),
    "wav-joined.wav": wav(fmt(), chunk(b"data", PCM)) * 2,
    "wav-zero.wav": wav(fmt(), chunk(b"data", PCM, size=0)),
    "wav-less.wav": wav(fmt(), chunk(b"data", PCM))[:-200],
    "rf64-less.wav": RF64[:-200],
    "rf64-more.wav": RF64 + NOISE,
    "w64-less.w64": W64[:-200],
    "w64-more.w64": patched(W64, W64[DATA : DATA + 16], 16, N + 24, "<Q"),
    "aiff-less.aiff": AIFF[:-200],
    "aiff-more.aiff": patched(AIFF, b"SSND", 4, N, ">I"),
    "aiff-noise-behind.aiff": AIFF + NOISE,
    "au-less.au": AU[:-200],
    "au-more.au": patched(AU, b".snd", 8, N, ">I"),
    "caf-unknown.caf": patched(CAF, b"data", 4, -1, ">q"),
    "caf-less.caf": CAF[:-200],
    "caf-more.caf": patched(CAF, b"data", 4, N, ">q"),
    "nist-less.nist": NIST[:-200],
    "ogg-half.ogg": OGG[: len(OGG) // 2],
    "ogg-chain.ogg": OGG + encoded(Y[::-1], SR, format="OGG"),
    "ogg-page-lost.ogg": OGG[: OGG.rindex(b"OggS", 0, -9000)] + OGG[OGG.rindex(b"OggS") :],
    "ogg-noise-behind.ogg": OGG + NOISE,
    "opus-half.opus": OPUS[: len(OPUS) // 2],
    "flac-more.flac": told(FLAC, N ^ 1 << 20),
    "flac-most.flac": told(FLAC, 2**36 - 1),
    "flac-half.flac": FLAC[: len(FLAC) // 2],
    "flac-joined.flac": FLAC * 2,
    "mp3-more.mp3": mp3_telling(MP3, 1000),
    "mp3-half-there.mp3": MP3[: len(MP3) // 2],
    "mp3-zeros-before-half.mp3": bytes(100) + MP3[: len(MP3) // 2],
    "mp3-noise-within.mp3": MP3[:5000] + NOISE + MP3[5000:],
    "m4a-half.m4a": M4A[: len(M4A) // 2],
    "m4a-fast-half.m4a": FAST_M4A[: len(FAST_M4A) // 2],
    "m4a-fast-little-less.m4a": FAST_M4A[:-700],
    "mkv-half.mkv": (MKV := through_ffmpeg("aac", "matroska"))[: len(MKV) // 2],
    "wv-half.wv": (WV := through_ffmpeg("wavpack", "wv"))[: len(WV) // 2],
    "tta-half.tta": (TTA := through_ffmpeg("tta", "tta"))[: len(TTA) // 2],
    "avi-half.avi": (AVI := through_ffmpeg("mp3", "avi"))[: len(AVI) // 2],
    "adts-less.aac": through_ffmpeg("aac", "adts")[:-5],
    "adts-noise-within.aac": (ADTS := through_ffmpeg("aac", "adts"))[:5000] + NOISE + ADTS[5000:],
    "wma-half.wma": (WMA := through_ffmpeg("wmav2", "asf"))[: len(WMA) // 2],
    "ts-half.ts": (TS := through_ffmpeg("aac", "mpegts"))[: len(TS) // 2 + 1],
    "flv-half.flv": (FLV := through_ffmpeg("aac", "flv"))[: len(FLV) // 2 + 1],
    "ac3-less.ac3": through_ffmpeg("ac3", "ac3", sr=44100)[:-5],
}
"""What is rejected."""


@pytest.mark.fault(22)
def test_of_each_all_is_read_or_nothing(tmp_path, injected):
    for name, content in ALL.items():
        path = tmp_path / name
        path.write_bytes(content)
        n_decoded = len(decode(path).channels)
        assert 0 <= n_decoded - N <= 2 * 1152, (name, n_decoded)
        assert length(path).seconds == pytest.approx(n_decoded / SR, abs=0.01), name
    for name, content in NONE.items():
        path = tmp_path / name
        path.write_bytes(content)
        for look in (lambda path: decode(path, longest_s=0.2), length):
            with pytest.raises(BadAudio) as caught:
                pytest.fail(f"{name} was accepted: {look(path)}")
            assert len(str(caught.value)) > 20, name
    injected(len(ALL) + len(NONE))


def sparse_wav(path: Path, *, told: int, n_bytes: int, sr: int = 44100) -> None:
    """A WAV of silence that takes no disk, with a tone in its last second."""
    head = wav(fmt(sr=sr), chunk(b"data", b"", size=told))
    path.write_bytes(head)
    os.truncate(path, len(head) + n_bytes)
    with path.open("r+b") as file:
        file.seek(-2 * sr, os.SEEK_END)
        file.write((np.sin(np.arange(sr) / 10) * 9000).astype("<i2").tobytes())


@pytest.mark.fault(22)
def test_a_size_that_began_anew_at_four_gigabytes(tmp_path, injected):
    """It was planned as one minute."""
    n_minute, path = 60 * 44100 * 2, tmp_path / "night.wav"
    sparse_wav(path, told=n_minute, n_bytes=n_minute + 2**32)
    expected_s = (n_minute + 2**32) / 88200
    assert length(path).seconds == pytest.approx(expected_s)
    last = decode(path, start_s=expected_s - 1)
    np.testing.assert_allclose(last.channels[:, 0], np.sin(np.arange(44100) / 10) * 9000 / 32768, atol=1e-4)
    injected(1)


@pytest.mark.fault(22)
def test_twelve_hours_behind_a_header_of_one_minute(tmp_path, injected):
    n_minute, path = 60 * 44100 * 2, tmp_path / "night.wav"
    sparse_wav(path, told=n_minute, n_bytes=12 * 60 * n_minute)
    for look in (decode, length):
        with pytest.raises(BadAudio, match="3,804,948,000 bytes follow the audio.*ffmpeg -ignore_length 1"):
            look(path)
    injected(1)
