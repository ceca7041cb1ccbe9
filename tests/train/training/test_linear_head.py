from dataclasses import replace
from zlib import crc32

import keras
import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from generate.dataset.tables import read_metadata
from train.__main__ import main
from train.data.decode import load_images, palette_of
from train.data.split import make_splits
from train.models.build import build_model
from train.recipe import Recipe
from train.runs.run_folder import read_run
from train.training import linear_head
from train.training.fit import fit_fold
from train.training.fold import Fold
from train.training.linear_head import fit_linear_head
from train.training.outputs import outputs

SIZE = (48, 48)
RECIPE = Recipe(model="efficientnet_lite0", weights="FILE", select="validation", batch_size=16)


@pytest.fixture(scope="module")
def folds(images, tmp_path_factory) -> list[Fold]:
    """Two of them."""
    table = read_metadata(images / "metadata.csv")
    classes = sorted(table["label"].unique())
    splits = make_splits(table, with_validation=True, train_variants=[])[:2]
    first = Fold(
        split=splits[0],
        images=load_images(images, list(table["file_name"]), palette=palette_of("magma"), size=SIZE),
        targets=np.eye(3, dtype=np.float32)[[classes.index(label) for label in table["label"]]],
        file_names=tuple(table["file_name"]),
        n_clips=table["clip_id"].iloc[splits[0].train].nunique(),
        seed=(0, crc32(b"1")),
        folder=tmp_path_factory.mktemp("fold"),
    )
    return [first, replace(first, split=splits[1])]


@pytest.fixture
def fold(folds) -> Fold:
    return replace(folds[0], features={})


def log_loss(probabilities: np.ndarray, targets: np.ndarray) -> float:
    return float(-np.log((probabilities * targets).sum(axis=1)).mean())


@pytest.fixture(scope="module", params=["efficientnet_lite0", "cnn7"])
def fitted(request, folds) -> tuple[keras.Model, dict[str, float]]:
    """A model whose head has a normalisation before its dense layer, and one that has none."""
    keras.utils.set_random_seed(0)
    model = build_model(request.param, n_classes=3, size=SIZE)
    return model, fit_linear_head(model, RECIPE, replace(folds[0], features={}))


@pytest.fixture
def computed(monkeypatch) -> list[list[int]]:
    """The rows whose features are computed, one list a time."""
    rows_of, outputs_of = [], linear_head.outputs

    def noted(model, images, rows, **others):
        rows_of.append(rows.tolist())
        return outputs_of(model, images, rows, **others)

    monkeypatch.setattr(linear_head, "outputs", noted)
    return rows_of


def test_it_is_scikit_learns_logistic_regression(fitted, fold):
    model, _ = fitted
    base = keras.Model(model.input, model.layers[2](model.layers[1](model.input)))
    rows, classes = fold.split.train, fold.targets.argmax(axis=1)
    features, tested = (outputs(base, fold.images, of, batch_size=7) for of in (rows, fold.split.test))
    mean, deviation = features.mean(axis=0), np.sqrt((features.var(axis=0) + 1e-5) * features.shape[1])
    regression = LogisticRegression(C=linear_head.INVERSE_PENALTY, max_iter=1000)
    regression.fit((features - mean) / deviation, classes[rows])
    np.testing.assert_allclose(
        outputs(model, fold.images, fold.split.test, batch_size=16),
        regression.predict_proba((tested - mean) / deviation),
        atol=2e-3,
    )


def test_its_figures_are_those_of_the_model(fitted, fold):
    model, numbers = fitted
    assert set(numbers) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    for prefix, rows in (("", fold.split.train), ("val_", fold.split.validation)):
        says, right = outputs(model, fold.images, rows, batch_size=16), fold.targets[rows]
        assert numbers[f"{prefix}loss"] == pytest.approx(log_loss(says, right), rel=2e-3, abs=1e-4)
        assert numbers[f"{prefix}accuracy"] == (says.argmax(axis=1) == right.argmax(axis=1)).mean()
    assert numbers["accuracy"] > 0.7


def test_two_classes_are_as_well_as_many():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4))
    y = (x[:, 0] + 0.3 * rng.normal(size=60) > 0).astype(int)
    regression = LogisticRegression().fit(x, y)
    kernel, bias = linear_head._softmax_weights(regression, n_classes=2)
    np.testing.assert_allclose(softmax(x @ kernel + bias, axis=1), regression.predict_proba(x), atol=1e-6)


@pytest.mark.parametrize("class_weights", [False, True])
def test_classes_of_unlike_size_count_the_same_with_class_weights(class_weights):
    rng = np.random.default_rng(0)
    classes = np.repeat([0, 1], [5, 50])
    features = rng.normal(size=(55, 4)) + 0.5 * classes[:, None]
    scaled = (features - features.mean(axis=0)) / np.sqrt((features.var(axis=0) + 1e-5) * 4)
    weight = "balanced" if class_weights else None
    regression = LogisticRegression(C=linear_head.INVERSE_PENALTY, class_weight=weight).fit(scaled, classes)
    head = linear_head.fit_head(features, classes, 2, class_weights)
    np.testing.assert_allclose(head.kernel[:, 1] - head.kernel[:, 0], regression.coef_[0], rtol=1e-3)
    assert head.bias[1] - head.bias[0] == pytest.approx(regression.intercept_[0], rel=1e-3)


def test_class_weights_reach_the_fitted_head(fold):
    """The mean probability of a class is its share of the images, and with weights the same for each class."""
    rows, classes = fold.split.train, fold.targets.argmax(axis=1)
    few = np.concatenate([rows[classes[rows] == 0][:2], rows[classes[rows] > 0]])
    uneven = replace(fold, split=replace(fold.split, train=few))
    model = build_model("cnn7", n_classes=3, size=SIZE)
    for class_weights in (False, True):
        fit_linear_head(model, replace(RECIPE, select="last", class_weights=class_weights), uneven)
        predicted = outputs(model, fold.images, few, batch_size=16)
        by_class = [predicted[classes[few] == k].mean(axis=0) for k in range(3)]
        mean = np.mean(by_class, axis=0) if class_weights else predicted.mean(axis=0)
        expected = [1 / 3] * 3 if class_weights else np.bincount(classes[few]) / len(few)
        np.testing.assert_allclose(mean, expected, atol=5e-3)


def test_a_class_that_is_not_there_is_never_the_answer():
    x = np.random.default_rng(0).normal(size=(60, 4))
    regression = LogisticRegression().fit(x, np.repeat([0, 2, 3], 20))
    kernel, bias = linear_head._softmax_weights(regression, n_classes=5)
    assert set((x @ kernel + bias).argmax(axis=1)) <= {0, 2, 3}


def test_of_very_many_images_some_are_taken_mostly_the_same_in_all_folds(folds, computed, monkeypatch):
    monkeypatch.setattr(linear_head, "MOST_IMAGES", 9)
    keras.utils.set_random_seed(0)
    model, taken = build_model("cnn7", n_classes=3, size=SIZE), []
    for fold in folds:
        fit_linear_head(model, replace(RECIPE, select="last"), replace(fold, features={}))
        taken.append(set(computed.pop()))
        assert len(taken[-1]) == 9 and taken[-1] < set(fold.split.train)
    in_both = set(folds[0].split.train) & set(folds[1].split.train)
    assert taken[0] & in_both <= taken[1] or taken[1] & in_both <= taken[0]
    # The same where the other folds are not loaded.
    fold = folds[0]
    rows = np.sort(np.concatenate([fold.split.train, fold.split.validation]))
    alone = replace(
        fold,
        split=replace(
            fold.split,
            train=np.searchsorted(rows, fold.split.train),
            validation=np.searchsorted(rows, fold.split.validation),
        ),
        images=replace(fold.images, pixels=fold.images.pixels[rows]),
        targets=fold.targets[rows],
        file_names=tuple(fold.file_names[row] for row in rows),
        features={},
    )
    fit_linear_head(model, replace(RECIPE, select="last"), alone)
    assert {fold.file_names[row] for row in taken[0]} == {alone.file_names[row] for row in computed.pop()}


def test_features_are_computed_once_for_all_folds(folds, computed):
    keras.utils.set_random_seed(0)
    model, features = build_model("cnn7", n_classes=3, size=SIZE), {}
    numbers = [fit_linear_head(model, RECIPE, replace(fold, features=features)) for fold in folds]
    shared = [row for rows in computed for row in rows]
    assert len(shared) == len(set(shared)) == len(features)
    assert set(shared) == {row for f in folds for row in (*f.split.train, *f.split.validation)}
    alone = fit_linear_head(model, RECIPE, replace(folds[1], features={}))
    assert numbers[1] == pytest.approx(alone, rel=1e-3)


def test_without_fine_tuning_a_fold_is_the_fitted_head(fold, tmp_path):
    build_model("cnn7", n_classes=3, size=SIZE).save_weights(tmp_path / "w.weights.h5")
    recipe = Recipe(model="cnn7", weights=str(tmp_path / "w.weights.h5"), views=0)
    rows = []
    model, history = fit_fold(recipe, replace(fold, folder=tmp_path / "fold"), on_epoch=lambda row, _: rows.append(row))
    assert [row["phase"] for row in history] == ["head"] and rows == history
    base = build_model("cnn7", n_classes=3, size=SIZE, weights=recipe.weights)
    for ours, theirs in zip(model.layers[2].get_weights(), base.layers[2].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_features_that_are_no_numbers_are_said(fold):
    model = build_model("cnn7", n_classes=3, size=SIZE)
    model.layers[2].set_weights([np.full_like(array, np.nan) for array in model.layers[2].get_weights()])
    with pytest.raises(ValueError, match="The features of .* must be finite numbers"):
        fit_linear_head(model, RECIPE, fold)


def test_a_fast_run_says_what_it_did(images, tmp_path, capsys, monkeypatch):
    """Nothing is said of transforms and rates that were not used, and no more images than were seen."""
    monkeypatch.chdir(tmp_path)
    build_model("cnn7", n_classes=3, size=SIZE).save_weights("w.weights.h5")
    few = ["--model", "cnn7", "--weights", "w.weights.h5", "--input-size", "48", "--folds", "1", "--name", "fast"]
    assert main([str(images), *few, "--epochs", "0", "--explain", "0"]) == 0
    plan = capsys.readouterr().out
    assert "augment   none" in plan and "schedule  the last layer fitted\n" in plan
    run = read_run(tmp_path / "outputs/runs/fast")
    assert run.read_fold("1")["images_seen"] == run.read_fold("1")["n_train"]
    assert run.recipe.augment == () and run.recipe.learning_rate is None
    card = (run.folder / "README.md").read_text()
    assert "the last layer fitted by logistic regression" in card and "cosine" not in card
    assert main(["--resume", str(run.folder), "--quality", "standard"]) == 1
    assert "began with views" in capsys.readouterr().err
