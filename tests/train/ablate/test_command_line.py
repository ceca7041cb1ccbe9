"""The command as a user runs it, on a few sounds."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from generate.__main__ import main as generate_main
from generate.dataset.tables import read_metadata
from tests.conftest import SR, tone, white
from tests.train.conftest import draw
from tests.train.fake_runs import fake_run
from train.ablate.command_line import main, plan_of, stored_variants, write_findings
from train.ablate.plan import write_plan
from train.compare import table as compare
from train.recipe import Recipe
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
    """Three classes of three recordings, with names that TOML, Markdown and terminals take amiss."""
    folder = tmp_path_factory.mktemp("few") / "audio_folder"
    for k, label in enumerate(CLASSES):
        (folder / label).mkdir(parents=True)
        for number in range(3):
            y = tone(300 * 4**k * (1 + 0.1 * number), peak=0.3) + white(seed=number, rms=0.02)
            soundfile.write(folder / label / f"{number}.wav", y, SR)
    return folder


@pytest.fixture(scope="module")
def few(audio_folder):
    """Their images: the variants `gain=-6`, which changes nothing to see, `noise=20` and `pitch=+2`."""
    return draw(audio_folder, audio_folder.parent / "few", "--variants", "noise=20", "pitch=+2", "gain=-6", "--fan-out")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ablate(*arguments):
    return main([str(argument) for argument in arguments])


def fake_ablation(images, *, hurt="", **options):
    """A plan whose runs are all finished, without training; `hurt` is the class that noise=20 takes for another."""
    plan = plan_of(images, Recipe(model="cnn7"), **options)
    write_plan(plan)
    for planned in plan.runs:

        def says(clip, label, *, planned=planned):
            is_lost = label == hurt and "noise=20" in planned.train_variants and clip % 10
            return CLASSES[0] if is_lost and label != CLASSES[0] else label

        folder = plan.folder / planned.name
        fake_run(
            folder,
            classes=CLASSES,
            recordings=20,
            clips_per_recording=1,
            answers=says,
            train_variants=planned.train_variants,
            model="cnn7",
        )
        (folder / "report.json").write_text("{}")
    return plan


def test_from_images_to_a_setting_also_after_an_interruption(few, audio_folder, here, capsys, monkeypatch):
    from train.training import cross_validation

    calls = []

    def interrupted_fit(recipe, fold, **options):
        calls.append(fold.folder.parent.name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return fit_fold(recipe, fold, **options)

    fit_fold = cross_validation.fit_fold
    monkeypatch.setattr(cross_validation, "fit_fold", interrupted_fit)
    assert ablate(few, *TINY) == 130
    assert "same command goes on" in capsys.readouterr().err
    folder = here / "outputs/runs/few-cnn7-ablation"
    names = ["all", "without-noise=20", "without-pitch=+2", "originals"]
    assert calls == names[:3] and not (folder / "ablation.csv").exists()
    before = {path: path.stat().st_mtime_ns for name in names[:2] for path in (folder / name).glob("fold-*/*.*")}

    # Where the images are held is no part of what is compared.
    assert ablate(few, *TINY, "--cache", "disk") == 0
    (pixels,) = few.glob(".pixels-*.npy")
    pixels.unlink()
    assert calls == [*names[:3], *names[2:]]
    assert before == {path: path.stat().st_mtime_ns for path in before}
    out = capsys.readouterr().out
    assert "Run 1 of 4, all: finished before" in out and "hypothesis" in out

    # The same budget for each: 6 originals, 18 images with two variants, which `all` sees twice.
    seen = {name: read_run(folder / name).read_fold("1")["images_seen"] for name in names}
    assert seen == dict.fromkeys(names, 36)
    variants = {name: read_run(folder / name).recipe.train_variants for name in names}
    assert variants["all"] == ("gain=-6", "noise=20", "pitch=+2") and variants["originals"] == ()
    assert variants["without-noise=20"] == ("gain=-6", "pitch=+2")

    table = pd.read_csv(folder / "ablation.csv", keep_default_na=False)
    assert table["variant"].unique().tolist() == ["noise=20", "pitch=+2", "all variants"]
    assert table["label"].tolist() == ["", *CLASSES] * 3
    assert table["n_images"].tolist() == [9, 3, 3, 3] * 2 + [18, 6, 6, 6]
    runs, skipped = compare.read_runs(folder / name for name in names)
    assert not skipped, "ordinary runs"
    accuracy = {cross_validation.name: cross_validation.report.pooled.accuracy for cross_validation in runs}
    overall = table[table["scope"] == "overall"].set_index("variant")["gain"]
    assert overall["noise=20"] == pytest.approx(accuracy["all"] - accuracy["without-noise=20"])
    assert overall["all variants"] == pytest.approx(accuracy["all"] - accuracy["originals"])
    card = (folder / "README.md").read_text()
    assert "&lt;b&gt;" in card and "hypothesis" in card and "](<without-pitch=+2/README.md>)" in card

    small = ["--engine", "librosa", "--image-size", "48", "--sr", SR, "--seconds", "1", "--workers", "1"]
    config = ["--config", folder / "class_variants.toml"]
    assert generate_main([str(part) for part in [audio_folder, here / "again", *small, *config]]) == 0
    drawn = stored_variants(read_metadata(here / "again" / "metadata.csv"), variants["all"])
    assert drawn == {label: variants["all"] for label in sorted(CLASSES)}, "nine sounds cannot tell that one hurts"


def test_a_variant_that_hurts_a_class_is_left_out_of_it_alone(few, audio_folder, here):
    plan = fake_ablation(few, hurt="雀 'x'")
    text = write_findings(plan)
    assert "Suggested: 雀 'x' without noise=20. The other classes keep all they have." in text
    table = pd.read_csv(plan.folder / "ablation.csv", keep_default_na=False)
    hurt = table[(table["variant"] == "noise=20") & (table["label"] == "雀 'x'")].iloc[0]
    assert (hurt["gain"], hurt["verdict"], hurt["n_changed"]) == (-0.9, "hurts", 36)
    toml = (plan.folder / "class_variants.toml").read_text(encoding="utf-8")
    assert "without noise=20, whose gain for \"雀 'x'\" was -90.0 points" in toml
    small = ["--engine", "librosa", "--image-size", "48", "--sr", SR, "--seconds", "1", "--workers", "1"]
    config = ["--config", plan.folder / "class_variants.toml"]
    assert generate_main([str(part) for part in [audio_folder, here / "again", *small, *config]]) == 0
    drawn = stored_variants(read_metadata(here / "again" / "metadata.csv"), plan.variants)
    assert drawn == {
        "<b>": plan.variants,
        "great tit": plan.variants,
        "雀 'x'": ("gain=-6", "pitch=+2"),
    }


def test_other_arguments_into_the_same_folder_are_refused(few, here, capsys):
    write_plan(plan_of(few, Recipe(model="cnn7", epochs=2), name="mine"))
    given = [few, "--model", "cnn7", "--name", "mine"]
    for more, words in [
        (["--epochs", "3"], "epochs is 2 there and 3 here"),
        ([], "epochs is 2 there and not given here"),
        (["--epochs", "2", "--seed", "1", "--augment", "none"], "augment is spectrogram there and none here; seed is"),
        (["--epochs", "2", "--folds", "1"], "folds is not given there and 1 here"),
        (["--epochs", "2", "--variants", "pitch=+2"], "variants is noise=20 pitch=+2 there and pitch=+2 here"),
    ]:
        assert ablate(*given, *more) == 1
        err = capsys.readouterr().err
        assert words in err and "another --name" in err
    plan_of(few, Recipe(model="cnn7", epochs=2), name="mine")
    assert sorted(path.name for path in (here / "outputs/runs/mine").iterdir()) == ["ablation.json"]


def test_other_images_and_foreign_folders_are_refused(few, here, capsys):
    shutil.copytree(few, here / "mine")
    write_plan(plan_of(here / "mine", Recipe(), name="a"))
    table = read_metadata(here / "mine" / "metadata.csv")
    table.iloc[:-1].to_csv(here / "mine" / "metadata.csv", index=False)
    assert ablate("mine", "--name", "a") == 1
    assert "its images were others" in capsys.readouterr().err
    (here / "outputs/runs/b").mkdir()
    (here / "outputs/runs/b/config.json").write_text("{}")
    assert ablate(few, "--name", "b") == 1
    assert "holds 'config.json' and no ablation.json" in capsys.readouterr().err
    (here / "outputs/runs/a/ablation.json").write_text(json.dumps({"format": 1}))
    assert ablate(few, "--name", "a") == 1
    assert "not as this program wrote it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--protocol", "paper"], "honest folds alone"),
        (["--protocol", "random-clips"], "honest folds alone"),
        (["--keep-relatives"], "honest folds alone"),
        (["--train-variants", "none"], "no variant to leave out"),
        (["--variants", "stretch=2"], "'stretch=2', which is not trained on; there are gain=-6"),
        (["--variants", "pitch=+2", "--train-variants", "noise=20"], "'pitch=+2', which is not trained on"),
        (["--variants", "gain=-6"], "equals its original"),
        (["--folds", "9"], "no fold '9'"),
        (["--name", "a/b"], "expected the name of a folder"),
        (["--model", "nope"], "nope"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(few, here, capsys, arguments, words):
    assert ablate(few, *arguments) == 1
    assert words in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_images_without_variants_are_refused(audio_folder, here, capsys):
    draw(audio_folder, here / "plain", "--variants", "none")
    assert ablate(here / "plain") == 1
    assert "originals alone" in capsys.readouterr().err


def test_dry_run_shows_the_plan_and_writes_nothing(few, here, capsys):
    assert ablate(few, *TINY, "--variants", "pitch=+2,noise=20", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "4 runs, each on the same 1 fold of 3" in out and "Dry run" in out
    (line,) = [line for line in out.splitlines() if line.split()[:1] == ["without-pitch=+2"]]
    assert line.split(maxsplit=1)[1] == "12 images, 3 epochs: 36 seen"
    assert "every image of gain=-6 equals its original" in out
    assert "only fold 1 of 3" in out
    assert "no verdict can be reached" in out, "three test recordings tell nothing"
    assert list(here.iterdir()) == []


def test_one_variant_takes_two_runs(few, here):
    plan = fake_ablation(few, ablate=None, name="one")
    assert [planned.name for planned in plan.runs] == ["all", "without-noise=20", "without-pitch=+2", "originals"]
    plan = plan_of(few, Recipe(train_variants=("pitch=+2", "gain=-6")))
    assert [planned.name for planned in plan.runs] == ["all", "originals"]
    assert plan.without == {"pitch=+2": "originals"}
    plan = plan_of(few, Recipe(), ablate=["pitch=+2"])
    assert plan.without == {"pitch=+2": "without-pitch=+2", "all variants": "originals"}
    assert plan.runs[1].train_variants == ("gain=-6", "noise=20")


def test_a_run_that_is_not_finished_is_named(few, here):
    plan = fake_ablation(few)
    shutil.rmtree(plan.folder / "originals" / "fold-2")
    with pytest.raises(ValueError, match="originals.*is not finished"):
        write_findings(plan)


def test_a_long_table_is_shown_in_part():
    from train.ablate.gains import gains
    from train.ablate.text import table_text

    labels = [f"class {k}" for k in range(100)]
    right = np.array([1.0] * 50 + [0.0] * 50)
    paired = pd.DataFrame({"label": labels, "source_id": labels, "is_right": right, "is_right_other": right})
    text = table_text(gains({"trim": paired}, labels))
    assert len(text.splitlines()) == 3 and "100 rows of classes more" in text


def test_unequal_budgets_are_told():
    from train.ablate.text import budget_text

    def seeing(n):
        return {"times": {"images_seen": n}}

    assert budget_text({"all": seeing(1000), "originals": seeing(910)}) == ""
    assert "Mind: originals did not see" in budget_text({"all": seeing(1000), "originals": seeing(800)})
