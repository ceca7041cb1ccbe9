"""How `pitch=+2` and `pitch=+2+stretch=0.7` are parsed and named."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from augment_audio.variant import ORIGINAL, Variant

NEXT = re.compile(r"\+(?=[^\W\d])")
"""What separates augmentations that are made one after the other: a `+` before a letter. A value never has one (only
`+inf` and `+nan` would), no shell reads a `+`, and no system forbids it in the name of a file."""
LONGEST_NAME = 80
"""Bytes; with a clip's 120, `__`, the suffix and that of a temporary file, within the 255 of a file name."""


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
