"""The check for copies accuses nobody by chance, and finds copies: `python -m benchmarks.near_duplicates` says more."""

import numpy as np
import pytest

from benchmarks.near_duplicates import COPIES, pieces, small_images
from benchmarks.unrelated_audio import KINDS, draw
from generate.audio import load
from generate.audit import assess, checks
from generate.audit.near_duplicates import near_duplicates
from generate.audit.shortcut import shortcut
from generate.dataset.settings import Settings
from tests.generate.audit.test_assess import SETTINGS, clips_table

SHORT = Settings(seconds=0.8, sr=8000, n_fft=512, hop_length=128)
NOISY = ["noise", "swelling noise", "rain"]


def copies_of(audio_folder, settings, sources=None):
    sources = np.arange(len(audio_folder)) if sources is None else sources
    return near_duplicates(
        small_images(audio_folder, settings), sources, seconds=settings.seconds, feature=settings.feature
    )


@pytest.mark.parametrize("kind", KINDS)
def test_unrelated_short_clips_are_no_pairs(kind):
    audio_folder = draw(kind, 100, seed=3, sr=SHORT.sr, shortest_s=0.3, longest_s=0.8)
    assert len(copies_of(audio_folder, SHORT).pairs) == 0


@pytest.mark.parametrize("feature", ["log", "gammatone", "mfcc", "pcen", "cqt"])
def test_unrelated_clips_are_no_pairs_in_other_features(feature):
    settings = Settings(seconds=1, sr=8000, n_fft=512, hop_length=128, feature=feature)
    audio_folder = [y for kind in KINDS for y in draw(kind, 10, seed=4, sr=settings.sr, shortest_s=0.3, longest_s=1)]
    assert len(copies_of(audio_folder, settings).pairs) == 0


def test_padding_makes_no_pairs():
    """Clips of 0.4 s in images of 5 s: fifteen of fifteen noises were pairs."""
    settings = Settings(sr=8000, n_fft=512, hop_length=128)
    for kind in NOISY:
        audio_folder = draw(kind, 15, seed=5, sr=settings.sr, shortest_s=0.4, longest_s=0.4)
        found = copies_of(audio_folder, settings)
        assert len(found.pairs) == 0 and found.comparable.all()


@pytest.mark.parametrize("copy", COPIES)
def test_copies_of_noises_of_two_seconds_are_found(copy):
    settings = Settings(seconds=2, sr=22050)
    audio_folder = [y for kind in NOISY for y in draw(kind, 4, seed=6, sr=settings.sr, shortest_s=1.8, longest_s=1.8)]
    found = copies_of([*audio_folder, *(COPIES[copy](y, settings.sr) for y in audio_folder)], settings).pairs
    assert (found["b"] - found["a"] == len(audio_folder)).all()
    assert len(found) >= (9 if copy in {"MP3", "Opus"} else 12)  # these two at the lowest quality that there is


@pytest.mark.parametrize("kind", ["chirp", "tone", "click train", "hum"])
def test_what_is_too_steady_or_simple_to_tell_is_never_accused(kind):
    settings = Settings(seconds=1, sr=8000, n_fft=512, hop_length=128)
    audio_folder = draw(kind, 20, seed=7, sr=settings.sr, shortest_s=1, longest_s=1)
    found = copies_of([*audio_folder, *audio_folder], settings)
    assert found.comparable[found.pairs[["a", "b"]]].all()
    assert (found.pairs["b"] - found.pairs["a"] == len(audio_folder)).all()


def test_real_short_pieces_of_different_recordings_are_no_pairs_and_their_copies_are(esc10):
    # 5-151085 holds what 3-151080 holds, some seconds later (their samples correlate by 0.99): no two recordings.
    paths = [path for path in sorted(esc10.glob("0*/*-A.ogg"))[::6] if "151085" not in path.name]
    audio_folder = [load(path, SHORT.sr).y for path in paths]
    cut, of = pieces(audio_folder, np.arange(len(paths)), SHORT.sr, 300)
    found = copies_of(cut, SHORT, of)
    assert len(found.pairs) == 0
    some = [row for row in range(300) if found.comparable[row]][:60]
    audio_folder = [cut[row] for row in some]
    copied = [y.astype(np.float32) * 0.5 for y in audio_folder]
    again = copies_of([*audio_folder, *copied], SHORT).pairs
    assert (again["b"] - again["a"] == 60).sum() >= 57


def test_the_finding_says_what_it_cannot_tell_and_accuses_no_label():
    clips = clips_table()
    pairs = near_duplicates(np.zeros((30, 32, 51), np.uint8), np.arange(30), seconds=1)
    assert not pairs.comparable.any() and len(pairs.pairs) == 0
    finding = checks.near_duplicates(clips, pairs.pairs, n_not_comparable=30)
    assert finding.status == "ok"
    assert finding.what == (
        "no two recordings seem to be the same but for codec, gain or a start up to 0.1 s apart; 30 clips too short or too steady to compare"
    )
    small = np.random.default_rng(0).integers(0, 256, (30, 32, 128), dtype=np.uint8)
    small[5] = small[4]
    finding = assess.assess(clips, small, settings=SETTINGS)[1][6]
    assert "apart, 1 of them in two classes: 4.wav (b) and 5.wav (c)" in finding.what
    assert "one recording with two labels, or a copy" in finding.fix and "wrong" not in finding.fix


def test_equal_samples_in_two_classes_are_no_wrong_label():
    clips = clips_table()
    clips.loc[:1, "audio_sha256"] = "same"
    finding = assess.assess(clips, np.zeros((30, 32, 128), np.uint8), settings=SETTINGS)[1][5]
    assert "one recording has two labels; listen" in finding.fix and "wrong" not in finding.fix


# A number that tells the class by chance


@pytest.mark.parametrize("n_classes, n_recordings", [(2, 3), (5, 4), (10, 3), (10, 8)])
def test_labels_drawn_at_random_are_told_by_nothing(n_classes, n_recordings):
    """By effect alone, 1 of 4 collections of ten classes of three recordings raised an alarm."""
    rng, alarms = np.random.default_rng(0), 0
    n = n_classes * n_recordings
    for turn in range(30):
        seconds = [rng.uniform(1, 5, n), rng.integers(1, 5, n), np.minimum(rng.uniform(3, 15, n), 5)][turn % 3]
        clips = pd_clips(n_classes, n_recordings, seconds)
        alarms += assess.shortcut_checks.duration_by_class(clips, SETTINGS).status != "ok"
    assert alarms <= 1


def test_a_length_that_does_tell_is_named_even_of_few_recordings():
    clips = pd_clips(4, 5, np.repeat([1.0, 2.0, 3.0, 4.0], 5))
    finding = assess.shortcut_checks.duration_by_class(clips, SETTINGS)
    assert finding.status == "warning" and "it predicts" in finding.what
    told = shortcut(np.repeat([1.0, 2.0], 5), np.repeat(["a", "b"], 5), np.arange(10), width=0.1)
    assert told.accuracy == 1


def pd_clips(n_classes, n_recordings, seconds):
    n = n_classes * n_recordings
    clips = clips_table(n)
    return clips.assign(label=np.repeat([f"c{i:02d}" for i in range(n_classes)], n_recordings), seconds=seconds)
