"""Images that are broken: all are named before the first epoch, none is unpacked without end, and drawing fixes them."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from generate.dataset import png, tables
from tests.conftest import SR, white
from tests.faults.rows import IS_FULL, only_at_full_count
from tests.faults.running import generate
from tests.train.conftest import ROOT, draw
from train.data.decode import MOST_NAMED
from train.data.image_folder import open_images, read_images

MORE_MB = 60
"""That a run which meets a bomb may take beyond one that does not; unpacked it has 225 MB and more."""
TINY = ["--model", "cnn7", "--ensemble", "1", "--input-size", "32", "--epochs", "1", "--folds", "1", "--dry-run"]


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each chunk of a PNG."""
    found, place = [], 8
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        found.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def png_of(parts: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of chunks."""
    framed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(d, zlib.crc32(k))) for k, d in parts)
    return png.SIGNATURE + b"".join(framed)


def with_chunk(content: bytes, kind: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A PNG with one kind of chunk changed, its checksum made right."""
    return png_of([(k, change(d) if k == kind else d) for k, d in chunks(content)])


def bomb(content: bytes, *, side: int, colours: int) -> bytes:
    """A PNG of side x side pixels, all of one colour: some kilobytes of a file."""
    packer, packed = zlib.compressobj(9), []
    row = bytes(1 + side * (3 if colours == 2 else 1))
    for _ in range(side):
        packed.append(packer.compress(row))
    pixels = b"".join(packed) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 8, colours, 0, 0, 0)
    new = {b"IHDR": header, b"IDAT": pixels}
    return png_of([(k, new.get(k, d)) for k, d in chunks(content)])


def saved(path: Path, image: Image.Image, **options) -> None:
    image.save(path, "PNG", **options)


def broken_images() -> dict[str, Callable[[Path, bytes], None]]:
    """What is done to an image, by what it is called; each takes its path and its bytes."""

    def write(change: Callable[[bytes], bytes]) -> Callable[[Path, bytes], None]:
        return lambda path, content: path.write_bytes(change(content)) and None

    def reread(mode: str, **options):
        def change(path: Path, content: bytes) -> None:
            with Image.open(path) as image:
                other = image.convert(mode)
            saved(path, other, **options)

        return change

    def sixteen_bits(path: Path, content: bytes) -> None:
        with Image.open(path) as image:
            saved(path, Image.fromarray(np.array(image, dtype=np.uint16) * 257))

    def animated(path: Path, content: bytes) -> None:
        with Image.open(path) as image:
            frames = [image.copy(), image.transpose(Image.Transpose.ROTATE_180)]
        saved(path, frames[0], save_all=True, append_images=frames[1:])

    def one_bit_off(content: bytes) -> bytes:
        place = content.index(b"IDAT") + 4 + (len(content) - content.index(b"IDAT")) // 2
        return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]

    def wrong_checksum(content: bytes) -> bytes:
        end = content.index(b"IEND") - 8
        return content[:end] + bytes(byte ^ 0xFF for byte in content[end : end + 4]) + content[end + 4 :]

    def folder(path: Path, content: bytes) -> None:
        path.unlink()
        path.mkdir()

    def link(path: Path, content: bytes) -> None:
        path.unlink()
        path.symlink_to(path.parent / "nowhere.png")

    return {
        "a bomb": write(lambda content: bomb(content, side=15_000, colours=3)),
        "cut in the middle": write(lambda content: content[: len(content) // 2]),
        "text": write(lambda content: b"no image, but text\n" * 50),
        "colours": reread("RGB"),
        "a wrong checksum": write(wrong_checksum),
        "a bomb in colours": write(lambda content: bomb(content, side=15_000, colours=2)),
        "a bomb that Pillow would open": write(lambda content: bomb(content, side=9_000, colours=3)),
        "empty": lambda path, content: path.write_bytes(b"") and None,
        "cut after the signature": write(lambda content: content[:8]),
        "cut in its header": write(lambda content: content[:20]),
        "without its last byte": write(lambda content: content[:-1]),
        "without its end": write(lambda content: content[: content.index(b"IEND") - 4]),
        "one bit off": write(one_bit_off),
        "garbage for pixels": write(lambda content: with_chunk(content, b"IDAT", lambda d: bytes(reversed(d)))),
        "no pixels": write(lambda content: png_of([part for part in chunks(content) if part[0] != b"IDAT"])),
        "fewer pixels than it says": write(
            lambda content: with_chunk(content, b"IDAT", lambda d: zlib.compress(zlib.decompress(d)[:700]))
        ),
        "no size": write(lambda content: with_chunk(content, b"IHDR", lambda d: bytes(8) + d[8:])),
        "colours, interlaced by hand": reread("RGBA"),
        "sixteen bits": sixteen_bits,
        "an animation": animated,
        "a bomb of text": write(
            lambda content: with_chunk(
                content, b"iTXt", lambda d: b"Software\0\1\0\0\0" + zlib.compress(bytes(100_000_000), 9)
            )
        ),
        "a folder": folder,
        "a link to nowhere": link,
        "not there": lambda path, content: path.unlink(),
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Sounds and their images, whole."""
    here = tmp_path_factory.mktemp("broken")
    for number in range(24):
        path = here / "audio_folder" / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, white(seed=number, rms=0.01 + 0.2 * (number % 2)), SR)
    draw(here / "audio_folder", here / "images", "--variants", "none", "--listen", "0")
    return here


def train(here: Path, images: Path) -> tuple[int, str, float]:
    """Status, what was said, and the most memory that it took, in MB."""
    said = here / "said.txt"
    with said.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "train", str(images), *TINY],
            cwd=here,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said.read_text(), usage.ru_maxrss / 1024


@only_at_full_count
@pytest.mark.fault(12)
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="memory of another process is measured on POSIX alone")
def test_all_broken_images_are_named_before_the_first_epoch(drawn, tmp_path, injected):
    here = tmp_path
    breakages = broken_images()
    wanted = list(breakages) if IS_FULL else list(breakages)[:MOST_NAMED]
    status, said, whole_mb = train(here, drawn / "images")
    assert status == 0, said
    table = tables.read_metadata(drawn / "images" / tables.METADATA)
    names = sorted(table["file_name"])
    n_held = 0
    for first in range(0, len(wanted), MOST_NAMED):
        images = here / f"images-{first}"
        shutil.copytree(drawn / "images", images)
        broken = dict(zip(names, wanted[first : first + MOST_NAMED], strict=False))
        for name, what in broken.items():
            breakages[what](images / name, (images / name).read_bytes())
            assert not is_whole(images / name), what
        status, said, mb = train(here, images)
        assert status == 1 and "Traceback" not in said, said
        assert f"{len(broken)} of {len(names)} images in {str(images)!r} cannot be used" in said
        for name, what in broken.items():
            (line,) = [line for line in said.splitlines() if line.startswith(f"  {name}: ")]
            assert len(line) > len(f"  {name}: ") + 8, (what, line)
        assert said.count(".png: ") == len(broken), "and no other one"
        assert mb < whole_mb + MORE_MB, f"{mb:.0f} MB, {whole_mb:.0f} without a broken one: {list(broken.values())}"
        assert not (here / "outputs").exists(), "nothing was begun"
        n_held += len(broken)
        fix(images, said, broken, drawn)
    injected(n_held)


def fix(images: Path, said: str, broken: dict[str, str], drawn: Path) -> None:
    """Do what the message says: delete them, and draw again."""
    assert "Delete them and run `python -m generate` again" in said
    for name in re.findall(r"^  (\S+\.png): ", said, flags=re.MULTILINE):
        path = images / name
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
    draw(drawn / "audio_folder", images, "--variants", "none", "--listen", "0")
    for path in sorted((drawn / "images").rglob("*.png")):
        assert (images / path.relative_to(drawn / "images")).read_bytes() == path.read_bytes()


def is_whole(path: Path) -> bool:
    """Whether an image is as stage one wrote it, by another program's eyes: the checksums and the mode."""
    try:
        parts = chunks(path.read_bytes())
        return path.read_bytes() == png_of(parts) and png_is_read(path)
    except (OSError, struct.error):
        return False


def png_is_read(path: Path) -> bool:
    try:
        png.read(path)
    except (OSError, SyntaxError, ValueError):
        return False
    return True


@pytest.mark.fault(12)
def test_of_many_the_number_and_the_first_few(drawn, tmp_path, injected):
    images = tmp_path / "images"
    shutil.copytree(drawn / "images", images)
    settings, table = read_images(images)
    names = sorted(table["file_name"])
    for name in names[:13]:
        (images / name).write_bytes((images / name).read_bytes()[:100])
    with pytest.raises(ValueError, match=f"13 of {len(names)} images") as error:
        open_images(images, settings, table, size=(32, 32))
    said = str(error.value)
    assert f"and {13 - MOST_NAMED} more" in said
    assert [f"  {name}: " in said for name in names[:13]] == [True] * MOST_NAMED + [False] * (13 - MOST_NAMED)
    injected(13)


@pytest.mark.fault(12)
def test_drawing_again_is_stopped_by_none(drawn, tmp_path, injected):
    """Broken images that nobody deleted: the run ends with words, and what is empty, a link or gone is drawn again."""
    breakages = broken_images()
    quick = ["--engine", "librosa", "--image-size", "48", "--sr", "22050", "--seconds", "1", "--variants", "none"]
    n_held = 0
    wanted = [*breakages] if IS_FULL else ["a link to nowhere"]
    for what in wanted:
        images = tmp_path / what.replace(" ", "-")
        shutil.copytree(drawn / "images", images)
        name = sorted(tables.read_metadata(images / tables.METADATA)["file_name"])[3]
        breakages[what](images / name, (images / name).read_bytes())
        done = generate(drawn / "audio_folder", images, *quick, "--listen", "0", "--workers", "1")
        said = done.stdout + done.stderr
        if what in ("empty", "a link to nowhere", "not there"):
            assert done.returncode == 0, said
            assert (images / name).read_bytes() == (drawn / "images" / name).read_bytes()
            assert not (images / name).is_symlink()
        else:
            assert done.returncode == 1 and Path(name).name in said, (what, said)
        n_held += 1
    injected(n_held)
