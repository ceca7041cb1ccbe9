"""Tables of an image folder that were damaged or edited by hand: refused or fixed before any work, naming the rows."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from PIL import Image

from generate.__main__ import main as generate_main
from generate.dataset import settings_file, tables
from generate.gallery.command_line import main as gallery_main
from tests.conftest import SR, white
from tests.faults.rows import IS_FULL
from tests.train.conftest import draw
from train.data.image_folder import open_images, read_images

QUICK = ["--engine", "librosa", "--image-size", "48", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
QUICK += ["--variants", "trim", "noise=10"]
ROWS_NAMED = re.compile(r"\blines? \d+|\b[ab]-\d+\b|rejected\.csv|settings\.json")
"""How a message says where: a line of the table, an image, or the file that has no rows."""
NO_ROWS = re.compile("first line|no images|other settings")
"""Where it is the whole table."""


def lines(change: Callable[[list[str]], None]) -> Callable[[bytes], bytes]:
    """A change of a table's lines, the first of which are the names of its columns."""

    def of_bytes(content: bytes) -> bytes:
        rows = content.decode().splitlines(keepends=True)
        change(rows)
        return "".join(rows).encode()

    return of_bytes


def edit(row: int, old: str, new: str) -> Callable[[bytes], bytes]:
    """Put something else into one line."""

    def change(rows: list[str]) -> None:
        assert old in rows[row], rows[row]
        rows[row] = rows[row].replace(old, new, 1)

    return lines(change)


def other_columns(content: bytes) -> bytes:
    """The columns in another order."""
    import io

    import pandas as pd

    table = pd.read_csv(io.BytesIO(content), dtype=object, keep_default_na=False)
    return table[table.columns[::-1]].to_csv(index=False, lineterminator="\n").encode()


METADATA: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    # What it is: what generate, train and the gallery do of it, and how the table is changed. "refused", "fixed" (the
    # tables are afterwards what they were), or "as-it-is" (nothing is wrong with it for that command).
    "../ in file_name": ("refused refused refused", edit(1, "a/a-0__", "../a/a-0__")),
    "../ after a class": ("refused refused refused", edit(1, "a/a-0__", "a/../../outside/a-0__")),
    "an absolute path": ("refused refused refused", edit(1, "a/a-0__", "/etc/a-0__")),
    "an image outside, and a clip named so": (
        "refused refused refused",
        lambda content: content.replace(b"a/a-0__", b"../outside/a-0__").replace(b",a-0,", b",../outside/a-0,"),
    ),
    "a clip named ../": ("refused refused refused", lambda content: content.replace(b",a-0,", b",../../a-0,")),
    "a sound outside": ("refused refused refused", lambda content: content.replace(b",a/0.wav,", b",../secret.wav,")),
    "an absolute sound": ("refused refused refused", lambda content: content.replace(b",a/0.wav,", b",/etc/passwd,")),
    "a row twice": ("refused refused refused", lines(lambda rows: rows.append(rows[3]))),
    "a row twice, with another fold": (
        "refused refused refused",
        lines(lambda rows: rows.append(rows[3].replace(",original,", ",original,", 1))),
    ),
    "a label of one variant": ("refused refused refused", edit(1, "png,a,", "png,b,")),
    "a fold of one variant": ("refused refused refused", edit(1, ",original,", "7,original,")),
    "a recording of one variant": ("refused refused refused", edit(2, ",a-0,a-0,a-0,", ",a-0,a-1,a-0,")),
    "no label": ("refused refused refused", edit(1, "png,a,", "png,,")),
    "no clip": ("refused refused refused", edit(1, ",a,a-0,", ",a,,")),
    "no number": ("refused refused refused", edit(1, ",44144,", ",,")),
    "a number with a comma": ("refused refused refused", edit(1, ",44144,", ',"44.144,0",')),
    "a word for a flag": ("refused refused refused", edit(1, ",False,", ",perhaps,")),
    "semicolons": ("refused refused refused", lambda content: content.replace(b",", b";")),
    "a byte-order mark and CRLF": (
        "fixed as-it-is as-it-is",
        lambda content: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"),
    ),
    "TRUE and FALSE": (
        "fixed as-it-is as-it-is",
        lambda content: content.replace(b",True,", b",TRUE,").replace(b",False,", b",FALSE,"),
    ),
    "another order of columns": ("fixed as-it-is as-it-is", other_columns),
    "another order of rows": ("fixed as-it-is as-it-is", lines(lambda rows: rows.append(rows.pop(1)))),
    "a column of the user's own": (
        "fixed as-it-is as-it-is",
        lambda content: (
            content.replace(b"\n", b",note\n", 1).replace(b"\na/", b"\na/") if False else _with_notes(content)
        ),
    ),
    "cut in a line": ("refused refused refused", lambda content: content[: len(content) * 2 // 3 + 11]),
    "cut in the last digits": ("refused refused refused", lambda content: content[:-9]),
    "NUL bytes": ("refused refused refused", edit(2, "__noise", "\0__noise")),
    "a block of NUL bytes": ("refused refused refused", lambda content: content[:-512] + bytes(512)),
    "latin-1": ("refused refused refused", lambda content: content.replace(b",a,a-0,", b",a,a-\xe4,")),
    "a quotation mark too many": ("refused refused refused", edit(4, "png,a,", 'png,"a,')),
    "nothing": ("refused refused refused", lambda content: b""),
    "no image": ("fixed refused", lines(lambda rows: rows.__delitem__(slice(1, None)))),
    "the row of an original missing": ("fixed refused as-it-is", lines(lambda rows: rows.pop(1) and None)),
    "a clip of one variant": ("refused refused refused", edit(2, ",a,a-0,", ",a,a-1,")),
    "a variant that is another": ("refused refused refused", edit(2, ",noise=10,", ",trim=7,")),
    "a row missing": ("fixed as-it-is as-it-is", lines(lambda rows: rows.pop(2) and None)),
    "a clip missing": ("fixed as-it-is as-it-is", lines(lambda rows: rows.__delitem__(slice(1, 4)))),
    "a class changed for a whole clip": (
        "fixed as-it-is as-it-is",
        lambda content: content.replace(b"png,a,a-0,", b"png,b,a-0,"),
    ),
    "folds for a whole clip": (
        "fixed refused as-it-is",
        lambda content: re.sub(rb"(,a-0,a-0,a-0),,", rb"\1,3,", content),
    ),
}


def _with_notes(content: bytes) -> bytes:
    first, *rest = content.decode().splitlines()
    return "\n".join([f"{first},note", *(f"{row},hm" for row in rest), ""]).encode()


SETTINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "settings cut short": ("refused refused refused", lambda content: content[: len(content) // 2]),
    "settings of a list": ("refused refused refused", lambda content: b"[1, 2]"),
    "settings with NUL bytes": ("refused refused refused", lambda content: content.replace(b'"mel"', b'"m\0l"')),
    "settings in latin-1": ("refused refused refused", lambda content: content.replace(b'"mel"', b'"m\xe4l"')),
    "settings of another folder": (
        "refused refused as-it-is",
        lambda content: re.sub(rb'("fingerprint": )"\w+"', rb'\1"0123456789abcdef"', content),
    ),
    "settings of no kind": (
        "refused refused refused",
        lambda content: content.replace(b'"seconds": 1.0', b'"seconds": "x"'),
    ),
    "a size that is none": (
        "refused refused refused",
        lambda content: re.sub(rb'"image_size": \[[^\]]*\]', b'"image_size": 5', content),
    ),
    "a collection that is a list": (
        "refused refused refused",
        lambda content: json.dumps(json.loads(content) | {"collection": ["a"]}).encode(),
    ),
    "seconds edited by hand": (
        "fixed as-it-is as-it-is",
        lambda content: content.replace(b'"range_db": 80', b'"range_db": 70'),
    ),
}
DAILY = frozenset(
    {"../ in file_name", "an image outside, and a clip named so", "a label of one variant", "semicolons"}
    | {"a byte-order mark and CRLF", "cut in a line", "a row missing", "settings cut short"}
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Sounds, their images, and outside of both an image and a sound that nobody may touch."""
    here = tmp_path_factory.mktemp("tables")
    for number in range(12):
        path = here / "audio_folder" / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, white(seed=number, rms=0.01 + 0.2 * (number % 2)), SR)
    draw(here / "audio_folder", here / "images", "--variants", "trim", "noise=10", "--listen", "0")
    (here / "outside").mkdir()
    name = next((here / "images/a").glob("a-0__original.png"))
    for kind in ("original", "trim", "noise=10"):
        shutil.copy(name, here / f"outside/a-0__{kind}.png")
    soundfile.write(here / "secret.wav", white(seed=99), SR)
    return here


def tree(folder: Path) -> dict[str, str]:
    """Every file and folder, with a digest of what is in it; locks and the pages, which are written again, aside."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
        if path.name not in (".lock", "index.html", "review.html")
    }


class Opened:
    """Notes every image that is opened, and fails where one lies outside of the folder."""

    def __init__(self, images: Path, monkeypatch):
        self._images = images.resolve()
        real_open, real_bytes = Image.open, Path.read_bytes
        monkeypatch.setattr(Image, "open", lambda file, *args, **kw: real_open(self._inside(file), *args, **kw))
        monkeypatch.setattr(Path, "read_bytes", lambda path: real_bytes(self._inside(path)))

    def _inside(self, file):
        if isinstance(file, str | Path) and Path(file).suffix == ".png":
            assert Path(file).resolve().is_relative_to(self._images), f"{file} was opened"
        return file


def run_generate(here: Path) -> int:
    return generate_main([str(here / "audio_folder"), str(here / "images"), *QUICK, "--listen", "0"])


def run_gallery(here: Path) -> int:
    return gallery_main([str(here / "images"), "--listen", "1", "--workers", "1"])


def run_train(here: Path) -> int:
    """All that `python -m train` does with the tables and the images before it builds a model."""
    import sys

    from train.data.split import make_splits

    try:
        settings, table = read_images(here / "images")
        make_splits(table)
        open_images(here / "images", settings, table, size=(32, 32))
    except (ValueError, OSError) as error:
        print(f"train: {error}", file=sys.stderr)
        return 1
    return 0


COMMANDS = {"generate": run_generate, "train": run_train, "gallery": run_gallery}


@pytest.mark.fault(11)
@pytest.mark.parametrize("name", [name for name in METADATA | SETTINGS if IS_FULL or name in DAILY])
def test_tables_are_refused_or_mended_and_nothing_outside_is_touched(
    name, drawn, tmp_path, monkeypatch, capsys, injected
):
    expected, change = (METADATA | SETTINGS)[name]
    table = tables.METADATA if name in METADATA else settings_file.SETTINGS
    for command, outcome in zip(COMMANDS, expected.split(), strict=False):
        here = tmp_path / command
        shutil.copytree(drawn, here)
        path = here / "images" / table
        whole = path.read_bytes()
        path.write_bytes(change(whole))
        assert path.read_bytes() != whole or name == "a row twice, with another fold"
        before, clean = tree(here), tree(drawn)
        with monkeypatch.context() as patch:
            Opened(here / "images", patch)
            status = COMMANDS[command](here)
        said = capsys.readouterr()
        after = tree(here)
        where = f"{command}: status {status}\n{said.out}\n{said.err}"
        assert "Traceback" not in said.err, where
        if outcome == "refused":
            assert status == 1, where
            assert ROWS_NAMED.search(said.err) or NO_ROWS.search(said.err), where
            assert after == before, f"something was written: {where}"
        elif outcome == "fixed":
            assert status == 0, where
            assert after == clean, where
        else:
            assert status == 0, where
            changed = {name for name in after.keys() | before.keys() if after.get(name) != before.get(name)}
            assert all(name.startswith("images/") and name.endswith(".flac") for name in changed), (changed, where)
        outside = {place: digest for place, digest in clean.items() if not place.startswith("images")}
        assert {place: digest for place, digest in after.items() if not place.startswith("images")} == outside, where
    injected(1)


def with_rejected(here: Path) -> None:
    """Make the folder one that has rejected a sound."""
    (here / "audio_folder/a/bad.wav").write_bytes(b"no sound")
    run_generate(here)


JOURNALS: dict[str, Callable[[bytes], bytes]] = {
    "../ in a journal": edit(1, "a/a-0__", "../outside/a-0__"),
    "an absolute path in a journal": edit(2, "a/a-0__", "/etc/a-0__"),
    "a label in a journal": edit(1, "png,a,", "png,b,"),
    "a journal with a quotation mark too many": edit(3, "png,a,", 'png,"a,'),
    "a journal with a field without end": edit(3, "png,a,", f'png,"{"x" * 200_000}'),
    "a journal with NUL bytes": edit(3, "png,a,", "png,\0\0\0,"),
    "a journal of Excel": lambda content: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"),
    "a journal in latin-1": lambda content: content.replace(b"png,a,", b"png,\xe4,", 3),
    "half a journal": lambda content: content[: len(content) // 2],
    "a journal with its rows twice": lambda content: content + content,
    "garbage for a journal": lambda content: bytes(range(256)) * 20,
}


@pytest.mark.fault(11)
@pytest.mark.parametrize("name", list(JOURNALS) if IS_FULL else list(JOURNALS)[:4:3])
def test_a_damaged_journal_is_mended(name, drawn, tmp_path, monkeypatch, capsys, injected):
    """A run was killed at its very end: the journal has all rows, and somebody damages it."""
    here = tmp_path / "here"
    shutil.copytree(drawn, here)
    metadata, journal = here / "images" / tables.METADATA, here / "images" / tables.JOURNAL
    journal.write_bytes(JOURNALS[name](metadata.read_bytes()))
    metadata.unlink()
    lost = here / "images/b/b-1__original.png"
    lost.unlink()  # there is something left to draw
    with monkeypatch.context() as patch:
        Opened(here / "images", patch)
        assert run_generate(here) == 0, capsys.readouterr()
    assert tree(here) == tree(drawn)
    injected(1)


REJECTED: dict[str, Callable[[bytes], bytes]] = {
    "rejected: semicolons": lambda content: content.replace(b",", b";"),
    "rejected: other columns": lambda content: content.replace(b"clip_id", b"clip"),
    "rejected: cut short": lambda content: content[: len(content) * 3 // 4],
    "rejected: NUL bytes": lambda content: content.replace(b"bad", b"b\0d"),
    "rejected: latin-1": lambda content: content.replace(b"bad", b"b\xe4d"),
    "rejected: nothing": lambda content: b"",
}


@pytest.mark.fault(11)
@pytest.mark.parametrize("name", list(REJECTED) if IS_FULL else list(REJECTED)[:1])
def test_a_damaged_table_of_rejected_sounds(name, drawn, tmp_path, capsys, injected):
    """Written again by a whole run; refused by name by one of a part, which has to keep what it does not try."""
    here = tmp_path / "here"
    shutil.copytree(drawn, here)
    with_rejected(here)
    path = here / "images" / tables.REJECTED
    whole, clean = path.read_bytes(), tree(here)
    assert b"bad.wav" in whole
    path.write_bytes(REJECTED[name](whole))
    before = tree(here)
    limited = [str(here / "audio_folder"), str(here / "images"), *QUICK, "--listen", "0", "--limit", "4"]
    capsys.readouterr()
    assert generate_main(limited) == 1
    assert "rejected.csv" in capsys.readouterr().err
    assert tree(here) == before
    run_generate(here)
    assert tree(here) == clean
    injected(1)


@pytest.mark.fault(11)
def test_rows_of_images_that_are_not_there(drawn, tmp_path, capsys, injected):
    here = tmp_path / "here"
    shutil.copytree(drawn, here)
    for name in ("a/a-0__trim.png", "a/a-2__original.png"):
        (here / "images" / name).unlink()
    before = tree(here)
    assert run_train(here) == 1
    said = capsys.readouterr().err
    assert "a/a-0__trim.png: No such file" in said and "a/a-2__original.png: No such file" in said
    assert run_gallery(here) == 1
    assert "a-2__original.png" in capsys.readouterr().err
    assert {name for name in tree(here).keys() - before.keys() if not name.endswith(".flac")} == set()
    for path in (here / "images").rglob("*.flac"):
        path.unlink()
    assert run_generate(here) == 0
    assert tree(here) == tree(drawn)
    injected(2)
