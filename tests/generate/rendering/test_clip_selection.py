"""Which clips `--limit` takes, and which classes a run is of."""

from __future__ import annotations

import time
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

from generate.dataset.label_sets import classes_of, join_labels, split_labels
from generate.readers.collection.clips import clips_table
from generate.rendering.clip_selection import choose_classes, first_of_each_class, stratified_limit

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


def digits(n_digits: int = 10, n_takes: int = 50) -> pd.DataFrame:
    """The Free Spoken Digit Dataset: each digit 50 times by each of six speakers, in order of their names."""
    rows = [(d, s, k) for d in range(n_digits) for s in SPEAKERS for k in range(n_takes)]
    return clips_table(
        paths=[f"{d}/{d}_{s}_{k:02d}.wav" for d, s, k in rows],
        labels=[str(d) for d, _, _ in rows],
        sources=[s for _, s, _ in rows],
    )


def folded(n_classes: int = 10, n_folds: int = 5, n_recordings: int = 8) -> pd.DataFrame:
    """As ESC-50 is: each recording in one fold and one class."""
    rows = [(c, f, r) for c in range(n_classes) for f in range(n_folds) for r in range(n_recordings)]
    return clips_table(
        paths=[f"{f}-{c}-{r}.wav" for c, f, r in rows],
        labels=[str(c) for c, _, _ in rows],
        folds=[str(f) for _, f, _ in rows],
        sources=[f"{c} {f} {r}" for c, f, r in rows],
    )


@pytest.mark.parametrize("n_digits", [1, 10])
def test_forty_clips_hold_all_six_speakers(n_digits):
    taken = stratified_limit(digits(n_digits), 40)
    counts = taken["source_id"].value_counts()
    assert set(counts.index) == set(SPEAKERS)
    assert counts.max() - counts.min() <= (1 if n_digits == 1 else 2)
    assert set(taken["label"].value_counts()) == {40 // n_digits}


def test_each_class_begins_with_another_speaker():
    assert set(stratified_limit(digits(), 10)["source_id"]) == set(SPEAKERS)


@pytest.mark.parametrize("limit", [10, 20, 50])
def test_all_folds_are_there(limit):
    taken = stratified_limit(folded(), limit)
    assert set(taken["fold"].value_counts()) == {limit // 5}
    assert set(taken["label"].value_counts()) == {limit // 10}


def test_pieces_of_one_long_recording_do_not_crowd_out_the_others():
    clips = pd.DataFrame({"label": "a", "fold": "", "source_id": ["long"] * 1000 + ["x", "y", "z"]})
    assert set(stratified_limit(clips, 4)["source_id"]) == {"long", "x", "y", "z"}


def test_where_each_file_is_its_own_recording_the_first_by_name_are_taken():
    clips = clips_table(paths=[f"{label}/{k}.wav" for label in "ab" for k in range(9)], labels=["a"] * 9 + ["b"] * 9)
    assert stratified_limit(clips, 5)["clip_id"].tolist() == ["a-0", "a-1", "a-2", "b-0", "b-1"]


def test_a_larger_limit_takes_what_a_smaller_one_took_and_the_order_of_the_table_stays():
    clips = digits()
    before: set[str] = set()
    for limit in (1, 7, 40, 301, 2999, 3000, 5000):
        taken = stratified_limit(clips, limit)
        assert len(taken) == min(limit, 3000)
        assert before <= set(taken["clip_id"])
        assert taken["clip_id"].tolist() == clips.loc[clips["clip_id"].isin(taken["clip_id"]), "clip_id"].tolist()
        before = set(taken["clip_id"])


def test_a_class_that_is_too_small_gives_its_turns_to_the_others():
    clips = clips_table(paths=[f"{k}.wav" for k in range(12)], labels=["rare"] * 2 + ["common"] * 10)
    assert stratified_limit(clips, 8)["label"].value_counts().to_dict() == {"common": 6, "rare": 2}


def test_nothing_and_everything():
    assert len(stratified_limit(digits().head(0), 5)) == 0
    pd.testing.assert_frame_equal(stratified_limit(digits(2), 600), digits(2))


def test_time_grows_with_the_number_of_clips_and_not_faster():
    rng = np.random.default_rng(0)

    def took_s(n: int) -> float:
        clips = pd.DataFrame({"label": rng.integers(0, 50, n).astype(str), "fold": "", "source_id": np.arange(n) // 3})
        clips["source_id"] = clips["source_id"].astype(str)
        began = time.process_time()
        stratified_limit(clips, n // 2)
        return time.process_time() - began

    took_s(1000)
    assert took_s(400_000) < 40 * max(took_s(40_000), 0.05)


# Several labels

PAIRS = clips_table(
    paths=[f"{a}{b}.wav" for a, b in combinations("ABCDEFGHIJKL", 2)],
    labels=[join_labels(pair) for pair in combinations("ABCDEFGHIJKL", 2)],
)
"""A clip of each pair of twelve classes: each set of labels is there once."""


def test_few_clips_with_several_labels_are_of_all_classes():
    taken = stratified_limit(PAIRS, 11, multilabel=True)
    assert len(taken) == 11
    assert len(classes_of(taken["label"], multilabel=True)) == 12


def test_a_rare_class_is_among_few_clips_whatever_its_name_and_its_company():
    labels = ["a;b"] * 500 + ["b;c"] * 500 + ["a;b;rare"] * 3 + ["_background"] * 100
    clips = clips_table(paths=[f"{k:04}.wav" for k in range(len(labels))], labels=labels)
    taken = stratified_limit(clips, 40, multilabel=True)["label"].value_counts()
    assert taken["a;b;rare"] == 3 and taken["_background"] in (12, 13) and taken.min() == 3


def test_with_several_labels_a_larger_limit_takes_what_a_smaller_one_took():
    taken = [set(stratified_limit(PAIRS, limit, multilabel=True)["clip_id"]) for limit in (1, 7, 11, 40, 66)]
    assert all(fewer < more for fewer, more in pairwise(taken)) and len(taken[-1]) == 66


def test_the_first_clips_of_each_class_are_few_where_each_set_of_labels_is_there_once():
    chosen = first_of_each_class(PAIRS, 4, multilabel=True)
    assert len(chosen) == len(set(chosen)) <= 4 * 12
    labels = PAIRS.set_index("clip_id").loc[chosen, "label"].map(split_labels).explode()
    assert labels.value_counts().min() >= 4 and set(labels) == set("ABCDEFGHIJKL")
    assert len(first_of_each_class(PAIRS, 4)) == 66  # one label each


def test_background_is_heard_too_and_one_clip_may_do_for_several_classes():
    clips = clips_table(paths=["1.wav", "2.wav", "3.wav"], labels=["_background", "a;b;c", "a;b"])
    assert first_of_each_class(clips, 1, multilabel=True) == ["1", "2"]


# Classes


LABELS = ["Dog bark", "Rain", "Käuz", "007"]


@pytest.mark.parametrize(
    ("classes", "leave_out", "expected"),
    [
        ([], [], LABELS),
        (["007", "Rain"], [], ["Rain", "007"]),
        ([], ["Rain"], ["Dog bark", "Käuz", "007"]),
        (["Ka\u0308uz", "Rain"], [], ["Rain", "Käuz"]),
        (["Rain", "007"], ["Dog bark"], ["Rain", "007"]),
    ],
)
def test_classes_are_chosen_by_name(classes, leave_out, expected):
    assert choose_classes(LABELS, classes=classes, leave_out=leave_out) == expected


@pytest.mark.parametrize(
    ("classes", "leave_out", "words"),
    [
        (["dog brak"], [], r"--classes must name classes of the collection. Got 'dog brak'. Do you mean 'Dog bark'\?"),
        ([], ["rain"], r"--leave-out must name .* Got 'rain'. Do you mean 'Rain'\? It has 'Dog bark', 'Rain'"),
        (["7"], [], "Got '7'"),
        (["Rain", "007"], ["Rain"], "contradict each other: both name 'Rain'"),
        ([], LABELS, "--leave-out must leave a class. Got all 4"),
    ],
)
def test_a_choice_of_classes_that_cannot_be(classes, leave_out, words):
    with pytest.raises(ValueError, match=words):
        choose_classes(LABELS, classes=classes, leave_out=leave_out)
