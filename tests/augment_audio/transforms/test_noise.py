"""Noise: white, Gaussian, and as strong as was asked for."""

import numpy as np
import pytest
from scipy.signal import welch
from scipy.stats import kurtosis

from tests.augment_audio.conftest import decibels, make, rms
from tests.conftest import SR, tone


def added(y, text, **options):
    """What the variant adds, shape=(n,), float64."""
    return make(y, text, **options).astype(np.float64) - y


@pytest.mark.parametrize("snr_db", [-20, 0, 20, 40])
def test_the_ratio_is_reached(snr_db):
    y = tone(440, seconds=5)
    assert decibels(rms(y) / rms(added(y, f"noise={snr_db}"))) == pytest.approx(snr_db, abs=0.1)


@pytest.mark.parametrize("peak", [1e-4, 1.5])
def test_the_ratio_does_not_depend_on_the_level(peak):
    y = tone(440, seconds=5, peak=peak)
    assert decibels(rms(y) / rms(added(y, "noise=10"))) == pytest.approx(10, abs=0.1)


def test_the_ratio_is_to_the_mean_power_of_the_whole_clip():
    y = np.concatenate([tone(440, seconds=1), np.zeros(9 * SR, np.float32)])
    noise = added(y, "noise=10")
    assert decibels(rms(tone(440)) / rms(noise)) == pytest.approx(10 + 10, abs=0.1)  # a tenth of the power
    assert decibels(rms(noise[:SR]) / rms(noise[SR:])) == pytest.approx(0, abs=0.3), "not the same all along"


def test_the_ratio_is_that_of_the_part_that_an_image_shows():
    y = np.concatenate([tone(440, peak=0.01), tone(440, seconds=2, peak=0.9)])
    noise = added(y, "noise=10", n_shown=SR)
    assert decibels(rms(y[:SR]) / rms(noise[:SR])) == pytest.approx(10, abs=0.1)


def test_the_noise_is_white_and_gaussian():
    y = tone(440, seconds=10)
    noise = added(y, "noise=0")
    _, density = welch(noise, SR, nperseg=256, detrend=False)
    inner = density[1:-1]  # the first and last bins of a one-sided density hold half as much
    flatness = np.exp(np.log(inner).mean()) / inner.mean()
    assert flatness > 0.995  # white by construction: 0.999 from 1700 averages; pink: 0.7
    assert 10 * np.log10(inner.max() / inner.min()) < 1.5
    assert kurtosis(noise) == pytest.approx(0, abs=0.05)  # uniform: -1.2
    assert noise.mean() / noise.std() == pytest.approx(0, abs=0.01)
    assert np.corrcoef(noise, y)[0, 1] == pytest.approx(0, abs=0.01)


def test_each_clip_gets_noise_of_its_own():
    y = tone(440)
    one, other = (added(y, "noise=0", clip_id=clip_id) for clip_id in ("one", "other"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
