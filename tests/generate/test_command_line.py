import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generate import command_line
from generate.dataset.settings import Settings
from train import command_line as train_command_line


def write(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def settings_of(*arguments: str, **defaults: object) -> Settings:
    """The settings that a command line asks for, under the defaults of a layout."""
    return Settings(**{**defaults, **command_line.options_from(command_line.parse(arguments)).settings})


def test_nothing_given_gives_the_defaults():
    assert settings_of("audio_folder") == Settings()


def test_layout_gives_way_to_config_and_config_to_command_line(tmp_path):
    config = write(tmp_path, 'seconds = 3\nsr = 22050\nimage-size = "320x240"\nvariants = ["trim"]\nworkers = 3')
    arguments = ["audio_folder", "--config", str(config), "--sr", "16000"]
    settings = settings_of(*arguments, seconds=4.0, long="split")
    assert (settings.seconds, settings.sr, settings.long) == (3, 16000, "split")
    assert settings.image_size == (320, 240)
    assert settings.variants == ("trim",)
    assert command_line.options_from(command_line.parse(arguments)).workers == 3


@pytest.mark.parametrize(("text", "expected"), [("denoise = true", 12), ("denoise = 20", 20), ("", 0)])
def test_an_option_has_the_same_name_in_a_config(tmp_path, text, expected):
    assert settings_of("audio_folder", "--config", str(write(tmp_path, text))).denoise_db == expected


def test_lists_that_are_given_twice_all_count_in_place_of_the_config(tmp_path):
    config = ["--config", str(write(tmp_path, "classes = ['dog']\nlabels-from = ['a.csv', 'b.csv']"))]
    options = command_line.options_from(command_line.parse(["audio", *config]))
    assert options.classes == ("dog",) and options.labels_from == (Path("a.csv"), Path("b.csv"))
    given = ["audio", *config, "--classes", "cat", "owl", "--classes", "rain", "--labels-from", "c.csv"]
    options = command_line.options_from(command_line.parse(given))
    assert options.classes == ("cat", "owl", "rain") and options.labels_from == (Path("c.csv"),)
    assert command_line.parse(["audio", "--classes", "cat"]).classes == ["cat"]  # nothing stays in the parser


def test_native_size_from_both_sides(tmp_path):
    config = write(tmp_path, 'image_size = "native"')
    for arguments in (["s", "--image-size", "native"], ["s", "--config", str(config)]):
        assert settings_of(*arguments).image_size is None


def test_class_variants_come_from_the_config(tmp_path):
    config = write(tmp_path, '[class-variants]\n"Dog bark" = ["trim", "noise=20"]\nrain = "none"')
    options = command_line.parse(["s", "--config", str(config)])
    assert command_line.options_from(options).settings["class_variants"] == {
        "Dog bark": ("trim", "noise=20"),
        "rain": ("none",),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("secs = 3", "unknown option 'secs'"),
        ("colourmap = 'gray'", "do you mean 'colormap'"),
        ("sr = 'fast'", "whole number"),
        ("sr = 1.5", "whole number"),
        ("workers = 0", "workers is 0: must be a whole number of 1 or more"),
        ("limit = 1.5", "must be a whole number of 1 or more. Got '1.5'"),
        ("background = 'some'", "must be a number, such as 1, or none. Got 'some'"),
        ("listen = 0.5", "must be a number of clips or `all`"),
        ("pad = 'zero'", "pad must be one of silence, repeat, random"),
        ("variants = 3", "list of texts"),
        ("overwrite = 'yes'", "true or false"),
        ("feature = 3", "must be a text"),
        ("class-variants = 'trim'", "table"),
        ("n-bands = 64\nn_bands = 32", "gives 'n_bands' twice"),
        ("audio-folder = 'x'", "unknown option 'audio-folder'"),
        ("denoise_db = 12", "unknown option 'denoise_db'; do you mean 'denoise'"),
        ("denoise = false", "must have a value"),
        ("limit = [5]", r"limit must have one value. Got \[5\]"),
        ("listen = 2020-01-01", "listen must have one value"),
        ("= 3", "not TOML"),
        ("image-size = 'big'", "must be 224"),
    ],
)
def test_faults_of_the_config_are_named(tmp_path, text, words):
    with pytest.raises(ValueError, match=words):
        command_line.parse(["s", "--config", str(write(tmp_path, text))])


def test_config_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nope\.toml"):
        command_line.parse(["s", "--config", str(tmp_path / "nope.toml")])


@pytest.mark.parametrize("arguments", [[], ["s", "--sr", "x"], ["s", "--pad", "x"], ["s", "--workers", "0"]])
def test_wrong_use_ends_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        command_line.parse(arguments)
    assert ended.value.code == 2
    assert "usage: python -m generate" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["generate", "augment_audio", "generate.download", "generate.doctor"])
def test_help_answers_in_under_a_second(module):
    command = [sys.executable, "-m", module, "--help"]
    times = []
    for _ in range(3):
        started = time.monotonic()
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        times.append(time.monotonic() - started)
    assert f"usage: python -m {module}" in answer.stdout
    assert min(times) < 1


@pytest.mark.parametrize("parser", [command_line.build_parser(), train_command_line.build_parser()])
def test_help_begins_with_the_ten_options_that_people_use(parser):
    usage, *groups = re.split(r"\n\n(?=[a-z][^\n]*:\n)", parser.format_help())
    assert usage.count("\n") < 10 and groups[0].startswith("most used:")
    assert len(re.findall(r"^  --", groups[0], re.MULTILINE)) == 10
    assert all(f"\n  {option}" in groups[0] for option in ("--dry-run", "--config"))


def test_help_does_not_import_what_is_slow():
    code = (
        "import sys\n"
        "from generate import __main__\n"
        "try: __main__.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('pandas', 'librosa', 'matplotlib', 'tensorflow', 'scipy') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.endswith("[]\n")
