import tomllib

import pandas as pd
import pytest

from generate import command_line
from generate.dataset.settings import Settings
from train.ablate.class_variants import class_variants_toml, quoted
from train.ablate.gains import CLASS, HURTS, NOISE

STRANGE = [
    "<b>",
    "great tit",
    "雀",
    'say "hi"',
    "back\\slash",
    "a # b = [c]",
    "two\nlines",
    "del\x7fete",
    "",
    "1.5",
    "😀",
]


def table_of(*rows):
    frame = pd.DataFrame(rows, columns=["variant", "label", "gain", "wide_low", "wide_high", "verdict"])
    return frame.assign(scope=CLASS, n_looks=6)


@pytest.mark.parametrize("text", STRANGE)
def test_any_text_comes_back(text):
    assert tomllib.loads(f"{quoted(text)} = {quoted(text)}") == {text: text}


def test_generate_reads_what_is_suggested(tmp_path):
    suggested = {label: ("trim",) for label in STRANGE} | {"rain": (), "saw": ("pitch=+2", "trim")}
    text = class_variants_toml(
        suggested, table_of(), variants=["pitch=+2", "trim"], variants_file="my variants.py", about=["a\nb", "c"]
    )
    path = tmp_path / "setting.toml"
    path.write_text(text, encoding="utf-8")
    options = command_line.options_from(command_line.parse(["audio_folder", "--config", str(path)]))
    settings = Settings(**options.settings)
    assert settings.variants == ("pitch=+2", "trim") and settings.variants_file == ""
    assert 'give --variants-file too (it was "my variants.py")' in text
    assert settings.class_variants == {label: ("trim",) for label in STRANGE} | {"rain": ("none",)}


def test_where_nothing_is_left_out_generate_reads_it_too(tmp_path):
    path = tmp_path / "setting.toml"
    path.write_text(class_variants_toml({"a": ("trim",), "b\n": ("trim",)}, table_of(), variants=["trim"]))
    assert command_line.parse(["audio_folder", "--config", str(path)]).class_variants == {}
    assert '2 classes with all variants, so nothing stands here: "a", "b\\n"' in path.read_text()


def test_comments_say_by_how_much():
    table = table_of(
        ("pitch=+2", "rain", -0.125, -0.225, -0.025, HURTS),
        ("trim", "rain", -0.05, -0.2, 0.1, NOISE),
        ("pitch=+2", "saw", -0.5, -0.7, -0.3, HURTS),
    )
    text = class_variants_toml({"rain": ("trim",), "saw": ("pitch=+2",)}, table, variants=["pitch=+2", "trim"])
    assert (
        '# without pitch=+2, whose gain for "rain" was -12.5 points, -22.5 to -2.5 widened for 6 looks\n'
        '"rain" = ["trim"]\n'
    ) in text
    assert '# "saw" keeps those that it has\n"saw" = ["pitch=+2"]\n' in text
