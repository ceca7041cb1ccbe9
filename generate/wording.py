"""Numbers and paths in words, the same in all that is printed."""

from __future__ import annotations

from pathlib import Path


def count(number: int, noun: str) -> str:
    """Such as `1 clip`, `2,400 pictures`, `10 classes`."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def shown(path: Path) -> str:
    """A path as the user would type it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
