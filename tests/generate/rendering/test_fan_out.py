"""Images in folders of two digits below their class (`--fan-out`)."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from generate.__main__ import main
from generate.audit.assess import of_metadata
from generate.dataset import folder, tables
from generate.dataset.file_names import clip_folder, image_name, is_image_name
from generate.dataset.settings import Settings
from generate.gallery.command_line import main as gallery_main
from tests.browser import browser, chromium  # noqa: F401
from tests.conftest import SR

QUICK = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
MORE = ["--variants", "trim", "gain=-6", "--listen", "2"]


def generate(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def files(images: Path, suffix: str) -> dict[str, bytes]:
    return {path.relative_to(images).as_posix(): path.read_bytes() for path in images.rglob(f"*{suffix}")}


@pytest.fixture
def images(audio_folder, tmp_path) -> Path:
    """The images of two classes of four sounds, fanned out."""
    assert generate(audio_folder, tmp_path / "images", *QUICK, *MORE, "--fan-out") == 0
    return tmp_path / "images"


def test_the_same_files_in_other_folders(audio_folder, images, tmp_path):
    assert generate(audio_folder, tmp_path / "flat", *QUICK, *MORE) == 0
    for suffix, n in ((".png", 24), (".flac", 12)):
        flat = files(tmp_path / "flat", suffix)
        expected = {}
        for name, content in flat.items():
            label, _, file = name.partition("/")
            digits = hashlib.sha1(file.partition("__")[0].encode()).hexdigest()[:2]
            expected[f"{label}/{digits}/{file}"] = content
        assert len(expected) == n
        assert files(images, suffix) == expected
    assert folder.list_images(images) == set(files(images, ".png"))
    assert folder.list_audio(images) == set(files(images, ".flac"))
    table, there = tables.read_metadata(images / "metadata.csv"), files(images, ".png")
    assert set(table["file_name"]) == set(there)
    flat_settings, settings = (
        json.loads((place / "settings.json").read_text()) for place in (tmp_path / "flat", images)
    )
    assert settings["fingerprint"] == flat_settings["fingerprint"]
    assert (settings["fan_out"], flat_settings["fan_out"]) == (True, False)
    audited, flat_audited = (
        of_metadata(place, Settings.from_json(flat_settings["settings"]), tables.read_metadata(place / "metadata.csv"))[
            0
        ]
        for place in (images, tmp_path / "flat")
    )
    pd.testing.assert_frame_equal(audited, flat_audited)


def test_a_second_run_draws_what_is_missing_and_removes_what_is_gone(audio_folder, images, capsys):
    before = files(images, ".png")
    lost = next(name for name in before if "low-2__trim" in name)
    (images / lost).unlink()
    unfinished = images / lost.rpartition("/")[0] / "low-2__trim.png.99.tmp"
    unfinished.write_bytes(b"half")
    (audio_folder / "high" / "3.wav").unlink()
    (emptied,) = {(images / name).parent for name in before if "/high-3__" in name}
    capsys.readouterr()
    assert generate(audio_folder, images, *QUICK, *MORE, "--fan-out") == 0
    assert "Rendered 1 image" in capsys.readouterr().out
    assert files(images, ".png") == {name: content for name, content in before.items() if "/high-3__" not in name}
    assert not unfinished.exists()
    assert not emptied.exists()
    shutil.rmtree(audio_folder / "high")
    assert generate(audio_folder, images, *QUICK, *MORE, "--fan-out", "--layout", "folders") == 0
    assert not (images / "high").exists()


@pytest.mark.parametrize(("before", "after"), [([], ["--fan-out"]), (["--fan-out"], [])])
def test_one_folder_is_of_one_kind(audio_folder, tmp_path, capsys, before, after):
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, *MORE, *before) == 0
    there = files(images, ".png")
    assert generate(audio_folder, images, *QUICK, *MORE, *after) == 1
    message = capsys.readouterr().err
    assert "directly in the class folders" in message
    assert "below each class (--fan-out)" in message
    assert files(images, ".png") == there
    assert generate(audio_folder, images, *QUICK, *MORE, *after, "--overwrite") == 0
    assert sorted(Path(name).name for name in files(images, ".png")) == sorted(Path(name).name for name in there)
    assert {name.count("/") for name in files(images, ".png")} == {2 if after else 1}
    assert all(any(place.iterdir()) for place in images.rglob("*") if place.is_dir())


def test_the_config_file_knows_it(audio_folder, tmp_path):
    (tmp_path / "my.toml").write_text("fan-out = true\n")
    assert (
        generate(audio_folder, tmp_path / "images", *QUICK, "--variants", "none", "--config", tmp_path / "my.toml") == 0
    )
    assert {name.count("/") for name in files(tmp_path / "images", ".png")} == {2}


def test_names_of_images():
    where = clip_folder("dog", "dog-1", fan_out=True)
    assert where == f"dog/{hashlib.sha1(b'dog-1').hexdigest()[:2]}"
    assert image_name(where, "dog-1", "trim") == f"{where}/dog-1__trim.png"
    assert image_name(clip_folder("dog", "dog-1", fan_out=False), "dog-1", "trim") == "dog/dog-1__trim.png"
    columns = [pd.Series(column) for column in (["a", "b/00"], ["1", "2"], ["trim", "gain=-6"])]
    assert list(image_name(*columns)) == ["a/1__trim.png", "b/00/2__gain=-6.png"]
    assert is_image_name("dog/3f/1__original.png")
    for wrong in ("dog/3F/1.png", "dog/3ff/1.png", "dog/cat/1.png", "dog/3f/4a/1.png", "dog/../1.png", "3f//1.png"):
        assert not is_image_name(wrong), wrong


def test_the_page_shows_and_plays_them(images, browser):  # noqa: F811
    assert gallery_main([str(images), "--workers", "1"]) == 0
    browser.open(images / "index.html", fragment="#low-1")
    browser.wait("[...document.querySelectorAll('#clip-plots img')].every((i) => i.complete && i.naturalWidth)")
    assert len(browser.all("#clip-plots img")) == 3
    browser.run("document.querySelectorAll('#clip-plots audio').forEach((audio) => { audio.preload = 'auto' })")
    browser.wait("[...document.querySelectorAll('#clip-plots audio')].filter((a) => a.readyState >= 2).length === 3")
    browser.wait("[...document.querySelectorAll('.strip img')].every((i) => i.complete && i.naturalWidth)")
