import os

import numpy as np
import soundfile

from augment_audio import VARIANTS, make_variant, open_audio, parse_request
from generate.__main__ import main
from generate.dataset import tables
from generate.dataset.folder import list_images
from generate.dataset.own_files import foreign_files
from generate.dataset.settings_file import read_settings
from generate.gallery import listen
from generate.gallery.command_line import main as gallery_main
from generate.gallery.listen import choose
from generate.gallery.make import make_gallery
from generate.gallery.page_data import page_data
from tests.conftest import SR, tone

ARGUMENTS = ["--engine", "librosa", "--sr", str(SR), "--seconds", "1", "--workers", "1", "--image-size", "64"]


def test_the_sounds_of_some_clips_stand_beside_their_images(audio_folder, tmp_path):
    images = tmp_path / "images"
    assert main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "pitch=+2", "--listen", "2"]) == 0
    heard = sorted(path.name for path in images.rglob("*.flac"))
    assert heard == [
        f"{label}-{k}__{variant}.flac"
        for label in ("high", "low")
        for k in (0, 1)
        for variant in ("original", "pitch=+2")
    ]
    source, _ = soundfile.read(audio_folder / "low" / "0.wav", dtype="float32")
    made = make_variant(
        open_audio(source, SR, engine="librosa"), parse_request("pitch=+2", VARIANTS), VARIANTS, seed=0, clip_id=""
    )
    for variant, expected in (("original", source), ("pitch=+2", made)):
        y, rate = soundfile.read(images / "low" / f"low-0__{variant}.flac", dtype="float32")
        assert rate == SR
        np.testing.assert_allclose(y, expected, atol=5e-4)  # less the mean of the tone, and 16 bits


def test_sounds_come_with_their_images_and_not_by_a_second_pass(audio_folder, tmp_path, monkeypatch):
    soundfile.write(audio_folder / "low" / "0.wav", 0 * tone(200), SR)
    images = tmp_path / "images"
    passes = []
    real = listen.map_unordered
    monkeypatch.setattr(
        listen,
        "map_unordered",
        lambda work, jobs, *a, **k: passes.append(list(jobs)) or real(work, passes[-1], *a, **k),
    )
    main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "pitch=+2", "--listen", "1"])
    # The first clip of "low" is silent, which shows only when it is decoded: the next one is heard, afterwards.
    assert [[job.clip_id for job in jobs] for jobs in passes] == [["low-1"]]
    heard = sorted(path.name for path in images.rglob("*.flac"))
    assert heard == [f"{clip}__{variant}.flac" for clip in ("high-0", "low-1") for variant in ("original", "pitch=+2")]
    first = (images / "high" / "high-0__pitch=+2.flac").read_bytes()
    (images / "high" / "high-0__pitch=+2.flac").unlink()
    make_gallery(images, listen=1, workers=1, audio_folder=audio_folder)
    assert (images / "high" / "high-0__pitch=+2.flac").read_bytes() == first


def test_only_stale_and_missing_sounds_are_written(audio_folder, tmp_path):
    images = tmp_path / "images"
    main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "none", "--listen", "1"])
    one = images / "low" / "low-0__original.flac"
    before = one.stat().st_mtime_ns
    make_gallery(images, listen=2, workers=1, audio_folder=audio_folder)
    assert one.stat().st_mtime_ns == before
    assert (images / "low" / "low-1__original.flac").is_file()
    os.utime(one, ns=(0, 0))
    make_gallery(images, listen=0, workers=1, audio_folder=audio_folder)
    assert one.stat().st_mtime_ns == 0
    make_gallery(images, listen=1, workers=1, audio_folder=audio_folder)
    assert one.stat().st_mtime_ns >= before


def test_no_audio_is_written_that_is_not_that_of_the_image(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "none", "--listen", "0"])
    (audio_folder / "low" / "0.wav").write_bytes((audio_folder / "high" / "0.wav").read_bytes())
    assert gallery_main([str(images), "--listen", "all", "--audio-folder", str(audio_folder)]) in (0, 3)
    assert not (images / "low" / "low-0__original.flac").exists()
    assert (images / "low" / "low-1__original.flac").is_file()
    assert "its audio has changed since its image was rendered" in capsys.readouterr().out


def test_the_page_knows_which_images_have_sounds(audio_folder, tmp_path):
    images = tmp_path / "images"
    assert main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "none", "--listen", "1"]) == 0
    described, metadata = read_settings(images / "settings.json"), tables.read_metadata(images / "metadata.csv")
    clips = page_data(images, described, metadata)["clips"]
    has_audio = {clip_id: of[0][3] for clip_id, of in zip(clips["id"], clips["images"], strict=True)}
    assert {clip_id for clip_id, has in has_audio.items() if has} == {"low-0", "high-0"} and len(has_audio) == 8
    assert foreign_files(images, list_images(images)) == []


def test_sounds_go_with_their_images(audio_folder, tmp_path):
    images = tmp_path / "images"
    main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "none", "--listen", "all"])
    assert len(list(images.rglob("*.flac"))) == 8
    (audio_folder / "low" / "0.wav").unlink()
    main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "none", "--listen", "0"])
    assert len(list(images.rglob("*.flac"))) == 7
    assert not (images / "low" / "low-0__original.flac").exists()


def test_sounds_that_are_gone_leave_a_page(audio_folder, tmp_path, capsys, monkeypatch):
    images = tmp_path / "images"
    main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "none", "--listen", "0"])
    audio_folder.rename(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)
    assert gallery_main([str(images), "--listen", "1", "--workers", "1"]) == 0
    assert "no audio of 2 clips could be written" in capsys.readouterr().out
    assert (images / "index.html").is_file()


def test_silent_clips_are_not_chosen(audio_folder, tmp_path):
    soundfile.write(audio_folder / "low" / "00.wav", 0 * tone(200), SR)
    images = tmp_path / "images"
    main([str(audio_folder), str(images), *ARGUMENTS, "--variants", "none", "--listen", "0"])
    rows = choose(tables.read_metadata(images / "metadata.csv"), images, clips_a_class=1)
    assert sorted(rows["clip_id"]) == ["high-0", "low-0"]
