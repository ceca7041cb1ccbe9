"""The layer between pixels and what a classifier's weights expect."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers


@keras.saving.register_keras_serializable("spectrogram_images")
class Preprocess(layers.Layer):
    """Bring pixels from 0 to 255 to what a classifier's weights expect, on the device.

    Parameters
    ----------
    mode : {"unit", "tf", "lite", "caffe", "torch", "none"}
        `unit`: 0 to 1, less 0.5. `tf`: -1 to 1. `lite`: less 127, over 128, for EfficientNet-Lite. `caffe`: blue,
        green, red, less ImageNet's means. `torch`: 0 to 1, less ImageNet's means, over its deviations. `none`: as they
        are. `tf`, `caffe` and `torch` are keras.applications' own (`imagenet_utils.preprocess_input`).
    """

    SCALE_AND_OFFSET = {
        "unit": ((1 / 255,) * 3, (-0.5,) * 3),
        "tf": ((1 / 127.5,) * 3, (-1.0,) * 3),
        "lite": ((1 / 128,) * 3, (-127 / 128,) * 3),
        "torch": (
            tuple(1 / (255 * deviation) for deviation in (0.229, 0.224, 0.225)),
            tuple(-mean / deviation for mean, deviation in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))),
        ),
        "caffe": ((1.0,) * 3, (-103.939, -116.779, -123.68)),
        "none": ((1.0,) * 3, (0.0,) * 3),
    }

    def __init__(self, mode: str, **options: object) -> None:
        super().__init__(**options)
        if mode not in self.SCALE_AND_OFFSET:
            raise ValueError(f"There is no preprocessing {mode!r}; choose from {', '.join(self.SCALE_AND_OFFSET)}.")
        self.mode = mode

    def call(self, images: KerasTensor) -> KerasTensor:
        """Shape=(batch, height, width, 3), any number type, to the compute type of the layer."""
        scale, offset = (keras.ops.array(values, self.compute_dtype) for values in self.SCALE_AND_OFFSET[self.mode])
        images = keras.ops.cast(images, self.compute_dtype)
        if self.mode == "caffe":
            images = keras.ops.flip(images, axis=-1)
        return images * scale + offset

    def get_config(self) -> dict[str, object]:
        """For saving."""
        return {**super().get_config(), "mode": self.mode}
