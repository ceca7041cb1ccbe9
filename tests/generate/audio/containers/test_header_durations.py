import numpy as np
import pytest
import soundfile

from generate.audio import BadAudio, length
from generate.audio.containers.header_durations import is_surely_short
from tests.conftest import white
from tests.faults.test_mutations import mutated, seeds

KINDS = {
    "16.wav": {"subtype": "PCM_16"},
    "8.wav": {"subtype": "PCM_U8"},
    "24.wav": {"format": "WAVEX", "subtype": "PCM_24"},
    "float.wav": {"subtype": "FLOAT"},
    "a.ogg": {},
    "a.opus": {"format": "OGG", "subtype": "OPUS"},
}
SR = 48000


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("n_channels", [1, 2])
@pytest.mark.parametrize("length_s", [0.3, 1.0, 2.5])
def test_what_it_says_is_what_libsndfile_says(tmp_path, name, n_channels, length_s):
    y = np.repeat(white(length_s, sr=SR)[:, np.newaxis], n_channels, axis=1)
    soundfile.write(tmp_path / name, y, SR, **KINDS[name])
    exact_s = length(tmp_path / name).seconds
    for seconds in (0.2, 0.9 * exact_s, exact_s, 1.1 * exact_s, 7.5):
        assert is_surely_short(tmp_path / name, seconds) == (exact_s < seconds), seconds


def test_real_clips(esc10):
    paths = sorted(esc10.glob("*/*.ogg"))[::10]
    for path in paths:
        assert is_surely_short(path, 7.5)
        assert is_surely_short(path, 5.0) == (length(path).seconds < 5.0)


def test_a_wav_whose_format_follows_other_chunks(tmp_path):
    soundfile.write(tmp_path / "a.wav", white(1.0, sr=SR), SR)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "b.wav").write_bytes(content[:12] + b"bext" + (602).to_bytes(4, "little") + bytes(602) + content[12:])
    assert is_surely_short(tmp_path / "b.wav", 1.5) and not is_surely_short(tmp_path / "b.wav", 1.0)


def test_what_needs_another_look(tmp_path):
    soundfile.write(tmp_path / "a.mp3", white(0.5), 22050)
    soundfile.write(tmp_path / "a.aiff", white(0.5), 22050)
    soundfile.write(tmp_path / "a.flac", white(0.5), 22050)
    soundfile.write(tmp_path / "gsm.wav", white(0.5, sr=8000), 8000, subtype="GSM610")
    (tmp_path / "text.wav").write_text("no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    for path in (*tmp_path.iterdir(), tmp_path / "gone.wav", tmp_path):
        assert not is_surely_short(path, 9.0), path


def test_damaged_headers_do_no_harm(esc10, tmp_path):
    """They may say anything; that is said at once. What decodes to its limit is never called short."""
    rng = np.random.default_rng(0)
    n_long = 0
    for name, content in seeds(esc10).items():
        for _ in range(20):
            (tmp_path / name).write_bytes(mutated(content, rng))
            is_short = is_surely_short(tmp_path / name, 0.9)
            try:
                seconds = length(tmp_path / name).seconds
            except BadAudio:
                continue
            if seconds >= 0.9:
                n_long += 1
                assert not is_short, (name, seconds)
    assert n_long > 100
