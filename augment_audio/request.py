"""How `pitch=+2` and `pitch=+2+stretch=0.7` are parsed and named."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from augment_audio.variant import ORIGINAL, Variant

NEXT = re.compile(r"\+(?=[^\W\d])")
"""What separates augmentations that are made one after the other: a `+` before a letter. A value never has one (only
`+inf` and `+nan` would), no shell reads a `+`, and no system forbids it in the name of a file."""
SEPARATORS = re.compile(r"[\s,]+")
"""What separates variants."""
FOLDER = re.compile(r"(?<![^\s,+])background=.+?@[-+]?(?:\d+\.?\d*|\.\d+)(?=\+[^\W\d]|[\s,]|$)", re.DOTALL)
"""A folder and a value, `background=FOLDER@10`: what is in it separates nothing. It ends with the first `@` before a
number that ends a word."""
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
    folder : str
        Absolute path of the variant's folder of recordings; empty: it has none.
    """

    name: str
    kind: str
    value: float | None
    then: Request | None = None
    folder: str = ""

    @property
    def steps(self) -> tuple[Request, ...]:
        """It and those that follow, in the order in which they are made."""
        return (self, *(self.then.steps if self.then else ()))

    @property
    def background(self) -> Request | None:
        """The step with a folder of recordings; there is one at most."""
        return next((step for step in self.steps if step.folder), None)


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
        than 80 bytes, or there are two folders.

    Examples
    --------
    >>> from augment_audio import VARIANTS
    >>> parse_request("pitch=2.0", VARIANTS)
    Request(name='pitch=+2', kind='pitch', value=2.0, then=None, folder='')
    >>> parse_request("background=/data/my noise@10", VARIANTS).name
    'background=my-noise@10'
    >>> [step.kind for step in parse_request("trim+pitch=2+stretch=0.7", VARIANTS).steps]
    ['trim', 'pitch', 'stretch']
    """
    request: Request | None = None
    for part in reversed(_pieces(text, NEXT)):
        step = _parse_step(part, variants)
        request = replace(step, name=f"{step.name}+{request.name}", then=request) if request else step
    assert request is not None
    if (request.then or request.folder) and len(request.name.encode()) > LONGEST_NAME:
        raise ValueError(
            f"The name of a variant must have at most {LONGEST_NAME} bytes, since it is in file names. Got "
            f"{request.name!r}, which has {len(request.name.encode())}. "
            + ("Leave some of its augmentations out." if request.then else "Give the folder a shorter name.")
        )
    if sum(bool(step.folder) for step in request.steps) > 1:
        raise ValueError(f"A variant must have one background at most. Got {text!r}. Make it two variants.")
    return request


def _pieces(text: str, separator: re.Pattern[str]) -> list[str]:
    """What is between separators, but for those in the path of a folder."""
    folders = [found.span() for found in FOLDER.finditer(text)]
    cuts = [
        found.span()
        for found in separator.finditer(text)
        if not any(start <= found.start() < end for start, end in folders)
    ]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


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
    folder = ""
    if variant.takes_folder:
        folder, at, value_text = value_text.rpartition("@")
        if not folder:
            raise ValueError(
                f"The variant {kind!r} must have a folder of recordings, `@` and {variant.parameter}. Got {text!r}. "
                f"Write for example '{kind}=field_noise@{_example(variant):g}'."
            )
    if not equals and variant.default is not None:
        value = variant.default
    else:
        try:
            value = float(value_text)
        except ValueError:
            raise ValueError(
                f"{variant.parameter} must be a number. Got {text!r}. Write for example "
                f"'{kind}={folder and folder + '@'}{_example(variant):g}'."
            ) from None
    value += 0.0  # -0 is 0
    if not (math.isfinite(value) and variant.low <= value <= variant.high):
        raise ValueError(
            f"{variant.parameter} must be from {variant.low:g} to {variant.high:g}. Got {value:g} in {text!r}."
        )
    if variant.choices and value not in variant.choices:
        choices = ", ".join(f"{choice:g}" for choice in variant.choices)
        raise ValueError(f"{variant.parameter} must be one of {choices}. Got {value:g} in {text!r}.")
    sign = "+" if variant.signed and value >= 0 else ""
    number = f"{sign}{repr(value).removesuffix('.0')}"
    if folder:
        path = os.path.abspath(os.path.expanduser(folder))
        if not path.encode("utf-8", "replace").decode() == path:
            raise ValueError(f"The folder of a variant must have a name in UTF-8. Got {folder!r}. Rename it.")
        return Request(f"{kind}={folder_name(path)}@{number}", kind, value, folder=path)
    return Request(kind if value == variant.default else f"{kind}={number}", kind, value)


def check_sample_rate(requests: Iterable[Request], variants: Mapping[str, Variant], sr: int) -> None:
    """Check that the values of some variants can be had at a sample rate.

    Parameters
    ----------
    requests : iterable of Request
    variants : Mapping of str to Variant
    sr : int
        In hertz.

    Raises
    ------
    ValueError
        If one is higher than the highest there.
    """
    for step in (step for request in requests for step in request.steps):
        variant = variants[step.kind]
        if variant.highest and step.value is not None and step.value > variant.highest(sr):
            raise ValueError(
                f"{variant.parameter} must be at most {variant.highest(sr):g} at a sample rate of {sr:,} Hz. Got "
                f"{step.value:g} in {step.name!r}. Give a lower one, or audio of a higher sample rate."
            )


def _example(variant: Variant) -> float:
    if variant.default is not None:
        return variant.default
    return variant.choices[0] if variant.choices else min(max(variant.low, 1), variant.high)


def folder_name(folder: str) -> str:
    """A folder's name as a part of a file name and of a word, with `-` for all but letters, digits, `_` and `.`.

    Parameters
    ----------
    folder : str
        Its path.
    """
    name = unicodedata.normalize("NFC", os.path.basename(folder))
    return re.sub(r"[^\w.]|__+", "-", name)


def background_folders(requests: Iterable[Request]) -> dict[str, str]:
    """The folders of background recordings of some variants.

    Parameters
    ----------
    requests : iterable of Request

    Returns
    -------
    dict of str to str
        The name that stands for a folder in the names of variants, and its path.

    Raises
    ------
    ValueError
        If one name stands for two folders.
    """
    folders: dict[str, str] = {}
    for step in filter(None, (request.background for request in requests)):
        name = folder_name(step.folder)
        same = next((other for other in folders if other.casefold() == name.casefold()), name)
        if folders.setdefault(same, step.folder) != step.folder:
            raise ValueError(
                f"Folders of backgrounds must have different names, which are in file names. Got {folders[same]!r} and "
                f"{step.folder!r}, both {name!r} there. Rename one of them."
            )
    return folders


def parse_requests(
    texts: Iterable[str], variants: Mapping[str, Variant], presets: Mapping[str, Iterable[str]]
) -> tuple[Request, ...]:
    """Parse a list of variants and presets; each variant is kept once, in the order given.

    Parameters
    ----------
    texts : iterable of str
        Such as `["paper", "noise=20"]`; commas and spaces separate (a `+` does not: see `parse_request`), but not
        within the path of a folder; `original` is allowed and adds nothing.
    variants, presets : Mapping
        The known ones: `VARIANTS`, `PRESETS`.

    Raises
    ------
    ValueError
        If one is not known, the empty preset (`none`) is given with others, or two folders have one name.

    Examples
    --------
    >>> from augment_audio import PRESETS, VARIANTS
    >>> [request.name for request in parse_requests(["pitch=2, trim", "trim"], VARIANTS, PRESETS)]
    ['pitch=+2', 'trim']
    """
    requests: dict[str, Request] = {}
    words = [word for text in texts for word in _pieces(text, SEPARATORS) if word not in ("", ORIGINAL)]
    empty = next((word for word in words if word in presets and not presets[word]), None)
    if empty and set(words) != {empty}:
        raise ValueError(f"The preset {empty!r} must be given alone. Got {' '.join(words)}. Leave it out, or the rest.")
    for word in words:
        for single in presets.get(word, (word,)):
            request = parse_request(single, variants)
            if requests.setdefault(request.name, request) != request:
                background_folders((requests[request.name], request))
    background_folders(requests.values())
    return tuple(requests.values())
