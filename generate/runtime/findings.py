"""One result of one check, as the doctor and the audit print it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

INSTALL_ALL = "python -m pip install -r requirements.txt"
"""What fixes most findings of the doctor."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    status : str
        `ok`, `missing` (needed, and not there) or `warning`.
    what : str
        What was checked, and what was found.
    fix : str
        What to do about it, one line a step; empty where there is nothing to do.
    """

    status: str
    what: str
    fix: str = ""


def finding_lines(findings: Iterable[Finding]) -> Iterator[str]:
    """Lines to print: each finding, and below it what to do.

    A fix that several findings in a row share is given once, below the last of them.
    """
    fix = ""
    for finding in findings:
        if fix != finding.fix:
            yield from _fix_lines(fix)
        fix = finding.fix
        yield f"{finding.status:<9}{finding.what}"
    yield from _fix_lines(fix)


def _fix_lines(fix: str) -> list[str]:
    return [f"{'':<9}  -> {line}" for line in fix.splitlines()]
