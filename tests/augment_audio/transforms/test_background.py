"""Backgrounds: the ratio, which part of which recording it is, and folders of any name."""

import os

import numpy as np
import pytest
import soundfile

from augment_audio import (
    VARIANTS,
    augment,
    background_folders,
    background_recording,
    make_variant,
    open_audio,
    parse_request,
    parse_requests,
)
from augment_audio.background import Background
from augment_audio.background_files import find_background
from tests.augment_audio.conftest import NIGHT, decibels, make, recorded_tone, rms, write_wav
from tests.conftest import SR, loudest_hz, tone, white


@pytest.mark.parametrize("snr_db", [20, 10, -5])
def test_the_ratio_is_to_the_mean_power_of_clips(clips, snr_db):
    for y, sr in clips:
        added = make(y, f"background=/night@{snr_db}", sr=sr) - y
        assert decibels(rms(y) / rms(added)) == pytest.approx(snr_db, abs=0.1)


def test_the_ratio_is_that_of_the_part_that_an_image_shows():
    """The background is loud where the image does not show it, and so is the clip."""
    y = np.concatenate([tone(440, peak=0.01), tone(440, seconds=2, peak=0.9)])

    def read(path, sr, *, start_s, longest_s):
        return np.concatenate([white(1.0, sr=sr, rms=0.01), white(2.0, sr=sr, seed=1, rms=0.3)])

    sound = open_audio(y, SR, n_shown=SR)
    night = Background(NIGHT.folder, ("a.wav",), (3.0,), read)
    request = parse_request(f"background={NIGHT.folder}@10", VARIANTS)
    made = make_variant(sound, request, VARIANTS, seed=0, clip_id="clip", backgrounds={str(NIGHT.folder): night})
    assert decibels(rms(y[:SR]) / rms(made[:SR] - y[:SR])) == pytest.approx(10, abs=0.1)


def test_two_channels_get_one_background_wherever_the_sound_is(clips):
    """Otherwise the background would be as quiet as the sound on its far side, and tell where it is."""
    y, sr = clips[0]
    both = np.stack([0.01 * y, y])
    left, right = make(both, "background=/night@10", sr=sr) - both
    np.testing.assert_allclose(left, right, atol=1e-5)
    assert decibels(rms(both) / rms(left)) == pytest.approx(10, abs=0.1)


@pytest.fixture
def folder(tmp_path):
    """Two recordings, in a folder whose name has all that separates something elsewhere."""
    place = tmp_path / "my night, wind+rain @home=1"
    (place / "later").mkdir(parents=True)
    write_wav(place / "a.wav", recorded_tone(500, seconds=2.0))
    stereo = np.stack([recorded_tone(3000, seconds=6.0, sr=44100)] * 2, axis=1)
    soundfile.write(place / "later" / "b.flac", stereo, 44100)
    return place


@pytest.mark.parametrize("text", ["background={}@10", "trim+background={}@10", "background={}@10+gain=-6"])
def test_a_folder_of_any_name_is_found_and_named(folder, text):
    [plain, request, last] = parse_requests([f"pitch=2 {text.format(folder)},noise=20"], VARIANTS, {})
    assert (plain.name, last.name) == ("pitch=+2", "noise=20")
    assert request.background.folder == str(folder) and request.background.value == 10
    assert request.name == text.format("my-night--wind-rain--home-1")
    assert parse_request(request.name, VARIANTS).name == request.name
    assert background_folders([request]) == {"my-night--wind-rain--home-1": str(folder)}
    assert not set(request.name) & set('/\\:*?"<>|%, ') and "__" not in request.name


def test_the_folder_is_relative_to_where_one_is_or_to_the_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for text, place in (("noise", "noise"), ("./noise/", "noise"), ("~/noise", "home/noise"), (".", "")):
        assert parse_request(f"background={text}@10", VARIANTS).background.folder == os.path.join(
            tmp_path, place
        ).rstrip("/")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("background", "must have a folder of recordings, `@` and snr_db. Got 'background'. Write for example"),
        ("background=10", "must have a folder of recordings"),
        ("background=@10", "must have a folder of recordings"),
        ("background=noise@loud", "snr_db must be a number. Got 'background=noise@loud'"),
        ("background=noise@101", "snr_db must be from -20 to 100"),
        ("background=my noise", "Got 'background=my'"),
        ("background=a@1+background=b@1", "one background at most"),
        ("background=x/a@1 background=y/a@1", "'a' there. Rename one"),
        ("background=x/a@1 background=y/A@5", "'A' there. Rename one"),
        ("background=" + "n" * 80 + "@10", "at most 80 bytes.*Give the folder a shorter name"),
    ],
)
def test_what_cannot_be_read_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_requests([text], VARIANTS, {})


def test_each_second_of_a_folder_is_as_probable_and_the_recording_is_known(folder):
    """Of 8 s, 6 are of the second recording; what is mixed in is a tone, which tells which one it is."""
    background = find_background(folder)
    assert background.files == ("a.wav", os.path.join("later", "b.flac")) and background.seconds == (2.0, 6.0)
    request = parse_request(f"background={folder}@-20", VARIANTS)
    chosen = [background_recording(background, request, seed=0, clip_id=str(n)) for n in range(2000)]
    assert np.mean(chosen) == pytest.approx(0.75, abs=0.04)
    y = white(1.0)
    for n in range(6):
        added = augment(y, SR, f"background={folder}@-20", clip_id=str(n)) - y
        assert loudest_hz(added, SR) == pytest.approx((500, 3000)[chosen[n]], rel=0.01)
    assert {0, 1} <= set(chosen[:6])


def test_each_clip_gets_a_part_of_its_own():
    y = tone(440)
    starts = set()

    def read(path, sr, *, start_s, longest_s):
        starts.add(start_s)
        return NIGHT.read(path, sr, start_s=start_s, longest_s=longest_s)

    for n in range(20):
        background = Background(NIGHT.folder, NIGHT.files, NIGHT.seconds, read)
        background.part(1, len(y), len(y), SR, np.random.default_rng(n))
    assert len(starts) == 20 and 0 <= min(starts) < 1.5 and 4.5 < max(starts) <= 6


def test_the_part_is_random_where_the_waveform_is_longer_than_the_image():
    """A recording of four images under a waveform of four: each second of it is shown as often, and no repetition."""
    ramp = np.arange(4 * SR, dtype=np.float32)

    def read(path, sr, *, start_s, longest_s):
        return ramp[int(start_s * sr) :][: round(longest_s * sr)]

    parts = [
        Background(NIGHT.folder, ("a.wav",), (4.0,), read).part(0, 4 * SR, SR, SR, np.random.default_rng(n))
        for n in range(200)
    ]
    starts_s = np.array([part[0] for part in parts]) / SR
    assert np.histogram(starts_s, bins=3, range=(0, 3))[0].min() > 40 and starts_s.max() > 2.8
    assert all(len(part) == 4 * SR and (np.diff(part[:SR]) == 1).all() for part in parts)


def test_a_short_recording_is_repeated_without_a_click(tmp_path):
    (tmp_path / "short").mkdir()
    write_wav(tmp_path / "short" / "a.wav", tone(100, seconds=0.4123, peak=0.1))
    part = find_background(tmp_path / "short").part(0, 3 * SR, 3 * SR, SR, np.random.default_rng(0))
    assert len(part) == 3 * SR
    assert np.abs(np.diff(part)).max() < 1.01 * np.abs(np.diff(tone(100, peak=0.1))).max()
    assert rms(part) == pytest.approx(0.1 / np.sqrt(2), rel=0.05)


def test_silent_parts_are_drawn_again_and_silent_recordings_named():
    def read(path, sr, *, start_s, longest_s):
        return np.full(round(longest_s * sr), np.float32(start_s > 3))

    rng = np.random.default_rng(0)
    assert Background(NIGHT.folder, ("a.wav",), (6.0,), read).part(0, SR, SR, SR, rng).all()
    with pytest.raises(ValueError, match="10 random parts of the background 'a.wav' are silent; take it out"):
        Background(NIGHT.folder, ("a.wav",), (2.0,), read).part(0, SR, SR, SR, rng)


def test_folders_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder .*gone"):
        augment(tone(440), SR, f"background={tmp_path}/gone@10")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    with pytest.raises(ValueError, match="holds none"):
        find_background(tmp_path / "notes")
    (tmp_path / "notes" / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="a.wav' is not readable as audio"):
        find_background(tmp_path / "notes")
