"""Scores of a class and their gradients with respect to a model's input, on TensorFlow and on JAX."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import KerasTensor, ops

EXCLUDED = -1e9
"""Logit of the class that is left out of a log-sum-exp."""


def logit(logits: KerasTensor, is_class: KerasTensor) -> KerasTensor:
    """The logit of the class.

    Parameters
    ----------
    logits, is_class : tensor, shape=(n, n_classes), float32
        `is_class` is 1 at the class and 0 elsewhere.

    Returns
    -------
    tensor, shape=(n,), float32
    """
    return ops.sum(logits * is_class, axis=-1)


def log_odds(logits: KerasTensor, is_class: KerasTensor) -> KerasTensor:
    """Logarithm of p / (1 - p), where p is the probability of the class; parameters as in `logit`.

    The gradients of p and log p vanish when the model is certain, and a logit may rise while those of other classes
    rise more. The log-odds have neither problem: they compare the class with all others.

    Returns
    -------
    tensor, shape=(n,), float32
    """
    others = ops.where(is_class > 0, EXCLUDED, logits)
    return logit(logits, is_class) - ops.logsumexp(others, axis=-1)


class Gradients:
    """A score of a model's outputs, and its gradient with respect to the model's inputs.

    Parameters
    ----------
    model : keras.Model
        With one input, and logits as output, shape=(n, n_classes).
    score : callable
        `logit` or `log_odds`.

    Raises
    ------
    ValueError
        If Keras runs on a backend other than TensorFlow or JAX.
    """

    def __init__(self, model: keras.Model, score: Callable[[KerasTensor, KerasTensor], KerasTensor]) -> None:
        backends = {"tensorflow": _on_tensorflow, "jax": _on_jax}
        backend = keras.backend.backend()
        if backend not in backends:
            raise ValueError(
                f"The Keras backend must be {' or '.join(backends)} to explain a model. Got {backend}. Set "
                "KERAS_BACKEND=tensorflow."
            )
        self.n_classes: int = model.output_shape[-1]
        self._compute = backends[backend](model, score)

    def __call__(self, inputs: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compute score and gradient, with the model in inference mode.

        Parameters
        ----------
        inputs : np.ndarray, shape=(n, ...)
        classes : np.ndarray, shape=(n,), int
            The class of each score.

        Returns
        -------
        scores : np.ndarray, shape=(n,), float32
        gradients : np.ndarray, of the shape of `inputs`, float32
        """
        is_class = np.eye(self.n_classes, dtype=np.float32)[classes]
        scores, gradients = self._compute(np.asarray(inputs, np.float32), is_class)
        return np.asarray(scores), np.asarray(gradients, np.float32)


def _on_tensorflow(model: keras.Model, score: Callable) -> Callable:
    import tensorflow as tf

    # One trace for any number of images. Op by op it takes twice the time and twice the memory.
    @tf.function(
        input_signature=[tf.TensorSpec((None, *model.input_shape[1:])), tf.TensorSpec((None, model.output_shape[-1]))]
    )
    def compute(inputs: tf.Tensor, is_class: tf.Tensor) -> tuple:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            scores = score(ops.cast(model(inputs, training=False), "float32"), is_class)
        return scores, tape.gradient(scores, inputs)

    return compute


def _on_jax(model: keras.Model, score: Callable) -> Callable:
    import jax

    def total(inputs: jax.Array, is_class: jax.Array, trained: list, others: list) -> tuple[jax.Array, jax.Array]:
        logits, _ = model.stateless_call(trained, others, inputs, training=False)
        scores = score(ops.cast(logits, "float32"), is_class)
        return scores.sum(), scores

    compiled = jax.jit(jax.value_and_grad(total, has_aux=True))

    def compute(inputs: np.ndarray, is_class: np.ndarray) -> tuple:
        # The weights are arguments, so that the compiled function is right for a model that was trained further.
        trained, others = ([w.value for w in ws] for ws in (model.trainable_variables, model.non_trainable_variables))
        (_, scores), gradients = compiled(inputs, is_class, trained, others)
        return scores, gradients

    return compute
