"""Faint, silent, constant, cancelling and offset sounds, in every format of samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import soundfile

from generate.dataset import png
from tests.conftest import SR, tone, white
from tests.faults.rows import times
from tests.faults.running import QUICK, generate, metadata

STEP = {"PCM_U8": 2**-7, "PCM_16": 2**-15, "PCM_24": 2**-23, "FLOAT": 2**-23}
KINDS: dict[str, Callable[[float], np.ndarray]] = {
    "faint": lambda step: max(30 * step, 1e-5) * (tone(1000, peak=1) + 0.03 * white(rms=1)),
    "silent": lambda step: step * np.random.default_rng(0).integers(-1, 2, SR),
    "constant": lambda step: np.full(SR, 0.25),
    "digital": lambda step: np.zeros(SR),
    "cancelling": lambda step: np.stack([tone(1000), -0.9 * tone(1000)], axis=1),
    "offset": lambda step: 0.25 + tone(1000, peak=0.25) + 0.01 * white(rms=1),
}
SILENT = ("silent", "constant", "digital")


@pytest.mark.fault(24)
def test_no_sound_is_silence_and_no_silence_is_a_sound(tmp_path, injected):
    kinds = list(KINDS)[: times(len(KINDS), daily=len(KINDS))]
    for subtype, step in STEP.items():
        for kind in kinds:
            (tmp_path / "audio_folder" / kind).mkdir(parents=True, exist_ok=True)
            soundfile.write(tmp_path / "audio_folder" / kind / f"{subtype}.wav", KINDS[kind](step), SR, subtype=subtype)
    (tmp_path / "audio_folder" / "plain").mkdir()
    soundfile.write(tmp_path / "audio_folder" / "plain" / "a.wav", tone(1000), SR)
    done = generate(
        tmp_path / "audio_folder", tmp_path / "images", *QUICK, "--variants", "noise=20", "trim", "gain=-20"
    )
    assert done.returncode == 0, done.stdout
    table = metadata(tmp_path / "images")
    assert (table["silent"] == table["label"].isin(SILENT)).all()
    assert (table["channel"] == np.where(table["label"] == "cancelling", "1", "mono")).all()
    assert (table["sample_rate_hz"] == SR).all()
    is_moved = table["label"].isin(["offset", "constant"])
    assert ((table["dc_offset"].abs() > 0.2) == is_moved).all()
    plain = png.read(tmp_path / "images" / "plain" / "plain-a__original.png")[0].astype(int)
    for row in table.itertuples():
        image = png.read(tmp_path / "images" / row.file_name)[0].astype(int)
        if row.silent:
            assert not image.any(), row.file_name
        else:
            assert image.max() > 200, row.file_name
            assert np.median(np.abs(image.argmax(axis=0) - plain.argmax(axis=0))) <= 1, row.file_name
    injected(len(STEP) * len(kinds))
