import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generate.dataset.image_size import parse_image_size
from generate.dataset.settings import Settings


def test_round_trip_through_json():
    settings = Settings(
        sr=22050, image_size=None, fmax_hz=8000, variants=("pitch=+2",), class_variants={"dog": ("none",)}, pad="repeat"
    )
    assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    assert Settings.from_json(json.loads(json.dumps(Settings().to_json()))) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("sr", 0, "1,000 to 1,000,000 hertz"),
        ("sr", float("nan"), "hertz.*Got nan"),
        ("seconds", -1, "0.05 to 600 seconds.*Got -1"),
        ("seconds", "5", "must be a number of seconds"),
        ("seconds", True, "must be a number of seconds"),
        ("pad", "zero", "pad must be one of silence, repeat, random"),
        ("long", "middle", "one of first, split"),
        ("hop_length", 4096, "at most n_fft"),
        ("n_mfcc", 600, "2 to 512"),
        ("fmax_hz", 30000, "half of sr"),
        ("fmin_hz", 22050, "fmin_hz < fmax_hz"),
        ("fmax_hz", 20, "two bins of 21.5"),
        ("range_db", 0, "decibels"),
        ("reference", "max", "peak, full-scale"),
        ("image_size", (0, 224), "8 to 4096"),
        ("seed", -1, "whole number"),
    ],
)
def test_bad_values_are_named(name, value, words):
    with pytest.raises(ValueError, match=words):
        Settings(**{name: value})


@pytest.mark.parametrize(
    "values",
    [
        {"seconds": 600, "sr": 1_000_000},
        {"seconds": 600, "n_fft": 65_536, "hop_length": 400},
        {"seconds": 60, "n_fft": 65_536, "hop_length": 64},
    ],
)
def test_what_would_not_fit_into_memory_is_refused(values):
    """Settings may come with a stranger's folder: 100,000 frames of 32,769 bins are 13 GB."""
    with pytest.raises(ValueError, match="(A clip|An image) must have at most"):
        Settings(**values)
    Settings(seconds=600, sr=192_000)


def test_image_size():
    assert parse_image_size("224") == (224, 224)
    assert parse_image_size(64) == (64, 64)
    assert parse_image_size("320x240") == (320, 240)
    assert parse_image_size("native") is None
    for bad in ("", "x", "12x", "big", "1x2x3"):
        with pytest.raises(ValueError, match="must be 224, 320x240"):
            parse_image_size(bad)


OTHERS = {
    "sr": 22050,
    "channels": "left",
    "denoise_db": 12.0,
    "seconds": 4.0,
    "pad": "repeat",
    "long": "split",
    "engine": "librosa",
    "feature": "log",
    "n_bands": 64,
    "n_mfcc": 20,
    "bins_per_octave": 24,
    "n_fft": 1024,
    "hop_length": 256,
    "fmin_hz": 50.0,
    "fmax_hz": 8000.0,
    "range_db": 60.0,
    "reference": "full-scale",
    "planes": ("left", "right", "side"),
    "image_size": (64, 64),
    "colormap": "gray",
    "seed": 1,
}


def test_every_setting_of_an_image_changes_the_fingerprint():
    not_in_an_image = {"variants", "class_variants", "variants_file"}
    assert set(OTHERS) == set(Settings.__dataclass_fields__) - not_in_an_image
    prints = [Settings(**{name: value}).fingerprint(engine_version="x 1") for name, value in OTHERS.items()]
    prints += [Settings().fingerprint(engine_version="x 1"), Settings().fingerprint(engine_version="x 2")]
    prints += [Settings().fingerprint(engine_version="x 1", variants_source="def f(): ...")]
    assert len(set(prints)) == len(prints)


@given(st.lists(st.sampled_from(["pitch=+2", "trim", "noise=20"])))
def test_fingerprint_does_not_depend_on_what_else_is_rendered(variants):
    here = Settings(variants=tuple(variants), class_variants={"a": tuple(variants)})
    assert here.fingerprint(engine_version="x") == Settings().fingerprint(engine_version="x")


def test_a_constant_q_transform_needs_octaves_and_room_for_its_filters():
    assert Settings(feature="cqt").fmin_hz == 32.703 and Settings().fmin_hz == 0
    with pytest.raises(ValueError, match="fmin_hz must be above 0.*Got 0 and 22050"):
        Settings(feature="cqt", fmin_hz=0)
    with pytest.raises(ValueError, match="fmax_hz twice as high.*Got 5000 and 8000"):
        Settings(feature="cqt", fmin_hz=5000, fmax_hz=8000)
    with pytest.raises(ValueError, match="at most 0.4 s. Got 0.53 s, at 32.703 Hz .*Raise fmin_hz to 44,"):
        Settings(feature="cqt", seconds=0.4)
    assert Settings(feature="cqt", seconds=0.4, fmin_hz=44).fmin_hz == 44
    with pytest.raises(ValueError, match="at most 10 s"):
        Settings(feature="cqt", seconds=600, fmin_hz=1)
    with pytest.raises(ValueError, match="bins_per_octave must be 6 to 96"):
        Settings(feature="cqt", bins_per_octave=1000)


def test_a_whole_number_is_the_same_setting():
    """As Python callers and TOML files write them."""
    whole, real = (
        Settings(seconds=3, fmin_hz=50, fmax_hz=8000, range_db=60),
        Settings(seconds=3.0, fmin_hz=50.0, fmax_hz=8000.0, range_db=60.0),
    )
    assert whole.fingerprint(engine_version="x") == real.fingerprint(engine_version="x")


def test_values_as_one_writes_them_in_python():
    assert Settings(variants="pitch=+2") == Settings(variants=["pitch=+2"])
    assert Settings(class_variants={"a": "trim"}) == Settings(class_variants={"a": ["trim"]})
    assert Settings(image_size=128) == Settings(image_size=[128, 128])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colormap", 3),
        ("variants", None),
        ("variants", [1]),
        ("class_variants", 3),
        ("image_size", (224,)),
        ("image_size", True),
        ("variants", {"trim": 1}),
        ("seed", 1.5),
        ("n_bands", 64.5),
    ],
)
def test_values_of_other_types(name, value):
    with pytest.raises(ValueError, match=f"'{name}' must be"):
        Settings(**{name: value})
