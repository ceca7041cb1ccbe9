"""What stands in a sound folder besides folders of sounds: the classes are the user's, and nothing is waited for."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tests.conftest import SR, tone
from tests.faults.rows import only_at_full_count, times
from tests.faults.running import QUICK, generate, image_bytes, metadata, reasons, run


def write(path: Path, hz: float) -> None:
    """A tone of half a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(hz, seconds=0.5), SR)


def link_loops(audio_folder: Path) -> None:
    (audio_folder / "dog" / "up").symlink_to("..")
    (audio_folder / "dog" / "here").symlink_to(".")
    (audio_folder / "again").symlink_to(".")
    (audio_folder / "itself").symlink_to("itself")
    (audio_folder / "ping").symlink_to("pong")
    (audio_folder / "pong").symlink_to("ping")


def folder_named_as_a_sound(audio_folder: Path) -> None:
    (audio_folder / "dog" / "x.wav").mkdir()
    write(audio_folder / "dog" / "x.wav" / "inside.wav", 777)
    (audio_folder / "dog" / "empty.wav").mkdir()


def class_named_as_a_sound(audio_folder: Path) -> None:
    write(audio_folder / "x.wav" / "inside.wav", 777)


def empty_classes(audio_folder: Path) -> None:
    (audio_folder / "empty").mkdir()
    (audio_folder / "deep" / "er" / "still").mkdir(parents=True)
    (audio_folder / "papers").mkdir()
    (audio_folder / "papers" / "notes.txt").write_text("no sound")


def hidden_folders(audio_folder: Path) -> None:
    for name in (".git", ".ipynb_checkpoints", "__MACOSX", "dog/.cache", "dog/.trash"):
        write(audio_folder / name / "a.wav", 888)
    write(audio_folder / "dog" / ".hidden.wav", 889)


def links_out_of_the_folder(audio_folder: Path) -> None:
    write(audio_folder.parent / "elsewhere" / "far" / "away.wav", 777)
    (audio_folder / "dog" / "more").symlink_to(audio_folder.parent / "elsewhere")
    (audio_folder / "dog" / "passwd.txt").symlink_to("/etc/passwd")


def broken_links(audio_folder: Path) -> None:
    (audio_folder / "dog" / "gone.wav").symlink_to("nowhere.wav")
    (audio_folder / "dog" / "round.flac").symlink_to("round.flac")
    (audio_folder / "nowhere").symlink_to("../not there")


def link_to_a_file(audio_folder: Path) -> None:
    write(audio_folder.parent / "elsewhere" / "single.wav", 777)
    (audio_folder / "dog" / "linked.wav").symlink_to("../../elsewhere/single.wav")


def class_that_is_a_link(audio_folder: Path) -> None:
    write(audio_folder.parent / "elsewhere" / "wolf" / "a.wav", 777)
    (audio_folder / "wolf").symlink_to("../elsewhere/wolf")


def pipe(audio_folder: Path) -> None:
    os.mkfifo(audio_folder / "dog" / "pipe.wav")
    os.mkfifo(audio_folder / "beside.wav")
    (audio_folder / "cat" / "to-a-pipe.ogg").symlink_to("../dog/pipe.wav")


def sockets(audio_folder: Path) -> None:
    here = os.getcwd()
    os.chdir(audio_folder / "dog")  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket.wav")
    finally:
        os.chdir(here)


def devices(audio_folder: Path) -> None:
    """A terminal and /dev/zero, which never end: of this disk where they can be made, else by links."""
    try:
        os.mknod(audio_folder / "dog" / "zero.wav", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError:
        (audio_folder / "dog" / "zero.wav").symlink_to("/dev/zero")
    (audio_folder / "dog" / "random.flac").symlink_to("/dev/urandom")
    (audio_folder / "cat" / "tty.mp3").symlink_to("/dev/tty")
    (audio_folder / "cat" / "stdin.wav").symlink_to("/dev/stdin")
    (audio_folder / "devices").symlink_to("/dev/pts")


Put = Callable[[Path], None]
PLAIN = {"cat": 2, "dog": 2}
CASES: dict[str, tuple[Put, dict[str, int], set[str], str]] = {
    "link loops": (link_loops, PLAIN, set(), "links to folders that are listed already"),
    "a folder named x.wav": (folder_named_as_a_sound, {"cat": 2, "dog": 3}, set(), ""),
    "a class named x.wav": (class_named_as_a_sound, {**PLAIN, "x.wav": 1}, set(), ""),
    "empty classes": (empty_classes, PLAIN, set(), "1 .txt"),
    "hidden folders": (hidden_folders, PLAIN, set(), "6 hidden"),
    "links out of the folder": (links_out_of_the_folder, {"cat": 2, "dog": 3}, set(), "1 .txt"),
    "broken links": (broken_links, PLAIN, {"dog/gone.wav", "dog/round.flac"}, ""),
    "a link to a file": (link_to_a_file, {"cat": 2, "dog": 3}, set(), ""),
    "a class that is a link": (class_that_is_a_link, {**PLAIN, "wolf": 1}, set(), ""),
    "pipes": (pipe, PLAIN, set(), "3 pipes and devices"),
    "sockets": (sockets, PLAIN, set(), "1 pipes and devices"),
    "devices": (devices, PLAIN, set(), "pipes and devices"),
}
"""What is put into the folder, the clips of each class, what is rejected, and what the plan must say."""


@only_at_full_count
@pytest.mark.fault(10)
@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such files")
def test_the_classes_are_exactly_the_users(tmp_path, injected):
    assert len(CASES) == 12
    plain = tmp_path / "plain"
    for label, base_hz in (("cat", 300), ("dog", 900)):
        for number in range(2):
            write(plain / label / f"{number}.wav", base_hz + 50 * number)
    more = [*QUICK, "--variants", "none", "--max-rejected", "90"]
    generate(plain, tmp_path / "drawn", *more)
    expected = image_bytes(tmp_path / "drawn")
    cases = list(CASES.items())[-times(12, daily=3) :]
    for number, (name, (put, classes, rejected, words)) in enumerate(cases):
        audio_folder, images = tmp_path / str(number) / "audio_folder", tmp_path / str(number) / "images"
        shutil.copytree(plain, audio_folder)
        put(audio_folder)
        # Nothing here has two seconds of sound: what takes longer is waiting for something.
        done = generate(audio_folder, images, *more, limit_s=60)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        table = metadata(images)
        assert table["label"].value_counts().to_dict() == classes, name
        assert sorted(path.name for path in images.iterdir() if path.is_dir()) == sorted(classes), name
        assert table["audio_sha256"].is_unique, f"{name}: a sound is there twice"
        assert set(reasons(images)) == rejected, name
        assert words in done.stdout, (name, done.stdout)
        assert expected.items() <= image_bytes(images).items(), name
    injected(len(cases))


@pytest.mark.fault(10)
@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such files")
def test_a_table_that_names_a_pipe_or_a_device_waits_for_neither(tmp_path, injected):
    audio_folder = tmp_path / "audio_folder"
    for label, hz in (("cat", 300), ("dog", 900)):
        write(audio_folder / "audio" / f"{label}.wav", hz)
    os.mkfifo(audio_folder / "audio" / "pipe.wav")
    (audio_folder / "audio" / "zero.wav").symlink_to("/dev/zero")
    (audio_folder / "audio" / "folder.wav").mkdir()
    bad = ("pipe", "zero", "folder")
    rows = [f"audio/{name}.wav,{'cat' if name != 'dog' else 'dog'}" for name in ("cat", "dog", *bad)]
    (audio_folder / "labels.csv").write_text("\n".join(["file,label", *rows, ""]))
    done = run("generate", audio_folder, tmp_path / "images", *QUICK, "--variants", "none", limit_s=60)
    assert "Traceback" not in done.stderr
    assert done.returncode == 3
    assert set(metadata(tmp_path / "images")["audio_file"]) == {"audio/cat.wav", "audio/dog.wav"}
    assert set(reasons(tmp_path / "images")) == {f"audio/{name}.wav" for name in bad}
    injected(0)
