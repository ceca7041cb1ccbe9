"""A worker that asks for too much memory gives a reason, and lives."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from generate.runtime.memory_limit import MAX_BYTES
from generate.workers.processes import map_ordered

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no such limit")


def take(path: Path, n_bytes: int) -> tuple[int, int]:
    """What a worker does here."""
    import os

    taken = np.empty(n_bytes, dtype=np.uint8)
    return len(taken), os.getpid()


def test_a_worker_that_takes_too_much_has_a_reason(tmp_path):
    parts = [(Path("a"), 1 << 30), (Path("b"), MAX_BYTES + 1), (Path("c"), 1 << 30)]
    first, second, third = (outcome for _, outcome in map_ordered(take, parts, workers=1, temporary_folder=tmp_path))
    assert second.startswith("not enough memory for it")
    assert first[0] == third[0] == 1 << 30
    assert first[1] == third[1], "the worker lives on"
