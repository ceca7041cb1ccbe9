"""How a collection was read, for the plan of stage one and the audit: nothing is left out without a word."""

from __future__ import annotations

from generate.rendering.prepare import Prepared
from generate.runtime.wording import count


def reading_text(prepared: Prepared) -> str:
    """Where class, fold and recording come from; what was noticed, not read, or named in vain; a line each.

    Parameters
    ----------
    prepared : Prepared
    """
    collection = prepared.collection
    lines = [f"  read as   {prepared.origins}", *(f"  note      {note}" for note in collection.notes)]
    if collection.skipped:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in sorted(collection.skipped.items()))
        lines.append(f"  not read  {kinds}")
    if collection.missing:
        some = ", ".join(path for path, _, _ in collection.missing[:3])
        more = " ..." if len(collection.missing) > 3 else ""
        what = collection.missing[0][2].partition(": ")[0]  # each has its own reason in rejected.csv
        lines.append(f"  missing   {count(len(collection.missing), 'file')} {what}: {some}{more}")
    return "\n".join(lines)
