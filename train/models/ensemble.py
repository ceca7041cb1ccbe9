"""An ensemble as one Keras model: members are trained independently, and the output is their mean probability."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers, ops

SMALLEST = 1e-7
"""Keras's own bound for the logarithm of a probability."""


@keras.saving.register_keras_serializable("spectrogram_images")
class MeanOfModels(layers.Layer):
    """The mean of the probabilities of several models; in training, their geometric mean.

    The logarithm of a geometric mean is the mean of the logarithms. So, with `CrossEntropy`, the loss is the mean of
    the models' own losses, and each model learns as if it were alone. Models that differ in nothing but their first
    weights err on different clips, and their mean errs less.

    References
    ----------
    Lakshminarayanan, Pritzel and Blundell. "Simple and Scalable Predictive Uncertainty Estimation using Deep
    Ensembles", NeurIPS 2017.
    """

    def call(self, probabilities: list[KerasTensor], training: bool = False) -> KerasTensor:
        """From a list of shape=(batch, n_classes) to one of them."""
        stacked = ops.stack(probabilities)
        if training:
            return ops.exp(ops.mean(ops.log(ops.maximum(stacked, SMALLEST)), axis=0))
        return ops.mean(stacked, axis=0)


@keras.saving.register_keras_serializable("spectrogram_images")
class CrossEntropy(keras.losses.Loss):
    """Cross entropy that leaves the probabilities as they are; Keras's own makes them add up to 1 first.

    Parameters
    ----------
    label_smoothing : float
        Part of each target that is spread over all classes.
    """

    def __init__(self, label_smoothing: float = 0.0, name: str = "cross_entropy", **options: object) -> None:
        super().__init__(name=name, **options)
        self.label_smoothing = label_smoothing

    def call(self, y_true: KerasTensor, y_pred: KerasTensor) -> KerasTensor:
        """Shape=(batch,), from two of shape=(batch, n_classes)."""
        y_true = y_true * (1 - self.label_smoothing) + self.label_smoothing / y_true.shape[-1]
        return -ops.sum(y_true * ops.log(ops.maximum(y_pred, SMALLEST)), axis=-1)

    def get_config(self) -> dict[str, object]:
        """For saving."""
        return {**super().get_config(), "label_smoothing": self.label_smoothing}
