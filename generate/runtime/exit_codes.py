"""How a command ends: what a user can fix becomes a message and an exit status, never a traceback."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable

from generate.runtime.os_compat import not_installed_message
from generate.runtime.terminal import escape_output
from generate.runtime.wording import what_failed

FAILED = 1
ATTENTION = 3
"""The work is done, and something in the data needs attention."""
UNREAD = f"{ATTENTION} some recordings could not be read"
"""What that means where recordings are predicted."""
INTERRUPTED = 130
RESUMABLE = "What is done is kept. Run the same command again to resume."
"""After an interruption of work that is done piece by piece."""


def exit_statuses(*more: str) -> str:
    """What the exit status of a command means: the last lines of its help.

    Parameters
    ----------
    *more : str
        Statuses that not every command has, such as `3 too many clips rejected`.
    """
    statuses = ("0 success", "1 failure (the message says why)", "2 wrong usage", *more, "130 interrupted")
    return textwrap.fill(f"exit status: {', '.join(statuses)}.", width=120, subsequent_indent="  ")


def guarded(name: str, work: Callable[[], int], *, interrupted: str = "", out_of_memory: str = "") -> int:
    """Do a command's work and return its exit status.

    Parameters
    ----------
    name : str
        Of the command; its messages begin with it.
    work : callable
        Returns the exit status where nothing goes wrong.
    interrupted, out_of_memory : str
        What to print after Ctrl-C, and what to do where the device's memory is full.

    Returns
    -------
    int
        What `work` returned, `FAILED` or `INTERRUPTED`. Wrong options end with status 2, by argparse.
    """
    escape_output()
    try:
        return work()
    except KeyboardInterrupt:
        print(f"\nInterrupted. {interrupted}".rstrip(), file=sys.stderr)
        return INTERRUPTED
    except ModuleNotFoundError as error:
        message = not_installed_message(error)
    except (ValueError, OSError) as error:
        message = "\n".join([what_failed(error), *getattr(error, "__notes__", ())])
    except Exception as error:
        from generate.runtime.memory_limit import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        message = f"The device's memory is full. {out_of_memory}".rstrip()
    print(f"{name}: {message}", file=sys.stderr)
    return FAILED
