"""DenseNet-161, the wide one that keras.applications lacks."""

from __future__ import annotations

from keras import KerasTensor, layers

BLOCKS = (6, 12, 36, 24)
GROWTH = 48
MOMENTUM, EPSILON = 0.9, 1e-5
"""PyTorch's, with which the published weights were trained; its momentum counts the other way round."""


def densenet161(x: KerasTensor) -> KerasTensor:
    """Four dense blocks with a growth of 48; shape=(batch, 2208). 28,681,000 parameters with 1,000 classes.

    Layers are named as in torchvision.

    References
    ----------
    Huang, G., and others. "Densely connected convolutional networks", 2016 (https://arxiv.org/abs/1608.06993).
    """
    x = _convolution(layers.ZeroPadding2D(3)(x), 2 * GROWTH, 7, "features.conv0", strides=2)
    x = _normalised(x, "features.norm0")
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for block, n_layers in enumerate(BLOCKS, 1):
        if block > 1:
            name = f"features.transition{block - 1}"
            x = _convolution(_normalised(x, f"{name}.norm"), x.shape[-1] // 2, 1, f"{name}.conv")
            x = layers.AveragePooling2D(2)(x)
        for number in range(1, n_layers + 1):
            name = f"features.denseblock{block}.denselayer{number}"
            new = _convolution(_normalised(x, f"{name}.norm1"), 4 * GROWTH, 1, f"{name}.conv1")
            new = _convolution(_normalised(new, f"{name}.norm2"), GROWTH, 3, f"{name}.conv2", padding="same")
            x = layers.Concatenate()([x, new])
    return layers.GlobalAveragePooling2D()(_normalised(x, "features.norm5"))


def _convolution(
    x: KerasTensor, width: int, size: int, name: str, *, strides: int = 1, padding: str = "valid"
) -> KerasTensor:
    return layers.Conv2D(width, size, strides, padding=padding, use_bias=False, name=name)(x)


def _normalised(x: KerasTensor, name: str) -> KerasTensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=name)(x))
