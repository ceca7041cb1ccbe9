"""From a run whose labels are partly wrong to its suspects, and why."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

import train
from generate.readers.review import REVIEW_COLUMNS
from tests.train.conftest import draw
from tests.train.fake_runs import fake_run
from train.suspects.command_line import main


@pytest.mark.slow
def test_a_wrong_label_is_the_first_and_its_neighbours_say_why(images, tmp_path, capsys):
    """A low tone in the folder of high ones is near low tones, none of them of its own recording."""
    audio = tmp_path / "audio"
    shutil.copytree(images.parent / "audio_folder", audio)
    (audio / "low" / "low2_0.wav").rename(audio / "high" / "low2_0.wav")
    wrong = draw(audio, tmp_path / "images", "--source-pattern", "^(.+)_", "--variants", "none")
    run = train.fit(wrong, quality="fast", input_size=64, runs=tmp_path)
    assert run.report.suspects.first == pd.read_csv(run.folder / "suspects.csv")["clip_id"][0]
    assert main([str(run.folder)]) == 0
    first = pd.read_csv(run.folder / "suspects.csv").iloc[0]
    assert first["audio_file"] == "high/low2_0.wav" and first["label"] == "high" and first["suggested"] == "low"
    assert first["nearest_labels"] == "low 5" and "low2" not in first["nearest_clips"]
    out = capsys.readouterr().out
    assert "labelled high" in out and f"open {run.folder / 'suspects.html'}" in out
    assert '"file":"high/low2_0.wav"' in (run.folder / "suspects.html").read_text()

    review = dict.fromkeys(REVIEW_COLUMNS, "") | {
        "clip_id": first["clip_id"],
        "file": "high/low2_0.wav",
        "start_s": 0.0,
    }
    review |= {"label": "high", "decision": "confirmed", "new_label": "high", "found_by": "suspects"}
    pd.DataFrame([review]).to_csv(tmp_path / "review.csv", index=False)
    draw(
        audio, wrong, "--source-pattern", "^(.+)_", "--variants", "none", "--labels-from", str(tmp_path / "review.csv")
    )
    again = train.fit(wrong, quality="fast", input_size=64, runs=tmp_path / "again")
    assert again.report.suspects.first != first["clip_id"]
    assert main([str(again.folder)]) == 0
    suspects = pd.read_csv(again.folder / "suspects.csv", keep_default_na=False)
    assert list(suspects["reviewed"])[-1] == "confirmed" and list(suspects["rank"]) == [*range(1, len(suspects) + 1)]
    assert "(1 whose labels a review gave come last)" in capsys.readouterr().out
    assert '"file":"high/low2_0.wav"' not in (again.folder / "suspects.html").read_text()


def test_a_leaky_run_is_refused(tmp_path, capsys):
    run = fake_run(tmp_path / "run", protocol="paper", all_folds=("1",))
    assert main([str(run.folder)]) == 1
    assert "must have a grouped split" in capsys.readouterr().err
    assert not (run.folder / "suspects.csv").exists()


def test_without_the_images_nothing_is_written(tmp_path, capsys):
    run = fake_run(tmp_path / "run")
    assert main([str(run.folder)]) == 1
    assert "Make images first" in capsys.readouterr().err
