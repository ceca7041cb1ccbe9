"""Exit codes of commands: an error that a user can fix is a message and never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

from generate.runtime.os_compat import not_installed_message
from generate.runtime.terminal import escape_output
from generate.runtime.wording import what_failed

FAILED = 1
INTERRUPTED = 130


def guarded(name: str, work: Callable[[], int], *, interrupted: str = "", out_of_memory: str = "") -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    name : str
        Of the command, prefix of its messages.
    work : callable
        Returns the exit code.
    interrupted, out_of_memory : str
        Message after Ctrl-C, and what to do where the memory of the device is full.
    """
    escape_output()
    try:
        return work()
    except KeyboardInterrupt:
        print(f"\nInterrupted. {interrupted}".rstrip(), file=sys.stderr)
        return INTERRUPTED
    except ModuleNotFoundError as error:
        why = not_installed_message(error)
    except (ValueError, OSError) as error:
        why = what_failed(error)
    except Exception as error:
        from generate.runtime.memory_limit import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        why = f"The device's memory is full. {out_of_memory}".rstrip()
    print(f"{name}: {why}", file=sys.stderr)
    return FAILED
