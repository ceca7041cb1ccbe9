"""The errors of clips that cannot be rendered."""

from __future__ import annotations


class BadAudio(ValueError):
    """A clip that cannot be rendered; the message is the reason, for `rejected.csv`."""


class MissingChannel(BadAudio):
    """The file has not the channels that were asked for."""


class BadFile(BadAudio):
    """The whole file is at fault: no later clip of it can be read either."""


class FileReason(str):
    """The message of a `BadFile`, as workers return it."""

    __slots__ = ()
