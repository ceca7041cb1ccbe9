"""A small run, rehearsed: the clean clips are those of its own test, and each row is what its name says."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

import train
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from generate.gallery.listen import job_of
from tests.conftest import SR, white
from train.calibration.temperature import with_temperature
from train.calibration.thresholds import fit, out_of_fold
from train.data.decode import prepare_pixels
from train.recipe import Recipe
from train.rehearse.background import unheard_background
from train.rehearse.command_line import main
from train.rehearse.degradations import DEGRADATIONS
from train.rehearse.degraded_clip import clip_audio, degrade_clip
from train.rehearse.plan import plan_rehearsal
from train.rehearse.results import calibrations
from train.runs.run_folder import read_run
from train.training.cross_validation import execute
from train.training.prepare import prepare


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """Two of five folds of a small model."""
    recipe = Recipe(model="cnn7", ensemble=1, input_size=32, batch_size=8, epochs=12, augment=(), train_variants=())
    prepared = prepare(images, recipe, folds=["1", "2"], name="tones", runs=tmp_path_factory.mktemp("runs"))
    execute(prepared, n_explained=0)
    return train.load_run(prepared.run.folder)


@pytest.fixture
def rehearse(trained, images, tmp_path):
    """Call the command: exit status, and the table of the conditions."""

    def call(*more, output="out"):
        folder = ["--audio-folder", str(images.parent / "audio_folder")] if "--audio-folder" not in more else []
        status = main([str(trained.folder), "-o", str(tmp_path / output), *folder, *map(str, more)])
        return status, tmp_path / output

    return call


def test_thresholds_are_those_of_the_report_where_folds_share_recordings():
    rng = np.random.default_rng(0)
    probabilities, truth = rng.dirichlet(np.ones(3), 300), rng.integers(0, 3, 300)
    folds, recordings = rng.integers(1, 4, 300).astype(str), rng.integers(0, 60, 300)
    expected = out_of_fold(probabilities, truth, folds, recordings)
    for fold, found in calibrations(probabilities, truth, folds, recordings).items():
        np.testing.assert_array_equal(expected.thresholds[folds == fold], [found.thresholds] * (folds == fold).sum())


def test_the_clean_row_is_the_test_of_the_run(trained, rehearse, images, capsys):
    status, folder = rehearse()
    assert status == 0
    table = pd.read_csv(folder / "rehearsal.csv", keep_default_na=False)
    pooled = trained.report.pooled
    assert table["condition"].tolist() == [
        "clean",
        *(name for name, found in DEGRADATIONS.items() if not found.needs_background),
    ]
    assert table["accuracy"][0] == pooled.accuracy and table["macro_f1"][0] == pooled.macro_f1
    assert (float(table["low"][0]), float(table["high"][0])) == pytest.approx((pooled.low, pooled.high))
    assert table["n_clips"].eq(12).all() and table["n_recordings"].eq(6).all()
    content = json.loads((folder / "rehearsal.json").read_text())
    assert (content["n_images_differ"], content["n_predictions_differ"]) == (0, 0)

    clips = pd.read_csv(folder / "clips.csv", dtype={"fold": str, "source_id": str})
    clean = clips[clips["condition"] == "clean"].set_index("clip_id")
    tests = trained.test_predictions.set_index("clip_id").loc[clean.index]
    assert clean["predicted"].tolist() == tests["predicted"].tolist() and set(clean["fold"]) == {"1", "2"}
    for fold, other in (("1", "2"), ("2", "1")):  # the thresholds are those that the other fold gives
        p, p_other = (
            tests.loc[tests["fold"] == name, [f"p:{label}" for label in trained.classes]].to_numpy()
            for name in (fold, other)
        )
        of_other = tests.loc[tests["fold"] == other, "label"]
        fitted = fit(p_other, np.array([trained.classes.index(label) for label in of_other]))
        scaled, here = with_temperature(p, fitted.temperature), clean[clean["fold"] == fold]
        np.testing.assert_allclose(here["probability"], scaled.max(axis=1), atol=2e-4)
        assert here["unsure"].tolist() == (scaled.max(axis=1) < fitted.thresholds[scaled.argmax(axis=1)]).tolist()

    worst = table.set_index("condition").loc["white noise 0 dB"]
    of_worst = clips[clips["condition"] == "white noise 0 dB"]
    assert float(worst["accuracy"]) == pytest.approx((of_worst["label"] == of_worst["predicted"]).mean())
    assert float(worst["difference"]) == pytest.approx(float(worst["accuracy"]) - pooled.accuracy)
    again = trained.rehearse(audio_folder=images.parent / "audio_folder")
    assert (
        again["accuracy"].tolist() == table["accuracy"].astype(float).tolist()
        and len(again.attrs["predictions"]) == 132
    )
    out = capsys.readouterr().out
    assert "12 clips of 6 recordings, 2 of 5 folds; each clip by the model that was not trained on its recording" in out
    assert "lowest recall" in out and "rehearsal.png (to look at)" in out
    assert (folder / "rehearsal.png").stat().st_size > 10_000


def test_each_image_is_that_of_its_degradation(trained, images):
    plan = plan_rehearsal(read_run(trained.folder), audio_folder=images.parent / "audio_folder", seed=3)
    clip = plan.clips.iloc[[4]]
    name, file = clip["clip_id"].iloc[0], clip["audio_file"].iloc[0]
    found = degrade_clip(name, job_of(clip, plan.how.front), clip["file_name"].iloc[0], how=plan.how)
    y, _ = soundfile.read(images.parent / "audio_folder" / file, dtype="float32")
    y = y - y.mean(dtype=np.float64).astype(np.float32)
    settings = Settings(sr=SR, seconds=1.0, image_size=(48, 48))
    audio = clip_audio(y, name, plan.how)
    expected = [y, *(DEGRADATIONS[key].apply(audio) for key in plan.how.names)]
    for k, samples in enumerate(expected):
        image = prepare_pixels(spectrogram_image(samples, settings), size=(32, 32))
        assert np.abs(found.pixels[k].astype(int) - image).max() <= 1, ["clean", *plan.how.names][k]
    assert found.largest_difference == 0


def test_the_seed_decides_the_noise(trained, images):
    folder = images.parent / "audio_folder"
    plans = [plan_rehearsal(read_run(trained.folder), audio_folder=folder, seed=seed) for seed in (0, 0, 1)]
    clip = plans[0].clips.iloc[[0]]
    name, file_name = clip["clip_id"].iloc[0], clip["file_name"].iloc[0]
    found = [degrade_clip(name, job_of(clip, plan.how.front), file_name, how=plan.how).pixels for plan in plans]
    np.testing.assert_array_equal(found[0], found[1])
    changed = [
        key for key, one, other in zip(["clean", *plans[0].how.names], *found[1:], strict=True) if (one != other).any()
    ]
    assert changed == [key for key in DEGRADATIONS if key.startswith(("white noise", "distance"))]


def test_background_recordings_are_rows_of_their_own(rehearse, images, tmp_path, capsys):
    (tmp_path / "night").mkdir()
    soundfile.write(tmp_path / "night" / "a.wav", white(0.3, rms=0.01), SR)
    soundfile.write(tmp_path / "night" / "b.flac", white(4.0, seed=1, rms=0.01), SR)
    status, folder = rehearse("--background-folder", tmp_path / "night", "--recordings", 3)
    table = pd.read_csv(folder / "rehearsal.csv")
    assert status == 0 and table["condition"].str.startswith("background").sum() == 3
    assert table["n_recordings"].eq(3).all() and table["low"].isna().all(), "three recordings have no interval"
    out = capsys.readouterr().out
    assert "3 recordings, drawn at random from 6" in out and "2 recordings of background, 0.1 min" in out
    assert "Too few recordings to tell" in out
    clip = next((images.parent / "audio_folder").rglob("*.wav"))  # in another format: its audio is known all the same
    soundfile.write(tmp_path / "night" / "known.flac", soundfile.read(clip)[0], SR)
    assert rehearse("--background-folder", tmp_path / "night")[0] == 1
    assert "that the models were not trained on" in (err := capsys.readouterr().err) and "Got known.flac, which" in err
    (tmp_path / "night" / "known.flac").unlink()
    table = pd.DataFrame({"audio_file": [clip.name], "silent": False, "audio_sha256": "", "background_sha256": ""})
    (tmp_path / "night" / "copy.wav").write_bytes(clip.read_bytes())  # of which only a later window is a clip
    with pytest.raises(ValueError, match=r"Got copy\.wav, which"):
        unheard_background(tmp_path / "night", table, clip.parent, Settings(sr=SR))
    (tmp_path / "night" / "copy.wav").unlink()
    soundfile.write(tmp_path / "night" / "a.wav", np.zeros(SR), SR)
    (tmp_path / "night" / "b.flac").unlink()
    assert rehearse("--background-folder", tmp_path / "night")[0] == 1
    assert "10 random parts of the background 'a.wav' are silent" in capsys.readouterr().err
    (tmp_path / "night" / "c.wav").write_bytes(b"no audio")
    assert rehearse("--background-folder", tmp_path / "night")[0] == 1
    assert "c.wav" in capsys.readouterr().err


def test_missing_and_changed_audio_is_named(rehearse, images, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(images.parent / "audio_folder", copy)
    (copy / "low" / "low0_0.wav").rename(tmp_path / "away.wav")
    (copy / "low" / "low4_1.wav").rename(tmp_path / "too.wav")
    for path in copy.glob("*/*.wav"):
        y, sr = soundfile.read(path)
        soundfile.write(path, y[::-1] * np.linspace(0, 1, len(y)), sr)
    status, folder = rehearse("--audio-folder", copy)
    err = capsys.readouterr().err
    assert status == 1 and "missing: low/low" in err and "--audio-folder" in err and not folder.exists()
    for path in (images.parent / "audio_folder").glob("low/*.wav"):
        shutil.copy(path, copy / "low")
    assert rehearse("--audio-folder", copy)[0] == 1
    err = capsys.readouterr().err
    assert "must give the images that the run tested" in err and "of 255 pixel values" in err
    assert rehearse("--audio-folder", tmp_path / "gone")[0] == 1
    assert "--audio-folder must be the folder of the recordings" in capsys.readouterr().err


def test_wrong_use_is_refused_before_work(trained, rehearse, tmp_path, capsys, monkeypatch):
    def refused(*more):
        assert rehearse(*more)[0] == 1
        return capsys.readouterr().err

    assert "must be given together" in refused("--site-column", "site")
    assert "--recordings must be 1 to 6" in refused("--recordings", 7)
    assert "--background-folder must be a folder" in refused("--background-folder", tmp_path / "gone")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "clips.csv").write_text("mine")
    assert (
        "holds 'clips.csv' and no rehearsal.json" in refused()
        and (tmp_path / "out" / "clips.csv").read_text() == "mine"
    )
    monkeypatch.setattr("train.predict.fold_models.is_leaky", lambda run: True)
    (tmp_path / "out" / "clips.csv").unlink()
    assert "must have a grouped split" in refused()
    monkeypatch.setattr("augment_audio.packages.find_spec", lambda name: None)
    assert "pip install pedalboard" in refused()
