"""Variants of a user's own, from a Python file."""

from __future__ import annotations

import runpy
from pathlib import Path

from augment_audio.variant import ORIGINAL, Variant

RESERVED = frozenset({ORIGINAL, "paper", "none"})
"""Words that `--variants` reads as something else: the clip itself, and the presets."""


def load_variants_file(path: Path) -> dict[str, Variant]:
    """Run a Python file and take the `VARIANTS` that it defines.

    The file is a program of the user's and is run as one. It needs, for example::

        from augment_audio import Variant

        def reverse(sound):
            '''Play the sound backwards.'''
            return sound.y[::-1]

        VARIANTS = {"reverse": Variant(reverse)}

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If it fails, or does not define `VARIANTS` as a dict of names to `Variant`.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no variants file {str(path)!r}.")
    try:
        found = runpy.run_path(str(path)).get("VARIANTS")
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise ValueError(f"The variants file {str(path)!r} fails: {type(error).__name__}: {error}") from error
    taken = sorted(RESERVED & set(found)) if isinstance(found, dict) else []
    if taken:
        raise ValueError(f"The variants file {str(path)!r} calls a variant {taken[0]!r}, which has a meaning already.")
    fits = isinstance(found, dict) and all(
        isinstance(name, str) and name.isidentifier() and isinstance(variant, Variant)
        for name, variant in found.items()
    )
    if not fits:
        raise ValueError(
            f"The variants file {str(path)!r} must define VARIANTS, a dict such as "
            '{"reverse": Variant(reverse)}; see the README, "Add a variant".'
        )
    return found
