"""What a variant is, how `pitch=+2` and `pitch=+2+stretch=0.7` are parsed, and how one variant is made."""

from __future__ import annotations

import hashlib
import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from augment_audio.made_samples import check_samples, each_channel
from augment_audio.sound import Sound

ORIGINAL = "original"
"""The variant that is the clip itself; it is always rendered."""
NEXT = re.compile(r"\+(?=[^\W\d])")
"""What separates augmentations that are made one after the other: a `+` before a letter. A value never has one (only
`+inf` and `+nan` would), no shell reads a `+`, and no system forbids it in the name of a file."""
LONGEST_NAME = 80
"""Bytes; with a clip's 120, `__`, the suffix and that of a temporary file, within the 255 of a file name."""


@dataclass(frozen=True)
class Variant:
    """An audio augmentation: an entry of `VARIANTS`.

    Parameters
    ----------
    make : callable
        `make(sound, *, <parameter>) -> y`. It gets a `Sound`, may read `sound.y` (mono float32, read-only) and
        `sound.sr`, and returns new samples of any length, shape=(n,). Where it has an argument `rng`, it
        gets a `numpy.random.Generator` of its own for each clip and must use no other random numbers.
    parameter : str
        Keyword argument that gets the value after `=`, with its unit (`n_semitones`); empty: there is no value.
    low, high : float
        Range of the value, both ends included.
    default : float or None
        The value if none is given; None: one must be given.
    signed : bool
        Whether the name always has a sign (`pitch=+2`).
    is_gain : bool
        Whether the variant only multiplies the samples by its value in decibels.
    by_engine : bool
        Whether the value is an argument of `Sound.stretch_and_shift` and nothing else is done, so that two such
        augmentations one after the other are made in one pass.
    stereo : bool
        Whether `make` takes two channels too, of shape (2, n). Otherwise it gets each by itself, with equal random
        numbers.
    """

    make: Callable[..., np.ndarray]
    parameter: str = ""
    low: float = -math.inf
    high: float = math.inf
    default: float | None = None
    signed: bool = False
    is_gain: bool = False
    by_engine: bool = False
    stereo: bool = False

    @property
    def summary(self) -> str:
        """What it does: the first line of the function's docstring."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]

    @cached_property
    def is_random(self) -> bool:
        """Whether it uses random numbers."""
        return "rng" in inspect.signature(self.make).parameters


@dataclass(frozen=True)
class Request:
    """A variant with its value, such as `pitch=+2`, or several augmentations, such as `pitch=+2+stretch=0.7`.

    Parameters
    ----------
    name : str
        In its normal form, as in file names and in `metadata.csv`.
    kind : str
        The key in `VARIANTS`; of several augmentations, the first's.
    value : float or None
        The value of the variant's parameter.
    then : Request or None
        What is made of the result.
    """

    name: str
    kind: str
    value: float | None
    then: Request | None = None

    @property
    def steps(self) -> tuple[Request, ...]:
        """It and those that follow, in the order in which they are made."""
        return (self, *(self.then.steps if self.then else ()))


def parse_request(text: str, variants: Mapping[str, Variant]) -> Request:
    """Parse one variant, such as `pitch=+2`, `trim` or `pitch=+2+stretch=0.7`.

    Parameters
    ----------
    text : str
        A key of `variants`, and its value after `=`; `remove-silence` is the same as `remove_silence`. After a `+`,
        another one, which is applied to the result.
    variants : Mapping of str to Variant
        The known variants: `VARIANTS`.

    Raises
    ------
    ValueError
        If the variant is not known, or its value is missing, not a number or out of its range, or the name is longer
        than 80 bytes.

    Examples
    --------
    >>> from augment_audio import VARIANTS
    >>> parse_request("pitch=2.0", VARIANTS)
    Request(name='pitch=+2', kind='pitch', value=2.0, then=None)
    >>> [step.kind for step in parse_request("trim+pitch=2+stretch=0.7", VARIANTS).steps]
    ['trim', 'pitch', 'stretch']
    """
    request: Request | None = None
    for part in reversed(NEXT.split(text)):
        step = _parse_step(part, variants)
        request = replace(step, name=f"{step.name}+{request.name}", then=request) if request else step
    assert request is not None
    if request.then and len(request.name.encode()) > LONGEST_NAME:
        raise ValueError(
            f"The name of a variant must have at most {LONGEST_NAME} bytes, since it is in file names. Got "
            f"{request.name!r}, which has {len(request.name.encode())}. Leave some of its augmentations out."
        )
    return request


def _parse_step(text: str, variants: Mapping[str, Variant]) -> Request:
    kind, equals, value_text = text.strip().partition("=")
    kind = kind.replace("-", "_")
    if kind not in variants:
        raise ValueError(f"A variant must be one of {', '.join(sorted(variants))}. Got {text!r}.")
    variant = variants[kind]
    if not variant.parameter:
        if equals:
            raise ValueError(f"The variant {kind!r} must have no value. Got {text!r}. Write {kind!r}.")
        return Request(kind, kind, None)
    if not equals and variant.default is not None:
        value = variant.default
    else:
        try:
            value = float(value_text)
        except ValueError:
            raise ValueError(
                f"{variant.parameter} must be a number. Got {text!r}. Write for example "
                f"'{kind}={min(max(variant.low, 1), variant.high) if variant.default is None else variant.default:g}'."
            ) from None
    value += 0.0  # -0 is 0
    if not (math.isfinite(value) and variant.low <= value <= variant.high):
        raise ValueError(
            f"{variant.parameter} must be from {variant.low:g} to {variant.high:g}. Got {value:g} in {text!r}."
        )
    sign = "+" if variant.signed and value >= 0 else ""
    name = kind if value == variant.default else f"{kind}={sign}{repr(value).removesuffix('.0')}"
    return Request(name, kind, value)


def parse_requests(
    texts: Iterable[str], variants: Mapping[str, Variant], presets: Mapping[str, Iterable[str]]
) -> tuple[Request, ...]:
    """Parse a list of variants and presets; each variant is kept once, in the order given.

    Parameters
    ----------
    texts : iterable of str
        Such as `["paper", "noise=20"]`; commas and spaces separate (a `+` does not: see `parse_request`); `original`
        is allowed and adds nothing.
    variants, presets : Mapping
        The known ones: `VARIANTS`, `PRESETS`.

    Raises
    ------
    ValueError
        If one is not known, or the empty preset (`none`) is given with others.

    Examples
    --------
    >>> from augment_audio import PRESETS, VARIANTS
    >>> [request.name for request in parse_requests(["pitch=2, trim", "trim"], VARIANTS, PRESETS)]
    ['pitch=+2', 'trim']
    """
    requests: dict[str, Request] = {}
    words = [word for text in texts for word in text.replace(",", " ").split() if word != ORIGINAL]
    empty = next((word for word in words if word in presets and not presets[word]), None)
    if empty and set(words) != {empty}:
        raise ValueError(f"The preset {empty!r} must be given alone. Got {' '.join(words)}. Leave it out, or the rest.")
    for word in words:
        for single in presets.get(word, (word,)):
            request = parse_request(single, variants)
            requests.setdefault(request.name, request)
    return tuple(requests.values())


def make_variant(
    sound: Sound, request: Request, variants: Mapping[str, Variant], *, seed: int, clip_id: str
) -> np.ndarray:
    """Make one variant of a waveform.

    The random numbers depend only on the seed, the clip and the variant's name, not on the order of the clips or the
    number of workers. Of several augmentations, each is made of the result of the one before; a pitch and a tempo that
    follow each other are changed in one pass of the engine.

    Parameters
    ----------
    sound : Sound
    request : Request
        As `parse_request` gives it.
    variants : Mapping of str to Variant
        The known variants: `VARIANTS`.
    seed : int
    clip_id : str
        Any text that is unique to the clip.

    Returns
    -------
    np.ndarray, shape=(n,) or (2, n), float32
        Finite, of as many channels; n may differ from the original's.

    Raises
    ------
    ValueError
        If the variant returns anything else than finite samples.

    Examples
    --------
    >>> from augment_audio import VARIANTS, open_audio
    >>> sound = open_audio(np.ones(4), 22050)
    >>> make_variant(sound, parse_request("gain=+20", VARIANTS), VARIANTS, seed=0, clip_id="dog-1")
    array([10., 10., 10., 10.], dtype=float32)
    """
    rng = random_generator(seed, clip_id, request.name)
    steps = list(request.steps)
    while True:
        step = steps.pop(0)
        if steps and _is_one_pass(step, steps[0], variants):
            made = sound.stretch_and_shift(**_value(step, variants), **_value(steps.pop(0), variants))
        else:
            variant = variants[step.kind]
            values = _value(step, variants)
            if sound.y.ndim == 1 or variant.stereo:
                made = variant.make(sound, **values, **({"rng": rng} if variant.is_random else {}))
            else:
                made = each_channel(variant.make, sound, values, rng if variant.is_random else None)
        y = check_samples(made, request.name, ndim=sound.y.ndim)
        if not steps:
            return y
        sound = sound.with_samples(y)


def random_generator(seed: int, clip_id: str, name: str) -> np.random.Generator:
    """Random numbers of one clip for one purpose, which depend on nothing else.

    Parameters
    ----------
    seed : int
    clip_id : str
    name : str
        The variant's.
    """
    digest = hashlib.sha256(f"{seed}/{clip_id}/{name}".encode("utf-8", "surrogateescape")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _is_one_pass(step: Request, following: Request, variants: Mapping[str, Variant]) -> bool:
    """Whether the engine changes both the pitch and the tempo."""
    one, two = variants[step.kind], variants[following.kind]
    return one.by_engine and two.by_engine and one.parameter != two.parameter


def _value(step: Request, variants: Mapping[str, Variant]) -> dict[str, Any]:
    """The value of a step as a keyword argument."""
    parameter = variants[step.kind].parameter
    return {parameter: step.value} if parameter else {}
