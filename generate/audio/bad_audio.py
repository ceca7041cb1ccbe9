"""Why a clip cannot be rendered."""

from __future__ import annotations


class BadAudio(ValueError):
    """A clip that cannot be rendered; the message is the reason, for `rejected.csv`."""


class BadFile(BadAudio):
    """The audio file is at fault: from this clip on, none of it can be read."""


class FileReason(str):
    """The message of a `BadFile` as workers hand it on, told apart from that of one clip."""

    __slots__ = ()
