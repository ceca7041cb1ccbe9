"""WAV files whose header does not say what their samples are."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from generate.audio import BadAudio, decode, length
from generate.audio.containers.wav import Window
from tests.conftest import tone
from tests.faults.bad_audio import chunk, wav

SR = 44100
PCM_GUID = b"\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"


def of_24_bits_in_4_bytes(words: np.ndarray, *, is_extensible: bool, n_channels: int = 1) -> bytes:
    align = 4 * n_channels
    fmt = struct.pack("<HHIIHH", 0xFFFE if is_extensible else 1, n_channels, SR, SR * align, align, 24)
    if is_extensible:
        fmt += struct.pack("<HHI", 22, 24, 0) + PCM_GUID
    return wav(chunk(b"fmt ", fmt), chunk(b"data", words.astype("<i4").tobytes()))


@pytest.mark.parametrize("is_extensible", [True, False])
@pytest.mark.parametrize("is_upper", [True, False])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_24_bits_in_4_bytes_are_decoded(tmp_path, is_extensible, is_upper, n_channels):
    y = tone(440, sr=SR)
    words = np.repeat(np.round(y * 8_388_607).astype(np.int32), n_channels)
    content = of_24_bits_in_4_bytes(
        words << 8 if is_upper else words, is_extensible=is_extensible, n_channels=n_channels
    )
    (tmp_path / "a.wav").write_bytes(content)
    channels = decode(tmp_path / "a.wav").channels
    assert channels.shape == (SR, n_channels)
    np.testing.assert_allclose(channels[:, -1], y, atol=1e-6)
    part = decode(tmp_path / "a.wav", start_s=0.5, longest_s=0.1).channels
    np.testing.assert_array_equal(part, channels[SR // 2 : SR // 2 + SR // 10])


def test_24_bits_that_stand_nowhere_are_refused(tmp_path):
    words = np.random.default_rng(0).integers(-(2**31), 2**31, 5000)
    (tmp_path / "a.wav").write_bytes(of_24_bits_in_4_bytes(words, is_extensible=True))
    with pytest.raises(BadAudio, match="neither the upper nor the lower 3"):
        decode(tmp_path / "a.wav")


@pytest.mark.parametrize("sr", [192_000, 250_000, 384_000, 500_000, 1_000_000])
def test_bats(tmp_path, sr):
    soundfile.write(tmp_path / "a.wav", tone(60_000, sr=sr, seconds=0.2), sr)
    decoded = decode(tmp_path / "a.wav")
    assert decoded.sr == sr and length(tmp_path / "a.wav").seconds == pytest.approx(0.2)


@pytest.mark.parametrize("n_missing", [1, 2, 44, 80])
def test_a_header_that_promises_a_little_more_is_read_as_far_as_there_is(tmp_path, n_missing):
    soundfile.write(tmp_path / "a.wav", tone(440, sr=SR), SR)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[: len(content) - n_missing])
    assert len(decode(tmp_path / "a.wav").channels) == SR - -(-n_missing // 2)
    (tmp_path / "a.wav").write_bytes(content[: len(content) - 81])
    with pytest.raises(BadAudio, match="truncated: its header promises 88200 bytes of audio and 88119 are there"):
        decode(tmp_path / "a.wav")


def test_a_window_is_a_file_of_its_own(tmp_path):
    (tmp_path / "a").write_bytes(bytes(range(10)))
    with Window(tmp_path / "a", 2, 5) as window:
        assert window.read() == bytes(range(2, 7)) and window.read() == b""
        assert window.seek(-1, io.SEEK_END) == 4 and window.read() == b"\6"
        assert window.seek(3) == 3 == window.tell()
        for offset, whence in ((-1, io.SEEK_SET), (-4, io.SEEK_CUR), (-6, io.SEEK_END)):
            assert window.seek(offset, whence) < 0  # an exception would be lost in a decoder
            assert window.tell() == 3
        with pytest.raises(io.UnsupportedOperation):
            window.write(b"x")
