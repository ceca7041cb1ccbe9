"""Read JSON that anybody may have written: its size is limited, and every value is checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 26
"""Far more than any JSON of this program."""


@dataclass(frozen=True)
class Kind:
    """A kind of value.

    Parameters
    ----------
    words : str
        In words, such as `a text`.
    fits : callable
        `fits(value) -> bool`.
    """

    words: str
    fits: Callable[[object], bool]


TEXT = Kind("a text", lambda value: isinstance(value, str))
SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
TABLE = Kind("a table", lambda value: isinstance(value, dict))


def number(low: float = -1e300, high: float = 1e300, *, whole: bool = False, nan: bool = False) -> Kind:
    """A number in an inclusive range; `whole`: an integer; `nan`: or NaN."""
    types = int if whole else int | float

    def fits(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, types):
            return False
        return low <= value <= high or (nan and math.isnan(value))

    if low == high:
        return Kind(f"{low:,}", fits)
    bounds = "" if low <= -(2**63) and high >= 2**63 - 1 else f" from {low:,} to {high:,}"
    return Kind(f"a {'whole ' if whole else ''}number{bounds}", fits)


def or_none(kind: Kind) -> Kind:
    """A kind, or null."""
    return Kind(f"{kind.words}, or null", lambda value: value is None or kind.fits(value))


def list_of(kind: Kind, *, least: int = 0, most: int = 100_000, unique: bool = False) -> Kind:
    """A list of a kind."""

    def fits(value: object) -> bool:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most or not all(map(kind.fits, value)):
            return False
        return not (unique and len(set(value)) < len(value))

    size = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return Kind(f"a list of {size}{' different' if unique else ''} elements, each {kind.words}", fits)


def table_of(kind: Kind) -> Kind:
    """A table whose values are of a kind."""
    return Kind(
        f"a table of values that are each {kind.words}",
        lambda value: isinstance(value, Mapping) and all(map(kind.fits, value.values())),
    )


OF_ANNOTATION: dict[str, Kind] = {
    "str": TEXT,
    "str | None": or_none(TEXT),
    "bool": SWITCH,
    "int": number(-(2**63), 2**63 - 1, whole=True),
    "float": number(),
    "int | None": or_none(number(-(2**63), 2**63 - 1, whole=True)),
    "float | None": or_none(number()),
    "tuple[str, ...]": list_of(TEXT),
    "tuple[str, ...] | None": or_none(list_of(TEXT)),
    "tuple[int, int] | None": or_none(list_of(number(-(2**63), 2**63 - 1, whole=True), least=2, most=2)),
    "Mapping[str, tuple[str, ...]]": table_of(list_of(TEXT)),
}
"""Kinds by the annotation of a dataclass field; the dataclass checks ranges."""


def check(
    values: object, kinds: Mapping[str, Kind], *, optional: Mapping[str, Kind] | None = None, others: bool = True
) -> None:
    """Check the kinds of a table's values.

    Parameters
    ----------
    values : object
        As parsed from JSON.
    kinds, optional : Mapping of str to Kind
        Of the required keys, and of the optional ones.
    others : bool
        Whether other keys may be there, which are ignored.

    Raises
    ------
    ValueError
        With the first value that is wrong.
    """
    if not isinstance(values, dict):
        raise ValueError(f"it must be a table. Got {shortly(values)}")
    known = {**kinds, **(optional or {})}
    for name, kind in known.items():
        if name not in values:
            if name in kinds:
                raise ValueError(f"it lacks {name!r}")
        elif not kind.fits(values[name]):
            raise ValueError(f"{name!r} must be {kind.words}. Got {shortly(values[name])}")
    if not others and (unknown := sorted(set(values) - set(known))):
        raise ValueError(f"it holds {shortly(unknown[0])}, which is not known here")


def check_fields(values: object, record: type, *, optional: Collection[str] = ()) -> None:
    """Check that a table has the fields of a dataclass and no others, of the kinds that their annotations tell.

    Parameters
    ----------
    values : object
        As parsed from JSON.
    record : type
        A dataclass of a module with `from __future__ import annotations`.
    optional : collection of str
        Fields that may be missing.

    Raises
    ------
    ValueError
        With the first value that is wrong.
    """
    kinds = {field.name: OF_ANNOTATION[str(field.type)] for field in fields(record)}
    required = {name: kind for name, kind in kinds.items() if name not in optional}
    check(values, required, optional={name: kinds[name] for name in optional}, others=False)


def check_own_fields(record: Any) -> None:
    """Check the fields of a dataclass in its `__post_init__`, but single numbers, whose ranges it checks itself.

    Parameters
    ----------
    record : dataclass
        An instance, whose class is as `check_fields` takes it.

    Raises
    ------
    ValueError
        With the first value that is wrong.
    """
    kinds = {
        f.name: str(f.type) for f in fields(record) if f.type not in ("int", "float", "int | None", "float | None")
    }
    check(vars(record), {}, optional={name: OF_ANNOTATION[kind] for name, kind in kinds.items()})


def shortly(value: object) -> str:
    """A value for a message, shortened where it is long."""
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
        If it is not JSON, too large, too deep, or holds NaN or infinity, which JSON does not have.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"it must have at most {MAX_BYTES:,} bytes. Got {path.stat().st_size:,}")
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("its tables and lists are too deep") from None


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it holds {text}, which is not a number in JSON")
    return value
