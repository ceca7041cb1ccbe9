"""The planes of an image: what its red, its green and its blue part show, where it has no palette."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

FEATURES = ("mel", "log", "gammatone")
"""Features that a plane may show: in decibels, with a frequency axis."""
CHANNELS = ("left", "right", "mid", "side")
"""Of a stereo recording; mid is half the sum of left and right, side half their difference."""
PARTS = ("harmonic", "percussive")
"""Of the audio; see `generate.features.harmonic_percussive`."""
DELTAS = {"delta": 1, "delta2": 2}
"""First and second derivative in time of the first plane."""
STEREO = ("left", "right", "mid")
"""Of `channels="stereo"`. Mid is what the image of a mono recording shows, and it holds what left and right do not: how
far the two are in phase. Side would tell no more (the powers of mid and side together are half those of left and right
together), and is black for a recording whose channels are equal."""
COLOURS = ("red", "green", "blue")
HELP = (
    "three planes, shown in red, green and blue instead of a colour map, of: mel:N, log:N, gammatone:N (window of N "
    "samples), harmonic, percussive, delta, delta2 (of the first); or of: left, right, mid, side"
)


@dataclass(frozen=True)
class Plane:
    """What one plane of an image shows.

    Parameters
    ----------
    name : str
        One of `FEATURES`, `CHANNELS`, `PARTS` or `DELTAS`.
    n_fft : int, optional
        Analysis window of a feature, in samples; default: that of the settings.
    """

    name: str
    n_fft: int | None = None

    def __str__(self) -> str:
        """As the user writes it, such as `mel:512`."""
        return self.name if self.n_fft is None else f"{self.name}:{self.n_fft}"


def parse_plane(text: str) -> Plane:
    """Read one plane, such as `mel:512`, `delta` or `left`.

    Raises
    ------
    ValueError
        If there is no such plane.

    Examples
    --------
    >>> parse_plane("mel:512")
    Plane(name='mel', n_fft=512)
    """
    name, colon, number = text.partition(":")
    if name not in (*FEATURES, *CHANNELS, *PARTS, *DELTAS):
        raise ValueError(
            f"A plane must be one of {', '.join((*FEATURES, *PARTS, *DELTAS, *CHANNELS))}. Got {text!r}. Of the first "
            f"{len(FEATURES)}, the window can be given, in samples, such as mel:512."
        )
    if not colon:
        return Plane(name)
    if name not in FEATURES or not number.isdecimal():
        raise ValueError(
            f"A plane with a window must be a feature and a number of samples, such as mel:512. Got {text!r}."
        )
    return Plane(name, int(number))


def parse_planes(texts: Sequence[str]) -> tuple[Plane, ...]:
    """Read the three planes of an image.

    Raises
    ------
    ValueError
        If they are not three different ones that go together.

    Examples
    --------
    >>> [str(plane) for plane in parse_planes(["mel:2048", "mel:512", "delta"])]
    ['mel:2048', 'mel:512', 'delta']
    """
    planes = tuple(parse_plane(text) for text in texts)
    shown = " ".join(texts)
    if len(planes) != len(COLOURS) or len(set(planes)) != len(planes):
        raise ValueError(f"planes must be three different ones, for {', '.join(COLOURS)}. Got {shown!r}.")
    names = [plane.name for plane in planes]
    if any(name in CHANNELS for name in names) and not all(name in CHANNELS for name in names):
        raise ValueError(
            f"planes must be all of {', '.join(CHANNELS)}, or none: the others are of one channel. Got {shown!r}."
        )
    if names[0] in DELTAS:
        raise ValueError(f"The first plane must be the one of which {names[0]} is the derivative. Got {shown!r}.")
    if len({name for name in names if name in FEATURES}) > 1:
        raise ValueError(f"planes must be of one feature, so that they share their frequency axis. Got {shown!r}.")
    return planes


def settle_planes(texts: Sequence[str], *, channels: str, feature: str, n_fft: int) -> tuple[tuple[str, ...], str, str]:
    """Settle what planes mean together with other settings of an image.

    Parameters
    ----------
    texts : sequence of str
        Empty: those of `channels="stereo"`.
    channels, feature : str
        See `generate.dataset.settings.Settings`; `auto` and `mel`, the defaults, go with all planes.
    n_fft : int
        Window of the features that state none.

    Returns
    -------
    planes : tuple of str
        With the windows of all features.
    channels, feature : str

    Raises
    ------
    ValueError
        If they contradict each other.
    """
    planes = [
        replace(plane, n_fft=plane.n_fft or n_fft) if plane.name in FEATURES else plane
        for plane in parse_planes(texts or STEREO)
    ]
    names, settled = [plane.name for plane in planes], tuple(map(str, planes))
    shown = " ".join(settled)
    if len(set(settled)) < len(settled):
        raise ValueError(f"planes must be different. Got {shown}, with the window of {n_fft} samples as the default.")
    wanted = "stereo" if names[0] in CHANNELS else "auto"
    if channels != wanted and (channels == "stereo" or (channels != "auto" and wanted == "stereo")):
        raise ValueError(
            f"channels must be stereo with planes of {', '.join(CHANNELS)}, and with these alone. Got {channels} with "
            f"the planes {shown}. Leave one of the two out."
        )
    own = next((name for name in names if name in FEATURES), feature)
    if own not in FEATURES or feature not in (own, "mel"):
        raise ValueError(
            f"The feature of planes must be one of {', '.join(FEATURES)}, the same for all. Got the feature {feature} "
            f"with the planes {shown}. Leave one of the two out."
        )
    return settled, "stereo" if wanted == "stereo" else channels, own


def check_given(given: Mapping[str, object], *, planes: Sequence[str], feature: str) -> None:
    """Check that planes use the settings that the user gave.

    Parameters
    ----------
    given : Mapping of str to object
        Settings that are not left at their defaults.
    planes : sequence of str
        As settled; empty: there are none.
    feature : str
        Of the planes.

    Raises
    ------
    ValueError
    """
    shown = " ".join(planes)
    if planes and "colormap" in given:
        raise ValueError(
            f"--colormap must be left out with three planes, which are red, green and blue. Got {given['colormap']} "
            f"with {shown}."
        )
    if planes and given.get("feature", feature) != feature:
        raise ValueError(
            f"--feature must be that of the planes, {feature}. Got {given['feature']} with {shown}. Leave one of the "
            "two out."
        )


def planes_in_words(texts: Sequence[str]) -> str:
    """Such as `left in red, right in green, mid in blue`; empty where there are none."""
    return ", ".join(f"{text} in {colour}" for text, colour in zip(texts, COLOURS, strict=False))
