"""Arguments that are one name or path, or several of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from generate.runtime.os_compat import quoted


def as_tuple(given: Any) -> Any:
    """Several values as a tuple, and one text or path as a tuple of it, not of its letters.

    Anything else stays as it is, for a check to refuse.

    Examples
    --------
    >>> as_tuple(["pitch=+2", "trim"]), as_tuple("trim")
    (('pitch=+2', 'trim'), ('trim',))
    """
    if isinstance(given, str | os.PathLike):
        return (given,)
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, Mapping | bytes) else given


def option_text(option: str, values: Iterable[str]) -> str:
    """An option with its values as a user types it; one that begins with `-` would be read as an option.

    Parameters
    ----------
    option : str
        Such as `--classes`.
    values : iterable of str

    Examples
    --------
    >>> option_text("--classes", ["dog", "rain"]), option_text("--classes", ["-20 dB", "rain"])
    ('--classes dog rain', "--classes='-20 dB' --classes=rain")
    """
    texts = [(text, quoted(text)) for text in values]
    if any(text.startswith("-") for text, _ in texts):
        return " ".join(f"{option}={word}" for _, word in texts)
    return " ".join([option, *(word for _, word in texts)])


class _All(argparse.Action):
    """Add values to those that were given; the default, which a config file may have set, is not among these."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [*([] if before is self.default else before), *(values or ())])


SEVERAL: dict[str, Any] = {"nargs": "+", "action": _All}
"""Of `add_argument`: an option with several values, which all count where it is given more than once."""
