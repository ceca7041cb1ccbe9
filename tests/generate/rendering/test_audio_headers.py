import numpy as np
import pytest
import soundfile

from generate.rendering.audio_headers import MOST_FILES, read_headers
from tests.conftest import white


def test_formats(tmp_path):
    kinds = {"a.wav": {}, "b.flac": {}, "c.ogg": {}, "d.opus": {"format": "OGG", "subtype": "OPUS"}, "e.mp3": {}}
    kinds["f.aiff"] = {}
    for name, options in kinds.items():
        soundfile.write(tmp_path / name, white(0.75, sr=48000), 48000, **options)
    (tmp_path / "text.wav").write_text("no sound")
    paths = [tmp_path / name for name in (*kinds, "text.wav", "gone.wav")]
    facts = read_headers(paths, workers=1)
    np.testing.assert_allclose(facts.seconds[:6], 0.75, atol=0.01)
    np.testing.assert_array_equal(facts.sample_rate_hz[:4], 48000)
    assert np.isnan(facts.seconds[6:]).all() and len(facts.known_s) == 6
    assert list(facts.unusable) == paths[6:] and "not readable as audio" in facts.unusable[paths[6]]


def test_of_many_files_some_are_looked_at(tmp_path):
    soundfile.write(tmp_path / "a.wav", white(0.5), 22050)
    facts = read_headers([tmp_path / "a.wav"] * (2 * MOST_FILES), workers=1)
    assert (len(facts.seconds), facts.n_files) == (MOST_FILES, 2 * MOST_FILES)


def test_real_sounds(esc10):
    paths = sorted(esc10.glob("*/*.ogg"))[::20]
    expected = [soundfile.info(path).duration for path in paths]
    assert read_headers(paths, workers=1).seconds == pytest.approx(expected, abs=0.001)
    assert len(read_headers([], workers=1).seconds) == 0
