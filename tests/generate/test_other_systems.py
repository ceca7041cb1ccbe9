"""What a run does where Windows or macOS differs from the system that the tests run on."""

import os
import unicodedata

import pytest

from generate.__main__ import main
from generate.dataset import folder, own_files
from generate.rendering import plan
from generate.runtime.progress import terminal_bar
from tests.generate.rendering.test_run import QUICK, tree

NO_VARIANTS = ["--variants", "none"]


def generate(*arguments) -> int:
    return main([*map(str, arguments), *QUICK])


def test_a_whole_disk_has_no_name_for_its_images(capsys):
    assert generate(os.path.abspath(os.sep)) == 1
    assert "is a whole disk and has no name for its images. Give an OUTPUT" in capsys.readouterr().err


def test_paths_that_windows_does_not_take_are_told_before_any_work(audio_folder, tmp_path, monkeypatch, capsys):
    images = tmp_path / ("x" * 100)
    monkeypatch.setattr(plan, "max_path_length", lambda: len(str(images)) + 20)
    assert generate(audio_folder, images) == 1
    said = capsys.readouterr().err
    assert "and Windows accepts" in said and "shorter, or enable long" in said and not images.exists()
    monkeypatch.setattr(plan, "max_path_length", lambda: len(str(images)) + 120)
    assert generate(audio_folder, images) == 0


def test_a_folder_that_finder_has_looked_at(audio_folder, tmp_path):
    images, plain, folders = tmp_path / "seen", tmp_path / "plain", ["--layout", "folders"]
    images.mkdir()
    (images / ".DS_Store").touch()
    assert generate(audio_folder, images, *folders) == generate(audio_folder, plain, *folders) == 0
    (images / "high" / ".DS_Store").touch()
    for sound in (audio_folder / "high").iterdir():
        sound.unlink()
    assert generate(audio_folder, images, *folders) == generate(audio_folder, plain, *folders) == 0
    assert not (images / "high").exists()  # else Keras would take it for a class
    (images / ".DS_Store").unlink()
    assert tree(images).keys() == tree(plain).keys()


def test_names_that_a_disk_gives_back_decomposed_are_those_that_were_written(tmp_path):
    for form in ("NFC", "NFD"):
        a_class = tmp_path / form / unicodedata.normalize(form, "Käuz")
        a_class.mkdir(parents=True)
        (a_class / unicodedata.normalize(form, "Föhre__original.png")).write_bytes(b"1")
    assert folder.list_images(tmp_path / "NFC") == folder.list_images(tmp_path / "NFD")


def test_class_variants_of_a_class_that_is_written_in_another_way(audio_folder, tmp_path):
    (audio_folder / "low").rename(audio_folder / "Ka\u0308uz")
    config = tmp_path / "own.toml"
    config.write_bytes("\ufeffvariants = ['none']\n[class-variants]\n'Käuz' = ['trim']\n".encode())  # of PowerShell
    assert generate(audio_folder, tmp_path / "out", "--config", config) == 0
    drawn = {name.split("__")[1] for name in folder.list_images(tmp_path / "out") if name.startswith("Käuz/")}
    assert drawn == {"original.png", "trim.png"}


def test_nul_that_windows_takes_for_a_terminal(monkeypatch):
    def no_size(_):
        raise OSError(6, "The handle is invalid")

    monkeypatch.setattr(os, "get_terminal_size", no_size)
    with terminal_bar(total=3) as bar:
        bar.update()
    assert bar.ncols == 80


@pytest.mark.parametrize("is_there", [True, False])
def test_levels_that_are_trained_from_stop_no_run(tmp_path, monkeypatch, is_there):
    def held(self, missing_ok=False):
        raise PermissionError(13, "in use")

    if is_there:
        (tmp_path / ".pixels-1.npy").touch()
    monkeypatch.setattr(type(tmp_path), "unlink", held)
    own_files.remove_cached_pixels(tmp_path)
