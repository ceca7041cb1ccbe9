from __future__ import annotations

import pytest

from generate.dataset.settings import Settings
from generate.dataset.settings_file import read_settings
from generate.runtime.atomic_write import write_json
from tests.generate.dataset.rows import SETTINGS

COLLECTION = SETTINGS["collection"]


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "settings.json"
    for settings in (Settings(), Settings(planes=("mel", "delta", "delta2")), Settings(image_size=None)):
        write_json(path, SETTINGS | {"settings": settings.to_json()})
        described = read_settings(path)
        assert described == SETTINGS | {"settings": settings.to_json()}
        assert Settings.from_json(described["settings"]) == settings


@pytest.mark.parametrize("text", ["{", "[]", "{}", "3"])
def test_damage_is_named(tmp_path, text):
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(ValueError, match="another OUTPUT"):
        read_settings(tmp_path / "settings.json")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "'format' must be 1. Got 2"),
        ({"speed": 2}, "it holds 'speed', which is not known here"),
        ({"settings": {}}, "it lacks 'sr'"),
        ({"settings": Settings().to_json() | {"volume": 11}}, "it holds 'volume', which is not known here"),
        ({"collection": {"name": "Small"}}, "it lacks 'audio_folder'"),
        ({"collection": COLLECTION | {"sounds": "../audio"}}, "it holds 'sounds', which is not known here"),
    ],
)
def test_a_file_of_another_format_is_refused(tmp_path, change, words):
    write_json(tmp_path / "settings.json", SETTINGS | change)
    with pytest.raises(ValueError, match=f"{words}.*render the images again: `python -m generate`"):
        read_settings(tmp_path / "settings.json")
