"""One value of a file of a stranger's is another one: each command reads it, or says in one line what is wrong."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generate.dataset import png, tables
from generate.gallery import make
from generate.runtime.atomic_write import write_json
from generate.runtime.terminal import escape_control_characters
from tests.faults.rows import IS_FULL
from tests.train.fake_runs import fake_run
from train.compare import table as compare
from train.data.image_folder import open_images, read_images
from train.predict import fold_models, terminal_text, windows
from train.report.make_report import make_report
from train.runs import run_folder

VALUES = (None, -1, float("inf"), "", "x", [], {}, True, 10**30, 0.5, "\x1b[31m\u202e\n")
DELETED = object()
PAGE_EVERY = 10
DAILY = 40
"""Changes of each file on a day; at full count all."""


def changed(document: object) -> Iterator[tuple[str, object]]:
    """All documents in which one value is another one or is gone, each with what was done."""
    for place in places(document):
        for value in (*VALUES, DELETED):
            after = copy.deepcopy(document)
            parent = after
            for key in place[:-1]:
                parent = parent[key]
            if value is DELETED:
                del parent[place[-1]]
            else:
                parent[place[-1]] = value
            yield f"{'.'.join(map(str, place))} = {'deleted' if value is DELETED else repr(value)}", after
    for value in VALUES:
        yield f"all = {value!r}", value


def places(document: object, prefix: tuple = ()) -> Iterator[tuple]:
    """The way to each value of a document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        yield (*prefix, key)
        if isinstance(value, dict | list):
            yield from places(value, (*prefix, key))


def some(changes: Iterator[tuple[str, object]]) -> list[tuple[str, object]]:
    """All of them at full count, else a part, the same every day."""
    every = list(changes)
    return every if IS_FULL else random.Random(0).sample(every, min(DAILY, len(every)))


def one_clear_line(work: Callable[[], object]) -> str:
    """What a piece of work said, if it failed; it may only fail as a command prints it."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            work()
        except (ValueError, OSError) as error:
            said = escape_control_characters(str(error))  # as it is printed
            assert said and "Traceback" not in said
            # One line; where images do not fit the table, one more for each of the first of them.
            assert len(said.splitlines()) <= 1 or "cannot be used:" in said.splitlines()[0], said
            return said
    return ""


def failures(what: str, work: Callable[[], object]) -> list[str]:
    """What was done, and how it failed otherwise than in one clear line."""
    try:
        one_clear_line(work)
    except Exception as error:
        return [f"{what}: {type(error).__name__}: {str(error)[:200]}"]
    return []


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A finished run of two folds, and its images in `images` beside it."""
    folder = tmp_path_factory.mktemp("values")
    images = folder / "images"
    rows = []
    settings = {
        "format": 1,
        "fingerprint": "0123456789abcdef",
        "settings": {**dict_of_settings(), "image_size": [32, 32]},
        "fan_out": False,
        "engine": "librosa 0.11.0",
        "collection": {
            "name": "Small",
            "audio_folder": "../sounds",
            "layout": "folders",
            **dict.fromkeys(("subset", "labels", "source_pattern", "name_pattern", "source_column"), ""),
            "licence": "CC0",
            "citation": "",
        },
        "versions": {"python": "3.11.7", "numpy": "2.0.0"},
    }
    for label in ("bird", "rain", "saw"):
        (images / label).mkdir(parents=True)
        for number in range(8):
            clip = f"{label}-{number}"
            name = f"{label}/{clip}__original.png"
            text = {"clip": clip, "variant": "original", "settings": settings["fingerprint"]}
            pixels = np.full((32, 32), 10 * number, "uint8")
            png.write(images / name, pixels, palette=png.palette("magma"), text=text)
            ids = dict.fromkeys(("clip_id", "source_id", "recording"), clip)
            row = {
                "file_name": name,
                "label": label,
                **ids,
                "fold": str(number % 2),
                "split": "",
                "events": "",
                "salience": "",
                "reviewed": "",
                "variant": "original",
            }
            row |= {"duplicate": False, "silent": False, "seconds": 1.0, "peak_dbfs": -3.0, "dc_offset": 0.0}
            row |= {"channel": "mono", "sample_rate_hz": 22050, "audio_file": f"{clip}.wav", "start_s": 0.0}
            digest = hashlib.sha256(clip.encode()).hexdigest()
            row |= {"audio_bytes": 100, "audio_mtime_ns": 100, "audio_sha256": digest, "background_sha256": ""}
            row |= {"background_file": "", "background_source_id": "", "background_bytes": 0, "background_mtime_ns": 0}
            rows.append(row)
    write_json(images / "settings.json", settings)
    tables.write_table(images / "metadata.csv", pd.DataFrame(rows)[list(tables.COLUMNS)])
    made = fake_run(folder / "run", all_folds=("0", "1"))
    write_json(made.folder / "settings.json", settings)
    return folder


def dict_of_settings() -> dict[str, object]:
    from generate.dataset.settings import Settings

    return Settings(sr=22050, seconds=1.0).to_json()


def read_run_and_all_of_it(folder: Path) -> None:
    """What every command does with a run before it trains or loads a model."""
    run = run_folder.read_run(folder)
    run.image_settings()
    windows.front_end(run)
    fold_models.folds_to_average(run)
    fold_models.is_leaky(run)
    for fold in run.finished_folds:
        run.read_fold(fold)
        run.read_history(fold)
    terminal_text.heading(run, run.finished_folds, Counter())
    make_report(run, n_explained=0)


def read_all_images(images: Path) -> None:
    """What every command does with an image folder before it trains."""
    settings, table = read_images(images)
    open_images(images, settings, table, size=(32, 32))


@pytest.mark.fault(25)
@pytest.mark.parametrize("name", ["config.json", "classes.json", "settings.json", "fold-0/fold.json"])
def test_a_changed_value_of_a_run(run, tmp_path, name, injected, monkeypatch):
    folder = tmp_path / "run"
    shutil.copytree(run / "run", folder)
    shutil.copytree(run / "images", tmp_path / "images")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("train.report.plots.write_png", lambda *_: None)  # half a second each
    assert one_clear_line(lambda: read_run_and_all_of_it(folder)) == ""
    changes = some(changed(json.loads((folder / name).read_text())))
    wrong = []
    for what, document in changes:
        (folder / name).write_text(json.dumps(document))
        wrong += failures(what, lambda: read_run_and_all_of_it(folder))
    assert not wrong, f"{len(wrong)}: {wrong}"
    injected(len(changes))


@pytest.mark.fault(25)
def test_a_changed_value_of_a_image_folder(run, tmp_path, injected, monkeypatch):
    images = tmp_path / "images"
    shutil.copytree(run / "images", images)
    monkeypatch.chdir(tmp_path / "images")  # so that no recording is read
    monkeypatch.setattr(make, "fill", lambda *_: "")
    assert one_clear_line(lambda: read_all_images(images)) == ""
    assert one_clear_line(lambda: make.make_gallery(images, listen=1, workers=1)) == ""
    changes = some(changed(json.loads((images / "settings.json").read_text())))
    wrong = []
    for number, (what, document) in enumerate(changes):
        (images / "settings.json").write_text(json.dumps(document))
        wrong += failures(what, lambda: read_all_images(images))
        if number % PAGE_EVERY == 0:  # a page takes a second
            wrong += failures(what, lambda: make.make_gallery(images, listen=1, workers=1))
    assert not wrong, f"{len(wrong)}: {wrong}"
    injected(len(changes))


@pytest.mark.fault(25)
@pytest.mark.parametrize("name", ["fold-0/predictions.csv", "fold-0/history.csv"])
def test_a_changed_cell_of_a_run(run, tmp_path, name, injected, monkeypatch):
    folder = tmp_path / "run"
    shutil.copytree(run / "run", folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("train.report.plots.write_png", lambda *_: None)
    lines = (folder / name).read_text().splitlines()
    cells = ("", "x", "-1", "1e999", "nan", '"', "=1+1", str(10**30))
    changes = []
    for column in range(len(lines[1].split(","))):
        for cell in cells:
            row = lines[2].split(",")
            row[column] = cell
            changes.append((f"column {column} = {cell!r}", [*lines[:2], ",".join(row), *lines[3:]]))
        changes.append((f"no column {column}", [",".join(_without(line.split(","), column)) for line in lines]))
    changes += [("empty", []), ("header alone", lines[:1]), ("bytes", ["\x00\x01"])]
    if not IS_FULL:
        changes = random.Random(0).sample(changes, min(DAILY, len(changes)))
    wrong = []
    for what, text in changes:
        (folder / name).write_text("\n".join(text) + "\n")
        wrong += failures(what, lambda: read_run_and_all_of_it(folder))
        wrong += failures(what, lambda: compare.table_of(compare.read_runs([folder])[0]))
    assert not wrong, f"{len(wrong)}: {wrong}"
    injected(len(changes))


def _without(cells: list[str], column: int) -> list[str]:
    return cells[:column] + cells[column + 1 :]


@pytest.mark.fault(25)
def test_numbers_that_would_take_all_memory_are_refused(run, tmp_path, injected):
    folder = tmp_path / "run"
    shutil.copytree(run / "run", folder)
    config = json.loads((folder / "config.json").read_text())
    changes = {
        "input_size": [40000, 40000],
        "folds": [str(n) for n in range(20_000)],
        "all_folds": ["0", "0"],
        "format": 10**9,
    }
    for name, value in changes.items():
        (folder / "config.json").write_text(json.dumps(config | {name: value}))
        said = one_clear_line(lambda: run_folder.read_run(folder))
        assert name in said and "must be" in said, said
    for name, value in (("ensemble", 10**6), ("epochs", 10**9), ("batch_size", 10**9), ("input_size", 40_000)):
        (folder / "config.json").write_text(json.dumps(config | {"recipe": config["recipe"] | {name: value}}))
        assert name in one_clear_line(lambda: run_folder.read_run(folder))
    injected(len(changes) + 4)


def test_json_that_is_too_deep_or_no_number_is_refused(run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run / "run", folder)
    for text, why in (("[" * 100_000, "too deep"), ("1" * 10_000, ""), ('{"format": NaN}', "NaN"), ("\ufeff{}", "")):
        (folder / "config.json").write_text(text)
        said = one_clear_line(lambda: run_folder.read_run(folder))
        assert said and why in said, said
