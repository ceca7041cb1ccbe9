"""Row 8: a full disk, a folder that may not be written to, and a limit to the size of files, in both stages."""

import functools
import json
import os
import resource
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.faults.real_runs import SILENT, Command, assert_whole, can_mount, make_audio_folder, remount, run, small_disk
from tests.faults.rows import IS_FULL, only_at_full_count
from tests.faults.test_killed import SLOW
from tests.generate.rendering.test_run import QUICK, tree
from tests.train.conftest import images  # noqa: F401
from tests.train.training.test_cross_validation import TINY

pytestmark = pytest.mark.fault(8)

needs_mounts = pytest.mark.skipif(not can_mount(), reason="no disk can be mounted here (not Linux, or not root)")
full_only = pytest.mark.skipif(not IS_FULL, reason="takes a minute; `make faults` does it")

FULL = "No space left on device"
TOO_LARGE = "File too large"
READ_ONLY = "Read-only file system"
PAGE_BYTES = resource.getpagesize()
WITH_AUDIO = [*QUICK, "--listen", "1"]


def limited(n_bytes):
    """No file of a process, and of those that it starts, may be larger."""
    return functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (n_bytes, n_bytes))


def fill(disk):
    """Take all the room that is left."""
    with (disk / "another_program").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            return


def in_pages(path):
    """Bytes that a file takes on a disk in memory."""
    return -(-path.stat().st_size // PAGE_BYTES) * PAGE_BYTES


def make_room(disk, n_bytes=0):
    """Give back so many bytes, or all."""
    path = disk / "another_program"
    if n_bytes:
        os.truncate(path, path.stat().st_size - n_bytes)
    else:
        path.unlink()


def is_named(ended, disk):
    """Whether a command ended with a message that says which disk is full."""
    return ended.is_clear(FULL) and f"The disk is full where '{disk}" in ended.err


def assert_kept(before, folder):
    """What was there is there, byte for byte."""
    after = tree(folder)
    assert {path: after.get(path) for path in before} == before


# Stage one.


@pytest.fixture
def audio_folder(tmp_path):
    return make_audio_folder(tmp_path / "audio_folder", 4)


@pytest.fixture
def whole(audio_folder, tmp_path):
    ended = run("generate", audio_folder, tmp_path / "whole" / "images", *WITH_AUDIO)
    assert ended.status == 0, ended
    return tree(tmp_path / "whole" / "images")


@only_at_full_count
@needs_mounts
def test_images_on_a_disk_without_room_for_more_files(audio_folder, whole, tmp_path, injected):
    """At the settings, at the first image, among the images, at the sounds, at the page."""
    n_files = sum(path.endswith(".flac") for path in whole)
    places = [4, 7, len(whole) // 2, len(whole) - n_files + 5, len(whole) + 3] if IS_FULL else [len(whole) // 2]
    for number, n_files in enumerate(places):
        with small_disk(tmp_path / f"disk{number}", f"size=400m,nr_inodes={n_files}") as disk:
            ended = run("generate", audio_folder, disk / "images", *WITH_AUDIO)
            assert is_named(ended, disk), (n_files, ended)
            assert_whole(disk / "images")
            remount(disk, "nr_inodes=100000")
            ended = run("generate", audio_folder, disk / "images", *WITH_AUDIO)
            assert ended.status == 0, (n_files, ended)
            assert tree(disk / "images") == whole, n_files
    injected(len(places))


@needs_mounts
@full_only
def test_images_on_a_disk_that_another_program_fills(audio_folder, tmp_path, injected):
    (tmp_path / "own.py").write_text(SLOW)
    arguments = [*SILENT, "--variants-file", tmp_path / "own.py", "--variants", "paper", "slow"]
    assert run("generate", audio_folder, tmp_path / "whole" / "images", *arguments).status == 0
    for n_images in (1, 20):
        with small_disk(tmp_path / f"disk{n_images}", "size=130m") as disk:
            command = Command("generate", audio_folder, disk / "images", *arguments)
            until = time.monotonic() + 60
            while len(list(disk.rglob("*.png"))) < n_images:
                assert time.monotonic() < until and command.process.poll() is None, command.end()
                time.sleep(0.002)
            fill(disk)
            ended = command.end()
            assert is_named(ended, disk), ended
            assert_whole(disk / "images")
            before = {path: digest for path, digest in tree(disk / "images").items() if path.endswith(".png")}
            make_room(disk)
            assert run("generate", audio_folder, disk / "images", *arguments).status == 0
            assert_kept(before, disk / "images")
            assert tree(disk / "images") == tree(tmp_path / "whole" / "images")
    injected(2)


@needs_mounts
@full_only
def test_images_on_a_disk_that_is_too_small(audio_folder, tmp_path, injected):
    with small_disk(tmp_path / "disk", "size=90m") as disk:
        ended = run("generate", audio_folder, disk / "images", *SILENT)
        assert ended.is_clear("Free some"), ended
        assert list(disk.iterdir()) == []
    injected(1)


@needs_mounts
@full_only
def test_images_in_a_folder_that_may_not_be_written_to(audio_folder, whole, tmp_path, injected):
    with small_disk(tmp_path / "disk", "size=400m") as disk:
        shutil.copytree(tmp_path / "whole" / "images", disk / "images")
        remount(disk, "ro")
        for command in (
            ["generate", audio_folder, disk / "images", *WITH_AUDIO],
            ["generate", audio_folder, disk / "images", *WITH_AUDIO, "--overwrite"],
            ["generate", audio_folder, disk / "new", *WITH_AUDIO],
            ["generate.gallery", disk / "images"],
        ):
            ended = run(*command)
            assert ended.is_clear(READ_ONLY, "Permission denied"), (command, ended)
            assert str(disk) in ended.err, ended
            assert tree(disk / "images") == whole
        remount(disk, "rw")
        assert run("generate", audio_folder, disk / "images", *WITH_AUDIO).status == 0
        assert tree(disk / "images") == whole
    injected(4)


@only_at_full_count
def test_images_under_a_limit_to_the_size_of_files(audio_folder, whole, tmp_path, injected):
    """At the settings, at the journal, at the page."""
    page = (tmp_path / "whole" / "images" / "index.html").stat().st_size
    limits = [300, 5_000, page - 1] if IS_FULL else [5_000]
    for limit in limits:
        folder = tmp_path / str(limit) / "images"
        ended = run("generate", audio_folder, folder, *WITH_AUDIO, before=limited(limit))
        assert ended.is_clear(TOO_LARGE), (limit, ended)
        assert_whole(folder)
        before = {path: digest for path, digest in tree(folder).items() if path.endswith((".png", ".flac"))}
        ended = run("generate", audio_folder, folder, *WITH_AUDIO)
        assert ended.status == 0, (limit, ended)
        assert_kept(before, folder)
        assert tree(folder) == whole
    injected(len(limits))


@full_only
def test_the_page_and_its_sounds(audio_folder, whole, tmp_path, injected):
    """`python -m generate.gallery` under a limit, and on a full disk: the page that was there stays."""
    expected = tmp_path / "expected" / "images"
    shutil.copytree(tmp_path / "whole" / "images", expected)
    assert run("generate.gallery", expected, "--listen", "all").status == 0
    n = 0
    for limit in (1_000, (expected / "index.html").stat().st_size - 1):
        folder = tmp_path / str(limit) / "images"
        shutil.copytree(tmp_path / "whole" / "images", folder)
        ended = run("generate.gallery", folder, "--listen", "all", before=limited(limit))
        assert ended.is_clear(TOO_LARGE), ended
        assert_whole(folder)
        assert_kept(whole, folder)
        n += 1
        assert run("generate.gallery", folder, "--listen", "all").status == 0
        assert tree(folder) == tree(expected)
    if can_mount():
        with small_disk(tmp_path / "disk", "size=40m") as disk:
            shutil.copytree(tmp_path / "whole" / "images", disk / "images")
            fill(disk)
            ended = run("generate.gallery", disk / "images", "--listen", "all")
            assert is_named(ended, disk), ended
            assert_whole(disk / "images")
            assert_kept(whole, disk / "images")
            n += 1
            make_room(disk)
            assert run("generate.gallery", disk / "images", "--listen", "all").status == 0
            assert tree(disk / "images") == tree(expected)
    injected(n)


# Stage two.

TRAIN = [*TINY, "--ensemble", "1", "--epochs", "2", "--folds", "1", "--name", "r"]
RUN = Path("outputs", "runs", "r")


def assert_same(run_folder, expected):
    """What was learnt and said is the same; clocks may differ."""
    assert_whole(run_folder)
    assert (run_folder / "predictions.csv").read_bytes() == (expected / "predictions.csv").read_bytes()
    one, two = (
        pd.read_csv(folder / "fold-1" / "history.csv").drop(columns="seconds") for folder in (run_folder, expected)
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert {path.name for path in run_folder.iterdir()} == {path.name for path in expected.iterdir()}


def assert_whole_run(run_folder):
    """Every file under a final name is whole, the model loads."""
    assert_whole(run_folder)
    from train.models import checkpoint
    from train.runs.run_folder import read_run

    begun = read_run(run_folder)
    for path in run_folder.rglob("*.keras"):
        checkpoint.load(path, begun.recipe, n_classes=len(begun.classes), size=begun.input_size)
        assert checkpoint.read_history(path)
    for path in run_folder.rglob("*.csv"):
        assert len(pd.read_csv(path)), path


def go_on(cwd, images):  # noqa: F811
    """As the message or the README says: the same command, or `--resume` where a run has begun."""
    has_begun = (cwd / RUN / "config.json").is_file()
    ended = run("train", *(["--resume", RUN, "--explain", "0"] if has_begun else [images, *TRAIN]), cwd=cwd)
    assert ended.status == 0, ended


@pytest.fixture
def trained(images, tmp_path):  # noqa: F811
    """The folder of a run that nothing hindered."""
    (tmp_path / "trained").mkdir()
    ended = run("train", images, *TRAIN, cwd=tmp_path / "trained")
    assert ended.status == 0, ended
    return tmp_path / "trained" / RUN


@needs_mounts
@full_only
def test_a_run_on_a_disk_without_room_for_more_files(images, trained, tmp_path, injected):  # noqa: F811
    """Before it has begun, at the model, at the report, at the page."""
    places = [6, 9, 15, 24]
    for n_files in places:
        with small_disk(tmp_path / f"disk{n_files}", f"size=400m,nr_inodes={n_files}") as disk:
            ended = run("train", images, *TRAIN, cwd=disk)
            assert is_named(ended, disk), (n_files, ended)
            if (disk / RUN / "config.json").exists():
                assert_whole_run(disk / RUN)
            else:
                assert_whole(disk / RUN)
            remount(disk, "nr_inodes=100000")
            go_on(disk, images)
            assert_same(disk / RUN, trained)
    injected(len(places))


@needs_mounts
@full_only
def test_a_run_on_a_full_disk(images, trained, tmp_path, injected):  # noqa: F811
    """In the middle of the model's file, and among those of the report."""
    model = (trained / "fold-1" / "last.keras").stat().st_size
    sizes = [model * 3 // 4, model + 50_000]
    n = 0
    for size in sizes:
        with small_disk(tmp_path / f"disk{size}", f"size={size}") as disk:
            ended = run("train", images, *TRAIN, cwd=disk)
            assert is_named(ended, disk), (size, ended)
            assert_whole_run(disk / RUN)
            n += 1
            remount(disk, "size=400m")
            go_on(disk, images)
            assert_same(disk / RUN, trained)
    injected(n)


@full_only
def test_a_run_under_a_limit_to_the_size_of_files(images, trained, tmp_path, injected):  # noqa: F811
    """At the model, which is the largest file."""
    cwd = tmp_path / "limited"
    cwd.mkdir()
    ended = run("train", images, *TRAIN, cwd=cwd, before=limited(100_000))
    assert ended.is_clear(TOO_LARGE), ended
    assert_whole_run(cwd / RUN)
    assert not list(cwd.rglob("*.tmp*"))
    go_on(cwd, images)
    assert_same(cwd / RUN, trained)
    injected(1)


@full_only
def test_a_report_under_a_limit_to_the_size_of_files(trained, tmp_path, injected):
    """At the first table, at a plot, at the page: what was there stays."""
    before = tree(trained)
    limits = [300, 10_000, (trained / "index.html").stat().st_size // 2]
    for limit in limits:
        ended = run("train.report", trained, "--explain", "0", before=limited(limit))
        assert ended.is_clear(TOO_LARGE), (limit, ended)
        assert_whole_run(trained)
        assert tree(trained).keys() == before.keys()
        assert json.loads((trained / "report.json").read_text())["folds"]
    ended = run("train.report", trained, "--explain", "0")
    assert ended.status == 0, ended
    injected(len(limits))


@needs_mounts
@full_only
def test_a_report_on_a_full_disk(trained, tmp_path, injected):
    """At a table, and among the images that the page shows."""
    # A plot is replaced, for which there must be room for two; the images take more.
    rooms = [2 * PAGE_BYTES, in_pages(trained / "curves.png")]
    assert sum(in_pages(path) for path in (trained / "images").rglob("*.*")) > rooms[-1]
    for room in rooms:
        with small_disk(tmp_path / f"disk{room}", "size=40m") as disk:
            shutil.copytree(trained, disk / RUN)
            shutil.rmtree(disk / RUN / "images")
            # The images are where the run says, as seen from its folder.
            config = json.loads((trained / "config.json").read_text())
            config["images"] = os.path.relpath((trained / config["images"]).resolve(), (disk / RUN).resolve())
            (disk / RUN / "config.json").write_text(json.dumps(config))
            fill(disk)
            make_room(disk, room)
            ended = run("train.report", disk / RUN, "--explain", "0")
            assert is_named(ended, disk), (room, ended)
            make_room(disk)
            assert_whole_run(disk / RUN)
            ended = run("train.report", disk / RUN, "--explain", "0")
            assert ended.status == 0, (room, ended)
            assert_same(disk / RUN, trained)
            assert tree(disk / RUN / "images") == tree(trained / "images")
    injected(len(rooms))


@needs_mounts
@full_only
def test_a_run_in_a_folder_that_may_not_be_written_to(images, trained, tmp_path, injected):  # noqa: F811
    with small_disk(tmp_path / "disk", "size=400m") as disk:
        shutil.copytree(trained, disk / RUN)
        before = tree(disk)
        remount(disk, "ro")
        for command in (
            ["train", images, *TRAIN[:-1], "new"],
            ["train", "--resume", RUN],
            ["train.report", RUN],
        ):
            ended = run(*command, cwd=disk)
            assert ended.is_clear(READ_ONLY, "Permission denied"), (command, ended)
            assert tree(disk) == before
    injected(3)
