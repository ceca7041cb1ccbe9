"""Several labels as one text, and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import MultiLabelBinarizer

from generate.dataset.background_classes import BACKGROUND
from generate.dataset.label_sets import classes_of, join_labels, membership, split_labels

NAMES = st.text(st.characters(exclude_characters=";", exclude_categories=["Cs"]), min_size=1, max_size=8)
SETS = st.lists(st.sets(NAMES.filter(lambda name: name != BACKGROUND), max_size=4), min_size=1, max_size=8)


@given(sets=SETS)
def test_there_and_back_and_as_scikit_learn_has_it(sets):
    labels = [join_labels(names) for names in sets]
    assert [set(split_labels(label)) for label in labels] == sets
    binarizer = MultiLabelBinarizer()
    expected = binarizer.fit_transform(sets)
    classes = classes_of(labels, multilabel=True)
    assert list(classes) == list(binarizer.classes_)
    np.testing.assert_array_equal(membership(labels, classes, multilabel=True), expected)


def test_one_label_each_stays_whole():
    labels = ["a;b", "c", BACKGROUND]
    classes = classes_of(labels, multilabel=False)
    assert classes == (BACKGROUND, "a;b", "c")
    np.testing.assert_array_equal(membership(labels, classes, multilabel=False).argmax(axis=1), [1, 2, 0])


def test_a_class_cannot_hold_the_separator():
    with pytest.raises(ValueError, match="must not have ';' in its name.*Got 'a;b'"):
        join_labels(["a;b", "c"])
