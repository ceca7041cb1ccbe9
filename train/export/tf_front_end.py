"""From samples to the image that a model sees, in operators of TensorFlow that LiteRT has too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from train.export.rendering import Rendering

if TYPE_CHECKING:
    import tensorflow as tf


def front_end_images(samples: tf.Tensor, rendering: Rendering) -> tf.Tensor:
    """Render windows as images.

    Parameters
    ----------
    samples : tf.Tensor, shape=(batch, n_samples), float32
    rendering : Rendering

    Returns
    -------
    tf.Tensor, shape=(batch, height, width, 3), float32, 0 to 255
    """
    import tensorflow as tf

    with tf.name_scope("front_end"):
        levels = _levels(_power(_without_offset(samples, rendering), rendering), rendering)
        for resize in rendering.resizes:
            if resize.columns is not None:
                levels = _rounded(tf.einsum("brf,fw->brw", levels, tf.constant(resize.columns)))
            if resize.rows is not None:
                levels = _rounded(tf.einsum("hr,brw->bhw", tf.constant(resize.rows), levels))
        return tf.gather(tf.constant(rendering.palette), tf.cast(levels, tf.int32))


def _without_offset(y: tf.Tensor, rendering: Rendering) -> tf.Tensor:
    """As `generate.audio.load`: without the mean, and zeros where there is no more than noise."""
    import tensorflow as tf

    n = rendering.n_samples
    is_audio = tf.cast(tf.not_equal(y, 0.0), tf.float32)
    first = tf.cast(tf.argmax(is_audio, axis=1, output_type=tf.int32), tf.float32)[:, None]
    from_end = tf.cast(tf.argmax(tf.reverse(is_audio, [1]), axis=1, output_type=tf.int32), tf.float32)[:, None]
    last = float(n - 1) - from_end
    length = tf.maximum(last - first + 1.0, 1.0)
    is_offset = tf.cast(tf.greater_equal(length, float(rendering.shortest_offset)), tf.float32)
    mean = tf.reduce_sum(y, axis=1, keepdims=True) / length * is_offset
    places = tf.range(n, dtype=tf.float32)[None]  # whole numbers, exact up to 16 million samples
    is_inside = tf.logical_and(tf.greater_equal(places, first), tf.less_equal(places, last))
    y = y - mean * tf.cast(is_inside, tf.float32)

    mean = tf.reduce_mean(y, axis=1, keepdims=True)
    high, low = tf.reduce_max(y, axis=1, keepdims=True), tf.reduce_min(y, axis=1, keepdims=True)
    is_audible = tf.cast(tf.greater(tf.maximum(high - mean, mean - low), rendering.silence), tf.float32)
    return y * is_audible


def _power(y: tf.Tensor, rendering: Rendering) -> tf.Tensor:
    """Powers in bands, shape=(batch, frames, bands)."""
    import tensorflow as tf

    n_fft = len(rendering.window)
    padded = tf.pad(y, [[0, 0], list(rendering.padding)])
    frames = tf.signal.frame(padded, n_fft, rendering.hop_length) * tf.constant(rendering.window)
    spectrum = tf.signal.rfft(frames, [n_fft])
    power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    if rendering.filters is not None:
        return tf.einsum("bfk,kr->bfr", power, tf.constant(rendering.filters))
    low, high = rendering.bins or (0, n_fft // 2 + 1)
    return tf.reverse(power[:, :, low:high], [2])


def _levels(power: tf.Tensor, rendering: Rendering) -> tf.Tensor:
    """Pixel values of 0 to 255, shape=(batch, rows, frames), the highest frequency first."""
    import tensorflow as tf

    reference = tf.constant(rendering.reference, tf.float32)
    if rendering.is_peak:
        reference = tf.maximum(tf.reduce_max(power, axis=[1, 2], keepdims=True), reference)
    floor = reference * np.float32(10 ** (-rendering.range_db / 10))
    decibels = tf.math.log(tf.maximum(power, floor) / reference) * np.float32(10 / math.log(10))
    values = tf.minimum(tf.maximum(decibels, -rendering.range_db), 0.0)
    if rendering.cosines is not None:
        values = tf.einsum("bfk,kr->bfr", values, tf.constant(rendering.cosines))
    values = values * tf.constant(rendering.scale) + tf.constant(rendering.offset)
    levels = tf.round(tf.minimum(tf.maximum(values, 0.0), 1.0) * 255.0)
    return tf.transpose(levels, [0, 2, 1])


def _rounded(values: tf.Tensor) -> tf.Tensor:
    """Whole numbers from 0 to 255; halves upwards, as Pillow has them."""
    import tensorflow as tf

    return tf.minimum(tf.maximum(tf.floor(values + 0.5), 0.0), 255.0)
