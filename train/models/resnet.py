"""ResNet-18 and ResNet-34, which keras.applications lacks: residual models of basic blocks."""

from __future__ import annotations

from keras import KerasTensor, layers


def resnet18(x: KerasTensor) -> KerasTensor:
    """Two basic blocks at each of four resolutions; shape=(batch, 512). 11,689,512 parameters with 1,000 classes."""
    return _resnet(x, (2, 2, 2, 2))


def resnet34(x: KerasTensor) -> KerasTensor:
    """Three, four, six and three basic blocks; shape=(batch, 512). 21,797,672 parameters with 1,000 classes."""
    return _resnet(x, (3, 4, 6, 3))


def _resnet(x: KerasTensor, blocks: tuple[int, ...]) -> KerasTensor:
    """Stem, blocks, mean.

    References
    ----------
    He, K., and others. "Deep residual learning for image recognition", 2015 (https://arxiv.org/abs/1512.03385).
    """
    x = layers.ReLU()(_convolution(x, 64, size=7, strides=2))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, n_blocks in enumerate(blocks):
        for block in range(n_blocks):
            x = _basic_block(x, 64 * 2**stage, strides=2 if stage and not block else 1)
    return layers.GlobalAveragePooling2D()(x)


def _basic_block(x: KerasTensor, width: int, *, strides: int) -> KerasTensor:
    shortcut = x if strides == 1 and x.shape[-1] == width else _convolution(x, width, size=1, strides=strides)
    x = layers.ReLU()(_convolution(x, width, size=3, strides=strides))
    x = _convolution(x, width, size=3, strides=1)
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _convolution(x: KerasTensor, width: int, *, size: int, strides: int) -> KerasTensor:
    """Convolution and batch normalisation."""
    x = layers.Conv2D(width, size, strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    return layers.BatchNormalization()(x)
