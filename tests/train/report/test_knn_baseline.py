import numpy as np
import pytest

from generate.dataset.tables import read_metadata
from train.data.decode import load_images, palette_of
from train.data.split import Split, make_splits
from train.report import knn_baseline
from train.report.knn_baseline import SIDE_PX, nearest_neighbour_accuracy, shrink


def test_shrinking_is_averaging():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 2 * SIDE_PX, 4 * SIDE_PX), dtype=np.uint8)
    means = pixels.reshape(3, SIDE_PX, 2, SIDE_PX, 4).mean(axis=(2, 4)).reshape(3, -1)
    assert np.abs(shrink(pixels) - means).max() <= 1


def test_nearest_is_nearest_however_many_are_compared_at_once(monkeypatch):
    rng = np.random.default_rng(1)
    shrunk, labels = rng.normal(size=(60, 9)).astype(np.float32), rng.integers(0, 3, 60)
    split = Split("1", train=np.arange(0, 40), test=np.arange(40, 60))
    right = [
        labels[np.square(shrunk[:40] - shrunk[test]).sum(axis=1).argmin()] == labels[test] for test in range(40, 60)
    ]
    assert nearest_neighbour_accuracy(shrunk, labels, split) == pytest.approx(np.mean(right))
    monkeypatch.setattr(knn_baseline, "AT_ONCE", 7)
    assert nearest_neighbour_accuracy(shrunk, labels, split) == pytest.approx(np.mean(right))


def test_it_tells_a_leaky_split_from_a_grouped_one_on_the_real_esc10(esc10, tmp_path):
    """Originals and a variant of 100 real clips: the baseline is high on the leaky split and not on the grouped one."""
    from tests.train.conftest import draw

    images = draw(esc10, tmp_path / "images", "--seconds", "5", "--limit", "100", "--variants", "stretch=1.1")
    table = read_metadata(images / "metadata.csv")
    loaded = load_images(images, list(table["file_name"]), palette=palette_of("magma"), size=(SIDE_PX, SIDE_PX))
    shrunk, labels = shrink(loaded.pixels), table["label"].to_numpy()
    grouped = np.mean([nearest_neighbour_accuracy(shrunk, labels, split) for split in make_splits(table)])
    (paper,) = make_splits(table, protocol="paper")
    leaky = nearest_neighbour_accuracy(shrunk, labels, paper)
    assert leaky > grouped + 0.15
