"""JSON that anybody may have written: read with a bound, and every value checked before it is used."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

MOST_BYTES = 1 << 26
"""No JSON of this program is nearly so large."""


@dataclass(frozen=True)
class Kind:
    """What a value must be.

    Parameters
    ----------
    words : str
        For messages, such as `a text`.
    fits : callable
        `fits(value) -> bool`.
    """

    words: str
    fits: Callable[[object], bool]


TEXT = Kind("a text", lambda value: isinstance(value, str))
SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
TABLE = Kind("a table", lambda value: isinstance(value, dict))


def number(low: float = -1e300, high: float = 1e300, *, whole: bool = False, nan: bool = False) -> Kind:
    """A number in a range, with both ends; `whole`: an integer; `nan`: or NaN, which JSON of Python's may hold."""
    types = int if whole else int | float

    def fits(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, types):
            return False
        return low <= value <= high or (nan and math.isnan(value))

    bounds = "" if low <= -(2**63) and high >= 2**63 - 1 else f" from {low:,} to {high:,}"
    return Kind(f"a {'whole ' if whole else ''}number{bounds}", fits)


def or_none(kind: Kind) -> Kind:
    """The same, or null."""
    return Kind(f"{kind.words}, or null", lambda value: value is None or kind.fits(value))


def list_of(kind: Kind, *, least: int = 0, most: int = 100_000, unique: bool = False) -> Kind:
    """A list whose every element is of a kind."""

    def fits(value: object) -> bool:
        is_list = isinstance(value, list | tuple) and least <= len(value) <= most and all(map(kind.fits, value))
        return is_list and not (unique and len(set(value)) < len(value))

    size = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return Kind(f"a list of {size}{' different' if unique else ''} elements, each {kind.words}", fits)


def table_of(kind: Kind) -> Kind:
    """A table whose every value is of a kind."""
    return Kind(
        f"a table of values that are each {kind.words}",
        lambda value: isinstance(value, Mapping) and all(map(kind.fits, value.values())),
    )


OF_ANNOTATION: dict[str, Kind] = {
    "str": TEXT,
    "bool": SWITCH,
    "int": number(-(2**63), 2**63 - 1, whole=True),
    "float": number(),
    "int | None": or_none(number(-(2**63), 2**63 - 1, whole=True)),
    "float | None": or_none(number()),
    "tuple[str, ...]": list_of(TEXT),
    "tuple[str, ...] | None": or_none(list_of(TEXT)),
    "tuple[int, int] | None": or_none(list_of(number(1, 2**31, whole=True), least=2, most=2)),
    "Mapping[str, tuple[str, ...]]": table_of(list_of(TEXT)),
}
"""What the fields of a record may hold, by how they are annotated; ranges are the record's own business."""


def check(values: object, kinds: Mapping[str, Kind], *, optional: Mapping[str, Kind] | None = None) -> None:
    """Check that a table has values of the right kinds; keys that are in neither table are not looked at.

    Parameters
    ----------
    values : object
        As JSON gave it.
    kinds, optional : Mapping of str to Kind
        Of the keys that must be there, and of those that may.

    Raises
    ------
    ValueError
        With the first that is wrong.
    """
    if not isinstance(values, dict):
        raise ValueError(f"it must be a table. Got {shortly(values)}")
    for name, kind in {**kinds, **(optional or {})}.items():
        if name not in values:
            if name in kinds:
                raise ValueError(f"it lacks {name!r}")
        elif not kind.fits(values[name]):
            raise ValueError(f"{name!r} must be {kind.words}. Got {shortly(values[name])}")


def check_fields(values: object, record: type) -> None:
    """Check that a table has only fields of a dataclass, each of the kind that its annotation says.

    Parameters
    ----------
    values : object
        As JSON gave it.
    record : type
        A dataclass of a module with `from __future__ import annotations`.

    Raises
    ------
    ValueError
        With the first that is wrong.
    """
    kinds = {field.name: OF_ANNOTATION[field.type] for field in fields(record) if field.type in OF_ANNOTATION}
    check(values, {}, optional=kinds)


def shortly(value: object) -> str:
    """A value for a message, cut where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits
        text = f"a {type(value).__name__} that is too long to show"
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_json(path: Path) -> object:
    """Read a JSON file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is no JSON, too large, too deep, or holds NaN or infinity, which are no JSON.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"it has {path.stat().st_size:,} bytes; at most {MOST_BYTES:,} are read")
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("its tables and lists are too deep") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it holds {text}, which is no number")
    return value
