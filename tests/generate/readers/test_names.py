from __future__ import annotations

import pytest

from generate.readers import ReaderOptions, find, read
from generate.readers.names import name_expression
from tests.generate.readers.conftest import touch


def read_names(folder, pattern):
    return read(folder, "names", ReaderOptions(name_pattern=pattern))


def test_the_free_spoken_digit_dataset(tmp_path):
    speakers = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
    files = [f"recordings/{digit}_{who}_{take}.wav" for digit in range(10) for who in speakers for take in (0, 49)]
    touch(tmp_path, *files, "README.md")
    options = ReaderOptions(name_pattern="{label}_{source}_{take}")

    assert find(tmp_path, options).layout == "names"
    collection = read(tmp_path, "names", options)
    clips = collection.clips

    assert len(clips) == 120
    assert dict(clips["label"].value_counts()) == {str(digit): 12 for digit in range(10)}
    assert dict(clips["source_id"].value_counts()) == {who: 20 for who in speakers}
    assert set(clips["fold"]) == {""}
    for clip in clips.itertuples():
        assert clip.path.startswith(f"recordings/{clip.label}_{clip.source_id}_")
    assert collection.skipped == {".md": 1}


@pytest.mark.parametrize(
    ("pattern", "name", "label", "source", "fold"),
    [
        ("{label}", "dog bark.wav", "dog bark", "clip", ""),
        ("{fold}-{source}-{take}-{label}", "1-100032-A-0.wav", "0", "100032", "1"),
        ("{any}_{label}", "2021_05_dog.wav", "05_dog", "clip", ""),
        ("{source}.{label}", "a.b.c.wav", "b.c", "a", ""),
        ("[{label}] ({source})+", "[dog] (7)+.flac", "dog", "7", ""),
        ("x{label}y", "xdogy.wav", "dog", "clip", ""),
        ("{label}#{take}", "犬#1.ogg", "犬", "clip", ""),
    ],
)
def test_patterns(tmp_path, pattern, name, label, source, fold):
    touch(tmp_path, name)
    (clip,) = read_names(tmp_path, pattern).clips.itertuples()
    assert clip.label == label
    assert clip.source_id == (clip.clip_id if source == "clip" else source)
    assert clip.fold == fold


def test_names_that_do_not_fit_are_counted_and_the_rest_is_read(tmp_path):
    touch(tmp_path, "7_jackson_32.wav", "intro.wav", "deep/3_theo_1.wav", "_x_1.wav", "7_jackson_.wav")
    collection = read_names(tmp_path, "{label}_{source}_{take}")
    assert list(collection.clips["path"]) == ["deep/3_theo_1.wav", "7_jackson_32.wav"]
    assert collection.skipped == {"names that the pattern does not match": 3}


def test_the_pattern_must_fit_the_whole_name(tmp_path):
    touch(tmp_path, "dog_1.wav", "dog_1_copy.wav")
    assert list(read_names(tmp_path, "{label}_1").clips["path"]) == ["dog_1.wav"]


def test_a_pattern_that_fits_no_file(tmp_path):
    touch(tmp_path, "7-jackson-32.wav")
    with pytest.raises(ValueError, match=r"'\{label\}_\{source\}' matches no file, such as '7-jackson-32.wav'"):
        read_names(tmp_path, "{label}_{source}")


@pytest.mark.parametrize(
    "pattern",
    ["{source}_{take}", "no fields", "{label}_{speaker}", "{label}_{label}", "{Label}", "{label}{}", "{ label }"],
)
def test_a_pattern_that_is_wrong(tmp_path, pattern):
    touch(tmp_path, "7_jackson_32.wav")
    with pytest.raises(ValueError) as caught:
        read_names(tmp_path, pattern)
    message = str(caught.value)
    assert repr(pattern) in message
    for field in ("{label}", "{source}", "{fold}", "{take}", "{any}", '"{label}_{source}_{take}"'):
        assert field in message


def test_without_a_pattern(tmp_path):
    touch(tmp_path, "dog/7_jackson_32.wav", "cat/7_jackson_32.wav")
    assert find(tmp_path, ReaderOptions()).layout == "folders", "a pattern is not guessed"
    with pytest.raises(ValueError, match='needs --name-pattern, such as --name-pattern "{label}_{source}_{take}"'):
        read_names(tmp_path, "")


def test_no_sounds_at_all(tmp_path):
    touch(tmp_path, "a.txt")
    with pytest.raises(ValueError, match="holds no audio files"):
        read_names(tmp_path, "{label}_{source}")


def test_a_long_name_is_read_at_once():
    name = "_".join(["a"] * 2000)
    assert name_expression("{label}_{source}_{take}_{any}_!").fullmatch(name[:200]) is None
    assert name_expression("{label}_{source}_{take}").fullmatch(name)["label"] == "a"


def test_letters_that_macos_takes_apart(tmp_path):
    touch(tmp_path, "Ka\u0308uz_1.wav", "Käuz_2.wav")
    for pattern in ("{label}uz_{take}", "{label}_{take}"):
        assert len(set(read_names(tmp_path, pattern).clips["label"])) == 1
    assert list(read_names(tmp_path, "Ka\u0308{label}_{take}").clips["label"]) == ["uz", "uz"]


def test_names_that_the_pattern_fits_in_several_ways_are_named(tmp_path):
    """`great_tit` is one class, and the pattern cannot know that."""
    for name in ("robin_park_1", "great_tit_park_1"):
        (tmp_path / f"{name}.wav").touch()
    (note,) = read_names(tmp_path, "{label}_{source}_{take}").notes
    assert "'great_tit_park_1' is read as label 'great', source 'tit', and could be label 'great_tit'" in note
    assert not read_names(tmp_path, "{label}_park_{take}").notes
