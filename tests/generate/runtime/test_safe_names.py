from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generate.runtime.safe_names import MAX_NAME_BYTES, path_on_disk, printable, safe_name, unique_ids

FORBIDDEN = set('/\\:*?"<>|\x7f') | {chr(code) for code in range(32)}
any_text = st.text(st.characters(exclude_categories=("Cs",)) | st.integers(0xDC80, 0xDCFF).map(chr))
"""All of Unicode, and what Python puts in the place of bytes in a file name that are no UTF-8."""
unhurried = settings(deadline=None, max_examples=60)
trap_text = st.text("aAbß/-.ée\u0301: ", min_size=1, max_size=5)
"""Texts that are easily mistaken for one another."""


# safe_name


@unhurried
@given(any_text.filter(lambda text: text.strip(" .")))
@example("-rf")
@example(" -rf")
@example("../../etc/passwd")
@example("C:\\sounds\\a")
@example("a\udce9")
@example("a" * 119 + ". b")
@example("é" * 61)
@example("犬" * 200)
def test_any_text_becomes_a_name_that_every_system_takes(text):
    name = safe_name(text)

    assert name
    assert not FORBIDDEN & set(name)
    assert name[0] not in "-. "
    assert name[-1] not in ". "
    assert len(name.encode("utf-8")) <= MAX_NAME_BYTES
    assert unicodedata.is_normalized("NFC", name)


@pytest.mark.parametrize("text", ["", "...", " ", " . "])
def test_text_of_which_nothing_can_stay(text):
    assert safe_name(text)[:1] not in ("", "-")


@unhurried
@given(any_text)
@example("C:\\sounds\\a")
@example("ab" * 100)
def test_a_safe_name_stays_as_it_is(text):
    name = safe_name("x" + text)
    assert safe_name(name) == name


@unhurried
@given(st.integers(10, 300), any_text)
def test_names_can_be_shorter_still(max_bytes, text):
    assert len(safe_name(text, max_bytes=max_bytes).encode()) <= max_bytes


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("1-100032-A-0", "1-100032-A-0"),
        ("dog/2021/bark no. 7 (loud) +3=x_", "dog-2021-bark no. 7 (loud) +3=x_"),
        ("犬", "犬"),
        ("Ünïcode", "Ünïcode"),
        ("U\u0308", "Ü"),
        ("a:b", "a-b-dcea6d9c"),
        ("a?b", "a-b-c644e1a4"),
        ("-x", "x-x-b858f570"),
        ("x.", "x-914ba315"),
        ("a" * 121, "a" * 111 + "-fa6b5a6f"),
        ("Käuz?", "Käuz--2e481f08"),
        ("Ka\u0308uz?", "Käuz--2e481f08"),
    ],
)
def test_names_are_the_same_today_and_next_year(text, name):
    assert safe_name(text) == name


def test_half_a_surrogate_pair():
    assert safe_name("a\ud83d") != safe_name("a\ud83e")


@pytest.mark.parametrize("text", ["कुत्ता", "สุนัข", "ক্লিক"])
def test_words_in_scripts_with_vowel_signs_stay_whole(text):
    assert safe_name(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("text", ["con", "AUX", "nul", "com1", "LPT9", "prn.v2", "COM¹", "con .x"])
def test_names_that_windows_keeps_for_devices(text):
    assert safe_name(text).casefold() != text.casefold()


@unhurried
@given(st.lists(any_text, min_size=2, max_size=2, unique=True))
@example(["a:b", "a?b"])
@example(["x" * 200, "x" * 201])
@example(["\udce9", "\udcea"])
def test_two_texts_that_lost_something_are_told_apart(texts):
    def loses_more_than_separators(text):
        return safe_name(text) != unicodedata.normalize("NFC", text.replace("/", "-"))

    if all(map(loses_more_than_separators, texts)):
        assert safe_name(texts[0]) != safe_name(texts[1])


# unique_ids


def ids_by_path(clips: list[tuple[str, str]]) -> dict[str, str]:
    names, paths = zip(*clips, strict=True)
    return dict(zip(paths, unique_ids(names, paths), strict=True))


@unhurried
@given(st.lists(trap_text, min_size=1, max_size=12, unique=True))
def test_different_paths_get_different_ids_even_where_case_is_ignored(paths):
    ids = unique_ids(paths, paths)
    assert len({clip_id.casefold() for clip_id in ids}) == len(paths)
    assert len({unicodedata.normalize("NFD", clip_id).casefold() for clip_id in ids}) == len(paths)


@unhurried
@given(st.lists(st.tuples(trap_text, trap_text), min_size=1, max_size=8, unique_by=lambda clip: clip[1]), st.randoms())
def test_no_id_depends_on_the_order_of_the_clips(clips, random):
    before = ids_by_path(clips)
    random.shuffle(clips)
    assert ids_by_path(clips) == before


@unhurried
@given(st.lists(st.tuples(trap_text, trap_text), min_size=1, max_size=8, unique_by=lambda clip: clip[1]))
def test_equal_names_in_different_places_get_different_ids(clips):
    assert len(set(ids_by_path(clips).values())) == len(clips)


def test_only_the_ids_that_would_be_one_get_digits():
    ids = ids_by_path([("a", "a.wav"), ("a", "a.flac"), ("A", "A.wav"), ("b", "b.wav")])
    assert ids["b.wav"] == "b"
    assert all(ids[path].startswith(("a-", "A-")) for path in ("a.wav", "a.flac", "A.wav"))


def test_digits_do_not_make_an_id_longer_than_promised():
    ids = ids_by_path([("a" * 118, "a.wav"), ("A" * 118, "A.wav")])
    assert max(map(len, ids.values())) <= MAX_NAME_BYTES


# printable


@pytest.mark.parametrize("text", ["", "dog", "Straße 犬 \\ /", "e\u0301"])
def test_ordinary_text_is_printable_as_it_is(text):
    assert printable(text) == text


@unhurried
@given(any_text)
def test_any_text_can_be_made_printable(text):
    assert printable(printable(text)) == printable(text)
    printable(text).encode("utf-8")


@pytest.mark.parametrize("name", ["plain.wav", "caf\udce9.wav", "a\rb.wav", "a\nb.wav", "back\\slash.wav"])
def test_what_is_printed_of_a_path_leads_back_to_the_file(tmp_path, name):
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("this disk takes no such names")
    assert "\r" not in printable(name)
    assert (tmp_path / path_on_disk(printable(name), tmp_path)).exists()
