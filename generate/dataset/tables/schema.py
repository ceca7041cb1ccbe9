"""The columns of `metadata.csv` and `rejected.csv`: reading, validation and documentation derive from them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from generate.dataset.file_names import is_image_name

_SHA256 = re.compile("[0-9a-f]{64}")
LEADS_OUT = re.compile(r"/|(?:.*/)?\.\.(?:/|\Z)", re.DOTALL)
"""A path that is not within the audio folder."""
ADDED = "added"
"""In the column `reviewed`: of a recording outside of the collection."""
_SEPARATORS = re.compile(r"[/\\\0]")


@dataclass(frozen=True)
class Rule:
    """What the text of a column must be.

    Parameters
    ----------
    fits : callable
        `fits(text) -> bool`.
    expected : str
        In words, for messages.
    """

    fits: Callable[[str], bool]
    expected: str


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name : str
    kind : {"text", "flag", "float", "int"}
        Text stays text, whatever it looks like.
    description : str
        For the documentation, in Markdown.
    required : bool
        Whether a text must not be empty.
    nullable : bool
        Whether a number may be missing.
    per_clip : bool
        Whether all images of a clip have the same value.
    rule : Rule or None
        What a text must be.
    """

    name: str
    kind: Literal["text", "flag", "float", "int"]
    description: str
    required: bool = False
    nullable: bool = False
    per_clip: bool = False
    rule: Rule | None = None

    @property
    def dtype(self) -> object:
        """The pandas data type."""
        return {"text": object, "flag": bool, "float": "float64", "int": "Int64" if self.nullable else "int64"}[
            self.kind
        ]

    def parse(self, field: str) -> object:
        """Parse a field of the file; raises `ValueError` where it is not of the kind."""
        if self.nullable and not field:
            return None
        parsers: dict[str, Callable[[str], object]] = {"text": str, "flag": _parse_flag, "float": float, "int": int}
        return parsers[self.kind](field)


def _parse_flag(text: str) -> bool:
    if text not in ("True", "False"):
        raise ValueError(f"{text!r} must be True or False")
    return text == "True"


def _are_events(text: str) -> bool:
    """Whether a text is a list of events as JSON, or empty."""
    try:
        events = json.loads(text or "[]")
        return isinstance(events, list) and all(_is_event(*event) for event in events)
    except (ValueError, TypeError, RecursionError):
        return False


def _is_event(start_s: object, end_s: object, label: object, low_hz: object, high_hz: object) -> bool:
    numbers = (start_s, end_s, *(value for value in (low_hz, high_hz) if value is not None))
    return isinstance(label, str) and all(type(value) in (int, float) and abs(value) < 1e9 for value in numbers)  # type: ignore[arg-type]


_NO_SEPARATORS = Rule(lambda text: not _SEPARATORS.search(text), "a name without / and \\")

METADATA_COLUMNS = (
    Column(
        "file_name",
        "text",
        "the image, relative to the folder",
        required=True,
        rule=Rule(is_image_name, "an image in a class folder of this folder, such as dog/1__original.png"),
    ),
    Column("label", "text", "the class", required=True, per_clip=True),
    Column("clip_id", "text", "the clip: a file, or a piece of a long recording", required=True, rule=_NO_SEPARATORS),
    Column(
        "source_id",
        "text",
        "the original recording; recordings that share the same audio under two names share this: split by it",
        required=True,
        per_clip=True,
    ),
    Column("recording", "text", "the original recording, as the collection names it", per_clip=True),
    Column("fold", "text", "the fold of the collection, or empty", per_clip=True),
    Column(
        "split",
        "text",
        "the split of the collection's own folders (`train`, `validation`, `test`), or empty; not used for folds",
        per_clip=True,
    ),
    Column(
        "variant",
        "text",
        "`original`, or the augmentation: `pitch=+2`, `stretch=0.7`, ...",
        required=True,
        rule=_NO_SEPARATORS,
    ),
    Column(
        "duplicate",
        "flag",
        "the variant's image equals its original's (there was no silence to trim): leave it out of training",
    ),
    Column(
        "silent",
        "flag",
        "the clip holds no more than the noise of its own format: three steps of 16 or 24 bits",
        per_clip=True,
    ),
    Column("seconds", "float", "length of the variant before it was padded or cut"),
    Column(
        "peak_dbfs",
        "float",
        "largest sample of the decoded clip, all channels, in dB of full scale; the same for all its variants",
        nullable=True,
    ),
    Column(
        "dc_offset",
        "float",
        "the mean that was subtracted; 1 is full scale",
        nullable=True,
    ),
    Column(
        "channel",
        "text",
        "`mono`, `stereo`, `mean` of all channels, or the number of the channel that was used",
    ),
    Column("sample_rate_hz", "int", "sample rate of the audio file", nullable=True),
    Column(
        "audio_file",
        "text",
        "the audio file, relative to the audio folder",
        per_clip=True,
    ),
    Column("start_s", "float", "where in the audio file the clip begins, in seconds", per_clip=True),
    Column(
        "events",
        "text",
        "events of the clip, where the recording was annotated, as JSON: a list of start and end in seconds from the "
        "clip's beginning, label, lowest and highest frequency in hertz or null",
        per_clip=True,
        rule=Rule(_are_events, 'events such as [[0.5, 1.2, "wren", null, null]], or empty'),
    ),
    Column(
        "salience",
        "text",
        "of UrbanSound8K: `1` where the sound is in the foreground of its recording, `2` in the background; or empty",
        per_clip=True,
        rule=Rule(lambda text: text in ("", "1", "2"), "1 or 2, or empty"),
    ),
    Column(
        "reviewed",
        "text",
        "what a review (`--labels-from`) said of the label: `confirmed`, `changed`; or `added` for a further window, "
        "of these recordings or of others (`audio_file` is its path then), which is trained on and never tested; or "
        "empty",
        per_clip=True,
        rule=Rule(lambda text: text in ("", "confirmed", "changed", ADDED), "confirmed, changed or added, or empty"),
    ),
    Column("audio_bytes", "int", "size of the audio file"),
    Column("audio_mtime_ns", "int", "modification time of the audio file"),
    Column(
        "audio_sha256",
        "text",
        "SHA-256 of the clip's decoded samples",
        per_clip=True,
        rule=Rule(lambda text: _SHA256.fullmatch(text) is not None, "64 digits from 0 to f"),
    ),
    Column(
        "background_file",
        "text",
        "the recording that was mixed in (`background=FOLDER@10`), relative to its folder, or empty",
    ),
    Column(
        "background_source_id",
        "text",
        "its original recording, named as in `source_id` where it is one of the collection: where that is tested, the "
        "image is not trained on",
    ),
    Column("background_bytes", "int", "size of that file, or 0"),
    Column("background_mtime_ns", "int", "modification time of that file, or 0"),
    Column(
        "background_sha256",
        "text",
        "SHA-256 of its decoded beginning, as `audio_sha256` of a clip that begins there",
        rule=Rule(lambda text: not text or _SHA256.fullmatch(text) is not None, "64 digits from 0 to f, or empty"),
    ),
)
"""Of `metadata.csv`, one row an image."""

COLUMNS = tuple(column.name for column in METADATA_COLUMNS)
REJECTED_COLUMNS = ("audio_file", "clip_id", "label", "reason")
"""Of `rejected.csv`, one row a clip; all text."""
