"""Small models for training from scratch: plain convolutions with batch normalisation and global pooling."""

from __future__ import annotations

from collections.abc import Sequence

from keras import KerasTensor, layers

CNN7_WIDTHS = ((32,), (48, 48), (96, 96), (160,))
CNN9_WIDTHS = ((32,), (48, 48), (96, 96), (160, 160), (256,))
"""Channels of the convolutions, a tuple a resolution; each resolution is half of the one before."""


def cnn7(x: KerasTensor) -> KerasTensor:
    """Six convolutions, and with the classifier seven weighted layers; shape=(batch, 160)."""
    return layers.GlobalAveragePooling2D()(convolutions(x, CNN7_WIDTHS))


def cnn9(x: KerasTensor) -> KerasTensor:
    """Eight convolutions, and with the classifier nine weighted layers; shape=(batch, 256)."""
    return layers.GlobalAveragePooling2D()(convolutions(x, CNN9_WIDTHS))


def convolutions(
    x: KerasTensor, widths: Sequence[Sequence[int]], poolings: Sequence[int | tuple[int, int]] = (2, 2, 2, 2)
) -> KerasTensor:
    """Convolutions with batch normalisation, and pooling between resolutions.

    Parameters
    ----------
    x : KerasTensor, shape=(batch, height, width, channels)
    widths : sequence of sequence of int
        Channels, a sequence a resolution.
    poolings : sequence of int or (int, int)
        Rows and columns that become one after each resolution but the last.
    """
    for stage, channels in enumerate(widths):
        if stage:
            x = layers.MaxPooling2D(poolings[stage - 1])(x)
        for width in channels:
            # The first goes in steps of two: at full size it would take most of the time, and gains nothing.
            shape = {"kernel_size": 3} if stage else {"kernel_size": 5, "strides": 2}
            x = layers.Conv2D(width, **shape, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
            x = layers.BatchNormalization()(x)
            x = layers.ReLU()(x)
    return x
