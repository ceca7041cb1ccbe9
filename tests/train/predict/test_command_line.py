import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from generate.audio.decode import Decoded
from generate.audio.load import checked
from generate.dataset import tables
from generate.rendering.segments import window_starts
from generate.runtime.atomic_write import write_json
from tests.conftest import SR, tone, white
from tests.train.conftest import ROOT, draw, environment_of
from tests.train.predict.test_windows import record, run_on
from train.calibration.distance import fit_distance, limit_of, write_distance
from train.calibration.saved import write_calibration
from train.data.decode import colour, load_images
from train.models.features import feature_model
from train.predict.classifier import Classifier
from train.predict.command_line import main
from train.predict.terminal_text import clock
from train.predict.windows import front_end, read_window, render_window
from train.runs import run_folder

pytestmark = pytest.mark.usefixtures("load_models_once")
CLASSES = ("high", "low", "middle", "noise", "other one", "sixth")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Files of two models of six classes whose predictions differ between images."""
    import keras

    from train.models.build import build_model

    files = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        model = build_model("cnn7", n_classes=len(CLASSES), size=(32, 32))
        dense = model.get_layer("classes")
        # An untrained model predicts nearly the same for all images.
        dense.set_weights([5 * dense.get_weights()[0], dense.get_weights()[1]])
        files.append(tmp_path_factory.mktemp("ensemble") / "model.keras")
        model.save(files[-1])
    return files


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Recordings and their images, 1 s at 22050 Hz; do not change them."""
    folder = tmp_path_factory.mktemp("rendered")
    for k, label in enumerate(("high", "low")):
        for number in range(3):
            record(
                folder / "audio_folder" / label / f"{number}.wav", 0.6 + 0.3 * number, seed=number, hz=300 + 3000 * k
            )
    draw(folder / "audio_folder", folder / "images", "--variants", "none")
    return folder


@pytest.fixture
def run(tmp_path, rendered, models):
    """A run with two finished folds."""
    run = run_on(rendered / "images", tmp_path / "runs" / "tiny", classes=CLASSES)
    return with_folds(run, dict(zip("12", models, strict=True)))


def with_folds(run, models, *, all_folds=("1", "2"), is_leaky=False, **recipe):
    run = replace(run, folds=all_folds, all_folds=all_folds, recipe=replace(run.recipe, **recipe))
    run_folder.write_run(run, run.image_settings())
    for fold, model in models.items():
        run.fold_folder(fold).mkdir(exist_ok=True)
        shutil.copy(model, run.model_file(fold))
        write_json(run.fold_folder(fold) / "fold.json", {"is_leaky": is_leaky})
    return run


def predict(run, *arguments):
    return main([str(run.folder), *map(str, arguments)])


def read_csv(path):
    return pd.read_csv(path, keep_default_na=False, na_values={"p_1": [""]})


def probabilities_of(table):
    return table[[f"p:{name}" for name in CLASSES]].to_numpy(dtype=float)


def expected_of(models, images):
    """The mean of the models' probabilities, computed one model and one image at a time."""
    import keras

    loaded = [keras.saving.load_model(path, compile=False) for path in models]
    return np.array([np.mean([model(image[None]).numpy()[0] for model in loaded], axis=0) for image in images])


def images_of(run, path, duration, hop_s=None):
    front = front_end(run)
    starts = window_starts(duration, seconds=front.settings.seconds, hop_s=hop_s)
    windows = [read_window(path, start_s, front) for start_s in starts]
    return windows, [colour(window.pixels, front.palette) for window in windows]


# Predictions


def test_training_clips_get_the_predictions_of_their_images(run, rendered, models, tmp_path):
    assert predict(run, rendered / "audio_folder", "--csv", tmp_path / "out.csv") == 0
    table = read_csv(tmp_path / "out.csv")
    metadata = tables.read_metadata(rendered / "images" / "metadata.csv").sort_values("audio_file")
    assert table["file"].tolist() == [str(rendered / "audio_folder" / file) for file in metadata["audio_file"]]
    front = front_end(run)
    known = load_images(rendered / "images", list(metadata["file_name"]), palette=front.palette, size=(32, 32))
    expected = expected_of(models, colour(known.pixels, known.palette))
    assert np.ptp(expected, axis=0).max() > 0.05, "the images are told apart"
    np.testing.assert_allclose(probabilities_of(table), expected, atol=2e-6)


def test_a_recording_is_the_mean_of_its_windows_and_of_the_models(run, models, tmp_path):
    y = np.concatenate([tone(300), white(), tone(5000, seconds=0.7)])
    soundfile.write(tmp_path / "a.wav", y, SR)
    windows, images = images_of(run, tmp_path / "a.wav", 2.7)
    assert len(windows) == 3
    expected = expected_of(models, images)

    for batch_size in (1, 2, 32):
        assert predict(run, tmp_path / "a.wav", "--csv", tmp_path / "out.csv", "--batch-size", batch_size) == 0
        table = read_csv(tmp_path / "out.csv")
        assert len(table) == 1
        assert (table["start_s"][0], table["end_s"][0]) == (0, 2.7)
        np.testing.assert_allclose(probabilities_of(table)[0], expected.mean(axis=0), atol=2e-6)

    assert predict(run, tmp_path / "a.wav", "--csv", tmp_path / "out.csv", "--folds", "2") == 0
    alone = expected_of(models[1:], images).mean(axis=0)
    np.testing.assert_allclose(probabilities_of(read_csv(tmp_path / "out.csv"))[0], alone, atol=2e-6)
    assert np.abs(alone - expected.mean(axis=0)).max() > 0.01


def test_with_a_hop_there_is_a_row_a_window_and_the_mean_on_the_terminal(run, models, tmp_path, capsys):
    soundfile.write(tmp_path / "a.wav", white(2.5), SR)
    soundfile.write(tmp_path / "b.wav", tone(400, seconds=0.5), SR)
    outputs = ["--csv", tmp_path / "out.csv", "--json", tmp_path / "out.json"]
    assert predict(run, tmp_path / "a.wav", tmp_path / "b.wav", "--hop-seconds", "0.5", *outputs) == 0
    table = read_csv(tmp_path / "out.csv")
    assert table["file"].tolist() == [str(tmp_path / "a.wav")] * 4 + [str(tmp_path / "b.wav")]
    assert table["start_s"].tolist() == [0, 0.5, 1, 1.5, 0]
    assert table["end_s"].tolist() == [1, 1.5, 2, 2.5, 0.5]
    expected = expected_of(models, images_of(run, tmp_path / "a.wav", 2.5, hop_s=0.5)[1])
    np.testing.assert_allclose(probabilities_of(table)[:4], expected, atol=2e-6)

    out = capsys.readouterr().out
    lines = out.splitlines()
    head = lines.index(str(tmp_path / "a.wav"))
    assert [line.split("  ")[1].strip() for line in lines[head + 1 : head + 6]] == [
        *("0:00.0 - 0:01.0", "0:00.5 - 0:01.5", "0:01.0 - 0:02.0", "0:01.5 - 0:02.5", "mean")
    ]
    mean = expected.mean(axis=0)
    assert f"{CLASSES[mean.argmax()]} {100 * mean.max():.1f} %" in lines[head + 5]

    written = json.loads((tmp_path / "out.json").read_text())
    assert written["hop_s"] == 0.5
    assert [row["start_s"] for row in written["windows"]] == [0, 0.5, 1, 1.5, 0]
    assert [row["file"] for row in written["files"]] == [str(tmp_path / "a.wav"), str(tmp_path / "b.wav")]
    np.testing.assert_allclose(list(written["files"][0]["probabilities"].values()), mean, atol=2e-6)


# What is written


def test_the_table_names_the_likeliest_classes_first(run, rendered, tmp_path):
    assert predict(run, rendered / "audio_folder", "--csv", tmp_path / "out.csv") == 0
    table = read_csv(tmp_path / "out.csv")
    top = [name for k in range(1, 6) for name in (f"top_{k}", f"p_{k}")]
    assert list(table.columns) == [
        "file",
        "start_s",
        "end_s",
        "silent",
        "quiet",
        "unlike",
        "unsure",
        "peak_dbfs",
        *top,
        *(f"p:{name}" for name in CLASSES),
    ]
    every = probabilities_of(table)
    np.testing.assert_allclose(every.sum(axis=1), 1, atol=1e-5)
    for row, probabilities in zip(table.to_dict("records"), every, strict=True):
        order = np.argsort(-probabilities, kind="stable")[:5]
        assert [row[f"top_{k + 1}"] for k in range(5)] == [CLASSES[k] for k in order]
        assert [row[f"p_{k + 1}"] for k in range(5)] == probabilities[order].tolist()


@pytest.mark.parametrize(("top", "n"), [("1", 1), ("3", 3), ("99", 6)])
def test_top_classes_are_counted(run, rendered, tmp_path, capsys, top, n):
    path = rendered / "audio_folder" / "high" / "0.wav"
    assert predict(run, path, "--csv", tmp_path / "out.csv", "--top", top) == 0
    table = read_csv(tmp_path / "out.csv")
    assert sum(name.startswith("top_") for name in table) == n
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "0.wav  " in line]
    assert line.count("%") == n


def test_json_holds_the_run_and_all_predictions(run, rendered, tmp_path):
    (tmp_path / "bad.wav").write_text("no sound")
    path = rendered / "audio_folder" / "low" / "1.wav"
    outputs = ["--json", tmp_path / "out.json", "--csv", tmp_path / "out.csv"]
    assert predict(run, path, tmp_path / "bad.wav", *outputs) == 3
    written = json.loads((tmp_path / "out.json").read_text())
    row = read_csv(tmp_path / "out.csv").iloc[0]
    assert written["run"] == str(run.folder)
    assert (written["folds"], written["leaky"], written["hop_s"]) == (["1", "2"], False, None)
    assert written["classes"] == list(CLASSES)
    (file,) = written["files"]
    assert (file["file"], file["start_s"], file["end_s"], file["silent"]) == (str(path), 0, 0.9, False)
    assert [entry["label"] for entry in file["top"]] == [row[f"top_{k}"] for k in range(1, 6)]
    assert [entry["p"] for entry in file["top"]] == [float(row[f"p_{k}"]) for k in range(1, 6)]
    assert file["probabilities"] == {name: float(row[f"p:{name}"]) for name in CLASSES}
    assert written["windows"] == []
    (rejected,) = written["rejected"]
    assert (rejected["file"], rejected["from_s"]) == (str(tmp_path / "bad.wav"), 0)
    assert "not readable as audio" in rejected["reason"]


def test_an_older_table_is_replaced_whole(run, rendered, tmp_path):
    (tmp_path / "out.csv").write_text("file,start_s,end_s,silent,quiet\nold,0,1,False,False\n")
    assert predict(run, rendered / "audio_folder" / "low" / "1.wav", "--csv", tmp_path / "out.csv") == 0
    assert len(read_csv(tmp_path / "out.csv")) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "runs"]


def test_the_heading_names_the_models(run, rendered, capsys):
    path = rendered / "audio_folder" / "low" / "1.wav"
    assert predict(run, path) == 0
    out = capsys.readouterr().out
    assert str(run.folder) in out and "mean of 2 models, of folds 1, 2" in out
    assert "leaky" not in out.lower() and "differ" not in out
    assert predict(run, path, "--folds", "2") == 0
    assert "one, of fold 2" in capsys.readouterr().out


@pytest.mark.parametrize("how", [{"protocol": "paper"}, {"protocol": "random-clips"}, {"is_leaky": True}])
def test_a_leaky_run_is_called_so(run, models, rendered, tmp_path, capsys, how):
    run = with_folds(run, {"1": models[0]}, all_folds=("1",), **how)
    assert predict(run, rendered / "audio_folder" / "low" / "1.wav", "--json", tmp_path / "out.json") == 0
    assert "leaky" in capsys.readouterr().out
    assert json.loads((tmp_path / "out.json").read_text())["leaky"] is True


def test_other_versions_of_rendering_packages_are_named(run, rendered, capsys):
    values = run.image_settings()
    then = values["versions"] | {"librosa": "0.9.1", "soundfile": "0.1", "python": "2.7"}
    write_json(run.folder / "settings.json", values | {"versions": then})
    assert predict(run, rendered / "audio_folder" / "low" / "1.wav") == 0
    (note,) = [line for line in capsys.readouterr().out.splitlines() if "differ" in line]
    assert "librosa 0.9.1 (here " in note and "soundfile" not in note and "2.7" not in note


def test_a_low_probability_is_called_unsure(run, rendered, tmp_path, capsys):
    assert predict(run, rendered / "audio_folder", "--csv", tmp_path / "out.csv") == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if ".wav" in line and not line.startswith("note: ")]
    table = read_csv(tmp_path / "out.csv")
    assert [", unsure" in line for line in lines] == (table["p_1"] < 0.5).tolist() == table["unsure"].tolist()
    assert table["unsure"].any(), "one at least"


def test_what_is_left_at_the_end_is_named(run, tmp_path, capsys):
    soundfile.write(tmp_path / "long.wav", tone(700, seconds=2.4), SR)
    soundfile.write(tmp_path / "even.wav", tone(700, seconds=2.05), SR)
    assert predict(run, tmp_path / "long.wav", tmp_path / "even.wav") == 0
    (note,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: the last")]
    assert note.startswith(f"note: the last 0.4 s or less of {tmp_path / 'long.wav'} are in no window of 1 s")
    assert predict(run, tmp_path / "long.wav", "--hop-seconds", "0.5") == 0
    assert "note: the last" not in capsys.readouterr().out


def test_a_recording_that_cannot_be_read_changes_no_name_of_an_events_file(run, tmp_path, capsys):
    """What was checked before the work is what is written, so a corrected table stays."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    soundfile.write(tmp_path / "a" / "x.wav", tone(700, seconds=2), SR)
    options = ["--events", tmp_path / "events", "--format", "audacity"]
    assert predict(run, tmp_path / "a", *options) == 0
    corrected = tmp_path / "events" / "x.audacity.txt"
    corrected.write_text("0\t1\tcorrected by hand\n")
    (tmp_path / "b" / "x.wav").touch()
    assert predict(run, tmp_path / "a", tmp_path / "b", *options) == 3
    assert corrected.read_text() == "0\t1\tcorrected by hand\n"
    assert len(list((tmp_path / "events").glob("*a-x*.audacity.txt"))) == 1


def test_clock():
    assert [clock(s) for s in (0, 4.96, 59.96, 61.25, 3725.5, 36000)] == [
        *("0:00.0", "0:05.0", "1:00.0", "1:01.3", "1:02:05.5", "10:00:00.0")
    ]


# Silence


def test_silence_has_no_prediction(run, rendered, tmp_path, capsys):
    soundfile.write(tmp_path / "quiet.wav", np.full(SR, 0.1, dtype=np.float32), SR)
    path = rendered / "audio_folder" / "low" / "1.wav"
    outputs = ["--csv", tmp_path / "out.csv", "--json", tmp_path / "out.json"]
    assert predict(run, tmp_path / "quiet.wav", path, *outputs) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "quiet.wav" in line]
    assert line.endswith("  silent")
    silent, audible = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert silent.split(",")[3:8] == ["True", "False", "False", "False", "-20.0"]
    assert not silent.split(",", 8)[8].strip(",")
    assert audible.split(",")[3] == "False"
    silent, audible = json.loads((tmp_path / "out.json").read_text())["files"]
    assert (silent["silent"], silent["top"], silent["probabilities"]) == (True, [], None)
    assert audible["probabilities"]


def test_silent_windows_do_not_count(run, models, tmp_path):
    y = np.concatenate([np.zeros(2 * SR, dtype=np.float32), tone(700), np.zeros(SR, dtype=np.float32)])
    soundfile.write(tmp_path / "a.wav", y, SR)
    windows, images = images_of(run, tmp_path / "a.wav", 4.0)
    assert [window.is_silent for window in windows] == [True, True, False, True]
    assert predict(run, tmp_path / "a.wav", "--csv", tmp_path / "out.csv") == 0
    table = read_csv(tmp_path / "out.csv")
    assert not table["silent"][0]
    np.testing.assert_allclose(probabilities_of(table)[0], expected_of(models, images[2:3])[0], atol=2e-6)
    assert predict(run, tmp_path / "a.wav", "--csv", tmp_path / "out.csv", "--hop-seconds", "1") == 0
    assert read_csv(tmp_path / "out.csv")["silent"].tolist() == [True, True, False, True]


def test_quiet_windows_are_no_class(run, models, tmp_path, capsys):
    """By default those 6 dB below the quietest training clip; as if they were not there."""
    y = np.concatenate([tone(700), 0.01 * tone(700, seconds=2.0)])
    soundfile.write(tmp_path / "a.wav", y, SR)
    out = ["--csv", tmp_path / "out.csv", "--hop-seconds", "1"]
    with_level = replace(run, trained_on=run.trained_on | {"peak_dbfs": [-20.0, -6.0, 0.0]})
    run_folder.write_run(with_level, run.image_settings())
    assert predict(run, tmp_path / "a.wav", *out) == 0
    table = pd.read_csv(tmp_path / "out.csv")
    assert table["quiet"].tolist() == [False, True, True] and not table["silent"].any()
    np.testing.assert_allclose(table["peak_dbfs"], [-6.02, -46.02, -46.02], atol=0.01)
    assert table.loc[1:, "top_1"].isna().all() and probabilities_of(table)[0].sum() == pytest.approx(1, abs=1e-5)
    said = capsys.readouterr().out
    assert "note: 2 of 3 windows peak below -26.0 dBFS" in said and "  quiet" in said
    assert predict(run, tmp_path / "a.wav", "--min-dbfs", "none", *out) == 0
    assert not pd.read_csv(tmp_path / "out.csv")["quiet"].any()
    assert predict(run, tmp_path / "a.wav", "--min-dbfs", "-3", "--csv", tmp_path / "out.csv") == 0
    row = pd.read_csv(tmp_path / "out.csv").iloc[0]
    assert row["quiet"] and not row["silent"] and np.isnan(row["p:low"])


@pytest.fixture
def of_tones(run, models):
    """The run with a distance from training clips that were tones of 300 to 900 Hz."""
    import keras

    front = front_end(run)
    tones = [tone(hz, seconds=1.0) for hz in np.linspace(300, 900, 60)]
    loaded = [checked(Decoded(y[:, None], SR, 16), SR, shown_s=1.0, channels="auto") for y in tones]
    images = np.stack([colour(render_window(one, 0.0, front).pixels, front.palette) for one in loaded])
    limits = []
    for fold, path in zip("12", models, strict=True):
        features = feature_model(keras.saving.load_model(path, compile=False)).predict_on_batch(images)
        distance = fit_distance(np.asarray(features), np.arange(60) // 30)
        write_distance(run.fold_folder(fold), distance)
        limits.append(limit_of(distance.of(np.asarray(features))))
    write_calibration(
        run.folder, temperature=1.0, thresholds=dict.fromkeys(CLASSES, 0.01), most_distance=1.5 * np.mean(limits)
    )
    return run


def test_what_is_unlike_the_training_clips_is_no_event(of_tones, tmp_path, capsys):
    y = np.concatenate([tone(612, seconds=2.0), white(2.0, seed=0)])
    soundfile.write(tmp_path / "a.wav", y, SR)
    out = ["--csv", tmp_path / "out.csv", "--hop-seconds", "1"]
    assert predict(of_tones, tmp_path / "a.wav", *out) == 0
    table = pd.read_csv(tmp_path / "out.csv")
    assert table["unlike"].tolist() == [False, False, True, True]
    assert not table.filter(like="p:").isna().any(axis=None), "what is named there can be seen all the same"
    said = capsys.readouterr().out
    assert "note: 2 of 4 windows are unlike the training clips" in said and said.count("%, unlike") == 2
    assert predict(of_tones, tmp_path / "a.wav", *out, "--events", tmp_path / "events") == 0
    events = pd.read_csv(tmp_path / "events" / "events.csv")
    assert len(events) and (events["end_s"] <= 2.0).all()
    assert predict(of_tones, tmp_path / "a.wav", *out, "--events", tmp_path / "events", "--any-sound") == 0
    assert (pd.read_csv(tmp_path / "events" / "events.csv")["end_s"] == 4.0).any()
    assert not pd.read_csv(tmp_path / "out.csv")["unlike"].any()


def test_a_file_is_unlike_if_all_of_it_is(of_tones, tmp_path):
    soundfile.write(tmp_path / "a.wav", np.concatenate([tone(612), white(2.0, seed=0)]), SR)
    soundfile.write(tmp_path / "b.wav", np.concatenate([np.zeros(SR), white(2.0, seed=0)]), SR)
    soundfile.write(tmp_path / "c.wav", tone(612), SR)
    files = [tmp_path / f"{name}.wav" for name in "abc"]
    assert predict(of_tones, *files, "--csv", tmp_path / "out.csv") == 0
    table = pd.read_csv(tmp_path / "out.csv")
    assert table["unlike"].tolist() == [False, True, False] and table["p_1"].notna().all()
    np.testing.assert_allclose(probabilities_of(table)[0], probabilities_of(table)[2], atol=1e-3)  # of the tone alone


def test_a_distance_that_is_gone_is_named(of_tones, tmp_path, capsys):
    (of_tones.fold_folder("2") / "distance.npy").unlink()
    soundfile.write(tmp_path / "a.wav", white(1.0, seed=0), SR)
    assert predict(of_tones, tmp_path / "a.wav", "--csv", tmp_path / "out.csv") == 1
    said = capsys.readouterr().err
    assert "fold-2" in said and "distance.npy" in said and "--resume" in said and "--any-sound" in said
    assert predict(of_tones, tmp_path / "a.wav", "--csv", tmp_path / "out.csv", "--any-sound") == 0
    assert not pd.read_csv(tmp_path / "out.csv")["unlike"].any()
    assert predict(of_tones, tmp_path / "a.wav", "--csv", tmp_path / "out.csv", "--folds", "1") == 0
    assert pd.read_csv(tmp_path / "out.csv")["unlike"].all()


def test_only_silence_is_no_error(run, tmp_path):
    soundfile.write(tmp_path / "quiet.wav", np.zeros(3 * SR), SR)
    assert predict(run, tmp_path / "quiet.wav") == 0


# Files


def test_folders_are_walked_and_hidden_files_skipped(run, tmp_path, capsys):
    audio_folder = tmp_path / "my recordings"
    for name in ("b.wav", "a/ä ü 鳥.flac", "a/x, y.wav", ".hidden/c.wav", "._b.wav", ".d.wav"):
        record(audio_folder / name, 0.5)
    (audio_folder / "notes.txt").write_text("no sound")
    assert predict(run, audio_folder, audio_folder / "b.wav", "--csv", tmp_path / "out.csv") == 0
    assert read_csv(tmp_path / "out.csv")["file"].tolist() == [
        str(audio_folder / name) for name in ("a/x, y.wav", "a/ä ü 鳥.flac", "b.wav")
    ]
    out = capsys.readouterr().out
    assert "1 .txt, 3 hidden" in out and "鳥" in out


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX alone")
def test_a_name_that_is_not_utf8_is_written_all_the_same(run, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff bird.wav"
    record(tmp_path / "a.wav", 0.5)
    try:
        os.rename(tmp_path / "a.wav", path)
    except OSError:
        pytest.skip("this disk takes no such name")
    outputs = ["--csv", str(tmp_path / "out.csv"), "--json", str(tmp_path / "out.json")]
    assert main([str(run.folder), os.fsdecode(path), *outputs]) == 0
    assert read_csv(tmp_path / "out.csv")["file"][0].endswith(r"/\udcff bird.wav")


def test_bad_files_are_named_and_the_rest_is_predicted(run, rendered, tmp_path, capsys):
    good = rendered / "audio_folder" / "low" / "1.wav"
    whole = good.read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "talk.m4a").write_bytes(b"123")
    (tmp_path / "notes.txt").write_text("no sound")
    (tmp_path / "nothing").mkdir()
    bad = [tmp_path / name for name in ("cut.wav", "empty.wav", "talk.m4a", "notes.txt", "nothing", "gone.wav")]
    assert predict(run, *bad[:3], good, *bad[3:], "--csv", tmp_path / "out.csv") == 3
    assert read_csv(tmp_path / "out.csv")["file"].tolist() == [str(good)]
    lines = capsys.readouterr().out.splitlines()
    reasons = lines[lines.index("not predicted:") + 1 :]
    for path, reason in zip(
        bad,
        (
            "truncated",
            "empty: the file has no bytes",
            "neither audio nor video",
            "not readable as audio",
            "no audio file in",
            "no such",
        ),
        strict=True,
    ):
        (line,) = [line for line in reasons if line.startswith(f"  {path}: ")]
        assert reason in line


def test_what_could_be_read_of_a_recording_that_is_damaged_counts(run, tmp_path, capsys):
    soundfile.write(tmp_path / "a.flac", white(6.0), SR)
    content = bytearray((tmp_path / "a.flac").read_bytes())
    place = len(content) * 3 // 5
    content[place : place + 500] = bytes(500)
    (tmp_path / "a.flac").write_bytes(content)
    outputs = ["--csv", tmp_path / "out.csv", "--json", tmp_path / "out.json"]
    assert predict(run, tmp_path / "a.flac", "--hop-seconds", "1", *outputs) == 3
    assert read_csv(tmp_path / "out.csv")["start_s"].tolist() == [0, 1, 2]
    assert "a.flac, from 0:03.0 on: " in capsys.readouterr().out
    assert json.loads((tmp_path / "out.json").read_text())["rejected"][0]["from_s"] == 3


def test_a_truncated_recording_is_rejected_as_by_generate(run, tmp_path, capsys):
    soundfile.write(tmp_path / "a.flac", white(6.0), SR)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) * 3 // 5])
    assert predict(run, tmp_path / "a.flac") == 1
    assert "a.flac: truncated: its last frame is incomplete" in capsys.readouterr().err


def test_if_nothing_could_be_predicted_nothing_is_written(run, tmp_path, capsys):
    (tmp_path / "bad.wav").write_text("no sound")
    for paths in ([tmp_path / "bad.wav"], [tmp_path / "bad.wav", tmp_path / "gone.wav"]):
        assert predict(run, *paths, "--csv", tmp_path / "out.csv") == 1
        err = capsys.readouterr().err
        assert "None of these recordings could be predicted" in err
        assert all(str(path) in err for path in paths)
    assert not (tmp_path / "out.csv").exists()


def test_images_are_predicted_a_batch_at_a_time(run, tmp_path, monkeypatch):
    soundfile.write(tmp_path / "a.wav", white(20.0), SR)
    batches = []
    real = Classifier.predict
    monkeypatch.setattr(Classifier, "predict", lambda self, x: batches.append(len(x)) or real(self, x))
    assert predict(run, tmp_path / "a.wav", "--batch-size", "8") == 0
    assert batches == [8, 8, 4]


# Decoders that crash or hang

CRASHES = """
import os, time
import soundfile
real_init, real_seek = soundfile.SoundFile.__init__, soundfile.SoundFile.seek
def init(self, file, *args, **options):
    name = str(file).rpartition("/")[2]
    if "crashes" in name:
        os.abort()
    if "hangs" in name:
        time.sleep(600)
    real_init(self, file, *args, **options)
def seek(self, frames, *args):
    if "later.wav" in str(self.name) and frames > 2 * self.samplerate:
        os.abort()
    return real_seek(self, frames, *args)
soundfile.SoundFile.__init__, soundfile.SoundFile.seek = init, seek
"""
"""A `sitecustomize.py`, which every Python process loads that it stands before."""
IN_SECONDS = (
    "import sys, generate.workers.processes; generate.workers.processes.PART_LIMIT_S = 3.0\n"
    "from train.predict.command_line import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.mark.skipif(os.name != "posix", reason="a crash looks otherwise on Windows")
@pytest.mark.slow
def test_a_decoder_that_crashes_or_hangs_costs_that_recording_alone(run, rendered, tmp_path):
    good = [rendered / "audio_folder" / "high" / f"{k}.wav" for k in range(3)]
    bad = [tmp_path / f"{name}.wav" for name in ("crashes", "later", "hangs")]
    for path in bad:
        soundfile.write(path, white(4.5), SR)
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(CRASHES)
    files = [good[0], bad[0], good[1], bad[1], bad[2], good[2]]
    command = [
        sys.executable,
        "-c",
        IN_SECONDS,
        run.folder,
        *files,
        "--hop-seconds",
        "1",
        "--csv",
        tmp_path / "out.csv",
    ]
    environment = os.environ | {"PYTHONPATH": f"{tmp_path / 'hook'}:{ROOT}"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    reasons = done.stdout[done.stdout.index("not predicted:") :].splitlines()[1:4]
    assert [line.partition(".wav")[0].rpartition("/")[2] for line in reasons] == ["crashes", "later", "hangs"]
    assert all("its worker process died or hung, twice" in line for line in reasons)
    assert "later.wav, from 0:02.0 on: " in reasons[1]
    assert predict(run, *good, "--csv", tmp_path / "good.csv", "--hop-seconds", "1") == 0
    found, expected = read_csv(tmp_path / "out.csv"), read_csv(tmp_path / "good.csv")
    assert found.loc[found["file"] == str(bad[1]), "start_s"].tolist() == [0, 1]
    found = found[found["file"] != str(bad[1])].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, atol=1e-6)


# The run


def test_a_run_without_a_model_is_an_error(run, rendered, tmp_path, capsys):
    path = str(rendered / "audio_folder" / "low" / "1.wav")
    assert main([str(tmp_path / "none"), path]) == 1
    assert "is not there" in capsys.readouterr().err
    assert main([str(rendered / "images"), path]) == 1
    assert "it is no run" in capsys.readouterr().err
    for fold in "12":
        (run.fold_folder(fold) / "fold.json").unlink()
    assert predict(run, path) == 1
    assert "No fold of the run" in capsys.readouterr().err


def test_a_fold_that_is_not_finished_is_named(run, rendered, capsys):
    assert predict(run, rendered / "audio_folder", "--folds", "2,7") == 1
    assert "Got '7'. Choose from 1, 2" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"no model at all", None, b"PK\x03\x04 half a zip file"])
def test_a_model_that_cannot_be_read_is_named_with_what_to_do(run, rendered, capsys, content):
    path = run.model_file("2")
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert predict(run, rendered / "audio_folder") == 1
    err = capsys.readouterr().err
    assert str(path) in err and "train the fold again" in err and "Traceback" not in err
    assert predict(run, rendered / "audio_folder", "--folds", "1") == 0


def test_a_model_of_another_run_is_refused(run, rendered, capsys):
    write_json(run.folder / "classes.json", list(CLASSES[:4]))
    assert predict(run, rendered / "audio_folder") == 1
    assert "cannot be read" in capsys.readouterr().err


def test_code_in_a_model_is_not_run(run, rendered, tmp_path, capsys):
    import keras

    image = keras.layers.Input((32, 32, 3))
    x = keras.layers.Lambda(lambda x: x[:, 0, 0, :1] + np.zeros(6))(image)
    keras.Model(image, x).save(run.model_file("1"))
    assert predict(run, rendered / "audio_folder") == 1
    assert "cannot be read" in capsys.readouterr().err


def test_the_tested_weights_are_used(run, models, rendered, tmp_path):
    path = rendered / "audio_folder" / "low" / "1.wav"
    run = with_folds(run, {"1": models[1]}, all_folds=("1",), select="validation")
    assert run.model_file("1").name == "best.keras" and (run.fold_folder("1") / "last.keras").is_file()
    assert predict(run, path, "--csv", tmp_path / "out.csv") == 0
    expected = expected_of(models[1:], images_of(run, path, 0.9)[1])[0]
    np.testing.assert_allclose(probabilities_of(read_csv(tmp_path / "out.csv"))[0], expected, atol=2e-6)


# What the user types


@pytest.mark.parametrize(
    "wrong",
    [("--hop-seconds", "0"), ("--hop-seconds", "soon"), ("--top", "0"), ("--batch-size", "-3"), ("--folds", ",")],
)
def test_wrong_use_ends_with_status_2(run, wrong, capsys):
    with pytest.raises(SystemExit) as caught:
        predict(run, "a.wav", *wrong)
    assert caught.value.code == 2
    assert wrong[0] in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--csv", "--json"])
def test_outputs_are_checked_before_any_work(run, rendered, tmp_path, capsys, option):
    recording = rendered / "audio_folder" / "low" / "1.wav"
    before = recording.read_bytes()
    wrong = ((tmp_path, "is a folder"), (tmp_path / "no" / "a", "does not exist"), (recording, "suffix of audio"))
    for path, message in wrong:
        assert predict(run, recording, option, path) == 1
        out, err = capsys.readouterr()
        assert message in err and not out
    assert recording.read_bytes() == before
    assert predict(run, recording, "--csv", tmp_path / "a", "--json", tmp_path / "a") == 1


def test_help_answers_without_loading_keras(tmp_path):
    code = (
        "import sys\nfrom train.predict.command_line import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "assert not {'keras', 'tensorflow', 'librosa'} & set(sys.modules)"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--hop-seconds" in done.stdout
    assert time.monotonic() - began < 20


@pytest.mark.slow
def test_as_a_user_runs_it_on_the_other_backend(run, models, rendered, tmp_path):
    pytest.importorskip("jax")
    path = rendered / "audio_folder" / "low" / "1.wav"
    done = subprocess.run(
        [sys.executable, "-m", "train.predict", run.folder, path, "--csv", tmp_path / "out.csv"],
        cwd=tmp_path,
        env=environment_of("jax", tmp_path),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "/low/1.wav  " in done.stdout
    expected = expected_of(models, images_of(run, path, 0.9)[1])[0]
    np.testing.assert_allclose(probabilities_of(read_csv(tmp_path / "out.csv"))[0], expected, atol=1e-4)


def test_recordings_of_the_training_data_are_named(run, rendered, tmp_path, capsys):
    metadata = tables.read_metadata(rendered / "images" / "metadata.csv")
    for fold, rows in (("1", metadata[::2]), ("2", metadata[1::2])):
        columns = ["clip_id", "source_id", "start_s", "variant", "file_name", "label"]
        tested = rows[columns].assign(fold=fold, predicted=rows["label"])
        tables.write_table(run.fold_folder(fold) / run_folder.PREDICTIONS, tested)
    soundfile.write(tmp_path / "new.wav", white(1, seed=77), SR)
    assert predict(run, rendered / "audio_folder" / metadata["audio_file"][0], tmp_path / "new.wav") == 0
    out = capsys.readouterr().out
    assert "note: 1 of the 2 models may have been trained on" in out and "new.wav, of the" not in out
    assert predict(run, tmp_path / "new.wav") == 0
    assert "note: " not in capsys.readouterr().out


def test_gaps_between_windows_are_named(run, rendered, capsys):
    predict(run, rendered / "audio_folder" / "high" / "0.wav", "--hop-seconds", 3)
    assert "--hop-seconds 3 is longer than a window (1 s)" in capsys.readouterr().out


# Events


def test_events_are_those_of_the_windows(run, tmp_path, capsys):
    record(tmp_path / "site_20210505_053000.wav", 9.0, seed=3, hz=700)
    events, table = tmp_path / "events", tmp_path / "w.csv"
    options = ["--events", events, "--min-probability", 0.4, "--min-gap-s", 0, "--csv", table]
    assert predict(run, tmp_path / "site_20210505_053000.wav", *options) == 0
    windows, found = pd.read_csv(table), pd.read_csv(events / "events.csv")
    assert set(np.diff(windows["start_s"]).round(6)) == {0.5}, "half a window"
    assert len(found) and set(found["label"]) <= set(CLASSES)
    middles = ((windows["start_s"] + windows["end_s"]) / 2).to_numpy()
    for label in CLASSES:
        own = found[found["label"] == label]
        is_in = [((own["start_s"] <= at + 1e-3) & (at <= own["end_s"] + 1e-3)).any() for at in middles]
        assert all(inside for inside, p in zip(is_in, windows[f"p:{label}"], strict=True) if p >= 0.4)
    assert list(found["begins_at"].str[:17]) == ["2021-05-05T05:30:"] * len(found)
    said = capsys.readouterr().out
    assert f"0:09.0  {found['label'].mode()[0]} " in said
    assert f"in {events}" in said and "0:00.5 - " not in said, "no line a window"
    assert json.loads((events / "events.json").read_text())["thresholds"] == dict.fromkeys(CLASSES, 0.4)
    page = events / "site_20210505_053000.html"
    data = json.loads(page.read_text().partition('id="data">')[2].partition("</script>")[0])
    assert f"open {page}" in said and {page.name, "site_20210505_053000.strips"} < {*os.listdir(events)}
    assert [event[:2] for event in data["events"]] == found[["start_s", "end_s"]].to_numpy().tolist()
    assert (data["begins_at"], data["audio"]) == ("2021-05-05T05:30:00", "./../site_20210505_053000.wav")
    assert data["levels"][0]["n_px"] == pytest.approx(450, abs=1)


def test_events_in_python_and_of_some_classes(run, rendered, tmp_path):
    from train import load_run

    path = rendered / "audio_folder" / "low" / "2.wav"
    whole = load_run(run.folder).events([path], min_probability=0.2)
    some = load_run(run.folder).events([path], min_probability=0.2, classes=["low"])
    pd.testing.assert_frame_equal(some.reset_index(drop=True), whole[whole["label"] == "low"].reset_index(drop=True))
    with pytest.raises(ValueError, match="--classes must be classes of the run. Got 'bat'"):
        load_run(run.folder).events([path], classes=["bat"])
    for wrong in (-1, 0, 5.0):
        with pytest.raises(ValueError, match="--min-probability must be above 0 and at most 1"):
            load_run(run.folder).events([path], min_probability=wrong)


@pytest.mark.parametrize(
    "option", [("--classes", "low"), ("--min-probability", "0.5"), ("--min-gap-s", "1"), ("--format", "raven")]
)
def test_options_of_events_without_events_are_refused(run, rendered, option, capsys):
    assert predict(run, rendered / "audio_folder", *option) == 1
    assert f"{option[0]} must be combined with --events FOLDER" in capsys.readouterr().err


def test_a_table_of_events_is_not_replaced_by_one_of_windows(run, rendered, tmp_path, capsys):
    path, events = rendered / "audio_folder" / "low" / "1.wav", tmp_path / "events"
    events.mkdir()
    assert predict(run, path, "--events", events, "--csv", events / "events.csv") == 1
    assert "--csv must be another file than those of the events" in capsys.readouterr().err
    assert not list(events.iterdir())
    assert predict(run, path, "--events", events, "--format", "csv") == 0
    before = (events / "events.csv").read_bytes()
    assert predict(run, path, "--csv", events / "events.csv") == 1
    assert "--csv must be" in capsys.readouterr().err and (events / "events.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["1.Table.1.selections.txt", "1.audacity.txt", "events.json"])
def test_a_table_of_windows_is_none_of_the_events(run, rendered, tmp_path, capsys, name):
    path = rendered / "audio_folder" / "low" / "1.wav"
    (tmp_path / "events").mkdir()
    assert predict(run, path, "--events", tmp_path / "events", "--csv", tmp_path / "events" / name) == 1
    assert "--csv must be another file than those of the events" in capsys.readouterr().err


def test_the_page_of_a_recording_that_cannot_be_read_any_more_is_removed(run, tmp_path, capsys):
    for name in ("a", "b"):
        record(tmp_path / "audio" / f"{name}.wav", 3.0, seed=3, hz=700)
    events = tmp_path / "events"
    assert predict(run, tmp_path / "audio", "--events", events, "--min-probability", 0.01) == 0
    assert (events / "a.html").is_file()
    capsys.readouterr()
    (tmp_path / "audio" / "a.wav").write_bytes(b"RIFF")
    assert predict(run, tmp_path / "audio", "--events", events, "--min-probability", 0.01) == 3
    assert (events / "b.html").is_file() and f"open {events / 'a.html'}" not in capsys.readouterr().out


def test_one_path_in_python_is_not_its_letters(run, rendered, monkeypatch):
    from train import load_run

    monkeypatch.chdir(rendered / "audio_folder" / "low")
    (one,) = load_run(run.folder).predict("1.wav")["file"]
    (same,) = load_run(run.folder).predict([Path("1.wav")])["file"]
    assert one == same == "1.wav"


def test_annotations_made_by_hand_are_not_written_over(run, rendered, capsys):
    """The folder of the recordings, where Raven saved a table under the name that it proposes."""
    folder = rendered / "audio_folder" / "low"
    table = folder / "2.Table.1.selections.txt"
    table.write_text("by hand")
    try:
        assert predict(run, folder / "2.wav", "--events", folder) == 1
        assert table.read_text() == "by hand" and not (folder / "events.json").exists()
        assert "which would be lost" in capsys.readouterr().err
    finally:
        table.unlink()
