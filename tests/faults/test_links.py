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
from tests.faults.running import QUICK, generate, metadata, pictures, reasons, run


def write(path: Path, hz: float) -> None:
    """A tone of half a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(hz, seconds=0.5), SR)


def link_loops(sounds: Path) -> None:
    (sounds / "dog" / "up").symlink_to("..")
    (sounds / "dog" / "here").symlink_to(".")
    (sounds / "again").symlink_to(".")
    (sounds / "itself").symlink_to("itself")
    (sounds / "ping").symlink_to("pong")
    (sounds / "pong").symlink_to("ping")


def folder_named_as_a_sound(sounds: Path) -> None:
    (sounds / "dog" / "x.wav").mkdir()
    write(sounds / "dog" / "x.wav" / "inside.wav", 777)
    (sounds / "dog" / "empty.wav").mkdir()


def class_named_as_a_sound(sounds: Path) -> None:
    write(sounds / "x.wav" / "inside.wav", 777)


def empty_classes(sounds: Path) -> None:
    (sounds / "empty").mkdir()
    (sounds / "deep" / "er" / "still").mkdir(parents=True)
    (sounds / "papers").mkdir()
    (sounds / "papers" / "notes.txt").write_text("no sound")


def hidden_folders(sounds: Path) -> None:
    for name in (".git", ".ipynb_checkpoints", "__MACOSX", "dog/.cache", "dog/.trash"):
        write(sounds / name / "a.wav", 888)
    write(sounds / "dog" / ".hidden.wav", 889)


def links_out_of_the_folder(sounds: Path) -> None:
    write(sounds.parent / "elsewhere" / "far" / "away.wav", 777)
    (sounds / "dog" / "more").symlink_to(sounds.parent / "elsewhere")
    (sounds / "dog" / "passwd.txt").symlink_to("/etc/passwd")


def broken_links(sounds: Path) -> None:
    (sounds / "dog" / "gone.wav").symlink_to("nowhere.wav")
    (sounds / "dog" / "round.flac").symlink_to("round.flac")
    (sounds / "nowhere").symlink_to("../not there")


def link_to_a_file(sounds: Path) -> None:
    write(sounds.parent / "elsewhere" / "single.wav", 777)
    (sounds / "dog" / "linked.wav").symlink_to("../../elsewhere/single.wav")


def class_that_is_a_link(sounds: Path) -> None:
    write(sounds.parent / "elsewhere" / "wolf" / "a.wav", 777)
    (sounds / "wolf").symlink_to("../elsewhere/wolf")


def pipe(sounds: Path) -> None:
    os.mkfifo(sounds / "dog" / "pipe.wav")
    os.mkfifo(sounds / "beside.wav")
    (sounds / "cat" / "to-a-pipe.ogg").symlink_to("../dog/pipe.wav")


def sockets(sounds: Path) -> None:
    here = os.getcwd()
    os.chdir(sounds / "dog")  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("socket.wav")
    finally:
        os.chdir(here)


def devices(sounds: Path) -> None:
    """A terminal and /dev/zero, which never end: of this disk where they can be made, else by links."""
    try:
        os.mknod(sounds / "dog" / "zero.wav", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError:
        (sounds / "dog" / "zero.wav").symlink_to("/dev/zero")
    (sounds / "dog" / "random.flac").symlink_to("/dev/urandom")
    (sounds / "cat" / "tty.mp3").symlink_to("/dev/tty")
    (sounds / "cat" / "stdin.wav").symlink_to("/dev/stdin")
    (sounds / "devices").symlink_to("/dev/pts")


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
    expected = pictures(tmp_path / "drawn")
    cases = list(CASES.items())[-times(12, daily=3) :]
    for number, (name, (put, classes, rejected, words)) in enumerate(cases):
        sounds, images = tmp_path / str(number) / "sounds", tmp_path / str(number) / "images"
        shutil.copytree(plain, sounds)
        put(sounds)
        # Nothing here has two seconds of sound: what takes longer is waiting for something.
        done = generate(sounds, images, *more, limit_s=60)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        table = metadata(images)
        assert table["label"].value_counts().to_dict() == classes, name
        assert sorted(path.name for path in images.iterdir() if path.is_dir()) == sorted(classes), name
        assert table["audio_sha256"].is_unique, f"{name}: a sound is there twice"
        assert set(reasons(images)) == rejected, name
        assert words in done.stdout, (name, done.stdout)
        assert expected.items() <= pictures(images).items(), name
    injected(len(cases))


@pytest.mark.fault(10)
@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such files")
def test_a_table_that_names_a_pipe_or_a_device_waits_for_neither(tmp_path, injected):
    sounds = tmp_path / "sounds"
    for label, hz in (("cat", 300), ("dog", 900)):
        write(sounds / "audio" / f"{label}.wav", hz)
    os.mkfifo(sounds / "audio" / "pipe.wav")
    (sounds / "audio" / "zero.wav").symlink_to("/dev/zero")
    (sounds / "audio" / "folder.wav").mkdir()
    bad = ("pipe", "zero", "folder")
    rows = [f"audio/{name}.wav,{'cat' if name != 'dog' else 'dog'}" for name in ("cat", "dog", *bad)]
    (sounds / "labels.csv").write_text("\n".join(["file,label", *rows, ""]))
    done = run("generate", sounds, tmp_path / "images", *QUICK, "--variants", "none", limit_s=60)
    assert "Traceback" not in done.stderr
    assert done.returncode == 3
    assert set(metadata(tmp_path / "images")["sound"]) == {"audio/cat.wav", "audio/dog.wav"}
    assert set(reasons(tmp_path / "images")) == {f"audio/{name}.wav" for name in bad}
    injected(0)
