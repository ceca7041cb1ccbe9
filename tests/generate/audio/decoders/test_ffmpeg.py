"""What PyAV decodes: every container that it can write here, whole and in parts."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import av
import numpy as np
import pytest
import soundfile

from generate.audio import BadAudio, decode, length
from tests.conftest import tone, white
from tests.faults.real_runs import ROOT
from tests.faults.test_mutations import mutated

SR = 44100
KINDS = {
    "a.mp3": ("libmp3lame", "mp3", 0),
    "a.m4a": ("aac", "ipod", 0),
    "alac.m4a": ("alac", "ipod", 0),
    "a.mp4": ("aac", "mp4", 0),
    "a.mov": ("aac", "mov", 0),
    "pcm.mov": ("pcm_s16le", "mov", 0),
    "a.3gp": ("aac", "3gp", 0),
    "a.mka": ("aac", "matroska", 0),
    "flac.mkv": ("flac", "matroska", 0),
    "a.wv": ("wavpack", "wv", 0),
    "a.tta": ("tta", "tta", 0),
    "flac.oga": ("flac", "ogg", 0),
    "a.wma": ("wmav2", "asf", None),
    "a.aac": ("aac", "adts", 1024),
    "a.ts": ("aac", "mpegts", 1024),
    "a.flv": ("aac", "flv", 1024),
    "a.ac3": ("ac3", "ac3", 256),
    "a.eac3": ("eac3", "eac3", 256),
    "a.mp2": ("mp2", "mp2", 481),
    "mp3.avi": ("libmp3lame", "avi", None),
}
"""Name to codec, container, and the samples of delay that are left since the container does not tell them; None: other."""
LOSSLESS = ("alac.m4a", "pcm.mov", "flac.mkv", "a.wv", "a.tta", "flac.oga")


def encode(path, codec, container, y, sr=SR):
    """Write samples as FFmpeg does."""
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=sr, layout="mono")
        stream.bit_rate = 128_000
        for start in range(0, len(y), sr):
            frame = av.AudioFrame.from_ndarray(y[np.newaxis, start : start + sr], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = sr, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def coloured(seconds, seed=0):
    """Noise that coders keep well."""
    y = white(seconds, sr=SR, seed=seed, rms=0.2)
    return np.convolve(y, np.hanning(40) / 8, "same").astype(np.float32)


def delay(decoded, y):
    """By how many samples one is later than the other."""
    n = 1 << 18
    correlation = np.fft.irfft(np.fft.rfft(decoded, n) * np.conj(np.fft.rfft(y, n)))
    place = int(correlation.argmax())
    return place if place < n // 2 else place - n


@pytest.mark.parametrize("name", KINDS)
def test_every_container_is_read_from_its_first_sample_to_its_last(tmp_path, name):
    codec, container, n_delay = KINDS[name]
    y = coloured(3.3)
    encode(tmp_path / name, codec, container, y)
    decoded = decode(tmp_path / name)
    assert decoded.sr == SR and decoded.channels.dtype == np.float32
    found = decoded.channels[:, 0]
    if n_delay is not None:
        assert delay(found, y) == n_delay
    assert (0 if n_delay is not None else -2048) <= len(found) - len(y) <= 2 * 2048
    if name in ("a.mp3", "a.m4a", "a.mp4", "a.mov", "a.3gp", *LOSSLESS):
        assert len(found) == len(y), "the container has delay and padding"
    if name in LOSSLESS:
        # FFmpeg chooses 8 bits where it writes WavPack and True Audio.
        np.testing.assert_allclose(found, y, atol=2**-7 if name in ("a.wv", "a.tta") else 2**-15)
    assert length(tmp_path / name).seconds == pytest.approx(len(found) / SR, abs=0.06)


@pytest.mark.parametrize("name", KINDS)
def test_a_part_is_that_part_of_the_whole(tmp_path, name):
    """In any order, with any length: the same bytes whatever was read before."""
    path = tmp_path / name
    encode(path, *KINDS[name][:2], coloured(12))
    whole = decode(path).channels
    for start_s, longest_s in ((0, 1), (0.5, 2), (3, 1), (1.25, 0.1), (7.77, 3), (3, 1), (0, 0.05), (11, 5)):
        part = decode(path, start_s=start_s, longest_s=longest_s).channels
        begin = round(start_s * SR)
        expected = whole[begin : begin + round(longest_s * SR)]
        assert part.shape == expected.shape
        if KINDS[name][0] == "aac":  # it replaces noise by other noise, with a random state of its own
            assert np.std(part - expected) < 0.01 * np.std(expected)
        else:
            np.testing.assert_allclose(part, expected, atol=1e-4)
        again = decode(path, start_s=start_s, longest_s=longest_s).channels
        np.testing.assert_array_equal(part, again)


def test_opus_in_webm_as_browsers_record_it(tmp_path):
    y = coloured(4)[: 3 * 48000]
    encode(tmp_path / "a.webm", "libopus", "webm", y, 48000)
    decoded = decode(tmp_path / "a.webm")
    assert decoded.sr == 48000 and len(decoded.channels) == len(y)
    assert delay(decoded.channels[:, 0], y) == 0


def test_amr_as_old_phones_record_it(tmp_path):
    y = tone(440, seconds=2, sr=8000)
    encode(tmp_path / "a.amr", "libopencore_amrnb", "amr", y, 8000)
    decoded = decode(tmp_path / "a.amr")
    assert decoded.sr == 8000 and 0 <= len(decoded.channels) - len(y) < 400


def test_the_audio_of_a_video(tmp_path):
    y, path = coloured(2), tmp_path / "film.mp4"
    with av.open(str(path), "w") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = out.add_stream("aac", rate=SR, layout="mono")
        for k in range(20):
            image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 10 * k, np.uint8), format="rgb24")
            out.mux(video.encode(image))
        frame = av.AudioFrame.from_ndarray(y[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SR, 0
        for each in (frame, None):
            out.mux(audio.encode(each))
        out.mux(video.encode(None))
    assert delay(decode(path).channels[:, 0], y) == 0


def test_a_video_without_audio(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        out.mux(video.encode(None))
    with pytest.raises(BadAudio, match="it has no audio, only video"):
        decode(tmp_path / "a.mp4")


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.ogg", "a"])
def test_the_content_decides_and_not_the_name(tmp_path, name):
    y = coloured(1)
    encode(tmp_path / "b.aac", "aac", "adts", y)
    (tmp_path / "b.aac").rename(tmp_path / name)
    assert delay(decode(tmp_path / name).channels[:, 0], y) == 1024


@pytest.mark.parametrize(
    "text", ["#EXTM3U\n#EXTINF:1\n{}\n", "ffconcat version 1.0\nfile {}\n", "<?xml version='1.0'?><MPD>{}</MPD>"]
)
def test_no_file_makes_another_be_read(tmp_path, text):
    soundfile.write(tmp_path / "secret.wav", coloured(1), SR)
    for name in ("a.mp3", "a.m3u8", "a.mp4"):
        (tmp_path / name).write_text(text.format(tmp_path / "secret.wav"))
        with pytest.raises(BadAudio, match="not readable as audio"):
            decode(tmp_path / name)


def test_more_channels(tmp_path):
    y = np.stack([tone(300 + 100 * k, sr=SR) for k in range(2)])
    with av.open(str(tmp_path / "a.m4a"), "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=SR, layout="stereo")
        frame = av.AudioFrame.from_ndarray(y, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = SR, 0
        for each in (frame, None):
            out.mux(stream.encode(each))
    channels = decode(tmp_path / "a.m4a").channels
    assert channels.shape == (SR, 2)
    for k in range(2):
        assert np.abs(np.fft.rfft(channels[:, k])).argmax() == 300 + 100 * k


def test_the_time_of_pieces_grows_with_the_length(tmp_path):
    """10, 20 and 40 minutes took 6, 14 and 52 s: each piece opened and checked the file again."""
    soundfile.write(tmp_path / "one.mp3", coloured(60), SR, bitrate_mode="CONSTANT")
    one, seconds = (tmp_path / "one.mp3").read_bytes(), {}
    for minutes in (1, 4):
        path = tmp_path / f"{minutes}.mp3"
        path.write_bytes(one * minutes)
        began = time.process_time()
        n_samples = sum(len(decode(path, start_s=at, longest_s=5).channels) for at in range(0, 60 * minutes, 5))
        seconds[minutes] = time.process_time() - began
        assert n_samples == 60 * minutes * SR
    assert seconds[4] < 4 * 2 * seconds[1], seconds


def test_decoders_print_nothing(tmp_path):
    encode(tmp_path / "a.mp3", "libmp3lame", "mp3", coloured(1))
    content = bytearray((tmp_path / "a.mp3").read_bytes())
    for place in range(3000, len(content), 700):
        content[place] ^= 0xFF
    (tmp_path / "a.mp3").write_bytes(content)
    script = "import sys; from pathlib import Path; from generate.audio import BadAudio, decode\n"
    script += "for s in (0, .5):\n  try: decode(Path(sys.argv[1]), start_s=s)\n  except BadAudio: pass"
    command = [sys.executable, "-c", script, str(tmp_path / "a.mp3")]
    ended = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    assert ended.stderr == b"" == ended.stdout


def test_any_damaged_file_is_decoded_or_rejected_with_a_reason(tmp_path):
    """For some damage PyAV returns None or raises IndexError."""
    found = []
    for name in ("a.mp3", "a.m4a", "a.ts", "a.flv", "a.mka", "a.wma"):
        encode(tmp_path / name, *KINDS[name][:2], coloured(2))
        content = (tmp_path / name).read_bytes()
        for number in range(25):
            (tmp_path / name).write_bytes(mutated(content, np.random.default_rng(number)))
            try:
                found.append(len(decode(tmp_path / name, longest_s=1).channels))
            except (BadAudio, MemoryError) as error:
                found.append(str(error))
    assert len(found) == 150 and len(set(found)) > 10


def test_pyav_is_loaded_only_where_it_is_needed(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(440), SR)
    script = "import sys; from pathlib import Path; from generate.audio import decode; decode(Path(sys.argv[1]))\n"
    script += "assert 'av' not in sys.modules"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.wav")], cwd=ROOT, check=True)
