"""How a command ends: what a user can fix becomes a message and an exit status, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable

from generate.runtime.os_compat import not_installed_message
from generate.runtime.terminal import escape_output
from generate.runtime.wording import what_failed

FAILED = 1
ATTENTION = 3
"""The work is done, and something in the data needs attention."""
INTERRUPTED = 130
RESUMABLE = "What is done is kept. Run the same command again to resume."
"""After an interruption of work that is done piece by piece."""


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
