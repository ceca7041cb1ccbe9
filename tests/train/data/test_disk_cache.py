"""Images that are read from a file on the disk: the same levels, the same figures, and when the file is made again."""

import errno
import os
import shutil
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

from generate.dataset.tables import read_metadata
from tests.faults.real_runs import can_mount, small_disk
from tests.train.conftest import draw
from train.__main__ import main
from train.data import disk_cache
from train.data.disk_cache import PixelsOnDisk
from train.data.image_folder import open_images, read_images
from train.report.knn_baseline import shrink

FILES = ".pixels-*.npy"


@pytest.fixture
def own(images, tmp_path):
    return shutil.copytree(images, tmp_path / "own")


def opened(images, *, cache="disk", rows=slice(None), size=(32, 32)):
    settings, table = read_images(images)
    return open_images(images, settings, table.iloc[rows], size=size, cache=cache).pixels


def never(*_, **__):
    raise AssertionError("decoded again")


def test_the_same_levels_as_in_memory(own):
    for rows in (slice(None), slice(None, None, -3)):
        for options in ({}, {"size": (48, 48)}):
            memory = opened(own, cache="memory", rows=rows, **options)
            disk = opened(own, rows=rows, **options)
            assert isinstance(memory, np.ndarray) and isinstance(disk, PixelsOnDisk)
            assert (disk.shape, disk.dtype, len(disk), disk.nbytes) == (
                memory.shape,
                memory.dtype,
                len(memory),
                memory.nbytes,
            )
            for which in (3, -1, slice(4, 9), np.array([7, 2, 2, 20]), np.arange(0)):
                np.testing.assert_array_equal(disk[which], memory[which])
                assert type(disk[which]) is np.ndarray
            np.testing.assert_array_equal(np.stack(list(disk)), memory)
            np.testing.assert_array_equal(shrink(disk), shrink(memory))
    assert len(list(own.glob(FILES))) == 2


def test_a_second_time_nothing_is_decoded(own, monkeypatch):
    first = opened(own)
    monkeypatch.setattr(disk_cache, "decode", never)
    again = opened(own, rows=slice(0, 5))
    assert again.path == first.path
    np.testing.assert_array_equal(again[np.arange(5)], first[np.arange(5)])


def test_a_image_that_changed_is_decoded_anew(own):
    first = opened(own)
    names = read_metadata(own / "metadata.csv")["file_name"]
    shutil.copy(own / names[1], own / names[0])
    again = opened(own)
    assert again.path != first.path
    np.testing.assert_array_equal(again[0], again[1])


def test_broken_images_are_all_named_and_nothing_is_left(own):
    opened(own)
    names = list(read_metadata(own / "metadata.csv")["file_name"])
    (own / names[3]).unlink()
    (own / names[5]).write_bytes((own / names[5]).read_bytes()[:150])
    before = list(own.glob(FILES))
    with pytest.raises(ValueError, match="2 of 90 images") as error:
        opened(own)
    assert names[3] in str(error.value) and names[5] in str(error.value)
    assert list(own.glob(FILES)) == before and not list(own.glob("*.tmp"))


def test_what_a_killed_process_left_is_removed(own):
    path = opened(own).path
    path.rename(f"{path}.1234.tmp")
    opened(own)
    assert path.is_file() and not list(own.glob("*.tmp"))


def test_a_folder_that_cannot_be_written_to(own, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    real = disk_cache.locked

    @contextmanager
    def read_only(path, **options):
        if path.parent == own:
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        with real(path, **options) as hold:
            yield hold

    monkeypatch.setattr(disk_cache, "locked", read_only)
    expected = opened(own, cache="memory")
    disk = opened(own)
    assert (tmp_path / "outputs") == disk.path.parent.resolve() and not list(own.glob(FILES))
    np.testing.assert_array_equal(disk[:], expected)
    monkeypatch.setattr(disk_cache, "decode", never)
    assert opened(own).path == disk.path


@pytest.mark.skipif(not can_mount(), reason="no disk can be mounted here (not Linux, or not root)")
def test_a_full_disk(images, tmp_path, monkeypatch):
    with small_disk(tmp_path / "disk", "size=3m") as disk:
        own = shutil.copytree(images, disk / "own", ignore=shutil.ignore_patterns("*.flac", "*.html"))
        with pytest.raises(ValueError, match="Free disk space, give a smaller --input-size"):
            opened(own, size=(300, 300))
        # Another program takes the room meanwhile.
        monkeypatch.setattr(disk_cache, "_check_room", lambda *_: None)
        with pytest.raises(OSError) as error:
            opened(own, size=(300, 300))
        assert error.value.errno == errno.ENOSPC and not list(own.glob("*.tmp")) and not list(own.glob(FILES))


def test_by_itself_it_is_taken_where_memory_is_short(own, monkeypatch):
    n_bytes = 90 * 32 * 32
    for available, kind in ((2 * n_bytes, np.ndarray), (2 * n_bytes - 1, PixelsOnDisk)):
        monkeypatch.setattr(disk_cache, "available_bytes", lambda available=available: available)
        assert isinstance(opened(own, cache="auto"), kind)
    with pytest.raises(ValueError, match="auto, memory, disk"):
        opened(own, cache="tape")


def test_training_gives_the_same_to_the_last_digit(own, tmp_path, monkeypatch, capsys):
    """With a fold kept aside, whose images the model sees too; report and page included."""
    monkeypatch.chdir(tmp_path)
    tiny = ["--model", "cnn7", "--ensemble", "1", "--input-size", "32", "--batch-size", "16", "--epochs", "1"]
    more = ["--folds", "1", "--select", "validation", "--augment", "spectrogram", "image", "--explain", "0"]
    for pixels in ("memory", "disk"):
        assert main([str(own), *tiny, *more, "--cache", pixels, "--name", pixels]) == 0
        said = capsys.readouterr()
        assert ("cache     on disk" in said.out) == ("Decoding 90 images into" in said.err) == (pixels == "disk")
    memory, disk = (tmp_path / "outputs/runs" / pixels for pixels in ("memory", "disk"))
    assert (memory / "predictions.csv").read_bytes() == (disk / "predictions.csv").read_bytes()
    one, two = (pd.read_csv(run / "fold-1/history.csv").drop(columns="seconds") for run in (memory, disk))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_drawing_images_removes_the_file(own, images):
    opened(own)
    audio_folder, variants = (
        images.parent / "audio_folder",
        ("--source-pattern", "^(.+)_", "--variants", "pitch=+2", "trim"),
    )
    draw(audio_folder, own, *variants)
    assert len(list(own.glob(FILES))) == 1
    name = read_metadata(own / "metadata.csv")["file_name"][0]
    os.unlink(own / name)
    draw(audio_folder, own, *variants)
    assert (own / name).is_file() and not list(own.glob(".pixels-*"))
