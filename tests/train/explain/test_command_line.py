import json
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

import train
from generate.dataset.settings import Settings
from generate.runtime.atomic_write import write_json
from generate.runtime.safe_names import safe_name
from tests.conftest import SR, tone, white
from tests.generate.dataset.rows import SETTINGS
from tests.train.conftest import in_new_process
from train.calibration.distance import TrainingDistance, write_distance
from train.calibration.saved import write_calibration
from train.data.decode import colour
from train.explain.attribution import attribute, completeness_error, grad_cam, integrated_gradients
from train.explain.command_line import main
from train.models.features import feature_model
from train.predict import fold_models
from train.predict.classifier import Classifier
from train.predict.windows import front_end, read_window
from train.recipe import Recipe
from train.runs import run_folder
from train.runs.run_folder import Run

KINDS = ("image.png", "grad_cam.png", "integrated_gradients.png", "what_mattered.wav")
pytestmark = pytest.mark.usefixtures("load_models_once")
CLASSES = ("high", "low", "middle", "noise", "other one", "sixth")


@pytest.fixture(autouse=True)
def few_steps(monkeypatch):
    """Untrained models need many."""
    monkeypatch.setattr("train.explain.integrated_gradients.MAX_STEPS", 32)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Files of two models whose predictions differ between images, each an ensemble of two."""
    import keras

    from train.models.build import build_model

    files = []
    for n in (1, 2):
        keras.utils.set_random_seed(n)
        model = build_model("cnn7", n_classes=len(CLASSES), size=(32, 32), ensemble=2)
        for layer in model.layers:
            if isinstance(layer, keras.layers.Dense):  # an untrained model predicts nearly the same for all images
                layer.set_weights([8 * layer.get_weights()[0], layer.get_weights()[1]])
        files.append(tmp_path_factory.mktemp("ensemble") / "model.keras")
        model.save(files[-1])
    return files


@pytest.fixture
def run(tmp_path, models):
    """A run with two finished folds, whose images are of 1 s at 22050 Hz; they are not there."""
    settings = Settings(sr=SR, seconds=1.0, image_size=(48, 48), long="split")
    run = Run(
        folder=tmp_path / "runs" / "tiny",
        images=tmp_path / "images",
        recipe=Recipe(model="cnn7", ensemble=2),
        classes=CLASSES,
        input_size=(32, 32),
        folds=("1", "2"),
        all_folds=("1", "2"),
        collection="Small",
        versions={},
    )
    run_folder.write_run(run, SETTINGS | {"settings": settings.to_json()})
    for fold, model in zip(run.folds, models, strict=True):
        run.fold_folder(fold).mkdir()
        shutil.copy(model, run.model_file(fold))
        write_json(run.fold_folder(fold) / "fold.json", {"is_leaky": False})
    return run


def explain(run, *arguments):
    return main([str(run.folder), *map(str, arguments)])


def read_csv(path):
    return pd.read_csv(path, keep_default_na=False, na_values={"probability": [""], "completeness_error": [""]})


def test_the_mean_of_the_models_is_explained(run):
    loaded = fold_models.load_models(run, ["1", "2"])
    palette = front_end(run).palette
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32)).astype(np.uint8)
    classes = np.array([1, 3])
    found = attribute(loaded, pixels, palette, classes, silence=pixels[0])
    images = colour(pixels, palette)
    expected = np.mean([grad_cam(model, images, classes) for model in loaded], axis=0)
    np.testing.assert_allclose(found.grad_cam, expected, atol=1e-6)
    integrated, gains = zip(
        *(integrated_gradients(model, images, classes, baseline=images[0]) for model in loaded), strict=True
    )
    np.testing.assert_allclose(found.integrated_gradients, np.mean(integrated, axis=0), atol=1e-6)
    assert found.grad_cam.dtype == found.integrated_gradients.dtype == np.float32
    expected = completeness_error(found.integrated_gradients, np.mean(gains, axis=0))
    np.testing.assert_allclose(found.completeness_error, expected, atol=1e-5)
    assert found.completeness_error.shape == (2,)
    assert np.abs(found.integrated_gradients[0]).max() == 0, "silence gains nothing"


def test_the_probability_is_that_of_a_prediction(run, tmp_path):
    """Calibrated: the mean over the models of the softmax of each one's logits divided by the temperature."""
    write_calibration(run.folder, temperature=3.0, thresholds=dict.fromkeys(CLASSES, 0.5))
    soundfile.write(tmp_path / "a.wav", tone(3000), SR)
    assert explain(run, tmp_path / "a.wav", "-o", tmp_path / "out") == 0
    row = pd.read_csv(tmp_path / "out" / "explanations.csv").iloc[0]
    predicted = train.load_run(run.folder).predict([tmp_path / "a.wav"], any_sound=True).iloc[0]
    assert row["class"] == predicted["top_1"] and row["probability"] == pytest.approx(predicted["p_1"], abs=1e-5)
    front = front_end(run)
    image = colour(read_window(tmp_path / "a.wav", 0.0, front).pixels[None], front.palette)
    given = [model.predict_on_batch(image)[0] for model in fold_models.load_models(run, ["1", "2"])]
    calibrated = np.mean([p ** (1 / 3) / (p ** (1 / 3)).sum() for p in given], axis=0)
    assert row["probability"] == pytest.approx(calibrated.max(), abs=1e-5)
    assert row["probability"] < np.mean(given, axis=0).max() - 0.01, "with a temperature of 1 it is another"


def test_what_a_prediction_calls_unlike_or_quiet_is_explained_and_called_so(run, models, tmp_path, capsys):
    import keras

    for fold, path in zip(run.folds, models, strict=True):
        n_features = feature_model(keras.saving.load_model(path, compile=False)).output.shape[-1]
        projection = np.random.default_rng(0).normal(size=(n_features, 4)).astype(np.float32)
        write_distance(run.fold_folder(fold), TrainingDistance(projection, np.zeros((len(CLASSES), 4), np.float32)))
    config = json.loads((run.folder / "config.json").read_text())
    write_json(run.folder / "config.json", config | {"trained_on": {"peak_dbfs": [-20.0, -10.0, -1.0]}})
    soundfile.write(tmp_path / "a.wav", np.concatenate([tone(3000), 0.01 * white()]), SR)
    for limit, is_unlike in ((1e-9, True), (1e9, False)):
        write_calibration(run.folder, temperature=1.0, thresholds=dict.fromkeys(CLASSES, 0.5), most_distance=limit)
        assert explain(run, tmp_path / "a.wav", "-o", tmp_path / "out") == 0
        table = read_csv(tmp_path / "out" / "explanations.csv")
        assert table["unlike"].tolist() == [is_unlike] * 2 and table["quiet"].tolist() == [False, True]
        assert table["probability"].notna().all() and table["files"].str.len().gt(0).all()
        lines = capsys.readouterr().out.splitlines()
        (loud,), (faint,) = ([line for line in lines if line.startswith(f"a__{k}s  ")] for k in (0, 1))
        assert ("unlike" in loud) == ("unlike" in faint) == is_unlike and "quiet" in faint and "quiet" not in loud


def test_every_window_gets_its_files_and_its_row(run, tmp_path, capsys):
    y = np.concatenate([tone(400, seconds=1.0) + white(1.0, rms=0.02), np.zeros(SR), white(0.7)]).astype(np.float32)
    soundfile.write(tmp_path / "a b.wav", y, SR)
    assert explain(run, tmp_path / "a b.wav", "-o", tmp_path / "out") == 0
    table = read_csv(tmp_path / "out" / "explanations.csv")
    assert table["name"].tolist() == ["a b__0s", "a b__1s", "a b__2s"]
    assert (table["start_s"].tolist(), table["end_s"].tolist()) == ([0, 1, 2], [1, 2, 2.7])
    assert table["silent"].tolist() == [False, True, False]
    assert table["files"][1] == table["class"][1] == ""
    files = sorted(file for row in table["files"] if row for file in row.split(";"))
    assert files == sorted(f"{name}__{kind}" for name in ("a b__0s", "a b__2s") for kind in KINDS)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*files, "explanations.csv"])

    loaded, front = fold_models.load_models(run, ["1", "2"]), front_end(run)
    windows = [read_window(tmp_path / "a b.wav", start_s, front) for start_s in (0.0, 1.0, 2.0)]
    for k in (0, 2):
        (expected,), _ = Classifier(loaded).predict(colour(windows[k].pixels[None], front.palette))
        assert table["class"][k] == CLASSES[expected.argmax()]
        assert table["probability"][k] == pytest.approx(expected.max(), abs=1e-5)
        assert 0 <= table["completeness_error"][k] < 0.5
    for file in files:
        if file.endswith(".png"):
            with Image.open(tmp_path / "out" / file) as image:
                assert image.size == (448, 448) and image.mode == "RGB"
    for name, seconds in (("a b__0s", 1.0), ("a b__2s", 0.7)):
        masked, sr = soundfile.read(tmp_path / "out" / f"{name}__what_mattered.wav")
        assert (len(masked), sr) == (round(seconds * SR), SR)
        assert 0 < np.abs(masked).max() <= 1
    out = capsys.readouterr().out
    assert "mean of 2 models, of folds 1, 2" in out and "written: 8 files and explanations.csv" in out
    assert "a b__1s  silent" in out and "note: the last" not in out
    assert all(f"__{kind}" in out for kind in KINDS), "the terminal lists the files"


def test_what_is_left_at_the_end_is_named(run, tmp_path, capsys):
    soundfile.write(tmp_path / "long.wav", tone(700, seconds=1.4), SR)
    assert explain(run, tmp_path / "long.wav", "-o", tmp_path / "out") == 0
    assert f"note: the last 0.4 s or less of {tmp_path / 'long.wav'} are in no window of 1 s" in capsys.readouterr().out


def test_a_chosen_class_is_explained(run, tmp_path):
    soundfile.write(tmp_path / "a.wav", white(), SR)
    assert explain(run, tmp_path / "a.wav", "--class", "other one", "--folds", "2") == 0
    table = read_csv(run.folder / "explained-recordings" / "explanations.csv")
    assert table["class"].tolist() == ["other one"]
    assert table["name"].tolist() == ["a"]
    front = front_end(run)
    image = colour(read_window(tmp_path / "a.wav", 0.0, front).pixels[None], front.palette)
    (expected,), _ = Classifier(fold_models.load_models(run, ["2"])).predict(image)
    assert table["probability"][0] == pytest.approx(expected[CLASSES.index("other one")], abs=1e-5)


def test_equal_and_odd_names_do_not_collide(run, tmp_path):
    paths = ["one/x.wav", "two/x.wav", "two/X.flac", "x__0s.wav", "long/x.wav", "x__grad_cam.wav", "dog: bärk?.wav"]
    for k, name in enumerate(paths):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, white(2.0 if "long" in name else 0.5, seed=k), SR)
    assert explain(run, *(tmp_path / name for name in paths), "-o", tmp_path / "out", "--folds", "1") == 0
    table = read_csv(tmp_path / "out" / "explanations.csv")
    assert len(table) == 8 and table["name"].map(str.casefold).is_unique
    files = [file for row in table["files"] for file in row.split(";")]
    assert len({file.casefold() for file in files}) == 4 * 8
    assert all((tmp_path / "out" / file).is_file() for file in files)
    assert all(safe_name(file) == file for file in files)


def test_bad_files_are_named_and_the_rest_is_explained(run, tmp_path, capsys):
    (tmp_path / "bad.wav").write_text("no sound")
    soundfile.write(tmp_path / "good.wav", white(), SR)
    arguments = [tmp_path / "bad.wav", tmp_path / "good.wav", tmp_path / "absent.wav", "--folds", "1"]
    assert explain(run, *arguments) == 3
    out = capsys.readouterr().out
    assert "not explained:" in out and "not readable as audio" in out and "no such file" in out
    assert len(read_csv(run.folder / "explained-recordings" / "explanations.csv")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bad.wav"], "None of these recordings could be explained"),
        (["good.wav", "--class", "Midle"], "Did you mean 'middle'"),
        (["good.wav", "--class", "42"], ": high, low"),
        (["good.wav", "--folds", "7"], "Got '7'. Choose from 1, 2"),
        (["good.wav", "-o", "bad.wav"], "which is a file or a broken link"),
    ],
)
def test_errors(run, tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.wav").write_text("no sound")
    soundfile.write(tmp_path / "good.wav", white(), SR)
    assert explain(run, *arguments) == 1
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


def test_help(tmp_path):
    assert "--class" in in_new_process("train.explain", "--help", cwd=tmp_path).stdout
