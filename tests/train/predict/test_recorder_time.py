"""When a recording was made."""

from __future__ import annotations

import os
import struct
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generate.runtime.safe_names import printable
from train.predict.predict_events import begin_times
from train.predict.recorder_time import recorded_at

FIVE_BEHIND = timezone(timedelta(hours=-5))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20210505_053000.WAV", datetime(2021, 5, 5, 5, 30)),
        ("SMM03873_20220719_000000.wav", datetime(2022, 7, 19)),
        ("SITE1_0+1_20160621_080001.wav", datetime(2016, 6, 21, 8, 0, 1)),
        ("20210505T053000Z.wav", datetime(2021, 5, 5, 5, 30, tzinfo=UTC)),
        ("20210505_053000T.WAV", None),
        ("99991231_235955.wav", None),  # an event would end in a year that there is not
        ("20211332_053000.wav", None),
        ("clip_3.wav", None),
        ("1-100032-A-0.wav", None),
        ("2021-05.wav", None),
        ("XC123456.mp3", None),
    ],
)
def test_by_the_name_of_the_file(name, expected):
    assert recorded_at(Path(name)) == expected


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        (
            "Recorded at 19:17:30 21/02/2018 (UTC) by AudioMoth 0FE081F8 at gain setting 2 while battery was 4.5V",
            datetime(2018, 2, 21, 19, 17, 30, tzinfo=UTC),
        ),
        (
            "Recorded at 05:00:00 17/06/2022 (UTC-5) by AudioMoth 249BC3055C02FE06 at medium gain while battery was 4.2V.",
            datetime(2022, 6, 17, 5, tzinfo=FIVE_BEHIND),
        ),
        (
            "Recorded at 05:00:00.250 17/06/2022 (UTC+5:30) by AudioMoth 2 at medium gain",
            datetime(2022, 6, 17, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        ),
        ("A lovely morning at 05:00", None),
    ],
)
def test_by_the_comment_of_an_audiomoth(tmp_path, comment, expected):
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 8000, 1) as file:
        file.comment = comment
        file.write(np.zeros(80, np.float32))
    assert recorded_at(tmp_path / "a.wav") == expected


def test_by_guano(tmp_path):
    """Before the name of the file, which may have been changed."""
    path = tmp_path / "20010101_000000.wav"
    soundfile.write(path, np.zeros(80, np.float32), 8000)
    text = b"GUANO|Version: 1.0\nTimestamp: 2018-02-21T19:17:30-05:00\nMake: x\n"
    text += b" " * (len(text) % 2)
    content = path.read_bytes() + b"guan" + struct.pack("<I", len(text)) + text
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    assert recorded_at(path) == datetime(2018, 2, 21, 19, 17, 30, tzinfo=FIVE_BEHIND)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\xff\xff\xff\xffWAVELIST\xff\xff\xff\x7fINFOICMT", b"text" * 99]
)
def test_other_content_says_nothing(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    assert recorded_at(tmp_path / "a.wav") is None


def test_of_a_file_whose_name_is_not_utf8(tmp_path):
    """Events name the recording as a table can hold it."""
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    with soundfile.SoundFile(tmp_path / "a.wav", "w", 8000, 1) as file:
        file.comment = "Recorded at 05:00:00 17/06/2022 (UTC-5) by AudioMoth 2 at medium gain"
        file.write(np.zeros(80, np.float32))
    try:
        (tmp_path / "a.wav").rename(path)
    except (OSError, UnicodeEncodeError):
        pytest.skip("this system has no such names")
    name = printable(str(path))
    assert name != str(path)
    assert begin_times([name]) == {name: datetime(2022, 6, 17, 5, tzinfo=FIVE_BEHIND)}
