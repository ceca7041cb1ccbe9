"""Background recordings in the images of a collection: which ones, of which recording, and when they have changed."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import soundfile

from augment_audio import augment
from generate.__main__ import main
from generate.dataset import png, tables
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from generate.rendering.backgrounds import find_background, sha256_of
from tests.conftest import SR, tone, white

QUICK = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--listen", "0"]


@pytest.fixture
def night(tmp_path, audio_folder):
    """Two recordings, a copy of a file of the collection, and the audio of another one in another format."""
    folder = tmp_path / "my night"
    folder.mkdir()
    for number in range(2):
        soundfile.write(folder / f"{number}.wav", white(3.0, seed=number) + tone(500 + 500 * number, seconds=3.0), SR)
    shutil.copy(audio_folder / "low" / "1.wav", folder / "copy.wav")
    soundfile.write(folder / "same.flac", soundfile.read(audio_folder / "low" / "2.wav")[0], SR)
    return folder


@pytest.fixture
def generate(tmp_path, audio_folder, night):
    """Render with a background: exit status and table."""

    def call(*more, images="images", variants=(f"background={night}@0",)):
        folder = tmp_path / images
        status = main([str(audio_folder), str(folder), *QUICK, "--variants", *variants, *map(str, more)])
        table = tables.read_metadata(folder / "metadata.csv") if status == 0 else None
        return status, table

    return call


def test_an_image_is_the_clip_with_a_part_of_the_recording_that_is_named(generate, audio_folder, night, tmp_path):
    _, table = generate()
    mixed = table[table["variant"] == "background=my-night@0"]
    assert len(mixed) == 8 and mixed["background_file"].nunique() > 1
    originals = table[table["variant"] == "original"]
    assert set(originals["background_file"]) == {""} and set(originals["background_bytes"]) == {0}
    for _, row in mixed.iterrows():
        y, _ = soundfile.read(audio_folder / row["audio_file"], dtype="float32")
        made = augment(y - y.mean(), SR, f"background={night}@0", clip_id=row["clip_id"], engine="librosa")
        expected = spectrogram_image(made, Settings(sr=SR, seconds=1, image_size=32))
        # Read by another reader there, which begins a sample earlier or later and keeps the offset.
        found, of_original = (
            png.read(tmp_path / "images" / name)[0].astype(int)
            for name in (row["file_name"], row["file_name"].replace(row["variant"], "original"))
        )
        assert np.abs(found - expected).mean() < 1
        assert row["duplicate"] or np.abs(found - of_original).mean() > 5
        assert row["background_bytes"] == os.path.getsize(night / row["background_file"])


def test_the_bytes_do_not_depend_on_the_workers_or_on_other_clips(generate, tmp_path):
    for images, more in (("one", ["--workers", "1"]), ("three", ["--workers", "3"]), ("few", ["--limit", "4"])):
        generate(*more, images=images)
    for path in (tmp_path / "one").rglob("*.png"):
        relative = path.relative_to(tmp_path / "one")
        assert path.read_bytes() == (tmp_path / "three" / relative).read_bytes()
        if (tmp_path / "few" / relative).exists():
            assert path.read_bytes() == (tmp_path / "few" / relative).read_bytes()
    assert len(list((tmp_path / "few").rglob("*.png"))) == 8


def test_a_recording_of_the_collection_is_known_by_its_bytes_and_by_its_audio(generate, night):
    _, table = generate(variants=tuple(f"background={night}@{snr_db}" for snr_db in range(5)))
    found = table[table["background_file"] != ""].groupby("background_file")["background_source_id"].unique()
    assert {name: list(sources) for name, sources in found.items()} == {
        "0.wav": ["background:my-night/0.wav"],
        "1.wav": ["background:my-night/1.wav"],
        "copy.wav": [table.loc[table["clip_id"] == "low-1", "source_id"].iloc[0]],
        "same.flac": [table.loc[table["clip_id"] == "low-2", "source_id"].iloc[0]],
    }


@pytest.mark.parametrize("more", [[], ["--limit", "4"]])
def test_a_recording_that_comes_into_the_collection_later_is_known(generate, audio_folder, night, more):
    _, before = generate()
    of_night = before["background_file"] == "0.wav"
    assert set(before.loc[of_night, "background_source_id"]) == {"background:my-night/0.wav"}
    shutil.copy(night / "0.wav", audio_folder / "low" / "night.wav")
    _, after = generate(*more)
    assert set(after.loc[after["background_file"] == "0.wav", "background_source_id"]) == {"low-night"}, "not stale"
    known = before.set_index("file_name")["audio_sha256"]
    assert (after.set_index("file_name").loc[known.index, known.name] == known).all()


def test_the_recording_of_a_background_may_be_in_its_name(generate, night):
    _, table = generate("--source-pattern", r"^(\d)")
    mixed = table[table["background_file"].isin(["0.wav", "1.wav"])]
    assert (mixed["background_source_id"] == mixed["background_file"].str[0]).all() and len(mixed)


def test_only_images_of_changed_recordings_are_stale(generate, night, tmp_path, capsys):
    generate(variants=("noise=10",))
    _, before = generate(variants=("noise=10", f"background={night}@0"))
    assert "24 images, 16 there, 8 to render" in capsys.readouterr().out, "added, not begun again"
    soundfile.write(night / "0.wav", white(3.0, seed=9), SR)
    _, after = generate(variants=("noise=10", f"background={night}@0"))
    n_changed = int((before["background_file"] == "0.wav").sum())
    assert 0 < n_changed < 8
    assert f"24 images, {24 - n_changed} there" in capsys.readouterr().out
    assert after["background_file"].tolist() == before["background_file"].tolist()
    soundfile.write(night / "new.wav", white(30.0, seed=9), SR)
    _, last = generate(variants=("noise=10", f"background={night}@0"))
    assert last["background_file"].eq("new.wav").sum() > 2, "of 41 s, 30 are new"


def test_what_cannot_be_used_is_named_before_work_starts(generate, night, tmp_path, capsys):
    (night / "broken.wav").write_bytes(b"RIFF")
    assert generate()[0] == 1
    assert "background=my-night must hold recordings that can be read" in (err := capsys.readouterr().err)
    assert "broken.wav: " in err and not (tmp_path / "images").exists()
    assert generate(variants=(f"background={tmp_path}/gone@10",))[0] == 1
    assert "which is not a folder" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert generate(variants=(f"background={tmp_path}/empty@10",))[0] == 1
    assert "without an audio file" in capsys.readouterr().err


def test_a_silent_recording_costs_its_clips_and_is_named(generate, night, capsys):
    for path in night.iterdir():
        path.unlink()
    soundfile.write(night / "off.wav", np.zeros(3 * SR), SR)
    status, _ = generate("--max-rejected", "100")
    assert status == 3, "whole classes"
    assert "10 random parts of the background 'off.wav' are silent" in capsys.readouterr().out


@pytest.mark.parametrize("channels", ["stereo", "left", "right", "auto"])
def test_a_background_is_one_channel_whatever_clips_show(tmp_path, channels):
    """Left and right of a stereo file are no longer recording, and a file of one channel has no right one."""
    folder = tmp_path / "hum"
    folder.mkdir()
    low, high = tone(200, seconds=0.5), tone(3000, seconds=0.5)
    soundfile.write(folder / "two.wav", np.stack([low, high], axis=1), SR)
    found = find_background(folder, "background", channels=channels, workers=1)
    part = found.part(0, 2 * SR, 2 * SR, SR, np.random.default_rng(0))
    of_channel = {"left": low, "right": high}
    once = of_channel.get(channels, (low + high) / 2)
    assert part.shape == (2 * SR,)
    np.testing.assert_allclose(part, np.resize(np.concatenate([once, once[::-1]]), 2 * SR), atol=2e-3)

    soundfile.write(folder / "two.wav", low, SR)
    one = find_background(folder, "background", channels=channels, workers=1)
    np.testing.assert_allclose(one.part(0, len(low), len(low), SR, np.random.default_rng(0)), low, atol=2e-3)
    assert sha256_of(folder / "two.wav", Settings(sr=SR, seconds=1, channels=channels))
