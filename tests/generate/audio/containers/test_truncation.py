"""No truncated file may pass as a whole one.

Real files of every format, cut at many places: each cut is rejected, or decodes to all samples of the whole.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generate.audio import BadAudio, load
from generate.audio.containers.truncation import A_HEADER, truncation
from tests.conftest import SR, tone, white

BYTES = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "FLOAT": 4}
FORMATS = [
    ("WAV", "PCM_16", {}),
    ("WAV", "PCM_24", {}),
    ("WAV", "PCM_U8", {}),
    ("WAV", "FLOAT", {}),
    ("WAV", "ULAW", {}),
    ("WAV", "IMA_ADPCM", {}),
    ("WAV", "MS_ADPCM", {}),
    ("WAVEX", "PCM_16", {}),
    ("WAVEX", "PCM_24", {}),
    ("WAVEX", "FLOAT", {}),
    ("AIFF", "PCM_16", {}),
    ("AIFF", "PCM_24", {}),
    ("AIFF", "FLOAT", {}),
    ("AIFF", "PCM_16", {"endian": "LITTLE"}),
    ("FLAC", "PCM_16", {}),
    ("FLAC", "PCM_24", {}),
    ("OGG", "VORBIS", {}),
    ("OGG", "OPUS", {}),
    ("MP3", "MPEG_LAYER_III", {}),
]
LEAKY_FORMATS = [
    ("AU", "PCM_16", {}),
    ("AU", "PCM_16", {"endian": "LITTLE"}),
    ("AU", "FLOAT", {}),
    ("WAV", "PCM_16", {"endian": "BIG"}),
    ("RF64", "PCM_16", {}),
    ("W64", "PCM_16", {}),
    ("NIST", "PCM_16", {}),
    ("VOC", "PCM_16", {}),
]


def name_of(case) -> str:
    format_name, subtype, options = case
    return "-".join([format_name, subtype, *options.values()])


def rate_of(subtype: str) -> int:
    return 48000 if subtype == "OPUS" else SR


def make_whole(folder: Path, case, *, seconds: float = 3.0, n_channels: int = 1) -> Path:
    format_name, subtype, options = case
    sr = rate_of(subtype)
    y = tone(440, seconds=seconds, sr=sr, peak=0.3) + white(seconds, sr=sr, rms=0.05)
    path = folder / f"whole.{format_name.lower()}"
    samples = np.stack([y] * n_channels, axis=1)
    soundfile.write(path, samples, sr, format=format_name, subtype=subtype, **options)
    return path


def places(size: int) -> list[int]:
    """Where to cut: twenty places all over the file, and close to both its ends."""
    spread = [round(size * part / 21) for part in range(1, 21)]
    return sorted(
        {*spread, 1, 4, 11, 12, 20, 30, 43, 44, 45, 60, 100, *(size - n for n in (1, 2, 3, 4, 8, 27, 28, 200))}
    )


def passed_off_as_whole(path: Path, sr: int) -> dict[int, int]:
    """Cut a file everywhere; the cuts that load, but not to the full length, with their lengths.

    Of WAV's plain samples up to 80 bytes may be missing: a header that counts itself.
    """
    content = path.read_bytes()
    n_bytes_a_sample = soundfile.info(path).channels * BYTES.get(soundfile.info(path).subtype, 0)
    has_way_out = content[:4] in (b"RIFF", b"RIFX", b"RF64", b"riff") and n_bytes_a_sample
    n_samples = len(load(path, sr).y)
    cut = path.with_name("cut" + path.suffix)
    wrong = {}
    for place in places(len(content)):
        cut.write_bytes(content[:place])
        try:
            n_decoded = len(load(cut, sr).y)
        except BadAudio:
            continue
        n_missing = -(-(len(content) - place) // n_bytes_a_sample) if has_way_out else 0
        is_little = len(content) - place <= A_HEADER and n_samples - n_decoded <= n_missing
        if n_decoded != n_samples and not (has_way_out and is_little):
            wrong[place] = n_decoded
    return wrong


@pytest.mark.parametrize("case", FORMATS, ids=name_of)
def test_no_cut_passes_as_a_whole_file(tmp_path, case):
    assert passed_off_as_whole(make_whole(tmp_path, case), rate_of(case[1])) == {}


@pytest.mark.parametrize("case", LEAKY_FORMATS, ids=name_of)
def test_no_cut_of_a_less_common_format_passes_for_a_whole_file(tmp_path, case):
    assert passed_off_as_whole(make_whole(tmp_path, case), rate_of(case[1])) == {}


@pytest.mark.parametrize("case", [*FORMATS, *LEAKY_FORMATS], ids=name_of)
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_whole_file_passes(tmp_path, case, n_channels):
    whole = make_whole(tmp_path, case, n_channels=n_channels)
    n_written = 3 * rate_of(case[1])
    assert truncation(whole) == ""
    n_decoded = len(load(whole, rate_of(case[1])).y)
    assert n_written <= n_decoded < n_written + 2100, "ADPCM comes in blocks"


@pytest.mark.parametrize("seconds", [0.0005, 0.01, 0.1, 1.0])
@pytest.mark.parametrize("case", [*FORMATS, *LEAKY_FORMATS], ids=name_of)
def test_short_whole_files_pass(tmp_path, case, seconds):
    whole = make_whole(tmp_path, case, seconds=seconds)
    assert truncation(whole) == ""
    assert len(load(whole, rate_of(case[1])).y) >= round(seconds * rate_of(case[1]))


# WAV and AIFF, chunk by chunk


PCM = (tone(440) * 32767).astype("<i2").tobytes()
FMT = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, SR, 2 * SR, 2, 16)
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf60.16.100\0"


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def wav(*chunks: bytes, riff_size: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if riff_size is None else riff_size) + body


@pytest.fixture
def sound(tmp_path):
    def write(content: bytes) -> Path:
        (tmp_path / "sound.wav").write_bytes(content)
        return tmp_path / "sound.wav"

    return write


def test_the_reason_has_the_promised_and_the_actual_size(sound):
    path = sound(wav(FMT, chunk(b"data", PCM))[:-100])
    reason = f"truncated: its header promises {len(PCM)} bytes of audio and {len(PCM) - 100} are there"
    assert truncation(path) == reason
    with pytest.raises(BadAudio) as caught:
        load(path, SR)
    assert str(caught.value) == reason


def test_an_aiff_file_says_so_too(tmp_path):
    whole = make_whole(tmp_path, ("AIFF", "PCM_16", {}))
    (tmp_path / "cut.aiff").write_bytes(whole.read_bytes()[:1000])
    assert truncation(tmp_path / "cut.aiff").startswith(f"truncated: its header promises {3 * SR * 2 + 8} bytes")


@pytest.mark.parametrize(
    "chunks",
    [
        (FMT, chunk(b"data", PCM), LIST),
        (FMT, LIST, chunk(b"data", PCM)),
        (chunk(b"JUNK", bytes(28)), FMT, chunk(b"data", PCM)),
        (chunk(b"bext", bytes(603)), FMT, chunk(b"odd ", b"123"), chunk(b"data", PCM), chunk(b"id3 ", b"ID3" * 333)),
        (FMT, chunk(b"data", PCM), b"trailing bytes that are no chunk at all"),
    ],
    ids=["LIST after", "LIST before", "JUNK first", "many", "junk after"],
)
def test_other_chunks_before_and_after_the_samples(sound, chunks):
    path = sound(wav(*chunks))
    assert truncation(path) == ""
    assert len(load(path, SR).y) == SR


def test_a_cut_after_the_samples_is_accepted(sound):
    path = sound(wav(FMT, chunk(b"data", PCM), chunk(b"id3 ", bytes(5000)))[:-4000])
    assert truncation(path) == ""
    assert len(load(path, SR).y) == SR


def test_a_cut_is_found_after_other_chunks(sound):
    path = sound(wav(chunk(b"bext", bytes(603)), FMT, LIST, chunk(b"data", PCM))[:-81])
    assert f"promises {len(PCM)} bytes of audio and {len(PCM) - 81} are there" in truncation(path)


def texts(n_bytes: int) -> bytes:
    """A comment, as recorders write it before the samples."""
    return chunk(b"LIST", b"INFO" + chunk(b"ICMT", b"y" * 200) * (n_bytes // 208))


@pytest.mark.parametrize("before", [texts(4000), chunk(b"junk", b"xx") * 100], ids=["text", "many chunks"])
def test_a_cut_is_found_after_many_other_chunks(sound, before):
    whole = wav(FMT, before, chunk(b"data", PCM))
    assert truncation(sound(whole)) == ""
    assert f"promises {len(PCM)} bytes of audio and {len(PCM) - 100} are there" in truncation(sound(whole[:-100]))


@pytest.mark.parametrize("size", [2**31 + 2**20, 3 * 10**9, 0xFFFF0000])
def test_a_cut_in_a_recording_of_some_gigabytes_is_found(sound, size):
    path = sound(wav(FMT, b"data" + struct.pack("<I", size) + PCM, riff_size=size + 36))
    assert truncation(path).startswith(f"truncated: its header promises {size} bytes")


def test_a_cut_in_a_recording_above_four_gigabytes_is_found(sound):
    size = 5 * 10**9
    sizes = chunk(b"ds64", struct.pack("<QQQI", size + 72, size, size // 2, 0))
    path = sound(b"RF64" + wav(sizes, FMT, b"data" + b"\xff" * 4 + PCM, riff_size=0xFFFFFFFF)[4:])
    assert truncation(path).startswith(f"truncated: its header promises {size} bytes")


def test_the_word_data_in_another_chunk_is_not_the_samples(sound):
    decoy = b"data" + struct.pack("<I", 10**9)
    path = sound(wav(chunk(b"JUNK", decoy * 4), FMT, chunk(b"data", PCM)))
    assert truncation(path) == ""
    assert len(load(path, SR).y) == SR


def test_an_odd_number_of_bytes_needs_no_padding_at_the_end(sound):
    fmt = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, SR, SR, 1, 8)
    path = sound(wav(fmt, b"data" + struct.pack("<I", 999) + bytes(range(128, 228)) * 9 + bytes(99)))
    assert truncation(path) == ""
    assert len(load(path, SR).y) == 999


@pytest.mark.parametrize("riff_size", [0xFFFFFFFF, 0, None])
def test_a_file_that_was_written_to_a_pipe_by_ffmpeg(sound, riff_size):
    path = sound(wav(FMT, LIST, b"data" + struct.pack("<I", 0xFFFFFFFF) + PCM, riff_size=riff_size))
    assert truncation(path) == ""
    assert len(load(path, SR).y) == SR


@pytest.mark.parametrize(("program", "size"), [("sox", 0x7FFFF000), ("arecord", 0x80000000), ("others", 0x7FFFFFFF)])
def test_a_file_that_was_written_to_a_pipe_by_other_programs(sound, program, size):
    path = sound(wav(FMT, b"data" + struct.pack("<I", size) + PCM, riff_size=size + 36))
    assert truncation(path) == ""
    assert len(load(path, SR).y) == SR


@pytest.mark.parametrize("riff_size", [0, 36, None])
def test_a_recorder_that_was_switched_off_leaves_no_size(sound, riff_size):
    path = sound(wav(FMT, b"data" + struct.pack("<I", 0) + PCM, riff_size=riff_size))
    try:
        n_samples = len(load(path, SR).y)
    except BadAudio as error:
        assert f"{len(PCM)}" in str(error)
        assert re.search(r"ffmpeg .*-i sound\.wav \S+\.wav", str(error))
    else:
        assert n_samples == SR


@pytest.mark.parametrize("chunks", [(FMT, chunk(b"data", b"")), (FMT, chunk(b"data", b""), LIST)])
def test_a_file_without_samples_is_empty_and_not_truncated(sound, chunks):
    path = sound(wav(*chunks))
    with pytest.raises(BadAudio, match="^empty"):
        load(path, SR)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEdata", wav(FMT), b"OggS", b"FORM" * 3]
)
def test_headers_without_more(sound, content):
    path = sound(content)
    truncation(path)
    with pytest.raises(BadAudio):
        load(path, SR)


def test_chunks_that_go_round_in_circles_end(sound):
    path = sound(b"RIFF\0\0\0\0WAVE" + b"\0" * 100_000)
    assert truncation(path) == ""


def test_other_files_pass(tmp_path):
    (tmp_path / "a.txt").write_text("RIFFRAFF")
    assert truncation(tmp_path / "a.txt") == ""


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        truncation(tmp_path / "gone.wav")


# Ogg


def pages(content: bytes) -> list[int]:
    """Where each Ogg page begins (RFC 3533)."""
    found, position = [], 0
    while position < len(content):
        assert content[position : position + 4] == b"OggS"
        found.append(position)
        n_segments = content[position + 26]
        position += 27 + n_segments + sum(content[position + 27 : position + 27 + n_segments])
    return found


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_file_that_was_cut_between_two_pages(tmp_path, subtype):
    whole = make_whole(tmp_path, ("OGG", subtype, {}), seconds=6.0)
    content = whole.read_bytes()
    starts = pages(content)
    assert len(starts) >= 4
    for start in starts[1:]:
        for n_more in (0, 1, 2, 3):  # "Ogg" of the next page may be there
            whole.write_bytes(content[: start + n_more])
            assert truncation(whole) in (
                "truncated: its Ogg stream has no last page",
                "truncated: its last Ogg page is incomplete",
            ), (start, n_more)
    whole.write_bytes(content)
    assert truncation(whole) == ""


def test_an_ogg_file_that_was_cut_in_a_page(tmp_path):
    whole = make_whole(tmp_path, ("OGG", "VORBIS", {}))
    content = whole.read_bytes()
    last = pages(content)[-1]
    for place in range(last + 4, len(content), 97):
        whole.write_bytes(content[:place])
        assert truncation(whole) == "truncated: its last Ogg page is incomplete"


def test_a_few_bytes_after_the_end_of_an_ogg_file_do_no_harm(tmp_path):
    whole = make_whole(tmp_path, ("OGG", "VORBIS", {}))
    n_samples = len(load(whole, SR).y)
    whole.write_bytes(whole.read_bytes() + bytes(128))
    assert truncation(whole) == ""
    assert len(load(whole, SR).y) == n_samples


# Real sounds


def test_all_real_clips_are_whole(esc10):
    paths = sorted(esc10.glob("*/*.ogg"))
    assert len(paths) == 400
    assert [path.name for path in paths if truncation(path)] == []


def test_no_cut_of_a_real_clip_passes(esc10, tmp_path):
    for folder in sorted(esc10.glob("0*")):
        content = sorted(folder.glob("*.ogg"))[5].read_bytes()
        for part in (0.01, 0.1, 0.5, 0.9, 0.99, 0.9999):
            (tmp_path / "cut.ogg").write_bytes(content[: int(part * len(content))])
            with pytest.raises(BadAudio):
                load(tmp_path / "cut.ogg", 44100)
