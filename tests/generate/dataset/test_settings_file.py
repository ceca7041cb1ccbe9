from __future__ import annotations

import json

import pytest

from generate.dataset.recordings import recordings_of
from generate.dataset.settings import Settings
from generate.dataset.settings_file import read_settings
from generate.runtime.atomic_write import write_json


def test_settings_of_an_earlier_release_are_read(tmp_path, monkeypatch):
    """`collection.sounds` was the name of `audio_folder`."""
    (tmp_path / "my_audio").mkdir()
    (tmp_path / "images").mkdir()
    path = tmp_path / "images/settings.json"
    collection = {"name": "my_audio", "sounds": "../my_audio", "layout": "folders"}
    values = {"format": 1, "fingerprint": "0" * 16, "settings": Settings().to_json(), "collection": collection}
    path.write_text(json.dumps(values))
    described = read_settings(path)
    assert described["collection"] == {"name": "my_audio", "audio_folder": "../my_audio", "layout": "folders"}
    monkeypatch.chdir(tmp_path)
    assert recordings_of(path.parent, described) == ((tmp_path / "my_audio").resolve(), "")
    write_json(path, described)
    assert read_settings(path) == described and "sounds" not in json.loads(path.read_text())["collection"]


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", "3", '{"settings": {}, "fingerprint": "x", "collection": {"sounds": 3}}']
)
def test_damage_is_named(tmp_path, text):
    (tmp_path / "settings.json").write_text(text)
    with pytest.raises(ValueError, match="another OUTPUT"):
        read_settings(tmp_path / "settings.json")
