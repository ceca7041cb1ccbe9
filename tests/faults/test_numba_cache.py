"""Row 16: starts of eight workers without numba's files, and where these cannot be written or read."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.faults.real_runs import ROOT, SILENT, Command, can_mount, make_audio_folder, remount, run, small_disk
from tests.faults.rows import IS_FULL, only_at_full_count, times
from tests.generate.rendering.test_run import tree

pytestmark = pytest.mark.fault(16)

EIGHT = [*SILENT, "--workers", "8"]
READ_ONLY_PROGRAM = f'mount --bind "{ROOT}" "{ROOT}" && mount -o remount,ro,bind "{ROOT}" && exec "$@"'
"""For one command alone: else numba would take the files beside the program where it may not use its folder."""


@contextmanager
def not_writable(folder: Path) -> Iterator[Path]:
    with small_disk(folder, "size=1m") as disk:
        remount(disk, "ro")
        yield disk


@contextmanager
def not_there(folder: Path) -> Iterator[Path]:
    folder.write_text("a file, and no folder can be made in it")
    yield folder / "cache"


@contextmanager
def a_file(folder: Path) -> Iterator[Path]:
    folder.write_text("a file")
    yield folder


@contextmanager
def full(folder: Path) -> Iterator[Path]:
    """Names can be made, and not a byte be written."""
    with small_disk(folder, "size=64k") as disk:
        (disk / "all_of_it").write_bytes(bytes(64 << 10))
        yield disk


@contextmanager
def nearly_full(folder: Path) -> Iterator[Path]:
    """Some functions can be kept, and the one after them cannot."""
    with small_disk(folder, "size=100k") as disk:
        yield disk


@contextmanager
def without_names(folder: Path) -> Iterator[Path]:
    """No file can be made on it."""
    with small_disk(folder, "size=64k,nr_inodes=1") as disk:
        yield disk


@contextmanager
def cold(folder: Path) -> Iterator[Path]:
    folder.mkdir()
    yield folder


KINDS: list[Callable] = [full, cold, not_writable, nearly_full, not_there, a_file, without_names]


@pytest.fixture
def whole(tmp_path):
    """The sounds, and the files of a run whose functions were kept."""
    audio_folder = make_audio_folder(tmp_path / "audio_folder", 4)
    ended = run("generate", audio_folder, tmp_path / "whole", *EIGHT)
    assert ended.status == 0, ended
    return audio_folder, tree(tmp_path / "whole")


def start(audio_folder, images, cache):
    nowhere = Path(__file__) / "no_folder"
    environment = {"NUMBA_CACHE_DIR": str(cache), "XDG_CACHE_HOME": str(nowhere)}
    wrapper = ["unshare", "--mount", "sh", "-c", READ_ONLY_PROGRAM, "sh"] if can_mount() else []
    return Command("generate", audio_folder, images, *EIGHT, environment=environment, wrapper=wrapper)


def assert_well(command, images, expected, kind):
    ended = command.end()
    assert ended.status == 0, (kind, ended)
    assert "Traceback" not in ended.err, (kind, ended)
    assert tree(images) == expected, kind


@only_at_full_count
def test_a_cache_that_cannot_be_used(whole, tmp_path, injected):
    if not can_mount():
        pytest.skip("no disk can be mounted here (not Linux, or not root)")
    audio_folder, expected = whole
    kinds = list(islice(cycle(KINDS), times(24, daily=1)))
    for number, kind in enumerate(kinds):
        images = tmp_path / f"images{number}"
        with kind(tmp_path / f"cache{number}") as cache:
            assert_well(start(audio_folder, images, cache), images, expected, kind)
    injected(len(kinds))


@pytest.mark.skipif(not IS_FULL, reason="takes a minute")
def test_two_commands_without_any_files_at_once(whole, tmp_path, injected):
    audio_folder, expected = whole
    n = 2
    for number in range(n):
        cache = tmp_path / f"cache{number}"
        commands = {
            images: start(audio_folder, images, cache)
            for images in (tmp_path / f"one{number}", tmp_path / f"two{number}")
        }
        for images, command in commands.items():
            assert_well(command, images, expected, "two at once")
        # What they have left there is good for the next one.
        images = tmp_path / f"next{number}"
        before = tree(cache)
        assert_well(start(audio_folder, images, cache), images, expected, "after two at once")
        assert {path for path in before if path.endswith(".nbc")} == {p for p in tree(cache) if p.endswith(".nbc")}
    injected(2 * n)


@pytest.mark.skipif(not IS_FULL, reason="takes a minute")
def test_files_that_are_cut_short(whole, tmp_path, injected):
    """As a power cut leaves them: they are compiled again, and kept again."""
    audio_folder, expected = whole
    assert_well(start(audio_folder, tmp_path / "cold", tmp_path / "kept"), tmp_path / "cold", expected, "cold")
    kinds = [("*.nbi", 0), ("*.nbc", 0.5), ("*.nbi", 0.5), ("*.nbc", 0)]
    for number, (pattern, part) in enumerate(kinds):
        cache, images = tmp_path / f"cache{number}", tmp_path / f"images{number}"
        shutil.copytree(tmp_path / "kept", cache)
        for path in cache.rglob(pattern):
            content = path.read_bytes()
            path.write_bytes(content[: int(part * len(content))])
        assert_well(start(audio_folder, images, cache), images, expected, (pattern, part))
        assert all(path.stat().st_size for path in cache.rglob("*.nb?")), (pattern, part)
    injected(len(kinds))
