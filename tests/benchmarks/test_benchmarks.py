"""The benchmarks' correctness: what is fast must also be the same."""

import importlib
import sys
from pathlib import Path

import pytest

import benchmarks
from benchmarks.generation import closeness
from benchmarks.training_input import pixels, render_originals


def test_the_fast_engine_is_close_to_plain_librosa(esc10):
    row = closeness(sorted(esc10.rglob("*.ogg"))[::80])
    assert row["images"] == 25
    assert row["mean difference, grey levels"] <= 0.5
    assert row["worst correlation"] >= 0.999


def test_the_fast_transforms_give_the_pixels_of_image_data_generator(esc10, tmp_path):
    for row in pixels(render_originals(tmp_path, "20")):
        assert row["images"] == 20
        assert row["largest difference"] == 0


@pytest.mark.parametrize(
    "name", sorted(p.stem for p in Path(benchmarks.__file__).parent.glob("*.py") if "def main(" in p.read_text("utf-8"))
)
def test_an_option_that_is_not_understood_is_refused(monkeypatch, capsys, name):
    monkeypatch.setattr(sys, "argv", [name, "--qualty", "best"])
    with pytest.raises(SystemExit, match="2"):
        importlib.import_module(f"benchmarks.{name}").main()
    assert f"python -m benchmarks.{name}: error:" in capsys.readouterr().err
