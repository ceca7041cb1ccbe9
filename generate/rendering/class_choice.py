"""Which classes a run is of: `--classes` and `--leave-out`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from generate.runtime.os_compat import nfc

MOST_NAMED = 20


def choose_classes(labels: Sequence[str], *, classes: Sequence[str], leave_out: Sequence[str]) -> list[str]:
    """The classes that a run is of.

    Parameters
    ----------
    labels : sequence of str
        All that the collection has.
    classes : sequence of str
        Only these; empty: all.
    leave_out : sequence of str
        All but these.

    Returns
    -------
    list of str
        In the order of `labels`.

    Raises
    ------
    ValueError
        If a name is none of the collection's, stands in both, or nothing is left.
    """
    only, without = [[nfc(name.strip()) for name in names] for names in (classes, leave_out)]
    for option, names in (("--classes", only), ("--leave-out", without)):
        for name in names:
            if name not in labels:
                raise ValueError(
                    f"{option} must name classes of the collection. Got {name!r}.{_close(name, labels)} "
                    f"It has {_listed(labels)}."
                )
    if both := sorted(set(only) & set(without)):
        raise ValueError(f"--classes and --leave-out contradict each other: both name {both[0]!r}. Take it out of one.")
    chosen = [label for label in labels if (not only or label in only) and label not in without]
    if not chosen:
        raise ValueError(f"--leave-out must leave a class. Got all {len(labels)}: {_listed(labels)}. Name fewer.")
    return chosen


def _close(name: str, labels: Sequence[str]) -> str:
    by_lower_case = {label.casefold(): label for label in labels}
    close = difflib.get_close_matches(name.casefold(), by_lower_case, n=3)
    return f" Do you mean {' or '.join(repr(by_lower_case[match]) for match in close)}?" if close else ""


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - MOST_NAMED:,} more" if len(labels) > MOST_NAMED else ""
    return ", ".join(map(repr, labels[:MOST_NAMED])) + more
