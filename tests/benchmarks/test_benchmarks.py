"""The benchmarks' correctness: what is fast must also be the same."""

from benchmarks.generation import closeness
from benchmarks.training_input import pixels, render_originals


def test_the_fast_engine_is_close_to_plain_librosa(esc10):
    row = closeness(sorted(esc10.rglob("*.ogg"))[::80])
    assert row["images"] == 25
    assert row["mean difference, grey levels"] <= 0.5
    assert row["worst correlation"] >= 0.999


def test_the_fast_transforms_give_the_pixels_of_image_data_generator(esc10, tmp_path):
    for row in pixels(render_originals(tmp_path, "20")):
        assert row["images"] == 20
        assert row["largest difference"] == 0
