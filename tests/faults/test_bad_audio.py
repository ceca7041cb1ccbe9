"""Files that are no sounds, or half of one, among good ones; by the program as a user runs it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from generate.dataset import png
from tests.conftest import SR, tone, white
from tests.faults.bad_audio import HIDDEN, KINDS, encoded
from tests.faults.rows import times
from tests.faults.running import QUICK, generate, image_bytes, metadata, reasons
from tests.generate.audio.test_load import without_info_header

CLASSES = ("bell", "dog", "rain", "sea", "wind")


def write_good(folder: Path, n: int) -> None:
    """Short sounds of four formats, spread over the classes, no two alike."""
    for number in range(n):
        suffix = ("wav", "flac", "ogg", "mp3")[number % 4]
        path = folder / CLASSES[number % len(CLASSES)] / f"good-{number:03d}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, tone(200 + 20 * number, seconds=0.5) + white(0.5, seed=number, rms=0.01), SR)


@pytest.mark.fault(1)
def test_thirty_kinds_of_bad_audio_among_good_sounds(tmp_path, injected):
    assert len(KINDS) == 30
    n_editions, n_good = times(3, daily=1), times(210, daily=20)
    clean, mixed = tmp_path / "clean", tmp_path / "mixed"
    write_good(clean, n_good)
    shutil.copytree(clean, mixed)  # with the times of change, which stand in metadata.csv
    contents, bad = set(), {}
    for place, (kind, (suffix, content)) in enumerate(KINDS.items()):
        for edition in range(n_editions):
            name = ("._" if kind == HIDDEN else "") + f"{kind}-{edition}{suffix}"
            path = mixed / CLASSES[(place + edition) % len(CLASSES)] / name
            path.write_bytes(content(edition))
            contents.add(path.read_bytes())
            bad[path.relative_to(mixed).as_posix()] = kind
    assert len(contents) == 30 * n_editions - (n_editions - 1), "all but the empty ones differ"

    more = [*QUICK, "--engine", "librosa", "--variants", "trim", "pitch=2"]
    assert generate(clean, tmp_path / "alone", *more).returncode == 0
    done = generate(mixed, tmp_path / "among", *more, limit_s=300)
    assert done.returncode == 3
    assert image_bytes(tmp_path / "among") == image_bytes(tmp_path / "alone")
    assert (tmp_path / "among" / "metadata.csv").read_bytes() == (tmp_path / "alone" / "metadata.csv").read_bytes()
    assert len(metadata(tmp_path / "among")) == 3 * n_good
    expected = {name for name, kind in bad.items() if kind != HIDDEN}
    assert set(reasons(tmp_path / "among")) == expected
    assert f"not read  {n_editions} hidden" in done.stdout
    assert f"rejected: {len(expected)} of {n_good + len(expected)} clips" in done.stdout
    # And it goes on: a second run draws nothing again and tells of the same files.
    again = generate(mixed, tmp_path / "among", *more, limit_s=300)
    assert again.returncode == 3
    assert image_bytes(tmp_path / "among") == image_bytes(tmp_path / "alone")
    assert set(reasons(tmp_path / "among")) == expected
    injected(n_good + len(bad))


def mp3(y: np.ndarray, *, mode: str = "CONSTANT") -> bytes:
    """An MP3 as LAME writes it, with its header that counts the frames."""
    return encoded(y, 44100, format="MP3", bitrate_mode=mode, compression_level=0.5)


FORMATS = {
    "wav": lambda y: encoded(y, 44100, format="WAV"),
    "vorbis.ogg": lambda y: encoded(y, 44100, format="OGG", subtype="VORBIS"),
    "opus.ogg": lambda y: encoded(y[::2][:48000], 48000, format="OGG", subtype="OPUS"),
    "flac": lambda y: encoded(y, 44100, format="FLAC"),
    "counted.mp3": lambda y: mp3(y, mode="VARIABLE"),
    "uncounted.mp3": lambda y: without_info_header(mp3(y)),
    "uncounted-tagged.mp3": lambda y: b"ID3\3\0\0\0\0\0\x0a" + bytes(10) + without_info_header(mp3(y)),
}
N_CUTS = {"wav": 10, "vorbis.ogg": 5, "opus.ogg": 5, "flac": 10, "counted.mp3": 5, "uncounted.mp3": 3}
N_CUTS["uncounted-tagged.mp3"] = 2
CUTS = (0.5, 0.97, 0.25, 0.75, 0.9, 0.05, 0.35, 0.66, 0.82, 0.995)
"""Parts of a file that are left, the most telling first. (An MP3 without a count that ends exactly between two frames,
one place in some 400, is as whole as any other; none of these does.)"""


@pytest.mark.fault(2)
def test_no_truncated_file_is_drawn_as_if_it_were_whole(tmp_path, injected):
    audio_folder, cut = tmp_path / "audio_folder", set()
    for place, (suffix, content) in enumerate(FORMATS.items()):
        whole = content(white(2, sr=44100, seed=place))
        (audio_folder / "whole").mkdir(parents=True, exist_ok=True)
        (audio_folder / "cut").mkdir(exist_ok=True)
        (audio_folder / "whole" / f"whole.{suffix}").write_bytes(whole)
        for part in CUTS[: times(N_CUTS[suffix], daily=2)]:
            (audio_folder / "cut" / f"{part}.{suffix}").write_bytes(whole[: round(part * len(whole)) + 1])
            cut.add(f"cut/{part}.{suffix}")
    done = generate(audio_folder, tmp_path / "first", *QUICK, "--variants", "none", "--seconds", "2", "--long", "first")
    assert done.returncode == 3
    assert "no clip could be rendered of: cut" in done.stdout
    assert set(metadata(tmp_path / "first")["audio_file"]) == {f"whole/whole.{suffix}" for suffix in FORMATS}
    why = reasons(tmp_path / "first")
    assert set(why) == cut
    for sound, reason in why.items():
        assert reason.startswith(("truncated", "not readable as audio")), (sound, reason)

    # In pieces: one that is all there may be drawn, and is then as in the whole file; what is missing is named.
    split = tmp_path / "split"
    assert generate(audio_folder, split, *QUICK, "--variants", "none").returncode == 3
    rejected = pd.read_csv(split / "rejected.csv")
    assert set(rejected["audio_file"]) == cut
    drawn = metadata(split)
    of_whole = drawn[drawn["label"] == "whole"].set_index(["audio_file", "start_s"])["file_name"]
    assert len(of_whole) == 2 * len(FORMATS) - 1, "the Opus file has one second"
    for _, row in drawn[drawn["label"] == "cut"].iterrows():
        suffix = row["audio_file"].split(".", 2)[2]
        twin = of_whole[f"whole/whole.{suffix}", row["start_s"]]
        assert np.array_equal(png.read(split / row["file_name"])[0], png.read(split / twin)[0]), row["audio_file"]
    injected(len(cut))
