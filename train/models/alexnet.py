"""AlexNet in its one-tower form."""

from __future__ import annotations

from keras import KerasTensor, layers


def alexnet(x: KerasTensor) -> KerasTensor:
    """Five convolutions and two dense layers; 224 x 224 pixels in, shape=(batch, 4096) out.

    In images of other sizes the first dense layer has other weights; torchvision's averages its map to 6 x 6 there.

    Layers are named as in torchvision.

    References
    ----------
    Krizhevsky, A. "One weird trick for parallelizing convolutional neural networks", 2014
    (https://arxiv.org/abs/1404.5997); 61,100,840 parameters with 1,000 classes.
    """
    x = layers.ZeroPadding2D(2)(x)
    x = layers.Conv2D(64, 11, strides=4, activation="relu", name="features.0")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Conv2D(192, 5, padding="same", activation="relu", name="features.3")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    for place, width in ((6, 384), (8, 256), (10, 256)):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"features.{place}")(x)
    x = layers.MaxPooling2D(3, strides=2)(x)
    # Channel after channel, as PyTorch holds them; not as a map, whose rows and columns Grad-CAM would take it for.
    x = layers.Reshape((-1, x.shape[-1]))(x)
    x = layers.Flatten()(layers.Permute((2, 1))(x))
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(4096, activation="relu", name="classifier.1")(x)
    x = layers.Dropout(0.5)(x)
    return layers.Dense(4096, activation="relu", name="classifier.4")(x)
