import numpy as np
import pytest
from PIL import Image

from tests.train.fake_runs import fake_run
from train.report import metrics, plots
from train.report.calibration_plot import calibration_figure
from train.report.results import build_report, probabilities_and_truth, read_predictions


def figures_of(tmp_path, **options):
    """Both figures of a run, and its report."""
    run = fake_run(tmp_path / "run", **options)
    predictions = read_predictions(run)
    report = build_report(run, predictions)
    matrix = metrics.confusion_matrix(predictions["label"], predictions["predicted"], run.classes)
    histories = {fold: run.read_history(fold) for fold in run.finished_folds}
    return plots.confusion_figure(matrix, report), plots.curves_figure(histories, report), matrix


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]


def written(figure, path):
    plots.write_png(path, figure)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("leaky", [False, True])
def test_titles_say_leaky_where_the_run_is(tmp_path, leaky):
    options = {"protocol": "paper", "all_folds": ("1",)} if leaky else {}
    confusion, curves, _ = figures_of(tmp_path, right=0.8, **options)
    for figure in (confusion, curves):
        titles = [text for text in texts(figure) if "accuracy" in text]
        assert titles and all(("leaky" in title.lower()) == leaky for title in titles)


@pytest.mark.parametrize("n_classes", [2, 24])
def test_names_and_numbers_of_all_classes_can_be_read(tmp_path, n_classes):
    classes = [f"class {k} of a rather long name" for k in range(n_classes)]
    confusion, _, matrix = figures_of(tmp_path, classes=classes, recordings=2, right=0.7, all_folds=("1",))
    axes = confusion.axes[0]
    assert len(axes.get_xticklabels()) == len(axes.get_yticklabels()) == n_classes
    assert sorted(text.get_text() for text in axes.texts) == sorted(str(n) for n in matrix.ravel() if n)
    confusion.draw_without_rendering()
    labels = [label.get_window_extent() for label in axes.get_yticklabels()]
    for upper, lower in zip(labels, labels[1:], strict=False):
        assert upper.y0 >= lower.y1 - 1, "names do not overlap"
    cell_px = axes.get_window_extent().width / n_classes
    assert all(text.get_window_extent().width <= cell_px for text in axes.texts)
    image = written(confusion, tmp_path / "m.png")
    assert (image[[0, -1]] == 255).all() and (image[:, [0, -1]] == 255).all(), "nothing is cut off at the edge"
    assert max(image.shape) < 3500


def test_very_many_classes_still_give_an_image(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "DPI", 40)
    classes = [f"species {k}" for k in range(80)]
    confusion, _, _ = figures_of(tmp_path, classes=classes, recordings=1, clips_per_recording=1, all_folds=("1",))
    assert not confusion.axes[0].texts
    assert max(written(confusion, tmp_path / "m.png").shape) < 1800


def test_names_with_special_characters_are_shown_literally(tmp_path, recwarn):
    confusion, curves, _ = figures_of(tmp_path, classes=("$x_1$", '<&"', "鳥 käse", "$\\frac{"), collection="$E$ 鳥")
    assert {"$x_1$", '<&"', "鳥 käse", "$\\frac{"} <= set(texts(confusion))
    written(confusion, tmp_path / "m.png")
    written(curves, tmp_path / "c.png")
    assert not [warning for warning in recwarn if "lyph" in str(warning.message)]


def test_every_class_is_in_the_legend_of_its_curve(tmp_path, recwarn):
    classes = ("a$_$b", "_background", "cash $ and $ money", "rain")
    run = fake_run(tmp_path / "run", classes=classes)
    predictions = read_predictions(run)
    report = build_report(run, predictions)
    probabilities, truth = probabilities_and_truth(run, predictions)
    folds, groups = predictions["fold"].to_numpy(), predictions["source_id"].to_numpy()
    figure = calibration_figure(probabilities, truth, folds, groups, report)
    written(figure, tmp_path / "c.png")
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == list(classes)
    assert not [warning for warning in recwarn if "legend" in str(warning.message)]


def test_shades_are_fractions_of_the_true_class(tmp_path):
    run = fake_run(tmp_path / "run", classes=("many", "few", "none"))
    report = build_report(run, read_predictions(run))
    figure = plots.confusion_figure(np.array([[500, 500, 0], [0, 4, 0], [0, 0, 0]]), report)
    shades = figure.axes[0].get_images()[0].get_array()
    assert shades.tolist() == [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 0]]


def test_curves_show_every_fold_and_its_test(tmp_path):
    _, curves, _ = figures_of(tmp_path, all_folds=("1", "2", "3"), epochs=5, weights="imagenet", model="resnet18")
    accuracy, loss = curves.axes
    lines = [line for line in accuracy.lines if len(line.get_xdata()) == 5]
    dots = [line for line in accuracy.lines if len(line.get_xdata()) == 1]
    assert len(lines) == len(dots) == len(loss.lines) == 3
    assert {tuple(line.get_xdata()) for line in lines} == {(1, 2, 3, 4, 5)}
    assert len({line.get_color() for line in lines}) == 3
    assert "validation" not in texts(curves)
    assert "base frozen" in texts(curves)


def test_curves_show_the_validation_where_there_is_one(tmp_path):
    _, curves, _ = figures_of(tmp_path, select="validation", epochs=3)
    assert "validation" in texts(curves)
    assert len([line for line in curves.axes[1].lines if len(line.get_xdata()) == 3]) == 4


def test_one_epoch_and_many_folds_are_visible(tmp_path):
    folds = tuple(str(k) for k in range(1, 24))
    _, curves, _ = figures_of(tmp_path, epochs=1, all_folds=folds, recordings=1)
    lines = curves.axes[1].lines
    assert all(line.get_marker() == "." for line in lines)
    styles = {(line.get_color(), line.get_linestyle()) for line in lines[:21]}
    assert len(styles) == 21, "folds can be told apart"
    assert "and 3 more" in texts(curves)
    image = written(curves, tmp_path / "c.png")
    assert (image[[0, -1]] == 255).all()


def test_a_png_is_written_atomically(tmp_path):
    class Broken:
        def savefig(self, file, **_):
            file.write_bytes(b"\x89PNG")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        plots.write_png(tmp_path / "m.png", Broken())
    assert not list(tmp_path.iterdir())
