"""What holds for every variant with every engine. A new entry of `VARIANTS` is tested as soon as it is there."""

import math

import numpy as np
import pytest

from augment_audio import ENGINES, VARIANTS, make_variant, open_audio, parse_request
from tests.augment_audio.conftest import NIGHT, NIGHT_FOLDER, make, skip_without_rubberband, written
from tests.conftest import SR, tone, white

TYPICAL = {
    "pitch": 2, "stretch": 0.7, "shift": 0.5, "roll": 0.5, "noise": 20, "gain": 6, "speed": 1.2, "background": 10, "reverb": 0.4,
    "mp3": 32, "lowpass": 4000, "clip": 6,
}  # fmt: skip
"""Values for variants that need one; those at the ends of the range are tried for all."""

LENGTHS = {
    "stretch": lambda n, rate: (math.floor(n / rate), math.ceil(n / rate)),
    "speed": lambda n, rate: (math.floor(n / rate) - 1, math.ceil(n / rate) + 1),
    "trim": lambda n, top_db: (1, n),
    "remove_silence": lambda n, top_db: (1, n),
}
"""Shortest and longest for variants that change the length."""


def typical(kind: str) -> str:
    """What a user may well write for a variant."""
    variant = VARIANTS[kind]
    if not variant.parameter or variant.default is not None:
        return kind
    return written(kind, TYPICAL.get(kind, max(variant.low, 1)))


def all_values(kind: str) -> list[str]:
    """A typical value and both ends of the range."""
    variant = VARIANTS[kind]
    ends = [written(kind, end) for end in (variant.low, variant.high) if variant.parameter and math.isfinite(end)]
    return [typical(kind), *ends]


def check_samples(y: np.ndarray, text: str, n_samples: int) -> None:
    request = parse_request(text, VARIANTS)
    assert y.dtype == np.float32
    assert y.ndim == 1
    assert np.isfinite(y).all()
    shortest, longest = LENGTHS.get(request.kind, lambda n, _: (n, n))(n_samples, request.value)
    assert max(1, shortest) <= len(y) <= max(1, longest)


pytestmark = pytest.mark.filterwarnings("error:.*:RuntimeWarning")
every_variant = pytest.mark.parametrize("kind", VARIANTS)
with_every_engine = pytest.mark.parametrize(
    ("kind", "engine"),
    [
        (kind, engine)
        for kind, variant in VARIANTS.items()
        for engine in (sorted(ENGINES) if variant.by_engine else ["librosa"])
    ],
    indirect=["engine"],
)
"""Every variant, and each engine where the variant is made by it; of the others the engine changes nothing, as
`test_the_order_of_the_variants_does_not_matter` shows."""


@pytest.mark.parametrize("n_samples", [1, 10, 100, 512, 2047, 2048, 5000])
@with_every_engine
def test_audio_of_any_length(engine, kind, n_samples):
    y = white(1)[:n_samples]
    before = y.copy()
    for text in all_values(kind):
        made = make(y, text, engine=engine)
        check_samples(made, text, n_samples)
        assert made.any(), f"{text} left only silence"
    np.testing.assert_array_equal(y, before, err_msg="the input was modified")


@pytest.mark.parametrize("sr", [8000, 96000])
@with_every_engine
def test_other_sample_rates(engine, kind, sr):
    y = white(0.2, sr=sr)
    for text in all_values(kind):
        check_samples(make(y, text, sr=sr, engine=engine), text, len(y))


@with_every_engine
def test_clips_of_some_seconds(engine, kind, clips):
    text = typical(kind)
    for y, sr in clips:
        y = y[: 2 * sr]
        before = y.copy()
        made = make(y, text, sr=sr, engine=engine)
        check_samples(made, text, len(y))
        np.testing.assert_array_equal(y, before, err_msg="the input was modified")
        assert made.any()


@pytest.mark.parametrize("n_samples", [1, 700, 5000])
@with_every_engine
def test_silence_stays_silence(engine, kind, n_samples):
    for text in all_values(kind):
        made = make(np.zeros(n_samples, np.float32), text, engine=engine)
        check_samples(made, text, n_samples)
        assert not made.any()


@with_every_engine
def test_loud_and_constant_audio(engine, kind):
    """Clipped decoders give peaks above 1, broken microphones a constant."""
    for y in (tone(440, peak=1.07), np.full(5000, 0.3, np.float32)):
        check_samples(make(y, typical(kind), engine=engine), typical(kind), len(y))


@pytest.mark.parametrize("peak", [1e-37, 1e-40])
@with_every_engine
def test_extremely_faint_audio(engine, kind, peak):
    """What a float file may hold after a fade: too small for 32 bits to hold its inverse."""
    y = tone(440, peak=1) * np.float32(peak)
    assert y.any()
    check_samples(make(y, typical(kind), engine=engine), typical(kind), len(y))


@with_every_engine
def test_louder_in_is_louder_out(engine, kind):
    """Eight times the level gives eight times the level, so that no variant depends on how loud a clip was taken."""
    y = tone(440, peak=0.06) + white(1, rms=0.01)
    quiet, loud = (make(samples, typical(kind), engine=engine) for samples in (y, 8 * y))
    np.testing.assert_allclose(loud, 8 * quiet, rtol=0, atol=1e-4)


@with_every_engine
def test_the_same_clip_gives_the_same_and_another_other_chances(engine, kind):
    y = tone(440, seconds=0.5) + white(0.5, rms=0.01)
    text = typical(kind)
    base = make(y, text, engine=engine, seed=1, clip_id="dog")
    np.testing.assert_array_equal(make(y, text, engine=engine, seed=1, clip_id="dog"), base)
    others = [make(y, text, engine=engine, seed=seed, clip_id=clip_id) for seed, clip_id in ((2, "dog"), (1, "cat"))]
    for other in others:
        assert np.array_equal(other, base) != VARIANTS[kind].is_random


@pytest.mark.parametrize("engine_name", sorted(ENGINES))
def test_the_order_of_the_variants_does_not_matter(engine_name):
    if engine_name == "rubberband-program":
        skip_without_rubberband()
    y = tone(440, seconds=0.3) + white(0.3, rms=0.01)
    texts = [typical(kind) for kind in VARIANTS]
    alone = {text: make(y, text, engine=engine_name) for text in texts}
    sound = open_audio(y, SR, engine=engine_name)
    for text in reversed(texts):
        request = parse_request(text, VARIANTS)
        made = make_variant(sound, request, VARIANTS, seed=0, clip_id="clip", backgrounds={NIGHT_FOLDER: NIGHT})
        np.testing.assert_array_equal(made, alone[text])
        if not VARIANTS[request.kind].by_engine:
            np.testing.assert_array_equal(made, make(y, text, engine="librosa"))


@every_variant
def test_a_variant_is_described_and_its_range_is_whole(kind):
    variant = VARIANTS[kind]
    assert kind.isidentifier(), "stands in file names"
    assert variant.summary.endswith(".")
    assert len(variant.summary) <= 105, "stands on one line of --help"
    assert variant.low <= variant.high
    assert variant.default is None or variant.low <= variant.default <= variant.high
    if variant.parameter:
        assert math.isfinite(variant.low)
        assert math.isfinite(variant.high)


@pytest.mark.parametrize("engine_name", sorted(ENGINES))
def test_an_engine_says_its_version(engine_name):
    if engine_name == "rubberband-program":
        skip_without_rubberband()
    assert any(character.isdigit() for character in ENGINES[engine_name].version())


@with_every_engine
def test_two_equal_channels_stay_equal_and_are_the_mono_variant(engine, kind):
    y = np.concatenate([np.zeros(4000), tone(300, seconds=0.2), np.zeros(9000), white(0.2), np.zeros(3000)])
    mono, both = make(y, typical(kind), engine=engine), make(np.stack([y, y]), typical(kind), engine=engine)
    if kind == "noise":  # of a recorder, which is another in each channel
        noises = both - y.astype(np.float32)
        assert abs(np.corrcoef(noises)[0, 1]) < 0.05
        np.testing.assert_allclose(noises.std(axis=1), (mono - y).std(), rtol=0.05)
        return
    np.testing.assert_array_equal(both[0], both[1])
    np.testing.assert_allclose(both[0], mono, atol=1e-6 * np.abs(mono).max())


@with_every_engine
def test_two_channels_of_different_lengths_of_audio_stay_aligned(engine, kind):
    """The left one is silent first, and the right one last: nothing leaks, and what is cut is cut from both."""
    left = np.concatenate([np.zeros(12000), tone(300, seconds=0.5)])
    right = np.concatenate([tone(900, seconds=0.5), np.zeros(12000)])[: len(left)]
    made, swapped = (make(np.stack(y), typical(kind), engine=engine) for y in ((left, right), (right, left)))
    assert made.shape[0] == 2
    assert np.isfinite(made).all()
    if kind != "noise":
        np.testing.assert_allclose(made, swapped[::-1], atol=1e-6 * np.abs(made).max())
    if kind == "trim":
        assert made.shape == (2, len(left)), "no part of it is silent in both"
    if kind in ("pitch", "stretch"):
        assert np.abs(made[0, 2000:10000]).max() < 1e-6, "nothing of the right one"
