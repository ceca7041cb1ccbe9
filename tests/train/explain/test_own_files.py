"""A report removes only its own files from the folder of explanations."""

import pandas as pd
import pytest

from tests.train.fake_runs import fake_run
from train.explain.explain_run import explain_run
from train.report.results import read_predictions


def test_only_own_files_are_removed(tmp_path):
    run = fake_run(tmp_path / "run")
    folder = run.folder / "explained"
    folder.mkdir()
    own = ("a__original__grad_cam.png", "a__original__what_mattered.mp3", "a__original__original.mp3")
    for name in (*own, "photo.png", "song.mp3", "notes.txt"):
        (folder / name).touch()
    explain_run(run, read_predictions(run), pd.DataFrame(), most=0)
    assert sorted(path.name for path in folder.iterdir()) == ["notes.txt", "photo.png", "song.mp3"]


def test_an_empty_folder_goes_and_a_link_is_refused(tmp_path):
    run = fake_run(tmp_path / "run")
    folder = run.folder / "explained"
    folder.mkdir()
    (folder / "a__original__grad_cam.png").touch()
    explain_run(run, read_predictions(run), pd.DataFrame(), most=0)
    assert not folder.exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a__original__grad_cam.png").touch()
    folder.symlink_to(tmp_path / "mine")
    with pytest.raises(ValueError, match="must not be a link"):
        explain_run(run, read_predictions(run), pd.DataFrame(), most=0)
    assert (tmp_path / "mine" / "a__original__grad_cam.png").exists()
