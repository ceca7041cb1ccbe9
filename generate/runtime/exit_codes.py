"""How a command ends: what a user can fix becomes a message and an exit status, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

from generate.runtime.os_compat import not_installed_message
from generate.runtime.terminal import escape_output
from generate.runtime.wording import what_failed

FAILED = 1
INTERRUPTED = 130


def guarded(name: str, work: Callable[[], int], *, interrupted: str = "", out_of_memory: str = "") -> int:
    """Do a command's work and return its exit status.

    Parameters
    ----------
    name : str
        Of the command, before its messages.
    work : callable
        Returns the exit status where nothing goes wrong.
    interrupted, out_of_memory : str
        What to say after Ctrl-C, and what to do where the device's memory is full.
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
