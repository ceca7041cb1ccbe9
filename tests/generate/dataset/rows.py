"""A row of `metadata.csv`, and a `settings.json`."""

from generate.dataset.settings import Settings

SETTINGS = {
    "format": 1,
    "fingerprint": "0123456789abcdef",
    "settings": Settings().to_json(),
    "fan_out": False,
    "engine": "librosa 0.11",
    "collection": {
        "name": "Small",
        "audio_folder": "../audio",
        "layout": "folders",
        **dict.fromkeys(("subset", "labels", "source_pattern", "name_pattern", "source_column"), ""),
        "licence": "CC BY 3.0",
        "citation": "A. Author, Small sounds, 2020",
    },
    "versions": {"python": "3.11.0"},
}
"""What `settings.json` holds."""


def row(**changes):
    values = {
        "file_name": "a/1__original.png",
        "label": "a",
        "clip_id": "1",
        "source_id": "r1",
        "recording": "r1",
        "fold": "1",
        "split": "",
        "variant": "original",
        "duplicate": False,
        "silent": False,
        "seconds": 5.0,
        "peak_dbfs": -3.0,
        "dc_offset": 0.001,
        "channel": "1",
        "sample_rate_hz": 44100,
        "audio_file": "a/1.wav",
        "start_s": 0.0,
        "audio_bytes": 100,
        "events": "",
        "salience": "",
        "reviewed": "",
        "audio_mtime_ns": 1_700_000_000_123_456_789,
        "audio_sha256": "ab" * 32,
        "background_file": "",
        "background_source_id": "",
        "background_bytes": 0,
        "background_mtime_ns": 0,
        "background_sha256": "",
    }
    return values | changes
