"""DenseNet-161, the wide one that keras.applications lacks."""

from __future__ import annotations

from keras import KerasTensor, layers

BLOCKS = (6, 12, 36, 24)
GROWTH = 48
EPSILON = 1.001e-5
"""As in keras.applications' DenseNets."""


def densenet161(x: KerasTensor) -> KerasTensor:
    """Four dense blocks with a growth of 48; shape=(batch, 2208). 28,681,000 parameters with 1,000 classes.

    References
    ----------
    Huang, G., and others. "Densely connected convolutional networks", 2016 (https://arxiv.org/abs/1608.06993).
    """
    x = layers.Conv2D(2 * GROWTH, 7, strides=2, padding="same", use_bias=False)(x)
    x = _normalised(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for number, n_layers in enumerate(BLOCKS):
        if number:
            x = layers.Conv2D(x.shape[-1] // 2, 1, use_bias=False)(_normalised(x))
            x = layers.AveragePooling2D(2)(x)
        for _ in range(n_layers):
            new = layers.Conv2D(4 * GROWTH, 1, use_bias=False)(_normalised(x))
            new = layers.Conv2D(GROWTH, 3, padding="same", use_bias=False)(_normalised(new))
            x = layers.Concatenate()([x, new])
    return layers.GlobalAveragePooling2D()(_normalised(x))


def _normalised(x: KerasTensor) -> KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(epsilon=EPSILON)(x))
