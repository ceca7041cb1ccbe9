from __future__ import annotations

import pytest
import soundfile

from generate.audio import BadSound, load
from generate.mp3_frames import frame_bytes
from generate.truncated import truncation
from tests.conftest import white


def uncounted(path, sr: int, mode: str):
    """An MP3 without the first frame, which holds no sound but the number of frames; and where its frames end."""
    with soundfile.SoundFile(path, "w", sr, 1, bitrate_mode=mode, compression_level=0.5) as file:
        file.write(white(2.0, sr=sr))
    content = path.read_bytes()
    content = content[frame_bytes(content[:4]) :]
    ends, position = [], 0
    while length := frame_bytes(content[position : position + 4]):
        position += length
        ends.append(position)
    assert position == len(content)
    path.write_bytes(content)
    return content, ends


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 32000, 44100, 48000])
def test_a_cut_in_a_frame_is_seen_and_one_between_two_cannot_be(tmp_path, sr):
    path = tmp_path / "a.mp3"
    content, ends = uncounted(path, sr, "CONSTANT")
    assert truncation(path) == ""
    for cut in range(ends[-4] - 3, len(content)):
        path.write_bytes(content[:cut])
        assert truncation(path).startswith("truncated: its last MP3 frame") == (cut not in ends), cut


@pytest.mark.parametrize("more", [b"TAG" + bytes(125), bytes(300), b"APETAGEX" + bytes(100)])
def test_what_stands_around_the_frames_does_no_harm(tmp_path, more):
    path = tmp_path / "a.mp3"
    content, _ = uncounted(path, 44100, "CONSTANT")
    for whole in (content + more, b"ID3\3\0\0\0\0\0\x0a" + bytes(10) + content):
        path.write_bytes(whole)
        assert truncation(path) == ""
        assert len(load(path, 44100).y) > 88_000


def test_of_a_rate_that_varies_only_a_part_would_be_read(tmp_path):
    path = tmp_path / "a.mp3"
    uncounted(path, 44100, "VARIABLE")
    assert soundfile.info(path).frames < 60_000, "libsndfile guesses right now: this case may go"
    with pytest.raises(BadSound, match="bit rate varies.*ffmpeg -i a.mp3 a.wav"):
        load(path, 44100)


@pytest.mark.parametrize("header", [b"", b"\xff\xfb", b"RIFF", b"\xff\xff\xff\xff", bytes(4), b"\xff\xfd\x90\x00"])
def test_what_is_no_header_of_layer_three(header):
    assert frame_bytes(header) == 0
