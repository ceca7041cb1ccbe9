"""How much memory a process may still take: of the machine, or of the container that it runs in."""

from __future__ import annotations

from pathlib import Path

import psutil

PROC = Path("/proc")
CGROUPS = Path("/sys/fs/cgroup")


def available_bytes() -> int:
    """Memory that can be taken before the machine swaps or the container's limit ends the process.

    The least of what the system calls available (psutil) and, on Linux, what the limits of the process's control groups
    leave (version 2 `memory.max`, version 1 `memory.limit_in_bytes`; files that are only cached do not count as used).

    Returns
    -------
    int
        Bytes, 0 or more.
    """
    return max(0, min([psutil.virtual_memory().available, *_of_groups()]))


def _of_groups() -> list[int]:
    """What each limit above this process leaves; nothing where there is none."""
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
    """Of a group and all above it; a container may see its own group at the root alone."""
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
