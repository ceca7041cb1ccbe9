"""Files of the user's own in a folder that this program writes: no rerun, no `--overwrite` and no report touches them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import soundfile
from PIL import Image

from generate.__main__ import main
from generate.dataset import mp3, png, tables
from generate.runtime.output_file import check_output_file
from tests.conftest import SR, tone, white
from train.explain import explain_recordings
from train.models import checkpoint
from train.runs import new_run

SMALL = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
ARGUMENTS = [*SMALL, "--variants", "none", "--listen", "1"]


def plant(images: Path, elsewhere: Path) -> dict[str, bytes]:
    """Put files of the user's own into an image folder; their names in it, and their bytes."""
    image = (images / "low" / "low-1__original.png").read_bytes()
    own_audio = (images / "low" / "low-0__original.flac").read_bytes()
    soundfile.write(elsewhere / "song.mp3", tone(440), SR, format="MP3")
    song = (elsewhere / "song.mp3").read_bytes()
    planted = {
        "low/kept/low-1__original.png": image,
        "low/ab/low-1__original.png": image,
        "kept/low-1__original.png": image,
        "low/ab/notes.txt": b"mine",
        "low/low-1__original copy.png": image,
        "low/favourite.png": image,
        "low/low-1__original.mp3": song,
        "high/high-3__original.mp3": song,
        "low/song.mp3": song,
        "kept/low-0__original.flac": own_audio,
        "notes.txt": b"mine",
        "low/notes.txt": b"mine",
        ".pixels-mine/a.npy": b"mine",
        ".pixels-backup.zip": b"mine",
        "thesis.tmp": b"mine",
        "low/thesis.1.tmp": b"mine",
        "README.md": b"mine",
        "kept/metadata.csv": b"mine",
    }
    for name, content in planted.items():
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        (images / name).write_bytes(content)
    # A class that the user moved to another disk.
    shutil.move(images / "high", elsewhere / "high")
    (images / "high").symlink_to(elsewhere / "high")
    (elsewhere / "high" / "keep.png").write_bytes(image)
    # A folder of another collection's images, linked to.
    shutil.copytree(images / "low", elsewhere / "other" / "low")
    (images / "linked").symlink_to(elsewhere / "other" / "low")
    return planted


@pytest.mark.fault(26)
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_only_what_known_rows_name_is_removed(audio_folder, tmp_path, capsys, injected, more):
    images, elsewhere = tmp_path / "images", tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert main([str(audio_folder), str(images), *ARGUMENTS]) == 0
    planted = plant(images, elsewhere)
    linked = {path: path.read_bytes() for path in (elsewhere / "other").rglob("*") if path.is_file()}
    (audio_folder / "low" / "1.wav").unlink()
    capsys.readouterr()
    # The dry run says what the run does, and does nothing.
    everything = {path: path.read_bytes() for path in images.rglob("*") if path.is_file()}
    assert main([str(audio_folder), str(images), *ARGUMENTS, *more, "--dry-run"]) == 0
    plan = capsys.readouterr().out
    assert {path: path.read_bytes() for path in images.rglob("*") if path.is_file()} == everything
    n_removed = 4 if more else 1  # what lies behind the linked class stays in any case
    assert f"removed   {n_removed} image" in plan and "low/low-1__original.png" in plan, plan
    assert f"not ours  {len(planted) - 1 + 1} files" in plan, plan  # one is behind a link; and a linked folder

    assert main([str(audio_folder), str(images), *ARGUMENTS, *more]) == 0
    assert not (images / "low" / "low-1__original.png").exists()
    for name, content in planted.items():
        assert (images / name).read_bytes() == content, name
    assert (elsewhere / "high" / "keep.png").is_file() and (images / "high").is_symlink()
    assert {path: path.read_bytes() for path in linked} == linked
    assert len(tables.read_metadata(images / "metadata.csv")) == 7
    injected(len(planted) + len(linked) + 2)


@pytest.mark.fault(26)
@pytest.mark.parametrize("more", [[], ["--overwrite"]])
def test_files_of_another_program_that_are_called_as_ours_stay(audio_folder, tmp_path, injected, more):
    """Audio beside an image that is removed and beside one that stays, and an image whose clip is gone."""
    images = tmp_path / "images"
    assert main([str(audio_folder), str(images), *ARGUMENTS]) == 0
    for name in ("low/low-1__original.flac", "low/low-3__original.flac"):
        soundfile.write(images / name, tone(440), SR)
        os.utime(images / name, (0, 0))
    Image.new("P", (32, 32)).save(images / "low" / "low-2__original.png")
    planted = ("low/low-1__original.flac", "low/low-3__original.flac", "low/low-2__original.png")
    before = {name: (images / name).read_bytes() for name in planted}
    for number in (1, 2):
        (audio_folder / "low" / f"{number}.wav").unlink()
    assert main([str(audio_folder), str(images), *ARGUMENTS, *more]) == 0
    assert {name: (images / name).read_bytes() for name in planted} == before
    assert not (images / "low" / "low-1__original.png").exists()
    injected(len(planted))


@pytest.mark.fault(26)
def test_sounds_behind_links_and_of_linked_classes_stay(audio_folder, tmp_path, injected):
    images, elsewhere = tmp_path / "images", tmp_path / "elsewhere"
    assert main([str(audio_folder), str(images), *ARGUMENTS]) == 0
    shutil.move(images / "high", elsewhere)
    (images / "high").symlink_to(elsewhere)
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
    (audio_folder / "high" / "0.wav").unlink()
    assert main([str(audio_folder), str(images), *ARGUMENTS, "--dry-run"]) == 0
    assert main([str(audio_folder), str(images), *ARGUMENTS]) == 0
    assert {name: (elsewhere / name).read_bytes() for name in before} == before
    assert len(tables.read_metadata(images / "metadata.csv")) == 7
    injected(1)


OUTPUTS = {
    "a folder": ("results", None),
    "a table of labels": ("labels.csv", "file,label\na.wav,dog\n"),
    "a thesis": ("thesis", "chapter one"),
    "audio": ("a.wav", None),
    "an image": ("a.png", None),
    "in no folder": ("nowhere/a.csv", None),
    "its own JSON": ("a.json", '{\n  "run": "x"}'),
}


@pytest.mark.fault(26)
@pytest.mark.parametrize("what", OUTPUTS)
def test_a_file_that_is_something_else_is_not_written_over(tmp_path, what, injected):
    name, content = OUTPUTS[what]
    path = tmp_path / name
    (tmp_path / "results").mkdir()
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match="--csv must be"):
        check_output_file(path, "--csv", begins="file,start_s,")
    assert content is None or path.read_text() == content
    injected(1)


@pytest.mark.fault(26)
def test_what_the_same_command_wrote_is_replaced(tmp_path, injected):
    for number, content in enumerate([None, "", "file,start_s,end_s\n", "\ufefffile,start_s,end_s\n"]):
        path = tmp_path / f"{number}.csv"
        if content is not None:
            path.write_text(content, encoding="utf-8")
        check_output_file(path, "--csv", begins="file,start_s,")
    injected(4)


@pytest.mark.fault(26)
@pytest.mark.parametrize("name", ["thesis.docx", "settings.json", "explained/photo.png", "fold-1/last.keras", ""])
def test_a_run_is_never_made_in_a_foreign_folder(tmp_path, name, injected):
    folder = tmp_path / "mine"
    if name:
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text('{"editor.tabSize": 4}')
    else:
        folder.write_text("a file")
    with pytest.raises(
        ValueError,
        match="must be a new folder|must be a folder|not as this program wrote it|not as `python -m generate` wrote it",
    ):
        new_run.check_ours(folder)
    if name != "settings.json":
        with pytest.raises(ValueError, match="--output must be"):
            explain_recordings.check_folder(folder)
    injected(1)


def test_a_new_folder_and_one_of_this_program_are_taken(tmp_path):
    new_run.check_ours(tmp_path / "new")
    explain_recordings.check_folder(tmp_path / "new")
    (tmp_path / ".DS_Store").touch()
    (tmp_path / ".lock").touch()
    new_run.check_ours(tmp_path)
    (tmp_path / ".lock").unlink()
    for file in ("a__image.png", "a__what_mattered.wav"):
        (tmp_path / file).touch()
    explain_recordings.check_folder(tmp_path)  # of a run that was interrupted
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match=r"'notes\.txt' and no explanations\.csv"):
        explain_recordings.check_folder(tmp_path)
    (tmp_path / "explanations.csv").touch()
    explain_recordings.check_folder(tmp_path)


def test_halves_of_the_users_own_stay(tmp_path):
    for name in ("last.4711.tmp.keras", "thesis.tmp", "a.tmp.txt", "last.tmp.keras.bak", "fold.json.47110815.tmp"):
        (tmp_path / name).touch()
    checkpoint.remove_halves(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["a.tmp.txt", "last.tmp.keras.bak", "thesis.tmp"]


def test_a_sound_of_this_program_is_known_by_its_tag(tmp_path):
    mp3.write(tmp_path / "own.mp3", white(), SR)
    soundfile.write(tmp_path / "song.mp3", white(), SR, format="MP3")
    (tmp_path / "short.mp3").write_bytes(b"TAG")
    is_ours = {name: mp3.is_ours(tmp_path / f"{name}.mp3") for name in ("own", "song", "short", "absent")}
    assert is_ours == {"own": True, "song": False, "short": False, "absent": False}
    assert abs(soundfile.info(tmp_path / "own.mp3").frames - SR) < 3000


def test_a_copy_of_a_image_is_not_known_by_another_name(tmp_path):
    text = {"clip": "dog-1", "variant": "original"}
    pixels = __import__("numpy").zeros((8, 8), "uint8")
    for name in ("dog-1__original.png", "dog-2__original.png"):
        png.write(tmp_path / name, pixels, palette=png.palette("magma"), text=text)
    assert png.is_named(tmp_path / "dog-1__original.png") and not png.is_named(tmp_path / "dog-2__original.png")
    assert os.listdir(tmp_path)
