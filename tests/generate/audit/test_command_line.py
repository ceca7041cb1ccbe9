"""The audit as a user runs it, and the same findings from the images."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import generate.__main__
from generate.audit import assess, examine
from generate.audit.command_line import build_parser, main
from generate.audit.run import rejected_text
from generate.dataset import tables
from generate.dataset.settings import Settings
from generate.dataset.settings_file import read_settings
from generate.rendering.rejected import RejectedClip
from generate.runtime.findings import Finding
from tests.conftest import SR, tone, white

ROOT = Path(__file__).parents[3]
QUICK = ["--engine", "librosa", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
NO_MORE = ["--variants", "none", "--listen", "0", "--max-rejected", "100"]


def audit(*arguments) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture
def healthy(audio_folder) -> Path:
    """Sounds with strokes in them, so that they can be compared."""
    for number, path in enumerate(sorted(audio_folder.rglob("*.wav"))):
        rng = np.random.default_rng(number)
        y, t = white(seed=number, rms=0.003), np.arange(SR // 8) / SR
        for _ in range(60):
            start, hz = rng.integers(len(y) - len(t)), 2 ** rng.uniform(8, 13)
            y[start : start + len(t)] += (0.2 * np.sin(2 * np.pi * hz * t) * np.exp(-30 * t)).astype(np.float32)
        soundfile.write(path, 0.9 * y / np.abs(y).max(), SR)
    return audio_folder


def table_of(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False).set_index("clip_id")


def test_a_healthy_collection_ends_with_0(healthy, tmp_path, capsys):
    csv = tmp_path / "deep" / "table.csv"
    assert audit(healthy, *QUICK, "--csv", csv) == 0
    out = capsys.readouterr().out
    assert "warning" not in out and out.count("\nok ") == 10
    assert "ok       every clip can be decoded" in out
    assert list(pd.read_csv(csv).columns) == [*assess.CLIP_COLUMNS, "flags"]
    assert set(table_of(csv)["flags"]) == {""}


def test_faults_end_with_3_and_say_what_to_do(healthy, tmp_path, capsys):
    shutil.copy(healthy / "low" / "0.wav", healthy / "high" / "twin.wav")
    soundfile.write(healthy / "low" / "nothing.wav", np.zeros(SR), SR)
    y, _ = soundfile.read(healthy / "low" / "1.wav")
    soundfile.write(healthy / "low" / "louder.ogg", 0.5 * y, SR)
    (healthy / "low" / "broken.wav").write_bytes(b"no sound at all")
    (healthy / "low" / "empty.flac").touch()
    csv = tmp_path / "table.csv"
    assert audit(healthy, *QUICK, "--csv", csv) == 3
    out = capsys.readouterr().out
    assert "silent 1\n" in out
    assert "1 recording under several names (2 clips), 1 of them in two classes" in out
    assert "low/1.wav (low) and low/louder.ogg (low)" in out
    assert "2 of 13 clips cannot be rendered" in out
    assert "low/empty.flac: empty: the file has no bytes" in out
    flags = table_of(csv)["flags"]
    assert flags["low-nothing"] == "silent"
    assert "near-duplicate-of:low-louder" in flags["low-1"]
    assert "equal-to:" in flags["low-0"]


def test_what_cannot_start_ends_with_1(tmp_path, capsys):
    assert audit(tmp_path / "nowhere") == 1
    assert capsys.readouterr().err.startswith("generate.audit: ")
    assert audit(tmp_path, "--feature", "smell") == 1


def test_only_rejected_sounds_are_told_too(tmp_path, capsys):
    (tmp_path / "audio_folder" / "a").mkdir(parents=True)
    (tmp_path / "audio_folder" / "a" / "x.wav").write_bytes(b"no")
    assert audit(tmp_path / "audio_folder", *QUICK, "--layout", "folders", "--csv", tmp_path / "x.csv") == 3
    assert "1 of 1 clip cannot be rendered" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "x.csv")) == 0


def test_the_table_goes_to_outputs_by_itself(audio_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    audit(audio_folder, *QUICK)
    assert (tmp_path / "outputs" / "audit" / "audio_folder.csv").is_file()
    assert sorted(os.listdir(tmp_path / "outputs")) == ["audit"]


def die_on_some(job, front):
    """A decoder that crashes."""
    if job.path.endswith("2.wav"):
        os._exit(1)
    return _EXAMINE(job, front)


_EXAMINE = examine.examine


def test_a_crash_in_a_decoder_does_not_end_the_audit(audio_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(examine, "examine", die_on_some)
    assert audit(audio_folder, *QUICK, "--csv", tmp_path / "x.csv") == 3
    assert "2 of 8 clips cannot be rendered" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "x.csv")) == 6


def test_a_config_file_of_generate_does_for_the_audit(audio_folder, tmp_path, capsys):
    config = tmp_path / "config.toml"
    config.write_text(f'sr = {SR}\nseconds = 1.0\nvariants = ["pitch=2"]\ncolormap = "gray"\nengine = "librosa"\n')
    assert audit(audio_folder, "--config", config, "--csv", tmp_path / "x.csv") in (0, 3)
    assert "the image shows 1 s" in capsys.readouterr().out


def test_limit_takes_so_many_clips(audio_folder, tmp_path):
    audit(audio_folder, *QUICK, "--limit", 4, "--csv", tmp_path / "x.csv")
    assert len(pd.read_csv(tmp_path / "x.csv")) == 4


def test_help_shows_what_makes_a_difference():
    text = build_parser().format_help()
    assert "--csv" in text and "--seconds" in text and "--source-pattern" in text
    assert "--variants" not in text.partition("It takes every option")[0]
    assert "OUTPUT" not in text.partition("examples:")[0]


def test_help_imports_nothing_slow():
    code = "import sys, generate.audit.command_line; generate.audit.command_line.build_parser(); print('pandas' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out == "False\n"


def test_a_long_list_of_rejected_sounds_is_cut():
    text = rejected_text([RejectedClip(f"{n}.wav", str(n), "a", "empty") for n in range(14)], 20)
    assert text.startswith("warning  14 of 20 clips") and "and 4 more" in text


# The same from images


def from_images(images: Path) -> tuple[pd.DataFrame, list[Finding]]:
    settings = Settings.from_json(read_settings(images / "settings.json")["settings"])
    return assess.of_metadata(images, settings, tables.read_metadata(images / "metadata.csv"))


def same_from_images(audio_folder: Path, tmp_path: Path, *options: str) -> None:
    images, csv = tmp_path / "images", tmp_path / "table.csv"
    audit(audio_folder, *options, "--csv", csv)
    generate.__main__.main([str(audio_folder), str(images), *options, *NO_MORE])
    table, findings = from_images(images)
    tables.write_table(tmp_path / "other.csv", table)
    assert (tmp_path / "other.csv").read_text() == csv.read_text()
    assert len(findings) == 9


@pytest.mark.parametrize("more", [[], ["--feature", "mfcc"], ["--reference", "full-scale", "--image-size", "native"]])
def test_images_say_the_same_as_sounds(healthy, tmp_path, more, capsys):
    shutil.copy(healthy / "low" / "0.wav", healthy / "high" / "twin.wav")
    soundfile.write(healthy / "low" / "nothing.wav", np.zeros(SR), SR)
    soundfile.write(healthy / "low" / "long.flac", tone(440, seconds=2.7) + white(2.7), SR)
    (healthy / "low" / "broken.wav").write_bytes(b"no sound at all")
    same_from_images(healthy, tmp_path, *QUICK, *more)
    out = capsys.readouterr().out
    for finding in from_images(tmp_path / "images")[1]:
        assert finding.what in out


def test_images_of_real_sounds_say_the_same(esc10, tmp_path, capsys):
    same_from_images(esc10, tmp_path, "--limit", "40", "--workers", "1")
    out = capsys.readouterr().out
    for finding in from_images(tmp_path / "images")[1]:
        assert finding.what in out


def test_what_is_unequal_in_a_collection_is_said_where_only_some_images_are_checked(healthy, tmp_path):
    """A part with as many clips of each class looks balanced, and seldom holds both of two equal clips."""
    for k, path in enumerate(sorted((healthy / "low").glob("*.wav"))[2:]):
        path.rename(healthy / "high" / f"of-low-{k}.wav")
    shutil.copy(healthy / "high" / "of-low-0.wav", healthy / "high" / "twin.wav")
    images = tmp_path / "images"
    generate.__main__.main([str(healthy), str(images), *QUICK, *NO_MORE])
    settings = Settings.from_json(read_settings(images / "settings.json")["settings"])
    metadata = tables.read_metadata(images / "metadata.csv")
    all_of, (table, some) = from_images(images)[1], assess.of_metadata(images, settings, metadata, most=4)
    assert table["label"].value_counts().to_dict() == {"high": 2, "low": 2}
    assert all_of[0].status == "warning" and "few of low" in all_of[0].what
    counted = ("2 classes", "clips last", "peaks", "1 recording under several names")
    of_all, of_some = ([found for found in found_in if found.what.startswith(counted)] for found_in in (all_of, some))
    assert len(of_all) == 4 and of_all == of_some


def test_a_damaged_image_is_named(audio_folder, tmp_path):
    images = tmp_path / "images"
    generate.__main__.main([str(audio_folder), str(images), *QUICK, *NO_MORE])
    (images / "low" / "low-0__original.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match="low-0__original.png.*python -m generate again"):
        from_images(images)


def test_two_channels_are_no_channels_that_cancel(healthy, tmp_path, capsys):
    """`--channels stereo` shows both; a file of four has no such image."""
    path = sorted(healthy.rglob("*.wav"))[0]
    y = soundfile.read(path)[0]
    soundfile.write(path, np.stack([y, -y], axis=1), SR)
    audit(healthy, *QUICK, "--channels", "stereo", "--csv", tmp_path / "audit.csv")
    assert "cancel" not in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "audit.csv", keep_default_na=False)
    assert not table["flags"].str.contains("silent").any()
    soundfile.write(path, np.stack([y] * 4, axis=1), SR)
    assert audit(healthy, *QUICK, "--channels", "stereo", "--csv", tmp_path / "audit.csv") == 3
    assert "it has 4 channels" in capsys.readouterr().out
