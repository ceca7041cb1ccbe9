"""What a variant is, and how `pitch=+2` is read."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from augment_audio.sound import Sound

ORIGINAL = "original"
"""The name of the clip as it is; it is always rendered."""
HIGHEST_SAMPLE = 1e6
"""A gain of 60 dB, the most that is offered, reaches 1,000; far above, 32-bit spectra overflow."""


@dataclass(frozen=True)
class Variant:
    """One way to change a sound: an entry of `VARIANTS`.

    Parameters
    ----------
    make : callable
        `make(sound, *, <parameter>) -> y`. It gets a `Sound`, may read `sound.y` (mono float32, read-only) and
        `sound.sr`, and returns new samples of any length, shape=(n,). Where it has an argument `rng`, it
        gets a `numpy.random.Generator` of its own for each clip and must take its chances from that alone.
    parameter : str
        Name of the keyword that the value after `=` goes to, unit included (`n_semitones`); empty: none.
    low, high : float
        The values that are taken, both included.
    default : float or None
        The value where none is given; None: one must be given.
    signed : bool
        Whether the name shows the sign (`pitch=+2`).
    is_gain : bool
        Whether the value is in decibels, and the sound is multiplied by that and nothing else.
    """

    make: Callable[..., np.ndarray]
    parameter: str = ""
    low: float = -math.inf
    high: float = math.inf
    default: float | None = None
    signed: bool = False
    is_gain: bool = False

    @property
    def summary(self) -> str:
        """What it does, in a line: the first line of the function's docstring."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]

    @cached_property
    def is_random(self) -> bool:
        """Whether it draws random numbers."""
        return "rng" in inspect.signature(self.make).parameters


@dataclass(frozen=True)
class Request:
    """A variant that was asked for, such as `pitch=+2`.

    Parameters
    ----------
    name : str
        In its one spelling; it stands in file names and in `metadata.csv`.
    kind : str
        The key in `VARIANTS`.
    value : float or None
        The value of the variant's parameter.
    """

    name: str
    kind: str
    value: float | None


def parse_request(text: str, variants: Mapping[str, Variant]) -> Request:
    """Read `pitch=+2`, `trim` or the like.

    Parameters
    ----------
    text : str
        A key of `variants`, and after `=` its value.
    variants : Mapping of str to Variant
        What there is: `VARIANTS`.

    Raises
    ------
    ValueError
        If the variant is not known, its value is missing, not a number or out of its range.
    """
    kind, equals, value_text = text.strip().partition("=")
    if kind not in variants:
        raise ValueError(f"There is no variant {kind!r} (in {text!r}). There are: {', '.join(sorted(variants))}.")
    variant = variants[kind]
    if not variant.parameter:
        if equals:
            raise ValueError(f"The variant {kind!r} takes no value, and {text!r} gives one; write {kind!r}.")
        return Request(kind, kind, None)
    if not equals and variant.default is not None:
        value = variant.default
    else:
        try:
            value = float(value_text)
        except ValueError:
            raise ValueError(
                f"{text!r} has no number for {variant.parameter}; write for example "
                f"'{kind}={min(max(variant.low, 1), variant.high) if variant.default is None else variant.default:g}'."
            ) from None
    value += 0.0  # -0 is 0
    if not (math.isfinite(value) and variant.low <= value <= variant.high):
        raise ValueError(
            f"{text!r}: {variant.parameter} must be from {variant.low:g} to {variant.high:g}, and is {value:g}."
        )
    sign = "+" if variant.signed and value >= 0 else ""
    name = kind if value == variant.default else f"{kind}={sign}{repr(value).removesuffix('.0')}"
    return Request(name, kind, value)


def parse_requests(
    texts: Iterable[str], variants: Mapping[str, Variant], presets: Mapping[str, Iterable[str]]
) -> tuple[Request, ...]:
    """Read a list of variants and presets, each variant once, in the order given.

    Parameters
    ----------
    texts : iterable of str
        Such as `["paper", "noise=20"]`; a comma separates too; `original` may be named and adds nothing.
    variants, presets : Mapping
        What there is: `VARIANTS`, `PRESETS`.

    Raises
    ------
    ValueError
        If one is not known, or a preset of nothing (`none`) does not stand alone.
    """
    requests: dict[str, Request] = {}
    words = [word for text in texts for word in text.replace(",", " ").split() if word != ORIGINAL]
    nothing = next((word for word in words if word in presets and not presets[word]), None)
    if nothing and set(words) != {nothing}:
        raise ValueError(f"The variants are {' '.join(words)}; {nothing} stands alone. Leave it out, or the others.")
    for word in words:
        for single in presets.get(word, (word,)):
            request = parse_request(single, variants)
            requests.setdefault(request.name, request)
    return tuple(requests.values())


def make_variant(
    sound: Sound, request: Request, variants: Mapping[str, Variant], *, seed: int, clip_id: str
) -> np.ndarray:
    """Make one variant of one sound.

    The random numbers depend on the seed, the clip and the variant's name alone, so that neither the order of the
    clips nor the number of workers changes anything.

    Parameters
    ----------
    sound : Sound
    request : Request
        As `parse_request` gives it.
    variants : Mapping of str to Variant
        What there is: `VARIANTS`.
    seed : int
    clip_id : str
        Any text that tells the clip from all others.

    Returns
    -------
    np.ndarray, shape=(n,), float32
        Finite; n may differ from the original's.

    Raises
    ------
    ValueError
        If the variant gives anything else than finite mono samples.
    """
    variant = variants[request.kind]
    options: dict[str, object] = {}
    if variant.parameter:
        options[variant.parameter] = request.value
    if variant.is_random:
        digest = hashlib.sha256(f"{seed}/{clip_id}/{request.name}".encode("utf-8", "surrogateescape")).digest()
        options["rng"] = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    y = np.asarray(variant.make(sound, **options), dtype=np.float32)
    # NaN, if there is any, comes through both.
    peak = float(np.maximum(y.max(), -y.min())) if y.size else 0.0
    if y.ndim != 1 or len(y) == 0 or not peak <= HIGHEST_SAMPLE:  # NaN is not either
        fault = ""
        if not peak <= HIGHEST_SAMPLE:
            fault = f" with values up to {peak:g}" if math.isfinite(peak) else " with values that are not finite"
        raise ValueError(
            f"The variant {request.name!r} gave an array of shape {y.shape}{fault}; expected finite mono samples, "
            "shape (n,) with n > 0, where 1 is full scale."
        )
    return y
