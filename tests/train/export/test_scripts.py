"""The examples in the README of an export do what the program does."""

import numpy as np
import pytest

from generate.features.spectrogram import fit_length
from train.export.scripts import javascript_example, python_example


@pytest.mark.parametrize("pad", ["repeat", "silence"])
def test_a_short_recording_is_filled_as_the_program_fills_it(pad):
    about = {"input": "audio", "multilabel": False, "sample_rate_hz": 8000, "n_samples": 10, "pad": pad}
    (line,) = [line for line in python_example("onnx", "model.onnx", about).splitlines() if line.startswith("y = np.")]
    y = np.arange(1, 5, dtype=np.float32)
    given = {"np": np, "y": y}
    exec(line, given)
    np.testing.assert_array_equal(given["y"], fit_length(y, 10, pad=pad))
    assert 'if (about.pad === "repeat")' in javascript_example(about)
