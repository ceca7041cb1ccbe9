"""Keras's backend: loaded quietly, the same result each time, and what it runs on."""

from __future__ import annotations

import ctypes
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMPILED = os.path.join("spectrogram-image-classification", "jax")
"""Folder in the user's cache for what JAX compiles."""


def set_up(*, shares_gpu: bool = False) -> None:
    """Load Keras and its backend (`KERAS_BACKEND`: tensorflow or jax), so that the same seed gives the same run.

    Parameters
    ----------
    shares_gpu : bool
        Whether other processes use the GPU of this one: JAX then takes memory as it needs it, and not most of it at
        once, here and in processes that this one starts. TensorFlow always does.
    """
    if shares_gpu:
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    _reuse_memory()
    with _quiet():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.get_logger().setLevel("ERROR")  # it warns of each new model's functions as if they were a mistake
            tf.config.experimental.enable_op_determinism()
            for gpu in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(gpu, True)


M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Parameters of `mallopt` (https://man7.org/linux/man-pages/man3/mallopt.3.html)."""


def _reuse_memory() -> None:
    """Let glibc reuse the memory of large arrays, which by default it gives back to the system after each.

    Each step of training allocates the same activations again, and new pages of the system cost as much as the
    arithmetic of a small model: an epoch of the default recipe on ESC-10 takes half the time.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library than glibc has none
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def has_gpu() -> bool:
    """Whether the backend sees a GPU."""
    import keras

    return any(device.startswith("gpu") for device in keras.distribution.list_devices())


def keep_compiled() -> None:
    """Let JAX keep what it compiles for a GPU, for the next fold and the next run.

    Compiling a step of ResNet-152 takes a minute, and reading it again seconds. It is kept in the user's own cache
    (`COMPILED` in `$XDG_CACHE_HOME` or `~/.cache`) and not beside the runs: it is code, and a folder of runs may come
    from a stranger. Nothing is done on TensorFlow, which has no such thing, without a GPU, and where the user has set
    `JAX_COMPILATION_CACHE_DIR`.
    """
    import keras

    if keras.backend.backend() == "jax" and has_gpu():
        import jax

        if not jax.config.jax_compilation_cache_dir:
            cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            jax.config.update("jax_compilation_cache_dir", str(cache / COMPILED))


def description() -> str:
    """Such as `tensorflow 2.21.0 on 1 of 4 GPUs`."""
    from importlib.metadata import version

    import keras

    backend = keras.backend.backend()
    n_gpus = sum(device.startswith("gpu") for device in keras.distribution.list_devices())
    if n_gpus:
        what = "1 GPU" if n_gpus == 1 else f"1 of {n_gpus} GPUs"
    else:
        what = f"{os.cpu_count()} processor cores, no GPU"
    return f"{backend} {version(backend)} on {what}"


def compiles() -> bool:
    """Whether steps are compiled by XLA; on TensorFlow without a GPU that takes longer than it saves."""
    import keras

    return keras.backend.backend() != "tensorflow" or has_gpu()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Initialise new layers from a seed, whatever other threads do at the same time.

    Keras takes the seeds of layers from Python's `random`, and so do the threads of a Dask worker.
    """
    import keras
    from keras.src.random import seed_generator

    keras.utils.set_random_seed(seed)
    seed_generator.python_random = random.Random(seed)
    try:
        yield
    finally:
        seed_generator.python_random = random


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what a backend's C++ prints on being loaded; shown only if loading fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)
