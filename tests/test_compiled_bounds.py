"""What is compiled reads and writes inside its arrays: numba looks only where it is told to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import numpy as np
from augment_audio.dsp.fourier import power_blocks
from augment_audio.dsp.phase_vocoder import PhaseVocoder
from generate.features.mel import mel_decibels
from generate.dataset.settings import Settings
from train.augment.affine import warp

noise = np.random.default_rng(0).standard_normal(60_000).astype(np.float32)
for length in (2048, 2049, 2559, 2560, 10_240, 10_752, 21_504, 24_575, 24_576, 24_577, 60_000):
    vocoder = PhaseVocoder(noise[:length])
    for rate in (0.25, 0.7, 0.999, 1.0, 1.2, 4.0):
        assert len(vocoder.stretch(rate)) == round(length / rate)
for n_fft, hop_length in ((2048, 512), (64, 1), (1001, 300), (1000, 1000)):
    for length in (1, n_fft // 2, n_fft, n_fft + 1, 5000):
        assert sum(block.shape[1] for _, block in power_blocks(noise[:length], n_fft=n_fft, hop_length=hop_length))
mel_decibels(noise, Settings(engine="librosa"))
for height, width in ((1, 1), (1, 9), (9, 1), (17, 31)):
    levels = np.zeros((height, width), np.uint8)
    for matrix in (np.eye(2, 3), np.array([[-5.0, 3, 900], [0.1, -7, -900]])):
        out = np.empty((height, width, 3), np.float32)
        warp(levels, np.zeros((256, 3)), matrix, True, True, np.float32(0.5), out)
print("inside")
"""


@pytest.mark.slow
def test_with_bounds_checked(tmp_path):
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, cwd=Path(__file__).parents[1], capture_output=True, text=True
    )
    assert run.stdout.strip() == "inside", run.stderr[-2000:]
