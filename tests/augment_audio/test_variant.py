"""How variants are parsed and named, their random numbers, and what they may return."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment_audio import (
    ENGINES,
    PRESETS,
    VARIANTS,
    Request,
    Variant,
    choose_engine,
    make_variant,
    open_audio,
    parse_request,
    parse_requests,
)
from augment_audio.engines.rubberband import RubberBandSound
from tests.augment_audio.conftest import make, written
from tests.conftest import SR, tone

ROOT = Path(__file__).parents[2]


def names(*texts):
    return [request.name for request in parse_requests(texts, VARIANTS, PRESETS)]


# Parsing and naming.


@pytest.mark.parametrize(
    ("text", "name", "kind", "value"),
    [
        ("pitch=+2", "pitch=+2", "pitch", 2),
        ("pitch=2", "pitch=+2", "pitch", 2),
        ("pitch=2.0", "pitch=+2", "pitch", 2),
        (" pitch=-2 ", "pitch=-2", "pitch", -2),
        ("pitch=-0.5", "pitch=-0.5", "pitch", -0.5),
        ("pitch=0", "pitch=+0", "pitch", 0),
        ("stretch=0.70", "stretch=0.7", "stretch", 0.7),
        ("stretch=+1.2", "stretch=1.2", "stretch", 1.2),
        ("stretch=.7", "stretch=0.7", "stretch", 0.7),
        ("gain=6", "gain=+6", "gain", 6),
        ("noise=2e1", "noise=20", "noise", 20),
        ("trim", "trim", "trim", 60),
        ("trim=60", "trim", "trim", 60),
        ("trim=30", "trim=30", "trim", 30),
        ("remove-silence=40.0", "remove_silence", "remove_silence", 40),
    ],
)
def test_a_variant_has_one_name_however_it_is_written(text, name, kind, value):
    assert parse_request(text, VARIANTS) == Request(name, kind, value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("picth=2", "A variant must be one of background, clip, .*trim. Got 'picth=2'"),
        ("", "Got ''"),
        ("=2", "Got '=2'"),
        ("Pitch=2", "Got 'Pitch=2'"),
        ("pitch", "n_semitones must be a number. Got 'pitch'. Write for example 'pitch=1'"),
        ("pitch=", "n_semitones must be a number. Got 'pitch='. Write for example 'pitch=1'"),
        ("pitch=up", "n_semitones must be a number. Got 'pitch=up'"),
        ("pitch=2=3", "n_semitones must be a number. Got 'pitch=2=3'"),
        ("trim=", "top_db must be a number. Got 'trim='. Write for example 'trim=60'"),
        ("pitch=25", "n_semitones must be from -24 to 24. Got 25 in 'pitch=25'"),
        ("pitch=-24.5", "n_semitones must be from -24 to 24. Got -24.5 in 'pitch=-24.5'"),
        ("stretch=0", "rate must be from 0.25 to 4. Got 0 in 'stretch=0'"),
        ("stretch=-1", "rate must be from 0.25 to 4. Got -1 "),
        ("noise=nan", "snr_db must be from -20 to 100. Got nan in 'noise=nan'"),
        ("noise=inf", "snr_db must be from -20 to 100. Got inf in 'noise=inf'"),
    ],
)
def test_what_cannot_be_parsed_is_named_with_a_fix(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_request(text, VARIANTS)
    assert caught.value.__cause__ is None


RANGES = {
    "pitch": (-24, 24),
    "stretch": (0.25, 4),
    "trim": (1, 120),
    "remove_silence": (1, 120),
    "shift": (0.001, 600),
    "roll": (0.001, 600),
    "noise": (-20, 100),
    "gain": (-60, 60),
    "speed": (0.25, 4),
    "background": (-20, 100),
    "reverb": (0.1, 9),
    "mp3": (32, 320),
    "lowpass": (50, 200_000),
    "clip": (0, 60),
    "denoise": (1, 100),
}


def test_every_variant_has_its_range_here():
    assert RANGES.keys() == VARIANTS.keys()


@pytest.mark.parametrize("kind", RANGES)
def test_both_ends_of_a_range_belong_to_it(kind):
    low, high = RANGES[kind]
    for inside in (low, high):
        assert parse_request(written(kind, inside), VARIANTS).value == inside
    for outside in (np.nextafter(low, -math.inf), np.nextafter(high, math.inf)):
        with pytest.raises(ValueError, match=f"must be from {low:g} to {high:g}"):
            parse_request(written(kind, float(outside)), VARIANTS)


@settings(max_examples=200)
@given(kind=st.sampled_from(sorted(RANGES)), part=st.floats(0, 1))
def test_a_name_reads_as_itself_and_is_a_file_name(kind, part):
    low, high = RANGES[kind]
    choices = VARIANTS[kind].choices
    value = choices[int(part * (len(choices) - 1))] if choices else low + part * (high - low)
    name = parse_request(written(kind, f"{value:f}"), VARIANTS).name
    assert parse_request(name, VARIANTS).name == name
    assert not set(name) & set('/\\:*?"<>|% '), "not safe in the name of a file"
    assert "__" not in name, "parts clip and variant in the name of an image"


@pytest.mark.parametrize("text", ["stretch=0.70000001", "noise=20.0000001", "pitch=1.23456789"])
def test_a_name_says_the_whole_value(text):
    request = parse_request(text, VARIANTS)
    assert parse_request(request.name, VARIANTS) == request


def test_minus_nought_is_nought():
    assert names("pitch=0", "pitch=-0") == ["pitch=+0"]


def test_a_variant_without_a_parameter_takes_no_value():
    variants = {"reverse": Variant(lambda sound: sound.y[::-1])}
    assert parse_request("reverse", variants) == Request("reverse", "reverse", None)
    with pytest.raises(ValueError, match="'reverse' must have no value. Got 'reverse=1'. Write 'reverse'"):
        parse_request("reverse=1", variants)


@pytest.mark.parametrize("text", ["own=inf", "own=-inf", "own=nan"])
def test_a_variant_without_limits_takes_numbers_alone(text):
    variants = {"own": Variant(lambda sound, *, value: sound.y, "value")}
    assert parse_request("own=-1e30", variants).value == -1e30
    with pytest.raises(ValueError, match="value must be from -inf to inf. Got"):
        parse_request(text, variants)


def test_the_example_in_a_message_can_be_used():
    for kind, variant in VARIANTS.items():
        with pytest.raises(ValueError, match="Write for example") as caught:
            parse_request(f"{kind}=", VARIANTS)
        example = str(caught.value).rpartition("for example '")[2].rstrip("'.")
        assert variant.low <= parse_request(example, VARIANTS).value <= variant.high


# Lists and presets.


def test_the_papers_preset():
    """Mushtaq, Su, Tran 2021, "NAA": two pitches, two tempos, trimmed silence."""
    assert names("paper") == ["pitch=+2", "pitch=-2", "stretch=0.7", "stretch=1.2", "trim"]


def test_every_preset_can_be_read():
    for preset, members in PRESETS.items():
        assert len(names(preset)) == len(members)


def test_each_variant_comes_once_in_the_order_given():
    assert names("trim", "pitch=2,noise=20", "pitch=+2.0", "paper") == [
        "trim", "pitch=+2", "noise=20", "pitch=-2", "stretch=0.7", "stretch=1.2",
    ]  # fmt: skip


@pytest.mark.parametrize("texts", [[], ["none"], ["original"], ["none, original", ""], [","]])
def test_the_original_alone(texts):
    assert parse_requests(texts, VARIANTS, PRESETS) == ()


@pytest.mark.parametrize("text", ["pitch=2,noise=20", "pitch=2 noise=20", " pitch=2 , noise=20, ", "pitch=2,,noise=20"])
def test_commas_and_spaces_separate(text):
    assert names(text) == ["pitch=+2", "noise=20"]


def test_a_mistake_in_a_list_is_one():
    with pytest.raises(ValueError, match="Got 'papre'"):
        names("pitch=2", "papre")


# Random numbers.


def test_random_variants_are_known_as_such():
    assert {kind for kind, variant in VARIANTS.items() if variant.is_random} == {"shift", "roll", "noise", "background"}


def test_another_value_gives_other_random_numbers():
    """Else the noise at 10 dB would be the noise at 20 dB made louder, and the images near duplicates."""
    y = tone(440)
    weak, strong = (make(y, text) - y for text in ("noise=20", "noise=0"))
    assert abs(np.corrcoef(weak, strong)[0, 1]) < 0.05


def test_seed_and_clip_do_not_run_into_each_other():
    """Seed 1 and clip "2" is not seed 12 and no clip name, nor the other way round."""
    y = tone(440, seconds=0.1)
    made = [make(y, "noise=0", seed=seed, clip_id=clip_id) for seed, clip_id in ((1, "23"), (12, "3"), (123, ""))]
    assert not np.array_equal(made[0], made[1])
    assert not np.array_equal(made[1], made[2])
    assert not np.array_equal(made[0], made[2])


def test_another_process_gives_the_same(tmp_path):
    """Workers and later runs: Python's own hash differs between processes and must not be used."""
    script = (
        "import sys; import numpy as np; from augment_audio import *\n"
        f"sound = open_audio(np.arange(1000, dtype=np.float32), {SR})\n"
        "y = make_variant(sound, parse_request('roll=1', VARIANTS), VARIANTS, seed=3, clip_id='dög-\\udcff')\n"
        "print(int(y[0]))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    here = make(np.arange(1000, dtype=np.float32), "roll=1", seed=3, clip_id="dög-\udcff")
    assert int(done.stdout) == here[0]


def test_other_random_numbers_do_not_matter():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    one = make(tone(440), "noise=0")
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    np.random.seed(1)
    np.testing.assert_array_equal(make(tone(440), "noise=0"), one)


# What a variant may return, and what it gets.


def returned_by(make_samples):
    sound = open_audio(np.ones(10, np.float32), SR)
    return make_variant(sound, Request("own", "own", None), {"own": Variant(make_samples)}, seed=0, clip_id="clip")


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros((10, 2)), r"'own' must return finite mono samples .*Got shape \(10, 2\)"),
        (np.zeros(0), r"shape \(0,\)"),
        (1.0, r"shape \(\)"),
        (np.array([1, np.nan]), r"shape \(2,\) with values that are not finite"),
        (np.array([1, -np.inf]), "not finite"),
        (np.array([1e300]), "not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_a_variant_that_returns_something_else_is_refused(result, message):
    with pytest.raises(ValueError, match=message):
        returned_by(lambda sound: result)


@pytest.mark.parametrize("result", [np.array([1, 2], np.int16), np.array([1.0, 2.0]), [1, 2]])
def test_other_kinds_of_numbers_become_float32(result):
    y = returned_by(lambda sound: result)
    assert y.dtype == np.float32
    assert y.tolist() == [1, 2]


def test_a_variant_cannot_modify_its_input():
    def careless(sound):
        sound.y *= 2
        return sound.y

    with pytest.raises(ValueError, match="read-only"):
        returned_by(careless)


def test_the_value_goes_to_the_parameter_and_the_summary_is_the_first_line():
    def own(sound, *, factor, rng):
        """Make it louder.

        And so on.
        """
        return sound.y * factor + 0 * rng.random()

    variant = Variant(own, "factor", low=0, high=5)
    assert variant.summary == "Make it louder."
    assert variant.is_random
    request = parse_request("own=3", {"own": variant})
    y = make_variant(open_audio(np.ones(2), SR), request, {"own": variant}, seed=0, clip_id="clip")
    assert y.tolist() == [3, 3]


def test_a_variant_of_ones_own_gets_each_channel_with_the_same_random_numbers():
    def own(sound, *, rng):
        return sound.y[::-1] * np.float32(rng.uniform(1, 2))

    def cut(sound):
        return sound.y[sound.y > 0]

    known = {"own": Variant(own), "cut": Variant(cut)}
    stereo = open_audio(np.array([[1, 2, 3], [0, 5, 6]]), SR)
    left, right = make_variant(stereo, parse_request("own", known), known, seed=0, clip_id="clip")
    np.testing.assert_allclose(left / left[2], [3, 2, 1])
    np.testing.assert_allclose(right / left[2], [6, 5, 0])
    with pytest.raises(ValueError, match="as many samples for the left channel as for the right one"):
        make_variant(stereo, parse_request("cut", known), known, seed=0, clip_id="clip")


# Waveforms and engines.


@pytest.mark.parametrize("y", [np.zeros(0), np.zeros((5, 2)), np.zeros((2, 0)), np.float32(1)])
def test_a_waveform_is_mono_samples(engine, y):
    with pytest.raises(
        ValueError, match=r"y must be mono samples of shape \(n,\), or two channels of shape \(2, n\), n > 0. Got shape"
    ):
        open_audio(y, SR, engine=engine)


@pytest.mark.parametrize("y", [np.arange(6)[::2], [0.0, 2.0, 4.0], np.array([0, 2, 4], np.int16)])
def test_samples_of_other_kinds_are_taken(y):
    sound = open_audio(y, SR)
    assert sound.y.dtype == np.float32
    assert sound.y.tolist() == [0, 2, 4]


def test_the_callers_array_stays_writeable():
    y = np.ones(10, np.float32)
    sound = open_audio(y, SR)
    assert not sound.y.flags.writeable
    y[0] = 2


def without_library(monkeypatch):
    def absent():
        raise FileNotFoundError("Rubber Band's library is not installed")

    monkeypatch.setattr(RubberBandSound, "version", absent)


def test_an_engine_is_chosen_by_name():
    for name in ENGINES:
        assert choose_engine(name) == name
    with pytest.raises(
        ValueError, match="engine must be one of auto, rubberband, rubberband-program, librosa. Got 'sox'"
    ):
        choose_engine("sox")


def test_auto_is_the_library_of_rubber_band():
    pytest.importorskip("pedalboard", reason="Rubber Band's library is not installed")
    assert ENGINES[choose_engine()] is RubberBandSound


def test_without_the_library_auto_is_the_program(fake_rubberband, monkeypatch):
    without_library(monkeypatch)
    fake_rubberband("exit 1")
    assert choose_engine("auto") == "rubberband-program"


def test_with_a_program_that_does_not_answer_auto_is_librosa(fake_rubberband, monkeypatch):
    without_library(monkeypatch)
    fake_rubberband("exit 0", version="exit 127")
    assert choose_engine("auto") == "librosa"


def test_without_either_auto_is_librosa(no_rubberband, monkeypatch):
    without_library(monkeypatch)
    assert choose_engine() == "librosa"
