"""What a variant is, how `pitch=+2` is parsed, and how one variant is made."""

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
"""The variant that is the clip itself; it is always rendered."""
HIGHEST_SAMPLE = 1e6
"""A gain of 60 dB, the highest allowed, reaches 1,000; far above, spectra in float32 overflow."""


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
        """What it does: the first line of the function's docstring."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]

    @cached_property
    def is_random(self) -> bool:
        """Whether it uses random numbers."""
        return "rng" in inspect.signature(self.make).parameters


@dataclass(frozen=True)
class Request:
    """A variant with its value, such as `pitch=+2`.

    Parameters
    ----------
    name : str
        In its normal form, as in file names and in `metadata.csv`.
    kind : str
        The key in `VARIANTS`.
    value : float or None
        The value of the variant's parameter.
    """

    name: str
    kind: str
    value: float | None


def parse_request(text: str, variants: Mapping[str, Variant]) -> Request:
    """Parse one variant, such as `pitch=+2` or `trim`.

    Parameters
    ----------
    text : str
        A key of `variants`, and its value after `=`; `remove-silence` is the same as `remove_silence`.
    variants : Mapping of str to Variant
        The known variants: `VARIANTS`.

    Raises
    ------
    ValueError
        If the variant is not known, or its value is missing, not a number or out of its range.

    Examples
    --------
    >>> from augment_audio import VARIANTS
    >>> parse_request("pitch=2.0", VARIANTS)
    Request(name='pitch=+2', kind='pitch', value=2.0)
    """
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
        Such as `["paper", "noise=20"]`; commas and spaces separate; `original` is allowed and adds nothing.
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
    number of workers.

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
    np.ndarray, shape=(n,), float32
        Finite; n may differ from the original's.

    Raises
    ------
    ValueError
        If the variant returns anything else than finite mono samples.

    Examples
    --------
    >>> from augment_audio import VARIANTS, open_audio
    >>> sound = open_audio(np.ones(4), 22050)
    >>> make_variant(sound, parse_request("gain=+20", VARIANTS), VARIANTS, seed=0, clip_id="dog-1")
    array([10., 10., 10., 10.], dtype=float32)
    """
    variant = variants[request.kind]
    options: dict[str, object] = {}
    if variant.parameter:
        options[variant.parameter] = request.value
    if variant.is_random:
        digest = hashlib.sha256(f"{seed}/{clip_id}/{request.name}".encode("utf-8", "surrogateescape")).digest()
        options["rng"] = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    y = np.asarray(variant.make(sound, **options), dtype=np.float32)
    # NaN passes through both and fails the comparison below.
    peak = float(np.maximum(y.max(), -y.min())) if y.size else 0.0
    if y.ndim != 1 or len(y) == 0 or not peak <= HIGHEST_SAMPLE:
        fault = ""
        if not peak <= HIGHEST_SAMPLE:
            fault = f" with values up to {peak:g}" if math.isfinite(peak) else " with values that are not finite"
        raise ValueError(
            f"The variant {request.name!r} must return finite mono samples of shape (n,), n > 0, with full scale at 1. "
            f"Got shape {y.shape}{fault}."
        )
    return y
