"""Stage one on clips with several labels: classes are counted one by one, not by their sets."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
import soundfile

from generate.__main__ import main
from generate.dataset import tables
from generate.gallery.make import make_gallery
from tests.conftest import SR, tone

QUICK = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
MORE = ["--variants", "none", "--label-separator", ";"]


@pytest.fixture
def pairs(tmp_path) -> Path:
    """A clip of each pair of six classes."""
    folder = tmp_path / "audio_folder"
    folder.mkdir()
    lines = ["file,label"]
    for k, (a, b) in enumerate(combinations("ABCDEF", 2)):
        soundfile.write(folder / f"{a}{b}.wav", tone(200 + 50 * k), SR)
        lines.append(f"{a}{b}.wav,{a};{b}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def generate(folder: Path, images: Path, *arguments: str) -> int:
    return main([str(folder), str(images), *QUICK, *MORE, *arguments])


def test_few_clips_are_of_all_classes(pairs, tmp_path):
    assert generate(pairs, tmp_path / "images", "--limit", "5", "--listen", "0") == 0
    labels = tables.read_metadata(tmp_path / "images" / "metadata.csv")["label"]
    assert len(labels) == 5 and set(";".join(labels).split(";")) == set("ABCDEF")


def test_the_page_plays_so_many_clips_a_class(pairs, tmp_path):
    images = tmp_path / "images"
    assert generate(pairs, images, "--listen", "1") == 0
    assert sorted(path.name[:2] for path in images.rglob("*.flac")) == ["AB", "AC", "AD", "AE", "AF"]
    make_gallery(images, listen=1, workers=1, audio_folder=pairs)
    assert len(list(images.rglob("*.flac"))) == 5


def test_a_class_is_lost_only_if_no_clip_has_it(pairs, tmp_path, capsys):
    (pairs / "CD.wav").write_bytes(b"no audio")
    assert generate(pairs, tmp_path / "images", "--listen", "0", "--max-rejected", "50") == 0
    assert "no clip could be rendered of" not in capsys.readouterr().out
    for path in pairs.glob("*F.wav"):
        path.write_bytes(b"no audio")
    assert generate(pairs, tmp_path / "images", "--listen", "0", "--max-rejected", "50") == 3
    assert "no clip could be rendered of: F\n" in capsys.readouterr().out
