"""`settings.json`: how the images of a folder were made."""

from __future__ import annotations

from pathlib import Path
from typing import Required, TypedDict, cast

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


class SettingsFile(TypedDict, total=False):
    """What `settings.json` holds: `settings` and `fingerprint`, and everything else in newer versions."""

    format: int
    fingerprint: Required[str]
    settings: Required[dict[str, object]]
    fan_out: bool
    engine: str
    collection: CollectionOrigin
    versions: dict[str, str]


_REQUIRED = {"settings": json_check.TABLE, "fingerprint": json_check.TEXT}
_OPTIONAL = {
    "format": json_check.number(1, 1, whole=True),
    "fan_out": json_check.SWITCH,
    "engine": json_check.TEXT,
    "collection": json_check.TABLE,
    "versions": json_check.table_of(json_check.TEXT),
}
_COLLECTION = dict.fromkeys(CollectionOrigin.__annotations__, json_check.TEXT) | {
    "class_groups": json_check.table_of(json_check.list_of(json_check.TEXT)),
    "multilabel": json_check.SWITCH,
}
EARLIER_NAMES = {"sounds": "audio_folder"}
"""Names in `collection` that earlier releases wrote."""


def is_multilabel(settings: SettingsFile) -> bool:
    """Whether the images may have several labels each; see `generate.dataset.label_sets`."""
    return bool(settings.get("collection", {}).get("multilabel", False))


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
        json_check.check(values, _REQUIRED, optional=_OPTIONAL)
        contents = cast(SettingsFile, values)
        if "collection" in contents:
            collection = json_check.with_current_names(cast("dict[str, object]", contents["collection"]), EARLIER_NAMES)
            json_check.check(collection, {}, optional=_COLLECTION)
            contents["collection"] = cast(CollectionOrigin, collection)
        Settings.from_json(contents["settings"])
    except ValueError as error:
        raise ValueError(
            f"{str(path)!r} is not as `python -m generate` wrote it: {error}. Fix it, or give another OUTPUT."
        ) from None
    return contents
