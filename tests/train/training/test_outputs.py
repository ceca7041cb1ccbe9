import keras
import numpy as np
import pytest

from train.data.decode import Images, colour, palette_of
from train.training.outputs import outputs


@pytest.mark.parametrize("n", [1, 3, 4, 9])
def test_outputs_are_those_of_each_image_and_all_batches_of_one_size(n, monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 256, (10, 6, 8), dtype=np.uint8)
    images = Images(pixels, palette_of("magma"))
    model = keras.Sequential([keras.Input((6, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    sizes, predict = set(), model.predict_on_batch
    monkeypatch.setattr(model, "predict_on_batch", lambda x: sizes.add(len(x)) or predict(x))
    rows = np.arange(10)[::-1][:n]
    found = outputs(model, images, rows, batch_size=4)
    kernel, bias = model.layers[-1].get_weights()
    expected = colour(pixels[rows], images.palette).reshape(n, -1) @ kernel + bias
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    assert sizes == {min(n, 4)}
