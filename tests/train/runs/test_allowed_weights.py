from pathlib import Path

import pytest

from generate.runtime.os_compat import quoted
from tests.train.fake_runs import fake_run
from train import load_run
from train.finalize.command_line import main
from train.runs.allowed_weights import check_weights_file
from train.training.frozen_run import prepare_frozen


def test_a_run_cannot_name_a_file_outside_the_working_directory(tmp_path, monkeypatch, capsys):
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    monkeypatch.chdir(project)
    run = fake_run(Path("run"), model="resnet18", weights=str(elsewhere / "other.keras"))
    for read in (prepare_frozen, check_weights_file, lambda run: load_run(run.folder).finalize()):
        with pytest.raises(ValueError, match=r"other\.keras' according to its config.json, outside the working"):
            read(run)
    assert main(["run"]) == 1
    said = capsys.readouterr().err
    assert "run the command in a folder that holds both" in said
    assert f"--weights {quoted(str(elsewhere / 'other.keras'))}" in said
    monkeypatch.chdir(tmp_path)
    check_weights_file(run)


@pytest.mark.parametrize("weights", ["none", "imagenet", "weights/mine.keras"])
def test_weights_of_the_project_are_read(tmp_path, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    check_weights_file(fake_run(Path("run"), model="resnet18", weights=weights))
