"""No command decodes a sound in its main process, and a file that kills its decoder costs itself, in both stages."""

import os

import pandas as pd
import pytest
import soundfile

from generate.dataset import tables
from tests.conftest import SR, tone, white
from tests.faults.real_runs import ROOT, make_audio_folder, run
from tests.faults.rows import only_at_full_count
from tests.generate.rendering.test_run import QUICK

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a crash looks otherwise on Windows")

HOOK = """
import multiprocessing, os
import soundfile
real_init = soundfile.SoundFile.__init__
def init(self, file, mode="r", *args, **options):
    if mode != "w" and multiprocessing.parent_process() is None:
        with open(os.environ["DECODED_IN_MAIN"], "a") as log:
            log.write(f"{file}\\n")
        os.abort()
    if "killer" in str(file):
        os.abort()
    real_init(self, file, mode, *args, **options)
soundfile.SoundFile.__init__ = init
"""
"""A `sitecustomize.py`, which every Python process loads that it stands before."""


@pytest.fixture
def hooked(tmp_path):
    """Run a command in which decoding kills the main process, and decoding a `killer` any process."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK)
    log = tmp_path / "decoded_in_main"
    environment = {"PYTHONPATH": f"{tmp_path / 'hook'}:{ROOT}", "DECODED_IN_MAIN": str(log)}

    def command(*arguments):
        ended = run(*arguments, cwd=tmp_path, environment=environment)
        assert not log.exists(), (arguments, log.read_text())
        assert "Traceback" not in ended.out + ended.err, ended
        return ended

    return command


def promising(content: bytes, n_samples: int) -> bytes:
    """A FLAC whose header promises another number of samples (RFC 9639, section 8.2)."""
    numbers = int.from_bytes(content[18:26], "big") >> 36 << 36 | n_samples
    return content[:18] + numbers.to_bytes(8, "big") + content[26:]


def test_stage_one(hooked, tmp_path):
    audio_folder, images = make_audio_folder(tmp_path / "audio_folder", 4), tmp_path / "images"
    soundfile.write(audio_folder / "a" / "tape.mp3", white(3.2), SR)
    soundfile.write(audio_folder / "a" / "long-killer.wav", white(3.2), SR)
    soundfile.write(audio_folder / "b" / "short-killer.wav", white(1.0), SR)
    soundfile.write(audio_folder / "b" / "promising.flac", white(3.2), SR)
    (audio_folder / "b" / "promising.flac").write_bytes(
        promising((audio_folder / "b" / "promising.flac").read_bytes(), 1800 * SR)
    )
    soundfile.write(audio_folder / "b" / "cut.wav", white(3.2), SR)
    os.truncate(audio_folder / "b" / "cut.wav", 100_000)
    options = [*QUICK, "--variants", "trim", "--max-rejected", "50"]

    ended = hooked("generate", audio_folder, images, *options, "--dry-run")
    assert ended.status == 0 and "15 clips" in ended.out, ended

    ended = hooked("generate", audio_folder, images, *options, "--listen", "1")
    assert ended.status == 0, ended
    rejected = tables.read_rejected(images / tables.REJECTED)
    assert rejected["clip_id"].tolist() == ["a-long-killer", "b-cut", "b-promising", "b-short-killer"], "one line each"
    reasons = dict(zip(rejected["clip_id"].str[2:], rejected["reason"], strict=True))
    assert "its worker process died or hung, twice" in reasons["long-killer"]
    assert "its worker process died or hung, twice" in reasons["short-killer"]
    assert reasons["promising"].startswith("truncated: its header promises 39690000 samples")
    assert reasons["cut"].startswith("truncated")
    clips = tables.read_metadata(images / tables.METADATA)["clip_id"]
    assert sorted(clips[clips.str.startswith("a-tape")].unique()) == [f"a-tape-piece00{k}" for k in range(3)]
    assert clips.nunique() == 8 + 3

    ended = hooked("generate.gallery", images, "--listen", "all")
    assert ended.status == 0, ended
    ended = hooked("generate.audit", audio_folder, *QUICK)
    assert ended.status == 3 and "4 of 15 clips cannot be rendered" in ended.out, ended


@only_at_full_count
def test_stage_two(hooked, tmp_path):
    from tests.train.training.test_cross_validation import RECIPE

    audio_folder, images = make_audio_folder(tmp_path / "audio_folder", 5), tmp_path / "images"
    (audio_folder / "b").rename(audio_folder / "killer")
    assert run("generate", audio_folder, images, *QUICK, "--variants", "none").status == 0
    ended = hooked("train", images, *RECIPE, "--ensemble", "1", "--epochs", "1", "--folds", "1", "--name", "r")
    assert ended.status == 0, ended
    folder = tmp_path / "outputs" / "runs" / "r"
    assert "its worker process died or hung, twice" in (folder / "index.html").read_text(), ended

    soundfile.write(tmp_path / "killer.wav", white(2.5), SR)
    soundfile.write(tmp_path / "good.wav", tone(500, seconds=2.5), SR)
    ended = hooked("train.explain", folder, "killer.wav", "good.wav", "-o", "explained")
    assert ended.status == 3 and "killer.wav: its worker process died" in ended.out, ended
    explained = pd.read_csv(tmp_path / "explained" / "explanations.csv")
    assert explained["name"].tolist() == ["good__0s", "good__1s", "good__2s"]
    assert len(list((tmp_path / "explained").glob("*__what_mattered.wav"))) == 3
