"""The distance from the training clips: against scikit-learn and scipy, its limit, and its file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import mahalanobis
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from train.calibration.distance import (
    FILE,
    LEAST_CLIPS,
    N_DIMENSIONS,
    SHARE_WITHIN,
    WITHIN_CLASS_RIDGE,
    TrainingDistance,
    fit_distance,
    is_beyond,
    limit_of,
    limit_of_folds,
    read_distance,
    write_distance,
)


def clips(n: int, *, n_features: int = 200, seed: int = 0, n_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Features above 0 around the mean of each class, as pooled activations are."""
    centres = np.random.default_rng(7).gamma(1.0, size=(n_classes, n_features))
    rng = np.random.default_rng(seed)
    classes = np.arange(n) % n_classes
    return (centres[classes] * rng.gamma(20.0, 1 / 20, size=(n, n_features))).astype(np.float32), classes


def test_it_is_the_mahalanobis_distance_of_whitened_components():
    """Lee and others 2018, on the principal components of features of length 1."""
    features, classes = clips(300)
    found = fit_distance(features, classes).of(features[:20])
    components = PCA(N_DIMENSIONS, whiten=True, random_state=0).fit(normalize(features))
    x = components.transform(normalize(features))
    means = [x[classes == k].mean(axis=0) for k in range(3)]
    covariance = np.cov((x - np.array(means)[classes]).T) + WITHIN_CLASS_RIDGE * np.eye(N_DIMENSIONS)
    inverse = np.linalg.inv(covariance)
    expected = [min(mahalanobis(row, mean, inverse) ** 2 for mean in means) / N_DIMENSIONS for row in x[:20]]
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_new_clips_of_the_classes_are_within_and_others_beyond():
    distance = fit_distance(*clips(300))
    limit = limit_of(distance.of(clips(200, seed=1)[0]))
    assert (distance.of(clips(300, seed=2)[0]) > limit).mean() == pytest.approx(1 - SHARE_WITHIN, abs=0.05)
    other = np.random.default_rng(3).gamma(1.0, size=(100, 200))
    assert (distance.of(other) > limit).all()


def test_loudness_of_the_features_does_not_matter():
    features, classes = clips(300)
    distance = fit_distance(features, classes)
    np.testing.assert_allclose(distance.of(features), distance.of(9 * features), rtol=1e-3)


@pytest.mark.parametrize(
    "features",
    [np.zeros((0, 50)), np.ones((100, 50)), np.eye(8), np.ones((100, 3)), np.zeros((100, 50))],
    ids=["none", "all the same", "few clips", "few features", "zeros"],
)
def test_what_tells_nothing_gives_no_distance(features):
    assert fit_distance(features, np.arange(len(features)) % 2) is None


@given(st.lists(st.floats(0, 10), min_size=LEAST_CLIPS, max_size=200))
def test_the_limit_leaves_at_most_its_share_beyond(values):
    distances = np.array(values)
    assert (distances > limit_of(distances)).mean() <= 1 - SHARE_WITHIN + 1e-9


def test_too_few_clips_or_one_without_a_distance_give_no_limit():
    assert limit_of(np.ones(LEAST_CLIPS - 1)) is None
    assert limit_of(np.append(np.ones(LEAST_CLIPS), np.nan)) is None


def test_a_fold_has_no_part_in_its_own_limit():
    folds = np.repeat(["1", "2"], 40)
    distances = np.concatenate([np.linspace(0, 1, 40), np.linspace(0, 2, 40)])
    beyond = is_beyond(distances, folds, np.arange(80))
    assert not beyond[:40].any() and beyond[40:].mean() == pytest.approx(0.5, abs=0.05)
    assert not is_beyond(None, folds, np.arange(80)).any()
    assert not is_beyond(distances, folds, np.zeros(80)).any(), "no clip of another recording"


def test_there_is_no_limit_unless_the_other_folds_of_each_give_one():
    distances, folds = np.ones(2 * LEAST_CLIPS - 2), np.repeat(["1", "2"], LEAST_CLIPS - 1)
    assert limit_of(distances) == 1 and limit_of_folds(distances, folds) is None
    assert limit_of_folds(np.ones(2 * LEAST_CLIPS), np.repeat(["1", "2"], LEAST_CLIPS)) == 1
    assert limit_of_folds(None, folds) is None


def test_a_final_model_is_trained_again_by_its_own_command(tmp_path):
    (tmp_path / "final").mkdir()
    (tmp_path / "final" / FILE).write_bytes(b"no array")
    with pytest.raises(ValueError, match="train.finalize"):
        read_distance(tmp_path / "final", n_features=200, n_classes=3)


def test_it_is_read_as_it_was_written(tmp_path):
    features, classes = clips(100)
    distance = fit_distance(features, classes)
    write_distance(tmp_path, distance)
    again = read_distance(tmp_path, n_features=200, n_classes=3)
    np.testing.assert_array_equal(again.of(features), distance.of(features))
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    write_distance(tmp_path, None)
    assert read_distance(tmp_path, n_features=200, n_classes=3) is None and not list(tmp_path.iterdir())


def header(shape: str) -> bytes:
    """Of an array in NumPy's format."""
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }"
    return b"\x93NUMPY\x01\x00v\x00" + text.ljust(117).encode() + b"\n"


@pytest.mark.parametrize(
    "content",
    [b"", b"no array", b"PK\x03\x04 no archive", header("(99999999, 9999)"), header("(999999999, 0)"), header("((((")],
    ids=["empty", "text", "archive", "promises more than there is", "no column", "damaged"],
)
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ValueError, match="is not as this program wrote it"):
        read_distance(tmp_path, n_features=200, n_classes=3)


@pytest.mark.parametrize(
    "values",
    [np.ones(5, np.float32), np.ones((200, 4), np.float32), np.ones((300, 4)), np.full((300, 4), np.nan, "f4")],
)
def test_another_array_is_refused(tmp_path, values):
    np.save(tmp_path / FILE, values)
    with pytest.raises(ValueError, match="is not as this program wrote it"):
        read_distance(tmp_path, n_features=200, n_classes=3)


def test_an_array_of_objects_runs_no_code(tmp_path):
    np.save(tmp_path / FILE, np.array([[TrainingDistance]], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="is not as this program wrote it"):
        read_distance(tmp_path, n_features=1, n_classes=3)
