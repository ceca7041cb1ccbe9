"""Memory available to this process, on the machine or in its container."""

from __future__ import annotations

from pathlib import Path

import psutil

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


def available_bytes() -> int:
    """Memory that can be used before the machine swaps or the container's limit kills the process.

    The minimum of the system's available memory (psutil) and, on Linux, of what the limits of the process's control
    groups leave (version 2 `memory.max`, version 1 `memory.limit_in_bytes`; cached files do not count as used).

    Returns
    -------
    int
        Bytes, 0 or more.
    """
    return max(0, min([psutil.virtual_memory().available, *_of_groups()]))


def _of_groups() -> list[int]:
    """Bytes that each limit of a control group leaves."""
    try:
        lines = (PROC / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return []
    left = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            left += _left(CGROUPS, path, limit="memory.max", used="memory.current", cached="inactive_file")
        elif "memory" in controllers.split(","):
            left += _left(
                CGROUPS / "memory",
                path,
                limit="memory.limit_in_bytes",
                used="memory.usage_in_bytes",
                cached="total_inactive_file",
            )
    return left


def _left(root: Path, path: str, *, limit: str, used: str, cached: str) -> list[int]:
    """Bytes left in a group and all above it; a container may see its own group only at the root."""
    found = []
    group = root / path.strip("/")
    for folder in (group, *group.parents):
        if not folder.is_relative_to(root):
            break
        try:
            most = int((folder / limit).read_text())
            now = int((folder / used).read_text())
            statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        except (OSError, ValueError):  # no such group, or `max`: no limit
            continue
        found.append(most - now + int(statistics.get(cached, 0)))
    return found
