"""The command as a user runs it, on a few recordings."""

import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from generate.dataset.tables import read_metadata
from tests.conftest import SR, tone, white
from tests.train.conftest import draw
from train.ablate.ablation import plan_ablation
from train.ablate.command_line import main
from train.compare import table as compare
from train.recipe import Recipe
from train.runs.history import write_history
from train.runs.run_folder import read_run

CLASSES = ("<b>", "great tit", "雀 'x'")
TINY = [
    "--model",
    "cnn7",
    "--ensemble",
    "1",
    "--input-size",
    "32",
    "--batch-size",
    "16",
    "--epochs",
    "2",
    "--folds",
    "1",
]


@pytest.fixture(scope="module")
def audio_folder(tmp_path_factory):
    """Three classes of three recordings, with names that terminals take amiss."""
    folder = tmp_path_factory.mktemp("few") / "audio_folder"
    for k, label in enumerate(CLASSES):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            y = tone(300 * 4**k * (1 + 0.1 * number), peak=0.3) + white(seed=number, rms=0.02)
            soundfile.write(folder / label / f"{number}.wav", y, SR)
    return folder


@pytest.fixture(scope="module")
def few(audio_folder):
    """Their images: the variants `gain=-6`, which changes nothing visible, `noise=20` and `pitch=+2`."""
    return draw(audio_folder, audio_folder.parent / "few", "--variants", "noise=20", "pitch=+2", "gain=-6", "--fan-out")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ablate(*arguments):
    return main([str(argument) for argument in arguments])


def test_from_images_to_differences_also_after_an_interruption(few, here, capsys, monkeypatch):
    from train.training import train_fold

    calls = []

    class Model:
        layers = ()

        def predict_on_batch(self, images):
            return np.random.default_rng(len(calls)).dirichlet(np.ones(3), size=len(images))

    def fit_fold(recipe, fold, **_):
        """Leaves what training leaves, but for the weights."""
        calls.append(fold.folder.parent.name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        fold.folder.mkdir(parents=True, exist_ok=True)
        row = {"phase": "all", "learning_rate": 0.001, "loss": 1.0, "accuracy": 0.5, "seconds": 1.0}
        history = [{"epoch": epoch, **row} for epoch in range(1, recipe.epochs + 1)]
        write_history(fold.folder, history)
        return Model(), history

    monkeypatch.setattr(train_fold, "fit_fold", fit_fold)
    assert ablate(few, *TINY) == 130
    assert "same command again to resume" in capsys.readouterr().err
    folder = here / "outputs/runs/few-cnn7-ablation"
    names = ["all", "without-noise=20", "without-pitch=+2", "originals"]
    assert calls == names[:3] and not (folder / "ablation.csv").exists()
    before = {path: path.stat().st_mtime_ns for name in names[:2] for path in (folder / name).glob("fold-*/*.*")}

    for options, differing in [
        (["--epochs", "3"], "epochs"),
        (["--seed", "1", "--augment", "none"], "augment, seed"),
        (["--folds", "2"], "folds"),
        (["--ensemble", "2"], "ensemble"),
    ]:
        assert ablate(few, *TINY, *options) == 1
        assert f"({differing}). Give the same options" in capsys.readouterr().err
    assert ablate(few, *TINY, "--cache", "disk") == 0
    next(few.glob(".pixels-*.npy")).unlink()
    assert calls == [*names[:3], *names[2:]]
    assert before == {path: path.stat().st_mtime_ns for path in before}

    # The same budget for each: 6 originals, 18 images with two variants, which `all` sees twice.
    runs = {name: read_run(folder / name) for name in names}
    assert {name: run.read_fold("1")["images_seen"] for name, run in runs.items()} == dict.fromkeys(names, 36)
    assert runs["all"].recipe.train_variants == ("gain=-6", "noise=20", "pitch=+2")
    assert runs["without-noise=20"].recipe.train_variants == ("gain=-6", "pitch=+2")
    assert runs["originals"].recipe.train_variants == ()

    table = pd.read_csv(folder / "ablation.csv", keep_default_na=False)
    assert table["run"].tolist() == [name for name in names[1:] for _ in range(4)]
    assert table["label"].tolist() == ["", *CLASSES] * 3
    assert set(table["verdict"]) == {"too few recordings"} and set(table["low"]) == {""}
    accuracy = {run.name: run.report.pooled.accuracy for run in compare.read_runs(folder.glob("*/"))[0]}
    overall = table[table["label"] == ""].set_index("run")["difference"]
    assert overall["without-noise=20"] == pytest.approx(accuracy["without-noise=20"] - accuracy["all"])
    out = capsys.readouterr().out
    assert "12 in 3 epochs: 36 seen" in out and "macro F1" in out and "Difference to 'all'" in out

    # The same command again trains nothing; a run that lost its folds is trained again.
    (folder / "ablation.csv").write_text("mine")
    assert ablate(few, *TINY) == 1
    assert "would be lost" in capsys.readouterr().err
    (folder / "ablation.csv").unlink()
    assert ablate(few, *TINY) == 0
    assert len(calls) == 5
    assert pd.read_csv(folder / "ablation.csv", keep_default_na=False).equals(table)


def test_other_images_and_foreign_folders_are_refused(few, here, capsys):
    from train.ablate.ablation import ALL
    from train.runs.run_folder import write_run
    from train.training.prepare import prepare

    shutil.copytree(few, here / "mine")
    tiny = {"model": "cnn7", "ensemble": 1, "input_size": 32, "epochs": 2, "batch_size": 16}
    recipe = plan_ablation(here / "mine", Recipe(**tiny), name="a").recipe
    begun = prepare(here / "mine", recipe, folds=["1"], runs=here / "outputs/runs/a", name=ALL)
    write_run(begun.run, begun.settings)
    assert ablate(few, *TINY, "--name", "a") == 1
    assert "(images). Give the same options" in capsys.readouterr().err
    table = read_metadata(here / "mine" / "metadata.csv")
    table.iloc[:-1].to_csv(here / "mine" / "metadata.csv", index=False)
    assert ablate("mine", *TINY, "--name", "a") == 1
    assert "no longer those that the run began with" in capsys.readouterr().err
    (here / "outputs/runs/b").mkdir()
    (here / "outputs/runs/b/config.json").write_text("{}")
    assert ablate(few, "--name", "b") == 1
    assert "holds 'config.json' and no all/config.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--train-variants", "none"], "needs variants to leave out"),
        (["--variants", "stretch=2"], "trained on: gain=-6, noise=20, pitch=+2. Got 'stretch=2'"),
        (["--variants", "pitch=+2", "--train-variants", "noise=20"], "trained on: noise=20. Got 'pitch=+2'"),
        (["--variants", "gain=-6"], "images equal theirs"),
        (["--train-variants", "gain=-6"], "images equal theirs"),
        (["--folds", "9"], "--folds must name folds of the split: 1, 2, 3. Got '9'"),
        (["--name", "a/b"], "a/b"),
        (["--model", "nope"], "nope"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(few, here, capsys, arguments, words):
    assert ablate(few, *arguments) == 1
    assert words in capsys.readouterr().err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("option", ['protocol = "paper"', "allow-recording-overlap = true"])
def test_a_leaky_split_is_no_option(few, here, capsys, option):
    name, values = (
        option.partition(" ")[0],
        {"protocol": "paper"} if "paper" in option else {"allow_recording_overlap": True},
    )
    with pytest.raises(SystemExit, match="0"):
        ablate("--help")
    assert f"--{name}" not in capsys.readouterr().out
    (here / "options.toml").write_text(option)
    assert ablate(few, "--config", "options.toml") == 1
    assert f"unknown option '{name}'" in capsys.readouterr().err
    with pytest.raises(ValueError, match=f"must use a grouped split. Got --{name}"):
        plan_ablation(few, Recipe(**values))


def test_dry_run_lists_the_runs_and_writes_nothing(few, here, capsys):
    assert ablate(few, *TINY, "--variants", "pitch=+2,noise=20", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "4 runs, each on 1 fold of 3" in out and "Dry run" in out
    assert "without-pitch=+2       12 in 3 epochs: 36 seen" in out
    assert list(here.iterdir()) == []


def test_which_runs_there_are(few, here):
    plan = plan_ablation(few, Recipe())
    assert list(plan.train_variants) == ["all", "without-noise=20", "without-pitch=+2", "originals"]
    assert plan.left_out["originals"] == ("gain=-6", "noise=20", "pitch=+2")
    plan = plan_ablation(few, Recipe(), variants=["pitch=+2"])
    assert plan.train_variants["without-pitch=+2"] == ("gain=-6", "noise=20")
    # Without its only variant that changes images, a model trains on originals.
    plan = plan_ablation(few, Recipe(train_variants=("pitch=+2", "gain=-6")))
    assert list(plan.train_variants) == ["all", "originals"]
