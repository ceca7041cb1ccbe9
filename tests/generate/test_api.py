"""`generate.render` and `generate.read_dataset`: what the commands do, from Python."""

from __future__ import annotations

import os

import pandas as pd
import pytest
import soundfile
from PIL import Image

import generate
from generate.__main__ import main
from generate.dataset.settings_file import read_settings
from tests.conftest import SR, tone

SMALL = {"seconds": 1, "sr": SR, "image_size": (32, 32), "engine": "librosa", "listen": 0, "workers": 1}


@pytest.fixture
def audio_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for label, hz in (("high", 3000), ("low", 300)):
        for number in range(2):
            path = tmp_path / "audio_folder" / label / f"{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(hz + number), SR)
    return tmp_path / "audio_folder"


def test_it_renders_what_the_command_renders(audio_folder, tmp_path):
    result = generate.render(audio_folder, tmp_path / "a", variants=["pitch=+2"], **SMALL)
    arguments = [
        "--variants",
        "pitch=+2",
        "--seconds",
        "1",
        "--image-size",
        "32",
        "--engine",
        "librosa",
        "--listen",
        "0",
        "--workers",
        "1",
    ]
    assert main([str(audio_folder), str(tmp_path / "b"), "--sr", str(SR), *arguments]) == 0
    images = {path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.png")}
    assert len(images) == 8 == result.n_rendered
    for name in images:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / "index.html").is_file()
    read = generate.read_dataset(tmp_path / "a")
    pd.testing.assert_frame_equal(read, generate.read_dataset(tmp_path / "b"))
    assert result.metadata["file_name"].tolist() == read["file_name"].tolist()


def test_options_go_where_they_belong_and_output_has_its_default(audio_folder, tmp_path):
    result = generate.render("audio_folder", classes=["low"], variants=["none"], source_pattern="^(.)", **SMALL)
    assert result.metadata["label"].unique().tolist() == ["low"]
    assert (tmp_path / "outputs/images/audio_folder/metadata.csv").is_file()


def test_one_class_is_not_its_letters(audio_folder, tmp_path):
    result = generate.render("audio_folder", "one", leave_out="low", variants="none", **SMALL)
    assert result.metadata["label"].unique().tolist() == ["high"]


def test_what_is_no_option_is_named(audio_folder):
    with pytest.raises(TypeError, match="no option 'variant'. Did you mean 'variants'?"):
        generate.render(audio_folder, variant=["none"])
    with pytest.raises(ValueError, match="sr must be"):
        generate.render(audio_folder, sr=0)
    for options, words in (
        ({"workers": 1.5}, "workers must be a whole number, 0 or more. Got 1.5"),
        ({"limit": True}, "limit must be a whole number, 0 or more. Got True"),
        ({"overwrite": "no"}, "overwrite must be True or False. Got 'no'"),
    ):
        with pytest.raises(ValueError, match=words):
            generate.render(audio_folder, **options)
    with pytest.raises(ValueError, match="'source_pattern' must be a text. Got None"):
        generate.render(audio_folder, source_pattern=None, overwrite=True, **SMALL)
    with pytest.raises(ValueError, match="classes"):
        generate.render(audio_folder, classes=["middle"], **SMALL)


def test_words_of_the_command_line_are_read(audio_folder, tmp_path):
    small = SMALL | {"image_size": "32x16", "listen": "all", "variants": ["none"]}
    result = generate.render(audio_folder, tmp_path / "a", **small)
    images = [Image.open(path) for path in (tmp_path / "a").rglob("*.png")]
    assert {image.size for image in images} == {(32, 16)} and len(list((tmp_path / "a").rglob("*.flac"))) == 4
    assert result.n_rendered == 4
    generate.render(audio_folder, tmp_path / "b", **(SMALL | {"image_size": "native", "variants": ["none"]}))
    assert read_settings(tmp_path / "b" / "settings.json")["settings"]["image_size"] == "native"
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "0.txt").write_text("0.0\t0.2\twren\n")
    marked = {**SMALL, "annotations": "notes", "seconds": 0.25, "variants": ["none"]}
    table = generate.render(audio_folder / "low", tmp_path / "c", background="none", **marked).metadata
    assert set(table["label"]) == {"wren"}
    for options, words in (
        ({"image_size": "wide"}, "image size must be 224, 320x240 .* Got 'wide'"),
        ({"background": "some"}, "background must be a number. Got 'some'"),
        ({"min_overlap": None}, "min_overlap must be a number. Got None"),
        ({"max_rejected": "5"}, "max_rejected must be a number. Got '5'"),
    ):
        with pytest.raises(ValueError, match=words):
            generate.render(audio_folder / "low", tmp_path / "d", **(marked | options))


def test_the_result_knows_how_many_may_be_rejected(audio_folder, tmp_path):
    (audio_folder / "low" / "0.wav").write_bytes(b"no audio")
    strict = generate.render(audio_folder, tmp_path / "a", variants=["none"], **SMALL)
    assert strict.too_many_rejected()
    assert not generate.render(
        audio_folder, tmp_path / "a", variants=["none"], max_rejected=25, **SMALL
    ).too_many_rejected()


def test_other_libraries_keep_their_threads(audio_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    generate.render(audio_folder, tmp_path / "a", variants=["none"], **SMALL)
    assert os.environ["OMP_NUM_THREADS"] == "7" and "MKL_NUM_THREADS" not in os.environ
