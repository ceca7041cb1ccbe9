"""How long a run will take, before it has begun: from its arithmetic and a probe of the machine."""

from __future__ import annotations

import math
import time

import keras
import numpy as np

from train import backend
from train.training.linear_head import MOST_IMAGES
from train.training.prepare import Prepared, phases_of

PROBE_S, LEAST_PROBES = 0.4, 4
"""Time of the probe, and its repetitions at the least: the first also loads libraries, which can take half a second.
The fastest one counts, which other programs disturbed least."""
PROBE_SHAPE = (16, 40, 40, 96)
SHARE_OF_PROBE = 0.8
"""Of the multiplications that the probe does in a processor second, training does 0.62 (the default), 0.69 (it from its
fourth stage on, 160 x 160), 1.19 (`cnn9`), 1.30 (`resnet18`); measured on two cores with TensorFlow 2.21."""
HEAD_S = 1.5e-3
"""Of the fit of the last layer, an image of a fold."""
TRACED_S = 0.1
"""Of TensorFlow's tracing of a step, a layer with a kernel; measured there too: 5 s with 50 of them."""


def expected_s(prepared: Prepared) -> float | None:
    """How long the folds that are left will take to train at the speed that this machine has now.

    It follows from the multiplications and a probe of a fraction of a second, and holds within a factor of about two.
    None on a GPU and on other backends than TensorFlow, for which nothing was measured.

    Parameters
    ----------
    prepared : Prepared
    """
    if prepared.work is None or backend.has_gpu() or keras.backend.backend() != "tensorflow":
        return None
    work, left = prepared.work, [split for split in prepared.splits if not prepared.run.is_finished(split.name)]
    of_head, share, multiplications, other_s = np.array([], dtype=int), 1.0, 0.0, 0.0
    for split in left:
        n_images = len(split.train)
        multiplications += len(split.test) * work.forward
        for phase in phases_of(prepared, split):
            if phase.name == "head":
                # Features are computed once for all folds, which share those that they are fitted to.
                of_head, share = np.union1d(of_head, split.train), min(1, MOST_IMAGES / n_images)
                other_s += HEAD_S * share * n_images
            else:
                multiplications += phase.epochs * n_images * (work.forward + 2 * work.trained)
                other_s += TRACED_S * work.n_layers
    multiplications += share * len(of_head) * work.forward
    return multiplications / (SHARE_OF_PROBE * multiplications_per_s()) + other_s


def multiplications_per_s() -> float:
    """Measure how many multiplications this machine does in a second, in convolutions like those of small models."""
    ops, rng = keras.ops, np.random.default_rng(0)
    channels, wide = PROBE_SHAPE[-1], 2 * PROBE_SHAPE[-1]
    x, widen, deepen, narrow = (
        ops.convert_to_tensor(rng.random(shape, dtype=np.float32))
        for shape in (PROBE_SHAPE, (1, 1, channels, wide), (5, 5, wide, 1), (1, 1, wide, channels))
    )
    n = math.prod(PROBE_SHAPE[:-1]) * (2 * channels * wide + 25 * wide)
    best_s, n_done, began = math.inf, 0, time.perf_counter()
    while n_done < LEAST_PROBES or time.perf_counter() - began < PROBE_S:
        start = time.perf_counter()
        y = ops.depthwise_conv(ops.relu(ops.conv(x, widen, padding="same")), deepen, padding="same")
        ops.convert_to_numpy(ops.conv(y, narrow, padding="same"))
        best_s = min(best_s, time.perf_counter() - start)
        n_done += 1
    return n / best_s
