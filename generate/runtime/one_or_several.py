"""Arguments that are one name or path, or several of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import Any


def as_tuple(given: Any) -> tuple[Any, ...]:
    """A tuple of what was given; one text or path is not split into its letters.

    Examples
    --------
    >>> as_tuple("dog"), as_tuple(["dog", "rain"])
    (('dog',), ('dog', 'rain'))
    """
    return (given,) if isinstance(given, str | os.PathLike) else tuple(given)


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
