"""Files are read without the DC offset, as `generate.audio.load` reads them."""

import numpy as np
import pytest

from augment_audio import augment
from augment_audio.audio_files import read_mono, write_variants
from augment_audio.background_files import read_part
from augment_audio.request import parse_request
from augment_audio.transforms import VARIANTS
from generate.audio import load
from tests.augment_audio.conftest import decibels, rms, write_wav
from tests.conftest import SR, tone, white

OFFSET = 0.2


@pytest.fixture
def moved(tmp_path):
    """A recording with an offset, silent at both ends."""
    y = np.concatenate([np.zeros(SR), tone(440), np.zeros(SR)]) + 1e-5 * white(3.0, rms=1) + OFFSET
    return write_wav(tmp_path / "moved.wav", y.astype(np.float32), subtype="FLOAT")


def test_a_file_is_read_as_for_an_image(moved):
    y, sr = read_mono(moved)
    np.testing.assert_array_equal(y, load(moved, sr).y)
    np.testing.assert_array_equal(
        read_part(moved, SR, start_s=1, longest_s=1), load(moved, SR, start_s=1, longest_s=1).y
    )


@pytest.mark.parametrize("variant", ["trim", "remove_silence"])
def test_variants_of_a_file_find_its_silence(moved, tmp_path, variant):
    requests = [parse_request(variant, VARIANTS)]
    _, made = write_variants([moved], tmp_path / "out", requests, variants=VARIANTS, engine="librosa")
    assert made.duration_s == pytest.approx(1, abs=0.12)


def test_the_background_is_as_loud_as_asked(tmp_path):
    (tmp_path / "night").mkdir()
    write_wav(tmp_path / "night" / "a.wav", white(3.0, rms=0.01) + np.float32(OFFSET), subtype="FLOAT")
    y = tone(440)
    added = augment(y, SR, f"background={tmp_path / 'night'}@10") - y
    assert decibels(rms(y) / np.std(added)) == pytest.approx(10, abs=0.1)


def test_a_part_after_the_end_is_empty(moved):
    assert read_part(moved, SR, start_s=10, longest_s=1).shape == (0,)
