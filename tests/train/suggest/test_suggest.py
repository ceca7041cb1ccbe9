"""Which windows to label: the choice by hand, and by a real run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import soundfile

import train
from tests.conftest import SR, tone, white
from tests.train.fake_runs import fake_run
from train.suggest.choose import choose, choose_diverse, scores, uncertainty
from train.suggest.command_line import main


def test_uncertain_is_a_small_margin():
    np.testing.assert_allclose(uncertainty(np.array([[0.5, 0.5, 0], [0.4, 0.35, 0.25], [1, 0, 0]])), [1, 0.95, 0])
    assert list(scores(np.array([0.1, 0.9, 0.5]), np.array([3, 2, 1]))) == pytest.approx([4 / 6, 5 / 6, 3 / 6])


def test_of_windows_that_are_alike_one_is_chosen():
    angles = np.array([0, 0.01, 1.0, 2.0])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert choose_diverse(np.array([0.9, 0.8, 0.3, 0.5]), vectors, n=3, least_distance=0.1) == [0, 3, 2]


def test_the_random_ones_are_drawn_from_all_and_are_none_of_the_useful():
    vectors, score = np.eye(200), np.linspace(0.01, 1, 200)
    drawn = []
    for seed in range(100):
        useful, at_random = choose(score, vectors, most=20, n_random=20, least_distance=0.1, seed=seed)
        assert len(set(useful) | set(at_random)) == 40
        drawn += at_random
    assert np.mean(score[drawn]) == pytest.approx(score.mean(), abs=0.03)


def test_of_few_windows_half_are_ranked():
    useful, at_random = choose(np.linspace(0.1, 1, 5), np.eye(5), most=40, n_random=10, least_distance=0.1, seed=0)
    assert len(useful) == 3 and len(at_random) == 2
    assert not choose(np.ones(5), np.eye(5), most=40, n_random=0, least_distance=0.1, seed=0)[1]


@pytest.mark.slow
def test_a_sound_of_no_class_is_suggested_before_known_ones(images, tmp_path, capsys):
    """Three tones like those that were trained on, and white noise, which none was."""
    run = train.fit(images, quality="fast", input_size=64, folds=["1"], train_variants=(), runs=tmp_path)
    for number, hz in enumerate((300, 1500, 6000)):
        soundfile.write(tmp_path / f"known{number}.wav", tone(hz, peak=0.3) + white(seed=90 + number, rms=0.02), SR)
    soundfile.write(tmp_path / "new.wav", white(seed=99), SR)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    files = [str(path) for path in sorted(tmp_path.glob("*.wav"))]
    arguments = [str(run.folder), *files, "--most", "2", "--random", "1", "--csv", str(tmp_path / "s.csv")]
    assert main(arguments) == 3, "one could not be read"
    table = pd.read_csv(tmp_path / "s.csv")
    assert list(table["chosen"]) == ["useful", "useful", "random"]
    by_distance = table.sort_values("distance", ascending=False)
    assert by_distance["file"].iloc[0].endswith("new.wav") and by_distance["unlike"].iloc[0] == 1
    out = capsys.readouterr().out
    assert "broken.wav" in out and f"open {tmp_path / 's.html'}" in out
    assert f'"file":"{table["file"][0]}"' in (tmp_path / "s.html").read_text()
    table.assign(label="owl").to_csv(tmp_path / "s.csv", index=False)  # somebody labelled them there
    assert main(arguments) == 1
    assert "would be lost" in capsys.readouterr().err and "owl" in (tmp_path / "s.csv").read_text()
    (tmp_path / "s.csv").unlink()
    assert main([str(run.folder), str(images.parent / "audio_folder" / "low"), "--csv", str(tmp_path / "s.csv")]) == 1
    assert "nor of the run's own clips. Got none of 10" in capsys.readouterr().err


def test_a_table_of_something_else_is_not_written_over(tmp_path, capsys):
    (tmp_path / "mine.csv").write_text("a,b\n")
    run = fake_run(tmp_path / "run")
    assert main([str(run.folder), str(tmp_path), "--csv", str(tmp_path / "mine.csv")]) == 1
    assert "holds something else" in capsys.readouterr().err and (tmp_path / "mine.csv").read_text() == "a,b\n"
    (tmp_path / "other.html").write_text('<!doctype html>\n<html lang="en"><p>mine')
    assert main([str(run.folder), str(tmp_path), "--csv", str(tmp_path / "other.csv")]) == 1
    assert "other.html" in capsys.readouterr().err and "mine" in (tmp_path / "other.html").read_text()
