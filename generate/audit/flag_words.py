"""What the flags of clips mean, in words, for the pages that show them."""

from __future__ import annotations

from urllib.parse import unquote

FLAG_WORDS = {
    "silent": "nothing is heard",
    "clipped": "reaches full scale",
    "quiet": "much quieter than usual",
    "short": "much shorter than the image",
    "long": "longer than the image",
    "cut-off": "nothing above some frequency",
    "equal-to": "the same audio as",
    "near-duplicate-of": "almost the same as",
}
"""By the words of the column `flags`; see `generate.audit.assess.assess`."""


def kind_in_words(kind: str) -> str:
    """The name of a kind of flag, such as `near duplicate`."""
    return kind.replace("-", " ").removesuffix(" of").removesuffix(" to")


def quoted_id(clip_id: str) -> str:
    """A clip_id as a flag names it: flags are separated by spaces.

    Examples
    --------
    >>> quoted_id("blue tit 3")
    'blue%20tit%203'
    """
    return clip_id.replace("%", "%25").replace(" ", "%20")


def flag_in_words(flag: str) -> str:
    """A flag as a person reads it.

    Parameters
    ----------
    flag : str
        As in the column `flags`; see `generate.audit.assess.assess`.

    Examples
    --------
    >>> flag_in_words("near-duplicate-of:blue%20tit-1")
    'near duplicate (almost the same as blue tit-1)'
    """
    kind, _, other = unquote(flag).partition(":")
    return f"{kind_in_words(kind)} ({f'{FLAG_WORDS[kind]} {other}'.rstrip()})"
