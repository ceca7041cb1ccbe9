"""ResNet-18 and ResNet-34, which keras.applications lacks: residual models of basic blocks."""

from __future__ import annotations

from keras import KerasTensor, layers

MOMENTUM, EPSILON = 0.9, 1e-5
"""PyTorch's, with which the published weights were trained; its momentum counts the other way round."""


def resnet18(x: KerasTensor) -> KerasTensor:
    """Two basic blocks at each of four resolutions; shape=(batch, 512). 11,689,512 parameters with 1,000 classes."""
    return _resnet(x, (2, 2, 2, 2))


def resnet34(x: KerasTensor) -> KerasTensor:
    """Three, four, six and three basic blocks; shape=(batch, 512). 21,797,672 parameters with 1,000 classes."""
    return _resnet(x, (3, 4, 6, 3))


def _resnet(x: KerasTensor, blocks: tuple[int, ...]) -> KerasTensor:
    """Stem, blocks, mean. Layers are named as in torchvision.

    References
    ----------
    He, K., and others. "Deep residual learning for image recognition", 2015 (https://arxiv.org/abs/1512.03385).
    """
    x = layers.ReLU()(_convolution(x, 64, size=7, strides=2, names=("conv1", "bn1")))
    x = layers.MaxPooling2D(3, strides=2)(layers.ZeroPadding2D(1)(x))
    for stage, n_blocks in enumerate(blocks):
        for block in range(n_blocks):
            strides = 2 if stage and not block else 1
            x = _basic_block(x, 64 * 2**stage, strides=strides, name=f"layer{stage + 1}.{block}")
    return layers.GlobalAveragePooling2D()(x)


def _basic_block(x: KerasTensor, width: int, *, strides: int, name: str) -> KerasTensor:
    shortcut = x
    if strides > 1 or x.shape[-1] != width:
        names = (f"{name}.downsample.0", f"{name}.downsample.1")
        shortcut = _convolution(x, width, size=1, strides=strides, names=names)
    x = layers.ReLU()(_convolution(x, width, size=3, strides=strides, names=(f"{name}.conv1", f"{name}.bn1")))
    x = _convolution(x, width, size=3, strides=1, names=(f"{name}.conv2", f"{name}.bn2"))
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _convolution(x: KerasTensor, width: int, *, size: int, strides: int, names: tuple[str, str]) -> KerasTensor:
    """Convolution and batch normalisation."""
    convolution, normalisation = names
    if size > 1:
        x = layers.ZeroPadding2D(size // 2)(x)  # the same at both sides, where Keras's "same" may differ by one
    x = layers.Conv2D(width, size, strides, use_bias=False, kernel_initializer="he_normal", name=convolution)(x)
    return layers.BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=normalisation)(x)
