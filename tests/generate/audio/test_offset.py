"""The DC offset is removed before anything else."""

import numpy as np
import pytest
import soundfile

from augment_audio import VARIANTS, make_variant, open_audio, parse_request
from generate.audio import load
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from tests.conftest import SR, tone, white

OFFSET = 0.2


@pytest.fixture
def loaded(tmp_path):
    def load_them(y, **options):
        soundfile.write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
        return load(tmp_path / "a.wav", SR, **options)

    return load_them


def test_it_is_taken_away_and_told(loaded):
    found = loaded(tone(440, peak=0.1) + OFFSET)
    assert found.dc_offset == pytest.approx(OFFSET, abs=1e-6)
    assert found.peak_dbfs == pytest.approx(20 * np.log10(0.3), abs=0.01), "of the file as it is"
    np.testing.assert_allclose(found.y, tone(440, peak=0.1), atol=1e-6)


def test_the_image_is_that_without_it(loaded):
    settings = Settings(sr=SR, seconds=1, feature="log", image_size=None)
    plain, moved = (spectrogram_image(loaded(white(rms=0.01) + x).y, settings).astype(int) for x in (0, OFFSET))
    assert np.abs(plain - moved).max() <= 1


def test_trim_works_on_it(loaded):
    y = np.concatenate([np.zeros(SR), tone(440), np.zeros(SR)]) + 1e-5 * white(3.0, rms=1)
    sound = open_audio(loaded(y + OFFSET).y, SR)
    trimmed = make_variant(sound, parse_request("trim", VARIANTS), VARIANTS, seed=0, clip_id="a")
    assert len(trimmed) == pytest.approx(SR, abs=4 * 512)


def test_the_noise_level_does_not_depend_on_the_offset(loaded):
    sound = open_audio(loaded(tone(440, peak=0.1) + OFFSET).y, SR)
    noisy = make_variant(sound, parse_request("noise=20", VARIANTS), VARIANTS, seed=0, clip_id="a")
    assert 10 * np.log10(np.mean(tone(440, peak=0.1) ** 2) / np.var(noisy - sound.y)) == pytest.approx(20, abs=0.1)


def test_zeros_at_the_ends_stay_zeros_and_do_not_count(loaded):
    y = np.concatenate([np.zeros(SR), tone(440, peak=0.1) + OFFSET, np.zeros(2 * SR)])
    found = loaded(y)
    assert found.dc_offset == pytest.approx(OFFSET, abs=1e-3)
    assert not found.y[:SR].any() and not found.y[2 * SR + 1 :].any()
    np.testing.assert_allclose(found.y[SR : 2 * SR], tone(440, peak=0.1), atol=1e-3)


def test_a_short_event_between_zeros_has_none(loaded):
    y = np.zeros(SR)
    y[100:200] = 0.5
    found = loaded(y)
    assert found.dc_offset == 0
    np.testing.assert_array_equal(found.y, y.astype(np.float32))


def test_only_the_part_that_is_read_matters(loaded):
    y = np.concatenate([tone(440), tone(440) + OFFSET])
    first = loaded(y, longest_s=1.0)
    assert first.dc_offset == pytest.approx(0, abs=1e-6)
    np.testing.assert_array_equal(first.y, loaded(y[:SR]).y)
