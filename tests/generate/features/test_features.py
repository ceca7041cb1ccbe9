"""Each feature against an independent reference, on real clips."""

from typing import ClassVar

import librosa
import numpy as np
import pytest
import scipy.signal
from numpy.testing import assert_allclose

from generate.dataset.settings import Settings
from generate.features import FEATURES, check_feature
from generate.features.cqt import cqt_power, row_frequencies_hz
from generate.features.gammatone import centre_hz, gammatone_filters
from generate.features.mel import mel_decibels
from generate.features.mfcc import mfcc_decibels
from tests.conftest import tone, white

SETTINGS = Settings()


def power_spectrum_by_scipy(y: np.ndarray) -> np.ndarray:
    """Hann window of 2048, hop 512, frames centred, zeros beyond the ends."""
    window = scipy.signal.get_window("hann", 2048)
    transform = scipy.signal.ShortTimeFFT(window, hop=512, fs=44100, fft_mode="onesided", phase_shift=None)
    spectrum = transform.stft(y.astype(np.float64), p0=0, p1=1 + len(y) // 512)
    return np.abs(spectrum) ** 2


def test_mel_is_librosas(real_clips):
    for y, sr in real_clips:
        expected = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr), ref=np.max, top_db=80)
        assert_allclose(mel_decibels(y, SETTINGS), expected, atol=2e-3)
        assert_allclose(FEATURES["mel"](y, SETTINGS), expected / 80 + 1, atol=3e-5)


def test_log_is_scipys(clips):
    for y, _ in clips:
        power = power_spectrum_by_scipy(y)
        expected = 10 * np.log10(np.maximum(power / power.max(), 1e-8))
        assert_allclose(FEATURES["log"](y, SETTINGS) * 80 - 80, expected, atol=0.05)


def test_mfcc_is_librosas(clips):
    for y, sr in clips:
        decibels = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=sr), ref=np.max, top_db=80)
        expected = librosa.feature.mfcc(S=decibels, n_mfcc=40)
        assert_allclose(mfcc_decibels(y, SETTINGS), expected, atol=0.02)


def test_next_to_no_mfcc_leaves_the_scale(clips):
    for y, _ in clips:
        values = FEATURES["mfcc"](y, SETTINGS)
        assert np.mean((values == 0) | (values == 1)) < 0.02
        assert values[1:].std() > 0.03


def test_gammatone_has_the_energies_of_filtered_samples(real_clips):
    centres = centre_hz(64, 50, 18000)
    settings = Settings(feature="gammatone", n_bands=64, fmin_hz=50, fmax_hz=18000)
    window = scipy.signal.get_window("hann", 2048) ** 2
    bands = range(10, 64, 10)
    for y, sr in real_clips:
        ours = FEATURES["gammatone"](y, settings)[bands] * 80 - 80
        energies = []
        for band in bands:
            # Finite, since scipy's recursive form of a narrow low band is not stable; 0.1 s holds all of its ringing.
            response = scipy.signal.gammatone(centres[band], "fir", order=4, numtaps=4410, fs=sr)[0]
            filtered = scipy.signal.fftconvolve(y.astype(np.float64), response)[: len(y)]
            energies.append(scipy.signal.fftconvolve(np.pad(filtered**2, 1024), window, mode="valid")[::512])
        expected = 10 * np.log10(np.maximum(energies, 1e-20))
        expected = expected[:, : ours.shape[1]]
        difference = np.where(ours > -60, ours - expected, np.nan)[:, np.nanmax(ours, axis=0) > -60]
        # One offset for all bands: how energies are scaled is free, how bands stand to each other is not.
        offsets = np.nanmedian(difference, axis=1)
        assert np.nanmax(offsets) - np.nanmin(offsets) < 1.2
        assert np.nanmedian(np.abs(difference - np.nanmedian(difference))) < 0.8


def test_gammatone_filters_are_scipys_responses():
    filters = gammatone_filters(44100, 2048, 32, 100.0, 16000.0)
    hz = np.arange(1025) * 44100 / 2048
    for band in (5, 15, 25):
        centre = centre_hz(32, 100.0, 16000.0)[band]
        _, response = scipy.signal.freqz(*scipy.signal.gammatone(centre, "iir", fs=44100), worN=hz, fs=44100)
        near = np.abs(hz - centre) < 0.15 * centre
        assert_allclose(filters[band, near], np.abs(response[near]) ** 2, atol=0.06)


def test_gammatone_bands_are_evenly_spaced_to_the_ear():
    centres = centre_hz(64, 0, 22050)
    rate = 21.4 * np.log10(1 + 0.00437 * centres)
    assert_allclose(np.diff(rate), np.diff(rate)[0])
    assert 0 < centres[0] < centres[-1] < 22050


def magnitudes_by_librosa(y, sr):
    """2 ** 31 at the highest, as librosa's documentation asks for."""
    magnitudes = librosa.feature.melspectrogram(y=y, sr=sr, power=1).astype(np.float64)
    return magnitudes / magnitudes.max() * 2.0**31


def test_pcen_is_librosas(clips):
    smoothing = (np.sqrt(1 + 4 * (0.4 * 44100 / 512) ** 2) - 1) / (2 * (0.4 * 44100 / 512) ** 2)
    for y, sr in clips:
        magnitudes = magnitudes_by_librosa(y, sr)
        start = scipy.signal.lfilter_zi([smoothing], [1, smoothing - 1]) * magnitudes[:, :1]
        expected = librosa.pcen(magnitudes, sr=sr, hop_length=512, eps=2.0**31 * 1e-4, zi=start)
        assert_allclose(FEATURES["pcen"](y, SETTINGS), np.clip(expected / 3, 0, 1), atol=2e-4)


def test_pcen_does_not_show_the_colour_and_level_of_a_background_nor_how_it_began():
    """Steady noise, 40 dB louder at low frequencies; librosa's own start, a background of nothing, makes a flash."""
    y = scipy.signal.lfilter([1], [1, -0.99], np.random.default_rng(0).standard_normal(5 * 44100)).astype(np.float32)
    values = FEATURES["pcen"](y / 50, SETTINGS)
    by_band, mel_by_band = values[10:].mean(axis=1), FEATURES["mel"](y / 50, SETTINGS)[10:].mean(axis=1)
    assert np.ptp(by_band) < 0.03 and np.ptp(mel_by_band) > 0.25
    assert values[:, :10].mean() < 2 * values[:, 100:].mean()
    flash = librosa.pcen(magnitudes_by_librosa(y, 44100), sr=44100)
    assert flash[:, :10].mean() > 5 * flash[:, 100:].mean()
    assert_allclose(FEATURES["pcen"](y / 5000, SETTINGS), values, atol=1e-3)
    full_scale = Settings(feature="pcen", reference="full-scale", range_db=120)
    louder, fainter = (FEATURES["pcen"](y / factor, full_scale) for factor in (50, 500))
    assert 0 < (louder - fainter).mean() < 0.1 * louder.mean(), "20 dB are hardly seen"


@pytest.mark.parametrize("bins_per_octave", [12, 24])
def test_cqt_is_librosas(real_clips, bins_per_octave):
    """Its filters applied to all samples; and within the error of its resampling what it makes of them."""
    settings = Settings(feature="cqt", bins_per_octave=bins_per_octave)
    hz = row_frequencies_hz(settings)
    filters, lengths = librosa.filters.wavelet(freqs=hz, sr=44100, norm=1, pad_fft=False)
    rows = slice(0, None, bins_per_octave // 2)
    for y, sr in real_clips[:2]:
        power, _ = cqt_power(y, settings)
        ours = 10 * np.log10(np.maximum(power / power.max(), 1e-8))
        direct = [
            np.abs(scipy.signal.fftconvolve(y, np.conj(row)[::-1], mode="same")[::512]) * np.sqrt(length)
            for row, length in zip(filters[rows], lengths[rows], strict=True)
        ]
        expected = librosa.amplitude_to_db(np.array(direct), ref=np.sqrt(power.max()), top_db=None)
        difference = np.abs(ours[rows, : expected.shape[1]] - np.maximum(expected, -80))
        assert difference.mean() < 0.1 and np.quantile(difference[expected > -60], 0.99) < 1
        options = {"fmin": hz[0], "n_bins": len(hz), "bins_per_octave": bins_per_octave, "tuning": 0.0}
        theirs = librosa.amplitude_to_db(np.abs(librosa.cqt(y, sr=sr, **options)), ref=np.sqrt(power.max()))
        assert np.median(np.abs(ours - theirs)[theirs > -60]) < 0.3


def test_blocks_of_a_cqt_meet_without_a_seam(monkeypatch):
    settings = Settings(feature="cqt", sr=16000)
    y = white(10, sr=16000)
    whole = FEATURES["cqt"](y, settings)
    monkeypatch.setattr("generate.features.cqt.FRAMES_A_BLOCK", 100)
    difference = np.abs(FEATURES["cqt"](y, settings) - whole)
    assert difference.mean() < 1e-4 and difference.max() < 0.02


def test_a_pitch_shift_moves_a_cqt_up():
    low, high = (FEATURES["cqt"](tone(hz, sr=44100), Settings(feature="cqt"))[:, 40] for hz in (440, 880))
    assert high.argmax() - low.argmax() == 12


@pytest.mark.parametrize("name", ["mel", "log", "gammatone", "cqt"])
@pytest.mark.parametrize("hz", [300, 1000, 6000])
def test_a_tone_is_brightest_in_its_own_row(name, hz):
    settings = Settings(feature=name)
    values = FEATURES[name](tone(hz, sr=44100), settings)
    rows_hz = {
        "mel": librosa.mel_frequencies(n_mels=130, fmin=0, fmax=22050)[1:-1],
        "log": np.arange(1025) * 44100 / 2048,
        "gammatone": centre_hz(128, 0, 22050),
        "cqt": librosa.cqt_frequencies(113, fmin=32.703),
    }[name]
    top = int(values[:, 40].argmax())
    assert rows_hz[max(top - 1, 0)] <= hz <= rows_hz[top + 1]
    assert values.max() == pytest.approx(1)
    assert values.min() == 0


@pytest.mark.parametrize("name", list(FEATURES))
def test_contract(name, clips):
    settings = Settings(feature=name, sr=22050, n_fft=1024, hop_length=256, n_bands=64, fmin_hz=50, fmax_hz=8000)
    for y in (clips[0][0], np.zeros(5000, np.float32), np.ones(1, np.float32)):
        before = y.copy()
        values = FEATURES[name](y, settings)
        assert values.dtype == np.float32
        assert values.shape[1] == 1 + len(y) // 256
        assert 0 <= values.min() <= values.max() <= 1
        assert np.array_equal(y, before)


def test_loudness_shows_only_with_a_fixed_reference(real_clips):
    y, _ = real_clips[0]
    for name in ("mel", "log", "gammatone", "cqt"):
        peak, fixed = Settings(feature=name), Settings(feature=name, reference="full-scale")
        assert_allclose(FEATURES[name](y / 10, peak), FEATURES[name](y, peak), atol=1e-4)
        darker = FEATURES[name](y, fixed) - FEATURES[name](y / 10, fixed)
        inside = (FEATURES[name](y / 10, fixed) > 0) & (FEATURES[name](y, fixed) < 1)
        assert_allclose(darker[inside], 20 / 80, atol=1e-4)


def test_a_sine_at_full_scale_is_the_brightest_there_is():
    for name in ("mel", "log", "gammatone"):
        settings = Settings(feature=name, reference="full-scale", fmin_hz=20, fmax_hz=20000)
        # A frequency in the middle of a bin, and for mel where the filters are tallest.
        values = FEATURES[name](tone(15 * 44100 / 2048, sr=44100, peak=1.0), settings)
        assert 0.9 < values.max() <= 1


def test_a_quiet_clip_is_not_rendered_as_loud():
    hiss = np.random.default_rng(0).standard_normal(44100).astype(np.float32) * 1e-6
    assert FEATURES["mel"](hiss, SETTINGS).max() < 0.7
    assert FEATURES["mel"](hiss * 1e4, SETTINGS).max() == pytest.approx(1)


def test_log_needs_two_bins():
    with pytest.raises(ValueError, match="Widen the range"):
        FEATURES["log"](np.zeros(100, np.float32), Settings(feature="log", fmin_hz=100, fmax_hz=110))


class Noting(Settings):
    """Settings that note which of them are looked at."""

    seen: ClassVar[set[str]] = set()

    def __getattribute__(self, name):
        if name in Settings.__dataclass_fields__:
            Noting.seen.add(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("name", list(FEATURES))
def test_each_feature_declares_the_settings_that_not_all_use(name):
    settings = Noting(feature=name, sr=16000, seconds=0.6)
    Noting.seen = set()
    FEATURES[name](tone(440, seconds=0.5, sr=16000), settings)
    used_by_some = set().union(*(feature.settings for feature in FEATURES.values()))
    used_by_all = {"hop_length", "fmin_hz", "fmax_hz", "range_db", "reference"}
    assert Noting.seen & used_by_some == FEATURES[name].settings
    assert used_by_all <= Noting.seen


@pytest.mark.parametrize(
    ("feature", "given", "said"),
    [
        ("mel", "n_mfcc", "--n-mfcc is not used by the feature 'mel'. It goes with mfcc. .*--feature mfcc"),
        ("gammatone", "n_mfcc", "--n-mfcc is not used by the feature 'gammatone'"),
        ("log", "n_bands", "--n-bands is not used by the feature 'log'. It goes with mel or mfcc or gammatone or pcen"),
        ("log", "n_mfcc", "--n-mfcc is not used"),
        ("cqt", "n_fft", "--n-fft is not used by the feature 'cqt'"),
        ("pcen", "bins_per_octave", "--bins-per-octave is not used by the feature 'pcen'. It goes with cqt"),
        ("mfccs", "n_fft", "feature must be one of mel, log, .*Got 'mfccs'"),
    ],
)
def test_a_setting_that_the_feature_does_not_use(feature, given, said):
    with pytest.raises(ValueError, match=said):
        check_feature(feature, {given, "sr"})


def test_few_bands_do_not_need_few_coefficients_that_are_not_used():
    assert Settings(n_bands=32).n_bands == 32
    with pytest.raises(ValueError, match="n_mfcc must be at most n_bands"):
        Settings(n_bands=32, feature="mfcc")
    check_feature("mfcc", {"n_mfcc", "n_bands", "fmin_hz"})
