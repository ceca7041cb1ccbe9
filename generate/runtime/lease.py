"""Who works on a fold, or on the files that a whole run shares, known to every machine that sees the run's folder.

Two locks are taken together, since neither is enough alone:

- `FileLock` asks the system (flock). It is free again the moment a process is killed, and cannot be held twice; over
  NFS 4, SMB, CephFS and the like the file server keeps it for all machines. Some disks keep it for each machine alone
  (NFS mounted with `nolock` or `local_lock`, Lustre with `localflock`) or do not have it, and nothing tells so.
- `SoftFileLease` is a file that says who made it, and that its maker touches every `BEAT_S` seconds. It works on any
  disk that both see. Of a process that was killed on the same machine it is free at once, of a machine that died after
  `SILENT_S` seconds by the clock of the one that waits. (`SoftFileLock` would be held for ever then.)

So a live process keeps what it holds wherever either lock works. The one gap: without flock between the machines, a
machine that sleeps for longer than `SILENT_S` loses its hold to another; when it wakes, `Hold.check` stops it.
See https://py-filelock.readthedocs.io and flock(2), "NFS details".
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, SoftFileLease, Timeout

from generate.runtime.wording import shown

LOCK = ".lock"
HOLDER = ".holder"
BEAT_S = 20.0
SILENT_S = 180.0
"""NFS may show a file's time a minute late, so this is well above a minute and a few beats."""
MEANWHILE_S = 1.0
"""To see that the holder is a process of this machine that has ended, and to take its place."""
POLL_S = 0.5
NO_FLOCK = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})
"""What a disk answers that has no such lock; the lease alone holds then."""


class HeldByAnother(ValueError):  # noqa: N818  (what a user reads is its text)
    """Another process holds what was wanted.

    Parameters
    ----------
    path : Path
        The folder, or file.
    lock : Path
        Its lock of the system.
    holder : str
        Such as `process 4711 on kermit`.
    may_be_dead : bool
        It has no lock of the system: it has died on another machine, or lives where such locks are not shared.
    """

    def __init__(self, path: Path, lock: Path, holder: str, *, may_be_dead: bool) -> None:
        self.holder, self.may_be_dead = holder, may_be_dead
        self.what_if_dead = (
            f"(If that machine has died: its hold ends by itself, on most disks within {SILENT_S / 60:g} minutes. If "
            f"it does not, delete {shown(lock)!r}.)"
        )
        super().__init__(
            f"{holder[0].upper()}{holder[1:]} is at work in {shown(path)!r}; wait until it has ended. "
            f"{self.what_if_dead}"
        )


class Hold:
    """A folder or a file that this process holds.

    Parameters
    ----------
    path : Path
    lease : SoftFileLease
        Acquired.
    """

    def __init__(self, path: Path, lease: SoftFileLease) -> None:
        self._path, self._lease = path, lease

    def check(self) -> None:
        """Check that it is still held, before something is written that another may be writing.

        Raises
        ------
        ValueError
            If it is not.
        """
        # The file itself is looked at too: what the beat saw of it is old after a sleep. One that cannot be read for
        # a moment is nobody else's.
        is_anothers = self._lease.owner is not None and not self._lease.is_lock_held_by_us
        if self._lease.compromise is None and not is_anothers:
            return
        raise ValueError(
            f"{shown(self._path)!r} is no longer held by this process: {_holder(self._lease)} has it now, or its disk "
            f"could not be reached for {SILENT_S:g} s. What was saved until then stays; the same command with --resume "
            "goes on."
        )


@contextmanager
def held(path: Path, *, is_file: bool = False, in_turn: bool = False, patient: bool = False) -> Iterator[Hold]:
    """Hold a folder, which is made if it is not there, or a file that need not be there.

    Parameters
    ----------
    path : Path
    is_file : bool
        Whether it is (to be) a file; else it is a folder.
    in_turn : bool
        Wait as long as another process holds it. For what is held for a short time.
    patient : bool
        Where the holder may be dead, wait until it gives a sign of life or `SILENT_S` are over.

    Yields
    ------
    Hold

    Raises
    ------
    HeldByAnother
        If another process holds it.
    OSError
        If the folder cannot be written to.
    """
    before = path.name if is_file else ""
    folder = path.parent if is_file else path
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{before}{LOCK}", fallback_to_soft=False)
    lease = SoftFileLease(folder / f"{before}{HOLDER}", lease_duration=SILENT_S, heartbeat_interval=BEAT_S)

    def by_another(*, may_be_dead: bool) -> HeldByAnother:
        return HeldByAnother(path, Path(lock.lock_file), _holder(lease), may_be_dead=may_be_dead)

    def say_that_it_waits() -> None:
        print(f"Waiting for {_holder(lease)}, which is writing into {shown(path)}", file=sys.stderr, flush=True)

    with ExitStack() as taken:
        try:
            try:
                lock.acquire(blocking=False)
            except Timeout:
                if not in_turn:
                    raise by_another(may_be_dead=False) from None
                say_that_it_waits()
                lock.acquire(poll_interval=POLL_S)
            taken.callback(lock.release)
        except OSError as error:
            if error.errno not in NO_FLOCK:
                raise
        try:
            lease.acquire(timeout=MEANWHILE_S)
        except Timeout:
            if in_turn:
                say_that_it_waits()
                lease.acquire(poll_interval=POLL_S)
            elif not patient:
                raise by_another(may_be_dead=True) from None
            elif not _replaced(lease, path):
                raise by_another(may_be_dead=False) from None
        taken.callback(lease.release)
        yield Hold(path, lease)


def _replaced(lease: SoftFileLease, path: Path) -> bool:
    """Take the place of a holder that has no lock of the system, if it gives no sign of life."""
    print(
        f"{shown(path)}: {_holder(lease)} took it and may have died; looking for a sign of life for up to "
        f"{SILENT_S / 60:g} minutes",
        file=sys.stderr,
        flush=True,
    )
    first = _touched(lease)
    try:
        lease.acquire(timeout=SILENT_S + BEAT_S, poll_interval=POLL_S, cancel_check=lambda: _touched(lease) != first)
    except Timeout:
        return False
    return True


def _holder(lease: SoftFileLease) -> str:
    """Who holds it, or held it last, such as `process 4711 on kermit`."""
    owner = lease.owner
    return "another process" if owner is None else f"process {owner.pid} on {owner.hostname}"


def _touched(lease: SoftFileLease) -> int:
    """When the holder gave its last sign of life; 0 where it has ended meanwhile."""
    with suppress(OSError):
        return os.stat(lease.lock_file).st_mtime_ns
    return 0
