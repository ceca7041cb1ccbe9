"""The user's own variants from a Python file."""

from pathlib import Path

import numpy as np
import pytest

from augment_audio import VARIANTS, load_variants_file, make_variant, open_audio, parse_requests

GOOD = '''
import numpy as np
from augment_audio import Variant

LOUDER = 2.0

def reverse(sound):
    """Play the sound backwards."""
    return sound.y[::-1]

def echo(sound, *, delay_s, rng):
    """Come back once."""
    delay = round(delay_s * sound.sr)
    return LOUDER * np.pad(sound.y, (delay, 0)) + 0 * rng.random()

VARIANTS = {"reverse": Variant(reverse), "echo": Variant(echo, "delay_s", low=0.1, high=2)}
'''


def load(tmp_path, text) -> dict:
    path = tmp_path / "own.py"
    path.write_text(text)
    return load_variants_file(path)


def test_variants_of_the_users_own_work_beside_ours(tmp_path):
    """They still find their imports and constants after the file was run."""
    variants = VARIANTS | load(tmp_path, GOOD)
    assert variants["reverse"].summary == "Play the sound backwards."
    assert [variants[kind].is_random for kind in ("reverse", "echo")] == [False, True]
    requests = parse_requests(["reverse", "echo=0.5", "gain=+20"], variants, {})
    sound = open_audio(np.array([1, 2, 3], np.float32), 4)
    made = [make_variant(sound, request, variants, seed=0, clip_id="clip").tolist() for request in requests]
    assert made == [[3, 2, 1], [0, 0, 2, 4, 6], [10, 20, 30]]


def test_a_part_for_programs_is_not_run(tmp_path):
    text = GOOD + "\nif __name__ == '__main__':\n    raise SystemExit('run as a program')\n"
    assert "reverse" in load(tmp_path, text)


@pytest.mark.parametrize("path", ["nothing.py", "."])
def test_a_missing_file(tmp_path, path):
    with pytest.raises(FileNotFoundError, match="There is no variants file '.*'"):
        load_variants_file(tmp_path / Path(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", r"variants file '.*own\.py' fails: ZeroDivisionError: division by zero"),
        ("def f(:", "fails: SyntaxError"),
        ("import no_such_module_at_all", "fails: ModuleNotFoundError: No module named 'no_such_module_at_all'"),
    ],
)
def test_a_file_that_fails_says_how(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        load(tmp_path, text)


HEAD = "from augment_audio import Variant\ndef f(sound): return sound.y\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "VARIANTS = []",
        "VARIANTS = None",
        "VARIANTS = {'f': lambda sound: sound.y}",
        HEAD + "VARIANTS = Variant(f)",
        HEAD + "VARIANTS = {1: Variant(f)}",
        HEAD + "VARIANTS = {'': Variant(f)}",
        HEAD + "VARIANTS = {'a/b': Variant(f)}",
        HEAD + "VARIANTS = {'a=b': Variant(f)}",
        HEAD + "VARIANTS = {'two words': Variant(f)}",
    ],
)
def test_a_file_without_proper_variants_is_refused(tmp_path, text):
    with pytest.raises(ValueError, match=r"must define VARIANTS, a dict such as \{\"reverse\": Variant\(reverse\)\}"):
        load(tmp_path, text)


def test_an_empty_dict_is_no_mistake(tmp_path):
    assert load(tmp_path, "VARIANTS = {}") == {}


@pytest.mark.parametrize("name", ["original", "paper", "none"])
def test_reserved_names_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=name):
        load(tmp_path, HEAD + f"VARIANTS = {{{name!r}: Variant(f)}}")
