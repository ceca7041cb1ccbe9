"""Variants of the user's own, from a Python file."""

from __future__ import annotations

import runpy
from pathlib import Path

from augment_audio.transforms import PRESETS
from augment_audio.variant import ORIGINAL, Variant

RESERVED = frozenset({ORIGINAL, *PRESETS})
"""Words with another meaning in `--variants`: the clip itself, and the presets."""


def load_variants_file(path: Path) -> dict[str, Variant]:
    """Run a Python file and return the `VARIANTS` that it defines.

    The file may hold, for example::

        from augment_audio import Variant

        def reverse(sound):
            '''Play it backwards.'''
            return sound.y[::-1]

        VARIANTS = {"reverse": Variant(reverse)}

    Raises
    ------
    FileNotFoundError
        If the file is not there.
    ValueError
        If it fails, does not define `VARIANTS` as a dict of names to `Variant`, or uses a reserved name.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no variants file {str(path)!r}.")
    try:
        found = runpy.run_path(str(path)).get("VARIANTS")
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise ValueError(f"The variants file {str(path)!r} fails: {type(error).__name__}: {error}") from error
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and name.isidentifier() and isinstance(variant, Variant)
        for name, variant in found.items()
    ):
        raise ValueError(
            f"The variants file {str(path)!r} must define VARIANTS, a dict such as "
            '{"reverse": Variant(reverse)}; see docs/generate.md, "Variants of your own".'
        )
    if taken := sorted(RESERVED & found.keys()):
        raise ValueError(f"The variants file {str(path)!r} must not define {taken[0]!r}, a reserved name. Rename it.")
    return found
