"""Variants for single classes as the TOML that `python -m generate AUDIO_FOLDER --config FILE` takes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

import pandas as pd

from generate.runtime.wording import count
from train.ablate.gains import ALL_VARIANTS, CLASS, HURTS
from train.wording import listed

NONE = "none"
MOST_KEPT = 12


def quoted(text: str) -> str:
    """A text as TOML writes it, in quotes: a class may hold quotes, line ends and letters of any script.

    TOML's basic strings know the escapes of JSON and forbid one more character, which JSON does not escape: delete
    (https://toml.io/en/v1.0.0#string).
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def class_variants_toml(
    suggested: Mapping[str, Sequence[str]],
    table: pd.DataFrame,
    *,
    variants: Sequence[str],
    variants_file: str = "",
    about: Sequence[str] = (),
) -> str:
    """The setting, with comments that say why.

    Parameters
    ----------
    suggested : Mapping of str to sequence of str
        Class to its variants, as `train.ablate.gains.suggestion` gives it.
    table : pandas.DataFrame
        As `train.ablate.gains.gains` gives it.
    variants : sequence of str
        Of classes that are not named.
    variants_file : str
        Where variants of the user's own are, as `python -m generate` was told; empty: there are none.
    about : sequence of str
        Sentences for the head of the file.

    Returns
    -------
    str
        TOML. Classes that keep all `variants` are not named in it, but in comments.
    """
    lines = [f"# {_on_a_line(line)}".rstrip() for line in about]
    lines += ["", f"variants = {_list(variants)}"]
    if variants_file:
        lines += [f"# Variants of your own are among them: give --variants-file too (it was {quoted(variants_file)})."]
    lines += ["", "[class-variants]"]
    rows = table[(table["scope"] == CLASS) & (table["variant"] != ALL_VARIANTS)]
    as_all = []
    for label, kept in suggested.items():
        if set(kept) == set(variants):
            as_all.append(quoted(label))
            continue
        lines += _comments(label, rows[rows["label"] == label], kept)
        lines.append(f"{quoted(label)} = {_list(kept) if kept else quoted(NONE)}")
    if as_all:
        nothing = "" if len(as_all) < len(suggested) else ", so nothing stands here"
        lines.append(f"# {count(len(as_all), 'class')} with all variants{nothing}: {listed(as_all, most=MOST_KEPT)}")
    return "\n".join(lines) + "\n"


def interval_text(row: Mapping[str, object]) -> str:
    """Such as `-12.5 points, -22.5 to -2.5 widened for 50 looks`.

    Parameters
    ----------
    row : Mapping
        A row of `train.ablate.gains.gains`.
    """
    return (
        f"{100 * row['gain']:+.1f} points, {100 * row['wide_low']:+.1f} to {100 * row['wide_high']:+.1f} widened for "
        f"{count(row['n_looks'], 'look')}"
    )


def _comments(label: str, rows: pd.DataFrame, kept: Sequence[str]) -> list[str]:
    """Why a class does not have all: what hurt it, and by how much."""
    hurting = rows[(rows["verdict"] == HURTS) & ~rows["variant"].isin(kept)].to_dict("records")
    lines = [f"# without {row['variant']}, whose gain for {quoted(label)} was {interval_text(row)}" for row in hurting]
    return lines or [f"# {quoted(label)} keeps those that it has"]


def _list(names: Sequence[str]) -> str:
    return "[" + ", ".join(quoted(name) for name in names) + "]"


def _on_a_line(text: str) -> str:
    """Text that can stand in a comment, which no control character can."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)
