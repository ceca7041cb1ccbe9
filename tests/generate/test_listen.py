import os

import numpy as np
import pytest
import soundfile

from augment_audio import VARIANTS, make_variant, open_sound, parse_request
from generate import manifest
from generate.__main__ import main
from generate.gallery import make_gallery
from generate.listen import RATES, choose, write_sound
from tests.conftest import SR, loudest_hz, tone

ARGUMENTS = ["--engine", "librosa", "--sr", str(SR), "--seconds", "1", "--workers", "1", "--image-size", "64"]


@pytest.mark.parametrize("sr", [4000, 8000, 22050, 44100, 96000])
def test_a_sound_comes_back_at_a_rate_that_browsers_have(tmp_path, sr):
    write_sound(tmp_path / "a.mp3", tone(1000, sr=sr), sr)
    y, rate = soundfile.read(tmp_path / "a.mp3")
    assert rate in RATES
    assert len(y) / rate == pytest.approx(1, abs=0.1)
    assert loudest_hz(y, rate) == pytest.approx(1000, rel=0.002)
    assert os.listdir(tmp_path) == ["a.mp3"]


def test_the_sounds_of_some_clips_stand_beside_their_pictures(sounds, tmp_path):
    images = tmp_path / "images"
    assert main([str(sounds), str(images), *ARGUMENTS, "--variants", "pitch=+2", "--listen", "2"]) == 0
    heard = sorted(path.name for path in images.rglob("*.mp3"))
    assert heard == [
        f"{label}-{k}__{variant}.mp3"
        for label in ("high", "low")
        for k in (0, 1)
        for variant in ("original", "pitch=+2")
    ]
    source, _ = soundfile.read(sounds / "low" / "0.wav", dtype="float32")
    made = make_variant(
        open_sound(source, SR, engine="librosa"), parse_request("pitch=+2", VARIANTS), VARIANTS, seed=0, clip_id=""
    )
    for variant, expected in (("original", source), ("pitch=+2", made)):
        y, rate = soundfile.read(images / "low" / f"low-0__{variant}.mp3", dtype="float32")
        assert rate == SR
        shift = np.correlate(y[4000:14000], expected[5000:9000], "valid").argmax()
        aligned = y[4000 + shift : 8000 + shift]
        assert np.corrcoef(aligned, expected[5000:9000])[0, 1] > 0.98


def test_only_stale_and_missing_sounds_are_written(sounds, tmp_path):
    images = tmp_path / "images"
    main([str(sounds), str(images), *ARGUMENTS, "--variants", "none", "--listen", "1"])
    one = images / "low" / "low-0__original.mp3"
    before = one.stat().st_mtime_ns
    make_gallery(images, listen=2, workers=1)
    assert one.stat().st_mtime_ns == before
    assert (images / "low" / "low-1__original.mp3").is_file()
    os.utime(one, ns=(0, 0))
    make_gallery(images, listen=0, workers=1)
    assert one.stat().st_mtime_ns == 0
    make_gallery(images, listen=1, workers=1)
    assert one.stat().st_mtime_ns >= before


def test_sounds_go_with_their_pictures(sounds, tmp_path):
    images = tmp_path / "images"
    main([str(sounds), str(images), *ARGUMENTS, "--variants", "none", "--listen", "all"])
    assert len(list(images.rglob("*.mp3"))) == 8
    (sounds / "low" / "0.wav").unlink()
    main([str(sounds), str(images), *ARGUMENTS, "--variants", "none", "--listen", "0"])
    assert len(list(images.rglob("*.mp3"))) == 7
    assert not (images / "low" / "low-0__original.mp3").exists()


def test_sounds_that_are_gone_leave_a_page(sounds, tmp_path, capsys):
    from generate.gallery import main as gallery_main

    images = tmp_path / "images"
    main([str(sounds), str(images), *ARGUMENTS, "--variants", "none", "--listen", "0"])
    sounds.rename(tmp_path / "elsewhere")
    assert gallery_main([str(images), "--listen", "1", "--workers", "1"]) == 0
    assert "no sound of 2 clips could be written" in capsys.readouterr().out
    assert (images / "index.html").is_file()


def test_silent_clips_are_not_chosen(sounds, tmp_path):
    soundfile.write(sounds / "low" / "00.wav", 0 * tone(200), SR)
    images = tmp_path / "images"
    main([str(sounds), str(images), *ARGUMENTS, "--variants", "none", "--listen", "0"])
    rows = choose(manifest.read_metadata(images / "metadata.csv"), images, clips_a_class=1)
    assert sorted(rows["clip_id"]) == ["high-0", "low-0"]
