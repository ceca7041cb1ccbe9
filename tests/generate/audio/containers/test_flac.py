"""Whether a FLAC's frames end where its header promises, by its last bytes."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from generate.audio.containers import flac
from tests.conftest import white


@pytest.mark.parametrize("n_samples", [1, 15, 16, 191, 192, 300, 4095, 4096, 4097, 100_000, 300_003])
@pytest.mark.parametrize("kind", ["noise", "silence", "stereo", "24 bits"])
def test_whole_files_and_flipped_bits_are_recognised(tmp_path, n_samples, kind):
    y = white(n_samples / 22050, sr=22050) if kind != "silence" else np.zeros(n_samples)
    y = np.stack([y, -y], axis=1) if kind == "stereo" else y
    path = tmp_path / "a.flac"
    soundfile.write(path, y, 22050, subtype="PCM_24" if kind == "24 bits" else "PCM_16")
    content = path.read_bytes()
    assert flac.samples_and_rate(path)[0] == n_samples
    if n_samples > 16:  # libFLAC writes no frame length in shorter ones; their frames are counted
        assert flac.ends_as_promised(path)
    for bit in range(36):
        numbers = int.from_bytes(content[18:26], "big") ^ 1 << bit
        path.write_bytes(content[:18] + numbers.to_bytes(8, "big") + content[26:])
        assert not flac.ends_as_promised(path), bit
