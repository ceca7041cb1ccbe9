"""Counts what was injected, and prints the table of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.rows import IS_FULL, ROWS


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "fault(row): the row of tests/faults/rows.py that a test belongs to")


@pytest.fixture
def injected(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Callable[[int], None]:
    """`injected(n)` says that a test has injected n faults, and that what must hold was seen to hold for them."""
    row = request.node.get_closest_marker("fault").args[0]
    assert row in ROWS
    return lambda n: record_property("fault", (row, n))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many faults of each row were injected, and whether all held."""
    held: Counter = Counter()
    failed: dict[int, int] = defaultdict(int)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", []):
                if name == "fault" and report.when == "call":
                    held[value[0]] += value[1]
            if outcome == "failed":
                for mark in [key for key in report.keywords if key.startswith("fault-row-")]:
                    failed[int(mark.rpartition("-")[2])] += 1
    if not held and not failed:
        return
    terminalreporter.section("faults" + (", full count" if IS_FULL else ", a part of the full count"))
    for row, (what, full, must_hold) in ROWS.items():
        if held[row] or failed[row]:
            verdict = f"{failed[row]} FAILED" if failed[row] else "held"
            of = f" of {full:,}" if full else ""
            terminalreporter.write_line(f"{row:>3}  {held[row]:,}{of}  {verdict}: {what} -> {must_hold}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder as slow, and let a failed test's report tell its row."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
        mark = item.get_closest_marker("fault")
        if mark is not None:
            item.keywords[f"fault-row-{mark.args[0]}"] = True
