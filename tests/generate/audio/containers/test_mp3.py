"""MP3s without the number of their frames, or with a wrong one."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from generate.audio import BadAudio, decode, length
from tests.conftest import white


def frame_bytes(header: bytes) -> int:
    """Length of the frame of layer III that a header begins, in bytes; 0 where it is none."""
    kilobits = {
        3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
        2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    }
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate = header[1] >> 3 & 3, (44100, 48000, 32000)[header[2] >> 2 & 3]
    bytes_a_kilobit, divisor = (144_000, 1) if version == 3 else (72_000, 2 if version == 2 else 4)
    of_version = kilobits[3 if version == 3 else 2]
    return bytes_a_kilobit * of_version[header[2] >> 4] // (rate // divisor) + (header[2] >> 1 & 1)


def encoded(path, sr: int = 44100, *, mode: str = "CONSTANT", seconds: float = 2.0, seed: int = 0):
    """An MP3 as LAME writes it; its bytes and where each of its frames ends."""
    with soundfile.SoundFile(path, "w", sr, 1, bitrate_mode=mode, compression_level=0.5) as file:
        file.write(white(seconds, sr=sr, seed=seed))
    content, ends, position = path.read_bytes(), [], 0
    while length := frame_bytes(content[position : position + 4]):
        position += length
        ends.append(position)
    assert position == len(content)
    return content, ends


def uncounted(path, sr: int, mode: str):
    """An MP3 without the first frame, which holds no audio but the number of frames; and where its frames end."""
    content, ends = encoded(path, sr, mode=mode)
    content, ends = content[ends[0] :], [end - ends[0] for end in ends[1:]]
    path.write_bytes(content)
    return content, ends


def fault(path) -> str:
    try:
        decode(path, longest_s=0.1)
    except BadAudio as error:
        return str(error)
    return ""


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 32000, 44100, 48000])
def test_a_cut_in_a_frame_is_seen_and_one_between_two_cannot_be(tmp_path, sr):
    path = tmp_path / "a.mp3"
    content, ends = uncounted(path, sr, "CONSTANT")
    assert fault(path) == ""
    for cut in (*range(ends[-2] - 3, ends[-2] + 5), *range(ends[-3], len(content), 41)):
        path.write_bytes(content[:cut])
        why = fault(path)
        assert bool(why) == (cut not in ends), (cut, why)
        assert why.startswith(("truncated: its last frame", "damaged")) or not why


@pytest.mark.parametrize("more", [b"TAG" + bytes(125), bytes(300), b"APETAGEX" + bytes(100)])
def test_tags_and_padding_around_the_frames_are_accepted(tmp_path, more):
    path = tmp_path / "a.mp3"
    content, _ = uncounted(path, 44100, "CONSTANT")
    for whole in (content + more, b"ID3\3\0\0\0\0\0\x0a" + bytes(10) + content):
        path.write_bytes(whole)
        assert len(decode(path).channels) > 88_000


def test_a_rate_that_varies_is_read_to_the_end(tmp_path):
    """libsndfile took the first frame's rate for that of all, and read a part."""
    path = tmp_path / "a.mp3"
    _, ends = uncounted(path, 44100, "VARIABLE")
    assert len(decode(path).channels) == len(ends) * 1152
    assert length(path).seconds == pytest.approx(len(ends) * 1152 / 44100)


def test_delay_and_padding_are_cut_off_to_the_sample(tmp_path):
    y = white(1.3, sr=44100)
    soundfile.write(tmp_path / "a.mp3", y, 44100)
    channels = decode(tmp_path / "a.mp3").channels
    assert channels.shape == (len(y), 1)
    spectrum = np.fft.rfft(channels[:, 0], 1 << 17) * np.conj(np.fft.rfft(y, 1 << 17))
    assert np.fft.irfft(spectrum).argmax() == 0


@pytest.mark.parametrize("junk", [bytes(100), bytes(5000), b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" * 9])
def test_junk_before_the_first_frame_changes_nothing(tmp_path, junk):
    path = tmp_path / "a.mp3"
    content, ends = encoded(path, mode="VARIABLE")
    expected = decode(path).channels
    path.write_bytes(junk + content)
    np.testing.assert_array_equal(decode(path).channels, expected)
    path.write_bytes(junk + content[: ends[len(ends) // 2]])
    assert fault(path).startswith("truncated: its header promises")


def lag_and_correlation(y: np.ndarray, expected: np.ndarray) -> tuple[int, float]:
    """Where a stretch of audio is in another, by their cross-correlation, and how like it is there, up to 1."""
    size = 1 << (len(y) + len(expected)).bit_length()
    both = np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(expected, size)))
    lag = int(both[: len(y) - len(expected) + 1].argmax())
    return lag, float(np.corrcoef(y[lag : lag + len(expected)], expected)[0, 1])


def test_joined_files_are_read_to_the_end(tmp_path):
    """The first one's header counts the first one's frames only."""
    a, _ = encoded(tmp_path / "a.mp3", seed=1)
    b, _ = encoded(tmp_path / "b.mp3", seed=2)
    first, second = (decode(tmp_path / name).channels for name in ("a.mp3", "b.mp3"))
    for between in (b"", b"TAG" + bytes(125), b"ID3\3\0\0\0\0\0\x0a" + bytes(10)):
        (tmp_path / "c.mp3").write_bytes(a + between + b)
        channels = decode(tmp_path / "c.mp3").channels
        assert len(first) + len(second) <= len(channels) <= len(first) + len(second) + 3 * 1152
        np.testing.assert_allclose(channels[: len(first) - 2000], first[:-2000], atol=1e-6)
        middle = slice(
            22050, 3 * 22050
        )  # the encoder's delay is not cut off in between, and frames overlap at the joint
        lag, correlation = lag_and_correlation(channels[len(first) :, 0], second[middle, 0])
        assert correlation > 0.99 and lag - middle.start in range(3 * 1152), (lag, correlation)
        assert length(tmp_path / "c.mp3").seconds == pytest.approx(len(channels) / 44100, abs=0.06)


@pytest.mark.parametrize("is_counted", [True, False])
def test_a_long_recording_that_was_cut_a_little_or_nearly_all(tmp_path, is_counted):
    """The first 60, 100 and 150 KB: each was accepted as a whole recording."""
    path = tmp_path / "a.mp3"
    content, ends = encoded(path, 8000, seconds=1200 / 30)
    whole = bytearray(content[: ends[0]]) + content[ends[0] :] * 30
    place = whole.index(b"Info" if b"Info" in whole[:64] else b"Xing")
    whole[place + 8 : place + 12] = (30 * (len(ends) - 1)).to_bytes(4, "big")
    path.write_bytes(whole if is_counted else whole[ends[0] :])
    assert length(path).seconds == pytest.approx(1200, rel=0.01)
    for n_bytes in (60_000, 100_000, 150_000, len(whole) - 5):
        path.write_bytes(whole[0 if is_counted else ends[0] : n_bytes])
        assert fault(path).startswith("truncated"), n_bytes


def test_bytes_that_are_lost_in_the_middle_are_named(tmp_path):
    path = tmp_path / "a.mp3"
    content, ends = encoded(path)
    path.write_bytes(content[: ends[20] + 50] + content[ends[30] + 20 :])
    assert fault(path).startswith(("damaged", "truncated"))
    path.write_bytes(content[: ends[20]] + np.random.default_rng(0).bytes(2000) + content[ends[20] :])
    assert fault(path).startswith("damaged: ")
