"""`settings.json`: how the images of a folder were made."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, cast

from generate.dataset.settings import Settings
from generate.runtime import json_check

SETTINGS = "settings.json"


class CollectionOrigin(TypedDict, total=False):
    """The audio collection, and how it was read; text, and the classes of each group where its authors named some."""

    name: str
    audio_folder: str
    layout: str
    subset: str
    labels: str
    source_pattern: str
    name_pattern: str
    source_column: str
    citation: str
    licence: str
    class_groups: dict[str, list[str]]
    multilabel: bool
    annotations: str
    min_overlap: float
    overlapping: str
    background: float
    window_hop_s: float


class SettingsFile(TypedDict):
    """What `settings.json` holds."""

    format: int
    fingerprint: str
    settings: dict[str, object]
    fan_out: bool
    engine: str
    collection: CollectionOrigin
    versions: dict[str, str]


FORMAT = 1
_KINDS = {
    "format": json_check.number(FORMAT, FORMAT, whole=True),
    "fingerprint": json_check.TEXT,
    "settings": json_check.TABLE,
    "fan_out": json_check.SWITCH,
    "engine": json_check.TEXT,
    "collection": json_check.TABLE,
    "versions": json_check.table_of(json_check.TEXT),
}
REQUIRED_OF_COLLECTION = (
    *("name", "audio_folder", "layout", "subset", "labels", "source_pattern", "name_pattern", "source_column"),
    *("citation", "licence"),
)
"""Texts that `collection` always has."""
_COLLECTION = dict.fromkeys(REQUIRED_OF_COLLECTION, json_check.TEXT)
_ALSO_OF_COLLECTION = {
    "class_groups": json_check.table_of(json_check.list_of(json_check.TEXT)),
    "multilabel": json_check.SWITCH,
    **dict.fromkeys(("annotations", "overlapping"), json_check.TEXT),
    **dict.fromkeys(("min_overlap", "background", "window_hop_s"), json_check.number()),
}


def is_multilabel(settings: SettingsFile) -> bool:
    """Whether the images may have several labels each; see `generate.dataset.label_sets`."""
    return bool(settings["collection"].get("multilabel", False))


def refuse_multilabel(settings: SettingsFile) -> None:
    """Raise `ValueError` for images with several labels each, where one is needed."""
    if is_multilabel(settings):
        raise ValueError("The images must have one label each for this. Got images with several labels each.")


def read_settings(path: Path) -> SettingsFile:
    """Read `settings.json`.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError
        If it is not a JSON object that this program wrote.
    """
    try:
        values = json_check.read_json(path)
        json_check.check(values, _KINDS, others=False)
        contents = cast(SettingsFile, values)
        json_check.check(contents["collection"], _COLLECTION, optional=_ALSO_OF_COLLECTION, others=False)
        Settings.from_json(contents["settings"])
    except ValueError as error:
        raise ValueError(
            f"{str(path)!r} is not as `python -m generate` wrote it: {error}. Fix it, or render the "
            "images again: `python -m generate` with another OUTPUT."
        ) from None
    return contents
