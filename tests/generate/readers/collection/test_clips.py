from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from generate.readers.collection.clips import clips_table

unhurried = settings(deadline=None, max_examples=60)
trap_text = st.text("aAbß/-.ée\u0301: ", min_size=1, max_size=5)
"""Texts that are easily mistaken for one another."""


def test_columns_order_and_defaults():
    clips = clips_table(paths=["dog/b.wav", "dog/a.wav", "cat/z.wav"], labels=["dog", "dog", "cat"])

    assert_frame_equal(
        clips,
        pd.DataFrame(
            {
                "clip_id": ["cat-z", "dog-a", "dog-b"],
                "path": ["cat/z.wav", "dog/a.wav", "dog/b.wav"],
                "label": ["cat", "dog", "dog"],
                "fold": ["", "", ""],
                "split": ["", "", ""],
                "source_id": ["cat-z", "dog-a", "dog-b"],
                "start_s": [0.0, 0.0, 0.0],
                "salience": ["", "", ""],
            }
        ),
        check_dtype=False,
    )


@unhurried
@given(
    st.dictionaries(trap_text, st.tuples(st.sampled_from("xyz"), trap_text, st.sampled_from("12")), min_size=1),
    st.randoms(),
)
def test_the_same_table_whatever_the_order_of_the_arguments(clips, random):
    def table(paths):
        labels, sources, folds = zip(*(clips[path] for path in paths), strict=True)
        return clips_table(paths=paths, labels=labels, sources=sources, folds=folds)

    paths = list(clips)
    before = table(paths)
    random.shuffle(paths)
    assert_frame_equal(table(paths), before)
    rows = list(zip(before["label"], before["path"], strict=True))
    assert rows == sorted(rows)
    for row in before.itertuples():
        label, source, fold = clips[row.path]
        assert (row.label, row.source_id, row.fold) == (label, unicodedata.normalize("NFC", source), fold)


def test_each_row_keeps_its_own_name_fold_and_recording():
    clips = clips_table(
        paths=["2.wav", "1.wav", "3.wav"],
        labels=["b", "a", "a"],
        names=["two", "one", "three"],
        folds=["II", "I", ""],
        sources=["r2", "", "r3"],
    )
    assert list(clips["clip_id"]) == ["one", "three", "two"]
    assert list(clips["fold"]) == ["I", "", "II"]
    assert list(clips["source_id"]) == ["one", "r3", "r2"], "without a recording the clip itself stands for it"


def test_the_class_is_as_the_user_wrote_it_without_space_around():
    clips = clips_table(paths=["1", "2", "3", "4"], labels=["  Street music ", "nan", "007", "Ä/ö"])
    assert sorted(clips["label"]) == ["007", "Street music", "nan", "Ä/ö"]


def test_a_file_without_ending_or_with_many_dots_is_called_by_all_of_it():
    clips = clips_table(paths=["noending", "a.b.c.wav"], labels=["x", "x"])
    assert set(clips["clip_id"]) == {"noending", "a.b.c"}


def test_paths_that_are_not_utf8():
    paths = ["caf\udce9/2.wav", "caf\udce9/caf\udce9.wav", "caf\udce9/1.wav", "caf\udcea/1.wav", "bar/1.wav"]
    clips = clips_table(paths=paths, labels=[path.partition("/")[0] for path in paths])

    assert set(clips["path"]) == set(paths), "so that they can be opened"
    assert clips["clip_id"].is_unique
    assert clips["label"].nunique() == 3
    for column in ("clip_id", "label", "source_id"):
        clips[column].map(str.encode)  # fits in a table in UTF-8


@pytest.mark.parametrize("label", ["", "  ", "\t"])
def test_an_empty_label(label):
    with pytest.raises(ValueError, match="must have a label. Got none for '2.wav'"):
        clips_table(paths=["1.wav", "2.wav"], labels=["a", label])


def test_one_file_in_two_rows():
    with pytest.raises(ValueError, match="Got 2 more than once, such as '1.wav'"):
        clips_table(paths=["1.wav", "2.wav", "1.wav", "2.wav"], labels=["a", "a", "b", "a"])


def test_the_arguments_stay_as_they_were():
    paths, labels, sources = ["b", "a"], [" x", "x"], ["", "r"]
    clips_table(paths=paths, labels=labels, sources=sources)
    assert (paths, labels, sources) == (["b", "a"], [" x", "x"], ["", "r"])
