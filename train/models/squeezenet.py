"""SqueezeNet 1.1: AlexNet's accuracy with a fiftieth of its parameters."""

from __future__ import annotations

from keras import KerasTensor, layers

SQUEEZES = (16, 16, "pool", 32, 32, "pool", 48, 48, 64, 64)


def squeezenet(x: KerasTensor) -> KerasTensor:
    """Eight fire modules; a feature map of 512 channels out.

    References
    ----------
    Iandola, F. N., and others. "SqueezeNet", 2016 (https://arxiv.org/abs/1602.07360), in its version 1.1;
    1,235,496 parameters with 1,000 classes.
    """
    x = layers.Conv2D(64, 3, strides=2, activation="relu")(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for squeeze in SQUEEZES:
        x = _fire(x, squeeze) if isinstance(squeeze, int) else layers.MaxPooling2D(3, strides=2, padding="same")(x)
    return x


def squeezenet_head(x: KerasTensor, n_classes: int, dropout: float) -> KerasTensor:
    """The classifier: a 1 x 1 convolution, then the mean over the map; logits, shape=(batch, n_classes)."""
    x = layers.Dropout(dropout)(x)
    x = layers.Conv2D(n_classes, 1, activation="relu")(x)
    return layers.GlobalAveragePooling2D()(x)


def _fire(x: KerasTensor, squeeze: int) -> KerasTensor:
    x = layers.Conv2D(squeeze, 1, activation="relu")(x)
    narrow = layers.Conv2D(4 * squeeze, 1, activation="relu")(x)
    wide = layers.Conv2D(4 * squeeze, 3, padding="same", activation="relu")(x)
    return layers.Concatenate()([narrow, wide])
