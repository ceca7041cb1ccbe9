import re

import pytest

from generate.dataset.planes import check_given, planes_in_words
from generate.dataset.settings import Settings

THREE = ("mel:2048", "mel:1024", "delta")


def test_stereo_is_short_for_left_right_and_mid():
    assert Settings(channels="stereo") == Settings(planes=("left", "right", "mid"))
    assert Settings(channels="stereo", planes=("mid", "side", "left")).planes == ("mid", "side", "left")
    assert planes_in_words(Settings(channels="stereo").planes) == "left in red, right in green, mid in blue"


def test_the_default_window_is_stated():
    """So `mel` and `mel:2048` are one setting, with one fingerprint."""
    assert Settings(planes=("mel", "mel:1024", "delta")) == Settings(planes=THREE)
    assert Settings(planes=("gammatone", "delta", "delta2"), sr=22050).planes[0] == "gammatone:1024"
    assert Settings(planes=("log", "harmonic", "percussive")).feature == "log"


def test_settings_have_planes_or_a_colormap():
    assert "planes" not in Settings().to_json()
    with_planes = Settings(planes=THREE)
    assert with_planes.to_json()["planes"] == list(THREE)
    assert "colormap" not in with_planes.to_json()
    assert Settings.from_json(with_planes.to_json()) == with_planes


REFUSED = {
    "mel": "three different ones, for red, green, blue. Got 'mel'",
    "mel mel:2048 delta": "must be different. Got mel:2048 mel:2048 delta",
    "mel mel:12 delta": "n_fft must be 64 to 65,536",
    "mel:x mel delta": "a number of samples, such as mel:512. Got 'mel:x'",
    "delta:9 mel delta": "a number of samples, such as mel:512. Got 'delta:9'",
    "mel mfcc delta": "must be one of mel, log, gammatone, harmonic, .* Got 'mfcc'",
    "mel log delta": "of one feature",
    "delta mel mel:512": "of which delta is the derivative",
    "left mel delta": "all of left, right, mid, side, or none",
}


@pytest.mark.parametrize(("planes", "message"), REFUSED.items())
def test_planes_that_do_not_go_together_are_refused(planes, message):
    with pytest.raises(ValueError, match=message):
        Settings(planes=tuple(planes.split()))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"planes": THREE, "channels": "stereo"}, "channels must be stereo with planes of left, right, mid, side, and"),
        ({"planes": ("left", "right", "side"), "channels": "left"}, "Got left with the planes left right side"),
        ({"planes": THREE, "feature": "gammatone"}, "Got the feature gammatone with the planes mel:2048"),
        ({"channels": "stereo", "feature": "mfcc"}, "Got the feature mfcc with the planes left right mid"),
        ({"planes": THREE, "image_size": None}, "Give an --image-size"),
    ],
)
def test_settings_that_contradict_planes_are_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Settings(**options)


@pytest.mark.parametrize("given", [{"feature": "mel"}, {"colormap": "magma"}])
def test_a_setting_that_planes_do_not_use_is_refused(given):
    """`mel` is the default, and refused where somebody gave it."""
    with pytest.raises(ValueError, match=f"--{next(iter(given))} must be"):
        check_given(given, planes=("log:2048", "log:1024", "log:512"), feature="log")
    check_given({"feature": "log"}, planes=("log:2048", "log:1024", "log:512"), feature="log")
    check_given(given, planes=(), feature="mel")
