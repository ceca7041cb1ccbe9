"""What the doctor finds and says: one result of one check."""

from __future__ import annotations

from dataclasses import dataclass

INSTALL_ALL = "python -m pip install -r requirements.txt"
"""What fixes most findings."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    status : str
        `ok`, `missing` (needed, and not there) or `warning` (works without, or nearly).
    what : str
        What was looked at, and what was found.
    fix : str
        What to do about it, one line a step; empty where there is nothing to do.
    """

    status: str
    what: str
    fix: str = ""
