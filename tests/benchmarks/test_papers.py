"""The table of the papers: what is planned, what is marked, and that nothing is trained twice."""

from __future__ import annotations

import pytest

from benchmarks import papers
from benchmarks.papers import AUGMENTATIONS, LARGE, MODELS, NO_MEASUREMENT, PAPER, PUBLISHED, plan, table_of
from train.models.registry import MODELS as KNOWN
from train.recipe import LEAKY


def test_every_model_is_planned_with_both_augmentations_under_both_protocols():
    runs = plan(MODELS, ["a", "b", "c"], quick=False)
    assert set(MODELS) <= set(KNOWN) and len(runs) == 4 * len(MODELS) == len({run.name for run in runs})
    for run in runs:
        recipe = run.recipe
        assert (recipe.protocol in LEAKY) == (run.protocol == "paper") and recipe.classes is None
        # TAA is drawn on originals alone, NAA is the stored audio variants without anything drawn.
        expected = ((), ("image",), "paper") if run.augmentation == "TAA" else (PAPER, (), "sound")
        assert (recipe.train_variants, recipe.augment, recipe.image_preset) == expected
        assert recipe.weights == ("none" if run.model in ("cnn7", "cnn9") else "imagenet")


def test_quick_is_small_and_every_figure_of_it_is_marked():
    runs = plan(MODELS, ["a", "b", "c"], quick=True)
    assert {run.model for run in runs} == set(MODELS)
    assert all(run.recipe.classes == ("a", "b") and run.recipe.epochs == 1 for run in runs)
    assert all(run.recipe.weights == "none" for run in runs), "nothing is downloaded"
    assert [run.name for run in runs if run.model in LARGE] == [f"{m}-NAA-folds" for m in MODELS if m in LARGE]
    rows = table_of({}, MODELS, collection="ESC-10", quick=True)
    assert len(rows) == 2 * len(MODELS) + 2 and rows[0]["grouped"] == "not trained"


def test_published_figures_are_those_of_the_abstracts():
    """Read in the abstracts of both papers; figures that could not be read are not in the table."""
    figures = {(row.collection, row.model): row.accuracy for row in PUBLISHED}
    assert figures["ESC-10", "DCNN without max-pooling"] == 94.94 and figures["ESC-50", "DenseNet-161"] == 98.52
    assert len(figures) == 6 and not {row.augmentation for row in PUBLISHED} & set(AUGMENTATIONS)


@pytest.mark.slow
def test_the_command_trains_once_and_prints_the_table(esc10, tmp_path, monkeypatch, capsys):
    import generate

    monkeypatch.chdir(tmp_path)
    images = tmp_path / "ESC-10"
    generate.render(
        esc10, images, limit=40, classes=["Dog bark", "Rain"], variants=["paper"], listen=0, engine="librosa"
    )
    with pytest.raises(SystemExit):
        papers.main([str(images), "--models", "unknown"])
    papers.main([str(images), "--quick", "--models", "cnn7"])
    said = capsys.readouterr().out
    assert said.count(NO_MEASUREMENT) == 5 and "94.94 %" in said and "could be verified; none is printed" in said
    runs = tmp_path / "outputs/benchmarks/papers-quick/ESC-10"
    assert sorted(path.name for path in runs.iterdir()) == sorted(run.name for run in plan(["cnn7"], [], quick=False))

    def weights():
        return {path: path.stat().st_mtime_ns for path in runs.rglob("last.keras")}

    before = weights()
    assert len(before) == 4
    (runs / "cnn7-TAA-paper/report.json").unlink()  # as a run that was stopped at its end
    papers.main([str(images), "--quick", "--models", "cnn7"])
    assert weights() == before and (runs / "cnn7-TAA-paper/report.json").is_file()
    again = capsys.readouterr().out
    assert again.partition("--quick")[2] == said.partition("--quick")[2] != ""


def test_a_model_whose_weights_are_not_at_hand_is_named_with_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.utils.get_file", lambda *_, **__: (_ for _ in ()).throw(OSError("no network")))
    missing = papers.without_weights(plan(["cnn7", "squeezenet"], [], quick=False))
    assert list(missing) == ["squeezenet"]
    assert "fetch https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth" in missing["squeezenet"]
    assert str(tmp_path) in missing["squeezenet"] and "--weights" not in missing["squeezenet"]
