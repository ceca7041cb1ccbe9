"""Printing untrusted names: no file name ends a run or controls the terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from typing import TextIO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters but tab and newline, other line separators, and marks of writing direction (Unicode Annex 9)."""


def escape_output() -> None:
    """Escape what `print` writes: characters that the output cannot encode, and control characters.

    File names and metadata may come from strangers; no name may end a run or send commands to the terminal.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        if stream is not None and not isinstance(stream, EscapingStream):
            setattr(sys, name, EscapingStream(stream))


def escape_control_characters(text: str) -> str:
    """Replace every character that moves, colours or reverses what a terminal shows with its escape sequence.

    Parameters
    ----------
    text : str
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class EscapingStream:
    """A text stream whose output goes through `escape_control_characters`.

    Parameters
    ----------
    stream : TextIO
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write escaped text; a carriage return at either end stays, for progress bars."""
        inner = text.strip("\r")
        before, _, after = text.partition(inner) if inner else (text, "", "")
        self._stream.write(before + escape_control_characters(inner) + after)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)
