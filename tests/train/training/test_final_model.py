"""The model that is trained on all recordings, from the command to predictions."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import train
from tests.train.fake_runs import fake_run
from tests.train.training.test_cross_validation import TINY
from train.__main__ import main
from train.predict.command_line import main as predict
from train.predict.fold_models import folds_to_average, load_models
from train.recipe import Recipe
from train.runs.run_folder import read_run, write_run
from train.training.final_model import check_final, train_final
from train.training.prepare import prepare, resume


def test_a_final_model_is_trained_on_all_recordings_and_predicts(images, audio_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([str(images), *TINY, "--n-folds", "2", "--folds", "1", "--name", "one", "--final"]) == 0
    said = capsys.readouterr().out
    run = read_run(tmp_path / "outputs" / "runs" / "one")
    report = train.load_run(run.folder).report
    # The fold was trained on one half of the 30 originals, the final model on both.
    assert report.folds[0].n_train < 30 and report.final.n_images == report.final.n_clips == 30
    assert f"trained on all 30 clips of {report.final.n_recordings} recordings" in said
    card = (run.folder / "README.md").read_text()
    assert "No recording was left to test it" in card and report.folds_missing == ("2",)
    assert folds_to_average(run) == ("final",) and folds_to_average(run, ["all"]) == ("1",)
    pixels = np.random.default_rng(0).integers(0, 256, (2, *run.input_size, 3)).astype(np.uint8)
    final, of_fold = (load_models(run, [name])[0].predict_on_batch(pixels) for name in ("final", "1"))
    assert not np.allclose(final, of_fold)

    recording = sorted(audio_folder.rglob("*.wav"))[0]
    table = {}
    for folds in ((), ("--folds", "all"), ("--folds", "1")):
        assert predict([str(run.folder), str(recording), *folds, "--json", "p.json"]) == 0
        table[folds] = json.loads((tmp_path / "p.json").read_text())["files"][0]["probabilities"]
    assert table["--folds", "all"] == table["--folds", "1"] != table[()]

    before = (run.folder / "final" / "last.keras").stat().st_mtime_ns
    train_final(run.folder)  # again: nothing is left to do
    assert (run.folder / "final" / "last.keras").stat().st_mtime_ns == before


def test_a_class_that_one_fold_holds_is_learnt_by_the_final_model(images, tmp_path, monkeypatch):
    """A run of that fold alone has nothing of the class to train on, and is refused."""
    monkeypatch.chdir(tmp_path)
    folder = Path(shutil.copytree(images, tmp_path / "images"))
    table = pd.read_csv(folder / "metadata.csv", dtype=str, keep_default_na=False)
    numbers = {source: str(k % 3 + 1) for k, source in enumerate(sorted(table["source_id"].unique()))}
    label = sorted(table["label"].unique())[0]
    table["fold"] = ["2" if row.label == label else numbers[row.source_id] for row in table.itertuples()]
    table.to_csv(folder / "metadata.csv", index=False)
    assert main([str(folder), *TINY, "--folds", "2", "--name", "two"]) == 1
    began = prepare(folder, Recipe(model="cnn7", train_variants=()), folds=["1", "3"], name="others", runs=tmp_path)
    write_run(began.run, began.settings)
    final = resume(began.run.folder, is_final=True)
    trained_on = np.unique(np.concatenate([split.train for split in final.splits]))
    originals = np.flatnonzero(final.table["variant"] == "original")
    np.testing.assert_array_equal(trained_on, originals)
    assert label in set(final.table["label"].iloc[trained_on])


def test_a_run_without_one_says_how_to_get_it(tmp_path):
    run = fake_run(tmp_path / "run")
    assert folds_to_average(run) == ("1", "2")
    with pytest.raises(ValueError, match="Got 'final'.*python -m train.finalize"):
        folds_to_average(run, ["final"])


@pytest.mark.parametrize(
    "options", [{"protocol": "paper"}, {"allow_recording_overlap": True}, {"select": "validation"}]
)
def test_a_recipe_whose_accuracy_is_not_that_of_a_final_model_is_refused(options):
    with pytest.raises(ValueError, match="A final model must be of a run with"):
        check_final(Recipe(**options))
