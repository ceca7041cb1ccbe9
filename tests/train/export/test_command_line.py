"""Exports as a user makes and checks them: against the program's own predictions, and without this program."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile

from tests.conftest import SR
from tests.train.conftest import ROOT
from train.calibration.saved import write_calibration
from train.export.about import trained_on
from train.export.clips import clips_of, read_clips
from train.export.command_line import main
from train.export.options import FORMATS, check_backend, check_formats
from train.export.runtimes import RUNNERS, onnx_runner
from train.export.subject import subject_of
from train.export.web_runtime import web_runtime_file
from train.predict.predict_recordings import predict_recordings
from train.runs.run_folder import read_run


@pytest.fixture
def recordings(images):
    return images.parent / "audio_folder"


def export(run_folder, recordings, *options):
    return main([str(run_folder), "--audio-folder", str(recordings), *options])


def verify(folder):
    """Rerun the golden set in a process that sees nothing of this program."""
    return subprocess.run(
        [sys.executable, str(folder / "verify.py")], cwd=folder, capture_output=True, text=True, timeout=100
    )


def test_a_file_says_how_unlike_the_training_clips_a_sound_is(run_folder, recordings, capsys):
    """As the program does, up to what 32 bits and the rendering differ by."""
    import onnxruntime

    run = read_run(run_folder)
    thresholds = dict.fromkeys(run.classes, 0.5)
    write_calibration(run_folder, temperature=1.2, thresholds=thresholds, most_distance=1.0)
    subject = subject_of(run)
    clips = clips_of(subject, audio_folder=recordings)
    checked = list(read_clips(clips, subject, unreadable=[]))
    distances = subject.predict(np.stack([clip.window.pixels for clip in checked]))[1]
    ordered = np.sort(distances)
    between = 5 + np.diff(np.log(ordered[5:-5])).argmax()
    limit = float(np.sqrt(ordered[between] * ordered[between + 1]))  # some clips are beyond it, and none is near it
    write_calibration(run_folder, temperature=1.2, thresholds=thresholds, most_distance=limit)
    assert export(run_folder, recordings) == 0
    said = capsys.readouterr().out
    assert "as the program for 30 of 30 clips, and the same likeness to the training clips for 30 (unlikeness" in said
    folder = run_folder / "export" / "onnx"
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    given = session.run(["unlikeness"], {"samples": np.stack([clip.input for clip in checked])})[0]
    assert given.shape == (30, 1) and 5 <= (given > 1).sum() <= 25
    np.testing.assert_allclose(given[:, 0], distances / limit, rtol=0.1)
    noise = np.random.default_rng(0).uniform(-1, 1, (1, SR)).astype(np.float32)
    assert session.run(["unlikeness"], {"samples": noise})[0][0, 0] > 1
    rows = pd.read_csv(folder / "clips.csv")
    assert (rows["unlike_by_program"] == rows["unlike_by_file"]).all()
    assert "Output `unlikeness`" in (folder / "README.md").read_text() and verify(folder).returncode == 0
    about = json.loads((folder / "export.json").read_text())
    about["golden"][0]["unlikeness"] *= 1.1
    (folder / "export.json").write_text(json.dumps(about))
    assert verify(folder).returncode == 1


def test_an_onnx_file_gives_what_the_program_gives(run_folder, recordings, capsys):
    import onnxruntime

    assert export(run_folder, recordings) == 0
    said = capsys.readouterr().out
    assert "the same class as the program for 30 of 30 clips" in said and "trained on, so this file has no" in said
    folder = run_folder / "export" / "onnx"
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    # The program's own predictions, by its own command, for recordings that it decodes and renders itself.
    files = sorted(recordings.rglob("*.wav"))[::6]
    predicted = predict_recordings(read_run(run_folder), files, min_dbfs=-np.inf)
    windows = np.stack([soundfile.read(file, dtype="float32")[0] for file in files])
    given = session.run(["probabilities"], {"samples": windows})[0]
    np.testing.assert_allclose(given, [window.probabilities for window in predicted.windows], atol=0.01)

    about = json.loads((folder / "export.json").read_text())
    written = session.get_modelmeta().custom_metadata_map
    assert json.loads(written["classes"]) == about["classes"] == ["high", "low", "middle"]
    assert (
        written["sample_rate_hz"] == str(SR) and written["n_samples"] == str(SR) and "recordings" in written["licence"]
    )
    assert json.loads(written["thresholds"]) == about["thresholds"] and about["parity"]["accuracy"] is None
    assert set(about["files"]) == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    result = verify(folder)
    assert result.returncode == 0 and "As expected." in result.stdout and len(about["golden"]) == 5
    about["golden"][0]["probabilities"].reverse()
    for golden in (about["golden"], []):
        (folder / "export.json").write_text(json.dumps(about | {"golden": golden}))
        assert verify(folder).returncode == 1
    # Again: its own files are replaced. With a file of somebody else's they are not.
    assert export(run_folder, recordings) == 0 and verify(folder).returncode == 0
    (folder / "notes.txt").write_text("mine")
    assert export(run_folder, recordings) == 1 and "'notes.txt'" in capsys.readouterr().err


def test_a_few_recordings_do_not_tell_whether_a_file_holds(run_folder, recordings, tmp_path, monkeypatch, capsys):
    few = tmp_path / "few"
    shutil.copytree(recordings / "middle", few / "middle")
    assert export(run_folder, few) == 4
    assert "the same class as the program for 10 of 10 clips" in (said := capsys.readouterr().out)
    assert "(20 clips could not be read)" in said and "REFUSED   too few clips could be read" in said
    assert export(run_folder, few, "--force") == 0
    about = json.loads((run_folder / "export" / "onnx" / "export.json").read_text())
    assert [clip["label"] for clip in about["golden"]] == ["middle"] * 5, "of those that are there"

    monkeypatch.setattr("train.export.export.write_file", lambda *_, **__: pytest.fail("converted"))
    shutil.rmtree(few / "middle")
    assert export(run_folder, few) == 1
    assert "which has none of them, such as" in capsys.readouterr().err


@pytest.mark.slow
def test_all_formats_give_the_same(run_folder, recordings, capsys):
    names = [name for name in FORMATS if name != "html" or web_runtime_file().is_file()]
    for package, module in [pair for name in names for pair in FORMATS[name].packages]:
        pytest.importorskip(module, reason=f"{package} is not installed: pip install {package}")
    thresholds = dict.fromkeys(read_run(run_folder).classes, 0.5)
    write_calibration(run_folder, temperature=1.2, thresholds=thresholds, most_distance=1.7)
    assert export(run_folder, recordings, "--format", *names, "--folds", "all") == 0
    said = capsys.readouterr().out
    same = "the same class as the program for 16 of 16 clips, and the same likeness to the training clips for 16 "
    assert said.count(same) == len(names)
    abouts = [json.loads((run_folder / "export" / name / "export.json").read_text()) for name in names]
    golden = np.array([[clip["probabilities"] for clip in about["golden"]] for about in abouts])
    np.testing.assert_allclose(golden, np.broadcast_to(golden[0], golden.shape), atol=0.01)
    unlikeness = np.array([clip["unlikeness"] for clip in abouts[0]["golden"]])
    for name in names:
        assert verify(run_folder / "export" / name).returncode == 0
    from tensorflow.lite.tools import flatbuffer_utils

    plain = (run_folder / "export" / "litert" / "model.tflite").stat().st_size
    for quantize in ("dynamic", "int8"):
        options = ["--format", "litert", "--folds", "all", "--quantize", quantize, "--force"]
        assert export(run_folder, recordings, *options) == 0
        folder = run_folder / "export" / f"litert-{quantize}"
        content = (folder / "model.tflite").read_bytes()
        assert len(content) < 0.6 * plain and b'"classes": ["high", "low", "middle"]' in content
        buffers = flatbuffer_utils.convert_bytearray_to_object(bytearray(content)).buffers
        assert not any(buffer.offset for buffer in buffers), "where TensorFlow Lite Micro finds them"
        assert verify(folder).returncode == 0
        rows = pd.read_csv(folder / "clips.csv")
        assert (rows["unlike_by_program"] == rows["unlike_by_file"]).mean() > 0.9
        about = json.loads((folder / "export.json").read_text())
        np.testing.assert_allclose([clip["unlikeness"] for clip in about["golden"]], unlikeness, rtol=0.5)


@pytest.mark.parametrize("protocol", ["folds", "paper", "random-clips"])
def test_only_a_grouped_split_has_held_out_clips(run_folder, recordings, protocol):
    run = read_run(run_folder)
    subject = subject_of(run, input="image", folds=["1"])
    of_protocol = replace(subject, run=replace(run, recipe=replace(run.recipe, protocol=protocol, n_folds=None)))
    assert of_protocol.held_out_fold == ("1" if protocol == "folds" else None)
    assert clips_of(of_protocol, audio_folder=recordings).are_held_out == (protocol == "folds")
    leaky = "images of the recordings that it was tested with, too (leaky; the model of fold 1)"
    assert trained_on(of_protocol) == ("all folds but 1" if protocol == "folds" else leaky)


def test_the_fold_that_chose_the_epoch_was_not_trained_on(run_folder):
    run = read_run(run_folder)
    subject = subject_of(replace(run, recipe=replace(run.recipe, select="validation")), input="image", folds=["1"])
    assert trained_on(subject) == "all folds but 1 and the one that chose its epoch (--select validation)"
    of_two = trained_on(replace(subject, folds=("1", "2")))
    assert of_two.endswith("each trained on the others but the one that chose its epoch (--select validation)")


def test_the_labels_are_those_that_the_run_was_tested_with(run_folder, recordings):
    """A review since then may say what the models said."""
    subject = subject_of(read_run(run_folder), input="image", folds=["1"])
    before = clips_of(subject, audio_folder=recordings).table
    metadata = subject.run.images / "metadata.csv"
    kept = metadata.read_bytes()
    try:
        table = pd.read_csv(metadata, dtype=str, keep_default_na=False)
        labels = sorted(table["label"].unique())
        table["label"] = table["label"].map(dict(zip(labels, labels[1:] + labels[:1], strict=True)))
        table.to_csv(metadata, index=False)
        pd.testing.assert_frame_equal(clips_of(subject, audio_folder=recordings).table, before)
    finally:
        metadata.write_bytes(kept)


@pytest.mark.slow
def test_the_model_of_a_fold_has_an_accuracy_of_its_own(run_folder, recordings, capsys):
    assert export(run_folder, recordings, "--folds", "1", "--input", "image", "--quantize", "int8", "--force") == 0
    folder = run_folder / "export" / "onnx-int8-image"
    about, report = (json.loads(path.read_text()) for path in (folder / "export.json", run_folder / "report.json"))
    parity = about["parity"]
    assert parity["n_clips"] == report["folds"][0]["n_images"] and "held-out clips" in capsys.readouterr().out
    assert parity["program_accuracy"] == report["folds"][0]["accuracy"]
    assert verify(folder).returncode == 0
    assert (folder / "golden").is_dir() and all(name["file"].endswith(".npy") for name in about["golden"])


@pytest.mark.slow
def test_a_file_that_does_not_hold_is_refused(run_folder, recordings, monkeypatch, capsys):
    def wrong(path):
        right = onnx_runner(path)
        return lambda x: (np.roll(right(x)[0], 1, axis=1), right(x)[1])

    monkeypatch.setitem(RUNNERS, "onnx", wrong)
    assert export(run_folder, recordings) == 4
    assert "the same class as the program for 0 of 30 clips" in (said := capsys.readouterr().out) and "REFUSED" in said
    assert list((run_folder / "export").iterdir()) == []
    assert export(run_folder, recordings, "--force") == 0 and "KEPT, though it does not hold" in capsys.readouterr().out


def test_what_is_missing_is_said_before_work_starts(monkeypatch):
    monkeypatch.setitem(FORMATS, "onnx", type(FORMATS["onnx"])("model.onnx", (("no-such", "no_such_package"),)))
    with pytest.raises(ValueError, match="Not installed: no-such. To install: pip install no-such"):
        check_formats(["onnx"], input="audio", quantize="none", n_fft=2048)
    with pytest.raises(ValueError, match="--quantize must be one of none"):
        check_formats(["onnx"], input="audio", quantize="int8", n_fft=2048)
    with pytest.raises(ValueError, match="a power of two for litert.*Got 1000"):
        check_formats(["litert"], input="audio", quantize="none", n_fft=1000)
    monkeypatch.setattr("keras.backend.backend", lambda: "jax")
    with pytest.raises(ValueError, match="KERAS_BACKEND must be tensorflow.*Got 'jax'"):
        check_backend()


def test_help_needs_neither_keras_nor_the_packages():
    code = "import sys; from train.export.command_line import build_parser; build_parser().format_help(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert "train.export.command_line" in loaded
    assert not {"keras", "tensorflow", "onnx", "onnxruntime", "pandas"} & set(loaded)
