"""A lock that keeps other processes out of a folder or a file.

The lock belongs to the operating system (flock, or LockFileEx on Windows), so it is free the moment a process ends,
however it ends. On a network disk it keeps out other machines where the disk shares locks between them (NFS 4, SMB,
CephFS; not NFS mounted with `nolock`): https://py-filelock.readthedocs.io.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from generate.runtime.wording import shown

LOCK = ".lock"
POLL_S = 0.5


class LockedError(ValueError):
    """Another process uses the folder or the file."""


@contextmanager
def locked(path: Path, *, is_file: bool = False, wait: bool = False) -> Iterator[None]:
    """Keep other processes out of a folder, which is made if it is not there, or of a file that need not be there.

    Parameters
    ----------
    path : Path
    is_file : bool
        Whether it is (to be) a file; else it is a folder.
    wait : bool
        Wait while another process has the lock.

    Raises
    ------
    LockedError
        If another process has the lock, without `wait`.
    OSError
        If the folder cannot be written to.
    """
    folder, name = (path.parent, f"{path.name}{LOCK}") if is_file else (path, LOCK)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / name)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if not wait:
            raise LockedError(
                f"{shown(path)!r} is in use by another process. Wait until that process ends, or give another folder."
            ) from None
        print(f"Waiting for another process that uses {shown(path)!r} ...", file=sys.stderr, flush=True)
        lock.acquire(poll_interval=POLL_S)
    try:
        yield
    finally:
        lock.release()
