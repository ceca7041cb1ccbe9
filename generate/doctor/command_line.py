"""`python -m generate.doctor`: list what is installed, what is missing, and how to fix it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence

from generate.doctor.checks import diagnose
from generate.runtime.exit_codes import FAILED, guarded
from generate.runtime.findings import Finding, finding_lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Make every check and print what it finds; the exit status is 1 if something needed is missing."""
    argparse.ArgumentParser(
        prog="python -m generate.doctor",
        description="Check what is installed and what is missing, and how to fix it.",
        epilog="exit status: 0 nothing is missing, 1 something is missing, 2 wrong options.",
    ).parse_args(arguments)
    return guarded("generate.doctor", _doctor)


def _doctor() -> int:
    counts: Counter[str] = Counter()

    def counted() -> Iterator[Finding]:
        for finding in diagnose():
            counts[finding.status] += 1
            yield finding

    for line in finding_lines(counted()):
        print(line, flush=True)
    n_missing, n_warnings = counts["missing"], counts["warning"]
    result = f"{n_missing} missing" if n_missing else "nothing is missing"
    print(f"\n{result}" + (f"; {n_warnings} warning{'s' if n_warnings > 1 else ''}" if n_warnings else ""))
    return FAILED if n_missing else 0
