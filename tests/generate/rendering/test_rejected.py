"""One line for a file of which the rest cannot be read."""

from __future__ import annotations

import os
import shutil
from contextlib import closing

import pandas as pd
import pytest
import soundfile

import generate.__main__
from generate.audio import FileReason
from generate.audit.command_line import main as audit
from generate.dataset import tables
from generate.rendering.rejected import RejectedClip, after_damage, one_line_a_file
from tests.conftest import white

SR = 22050


def clip(number: int, reason: str = "", sound: str = "a.ogg") -> RejectedClip:
    return RejectedClip(sound, f"a-piece{number:03d}", "x", reason, float(number))


def test_clips_of_a_file_that_is_at_fault_are_one_line():
    rejected = [clip(n, FileReason("damaged")) for n in (9, 4, 7, 5)] + [clip(2, "variant x: no")]
    assert one_line_a_file(rejected) == [
        clip(2, "variant x: no"),
        clip(4, "damaged; and 3 more clips of this file, from 4 s on"),
    ]
    alone = [clip(4, FileReason("damaged"))]
    assert one_line_a_file(alone) == alone


def test_reasons_of_clips_alone_stay_apart():
    rejected = [clip(n, "not finite") for n in range(3)]
    assert one_line_a_file(rejected) == rejected


def test_what_was_drawn_behind_the_fault_is_given_up():
    drawn = [clip(n) for n in (0, 1, 2, 3, 6, 8)] + [clip(6, sound="b.ogg")]
    rejected = [clip(7, FileReason("later")), clip(5, FileReason("damaged")), clip(1, "no")]
    assert after_damage(drawn, rejected) == [clip(6, "damaged"), clip(8, "damaged")]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_ogg_gives_one_line_and_keeps_what_stands_before(tmp_path, workers):
    folder = tmp_path / "audio_folder" / "a"
    folder.mkdir(parents=True)
    soundfile.write(folder / "tape.ogg", white(60, sr=SR), SR)
    soundfile.write(folder / "good.ogg", white(1, sr=SR), SR)
    content = bytearray((folder / "tape.ogg").read_bytes())
    place = content.index(b"OggS", len(content) // 2)
    content[place + 300 : place + 3000] = bytes(2700)  # its checksum is wrong, and the page is skipped
    (folder / "tape.ogg").write_bytes(content)
    options = [
        "--layout",
        "folders",
        "--seconds",
        "1",
        "--long",
        "split",
        "--variants",
        "none",
        "--image-size",
        "32",
        "--listen",
        "0",
    ]
    images = tmp_path / f"images{workers}"
    arguments = [*options, "--sr", str(SR), "--engine", "librosa", "--workers", str(workers)]
    assert generate.__main__.main([str(folder.parent), str(images), *arguments]) == 3
    rejected = pd.read_csv(images / tables.REJECTED, keep_default_na=False)
    metadata = tables.read_metadata(images / tables.METADATA)
    starts = metadata.loc[metadata["audio_file"] == "a/tape.ogg", "start_s"].tolist()
    n_good = len(starts)
    assert 20 < n_good < 40 and starts == list(range(n_good))
    assert rejected["clip_id"].tolist() == [f"a-tape-piece{n_good:03d}"]
    assert rejected["reason"][0].endswith(f"; and {59 - n_good} more clips of this file, from {n_good} s on")
    assert len(list(images.rglob("*.png"))) == n_good + 1


def test_a_resumed_run_gives_up_what_an_earlier_one_drew_behind_the_damage(tmp_path):
    folder = tmp_path / "audio_folder" / "a"
    folder.mkdir(parents=True)
    tape = folder / "tape.ogg"
    soundfile.write(tape, white(20, sr=SR), SR)
    options = ["--layout", "folders", "--seconds", "1", "--long", "split", "--variants", "none", "--image-size", "32"]
    options += ["--listen", "0", "--sr", str(SR), "--engine", "librosa", "--workers", "1"]

    def run(images):
        status = generate.__main__.main([str(folder.parent), str(images), *options])
        return status, tables.read_metadata(images / tables.METADATA)["start_s"].tolist()

    assert run(tmp_path / "resumed")[1] == list(range(20))
    before = tape.stat()
    content = bytearray(tape.read_bytes())
    place = content.index(b"OggS", len(content) // 2)
    content[place + 300 : place + 3000] = bytes(2700)
    tape.write_bytes(content)
    fresh = run(tmp_path / "fresh")
    n_good = len(fresh[1])
    assert fresh[0] == 3 and 5 < n_good < 15
    os.utime(tape, ns=(before.st_atime_ns, before.st_mtime_ns))  # as if it had been read with luck until now
    shutil.copytree(tmp_path / "resumed", tmp_path / "finished")
    for images in (tmp_path / "resumed", tmp_path / "finished"):
        (images / "a" / f"a-tape-piece{n_good:03d}__original.png").unlink()
    table = tmp_path / "resumed" / tables.METADATA
    with closing(tables.Journal(table.with_name(tables.JOURNAL))) as journal:  # as a run that was killed leaves it
        journal.append(tables.read_metadata(table).to_dict("records"))
    table.unlink()
    assert run(tmp_path / "resumed") == fresh
    assert len(list((tmp_path / "resumed").rglob("*.png"))) == n_good
    starts = run(tmp_path / "finished")[1]
    assert starts == [start for start in range(20) if start != n_good], "what a finished run made stays"


@pytest.mark.parametrize("workers", [1, 2])
def test_the_audit_gives_up_what_lies_behind_the_damage_too(tmp_path, workers):
    folder = tmp_path / "audio_folder" / "a"
    folder.mkdir(parents=True)
    soundfile.write(folder / "tape.ogg", white(60, sr=SR), SR)
    content = bytearray((folder / "tape.ogg").read_bytes())
    place = content.index(b"OggS", len(content) // 2)
    content[place + 300 : place + 3000] = bytes(2700)
    (folder / "tape.ogg").write_bytes(content)
    options = ["--layout", "folders", "--seconds", "1", "--long", "split", "--sr", str(SR), "--engine", "librosa"]
    table = tmp_path / "audit.csv"
    arguments = [str(folder.parent), *options, "--workers", str(workers), "--csv", str(table)]
    assert audit([*arguments]) == 3
    found = pd.read_csv(table)
    assert 20 < len(found) < 40
    assert sorted(found["clip_id"]) == [f"a-tape-piece{number:03d}" for number in range(len(found))]
