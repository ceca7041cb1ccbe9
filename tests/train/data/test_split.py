from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.data.grouped_folds import fewer_folds_note
from train.data.split import count_shared_recordings, make_splits
from train.data.table_digest import table_sha256
from train.recipe import PROTOCOLS


def images(clips, variants=("original", "pitch=+2", "trim"), duplicates=()):
    """A table of images from `(clip_id, label, source_id, fold)`."""
    rows = [
        {
            "clip_id": clip,
            "label": label,
            "source_id": source,
            "fold": fold,
            "variant": variant,
            "duplicate": (clip, variant) in duplicates,
            "background_source_id": "",
            "reviewed": "",
        }
        for clip, label, source, fold in clips
        for variant in variants
    ]
    return pd.DataFrame(rows)


@st.composite
def tables(draw, *, with_folds: bool):
    """Any table with two or three classes of a few recordings each; recordings may stand in several folds and classes."""
    n_classes = draw(st.integers(2, 3))
    clips = []
    for label in range(n_classes):
        for number in range(draw(st.integers(6, 14))):
            source = draw(st.integers(0, 40)) if with_folds else label * 100 + number // 2
            fold = str(draw(st.integers(1, 4))) if with_folds else ""
            clips.append((f"{label}-{number}", f"class {label}", f"r{source}", fold))
    if with_folds:
        clips += [(f"always-{k}", "class 0", f"s{k}", str(k)) for k in range(1, 5)]
    return images(clips).sample(frac=1, random_state=draw(st.integers(0, 99))).reset_index(drop=True)


@settings(max_examples=60)
@given(st.booleans().flatmap(lambda own: tables(with_folds=own)), st.booleans())
def test_no_recording_is_on_two_sides(table, with_validation):
    splits = make_splits(table, with_validation=with_validation)
    assert len(splits) >= 2
    originals = set(table.index[table["variant"] == "original"])
    tested = np.concatenate([split.test for split in splits])
    assert sorted(tested) == sorted(originals), "each original is tested once"
    for split in splits:
        parts = [set(table["source_id"].iloc[rows]) for rows in (split.train, split.validation, split.test)]
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]
        assert set(split.validation) <= originals
        assert bool(len(split.validation)) <= with_validation
        assert count_shared_recordings(table, split) == 0
        assert not split.is_leaky
        n_others = len(table) - 3 * len(split.test) if not with_validation else None
        if n_others is not None:
            assert len(split.train) + split.n_left_out == n_others


@settings(max_examples=20)
@given(tables(with_folds=True), st.sampled_from(PROTOCOLS), st.integers(0, 5))
def test_same_seed_same_split_whatever_the_protocol(table, protocol, seed):
    once, again = (make_splits(table, protocol=protocol, with_validation=True, seed=seed) for _ in range(2))
    for a, b in zip(once, again, strict=True):
        assert a.name == b.name
        for part in ("train", "validation", "test"):
            assert np.array_equal(getattr(a, part), getattr(b, part))
        sides = np.concatenate([a.train, a.validation, a.test])
        assert len(set(sides)) == len(sides)


def test_published_folds_are_the_folds():
    clips = [(f"{label}{n}", label, f"{label}{n}", str(1 + n % 10)) for label in "ab" for n in range(20)]
    splits = make_splits(images(clips))
    assert [split.name for split in splits] == [str(k) for k in range(1, 11)]
    table = images(clips)
    for split in splits:
        assert set(table["fold"].iloc[split.test]) == {split.name}
        assert split.name not in set(table["fold"].iloc[split.train])
        assert set(table["variant"].iloc[split.train]) == {"original", "pitch=+2", "trim"}
        assert set(table["variant"].iloc[split.test]) == {"original"}


def test_validation_is_the_next_fold():
    clips = [(f"{label}{n}", label, f"{label}{n}", str(1 + n % 3)) for label in "ab" for n in range(9)]
    table = images(clips)
    splits = make_splits(table, with_validation=True)
    folds = [
        (split.name, set(table["fold"].iloc[split.validation]), set(table["fold"].iloc[split.train]))
        for split in splits
    ]
    assert folds == [("1", {"2"}, {"3"}), ("2", {"3"}, {"1"}), ("3", {"1"}, {"2"})]


def test_shared_recordings_of_published_folds_are_left_out_or_said():
    clips = [(f"{label}{n}", label, f"{label}{n}", str(1 + n % 2)) for label in "ab" for n in range(8)]
    clips += [("x", "a", "shared", "1"), ("y", "b", "shared", "2")]
    table = images(clips)
    first = make_splits(table)[0]
    assert first.n_left_out == 3
    assert "y" not in set(table["clip_id"].iloc[first.train])
    kept = make_splits(table, allow_recording_overlap=True)[0]
    assert kept.is_leaky
    assert kept.n_left_out == 0
    assert count_shared_recordings(table, kept) == 1
    assert "y" in set(table["clip_id"].iloc[kept.train])


@pytest.mark.parametrize("with_validation", [False, True])
def test_an_image_is_not_trained_on_where_its_background_is_tested(with_validation):
    """A recording of background in fold 3 is mixed into clips of all folds."""
    clips = [(f"{label}{n}", label, f"{label}{n}", str(1 + n % 4)) for label in "ab" for n in range(12)]
    clips.append(("quiet", "_background", "quiet", "3"))
    table = images(clips, variants=("original", "background=night@10"))
    is_mixed = table["variant"] != "original"
    table["background_source_id"] = np.where(is_mixed & (table["clip_id"] != "b5"), "quiet", "")
    table.loc[is_mixed & (table["clip_id"] == "a1"), "background_source_id"] = "background:night/1.wav"
    for split in make_splits(table, with_validation=with_validation):
        trained = table.iloc[split.train]
        held_out = "quiet" in set(table["clip_id"].iloc[[*split.test, *split.validation]])
        assert (trained["background_source_id"] == "quiet").any() != held_out
        assert not held_out or split.n_left_out >= 10
        assert {"b5", "a1"} <= set(trained.loc[trained["variant"] != "original", "clip_id"]) or split.name in ("2", "1")
        assert count_shared_recordings(table, split) == 0 and not split.is_leaky
    leaky = [make_splits(table, allow_recording_overlap=True)[k] for k in range(4)]
    assert [split.is_leaky for split in leaky] == [False, False, True, False]
    assert count_shared_recordings(table, leaky[2]) == 1


def test_collections_without_folds_are_stratified_by_recording():
    clips = [(f"{label}{n}", label, f"{label}{n // 4}", "") for label in "abc" for n in range(40)]
    table = images(clips)
    splits = make_splits(table, seed=3)
    assert len(splits) == 5
    for split in splits:
        assert table["label"].iloc[split.test].value_counts().to_dict() == {"a": 8, "b": 8, "c": 8}


def test_train_variants_and_duplicates():
    clips = [(f"{label}{n}", label, f"{label}{n}", str(1 + n % 2)) for label in "ab" for n in range(4)]
    table = images(clips, duplicates={("a0", "trim"), ("b2", "trim")})
    train = [table.iloc[split.train] for split in make_splits(table)]
    assert not pd.concat(train)["duplicate"].any()
    assert len(pd.concat(train)) == 24 - 2
    chosen = [table.iloc[split.train] for split in make_splits(table, train_variants=["trim"])]
    assert set(pd.concat(chosen)["variant"]) == {"original", "trim"}
    none = [table.iloc[split.train] for split in make_splits(table, train_variants=[])]
    assert set(pd.concat(none)["variant"]) == {"original"}
    with pytest.raises(ValueError, match=r"pitch=\+2, trim. Got 'noise=20'"):
        make_splits(table, train_variants=["noise=20"])


def test_leaky_protocols_leak_and_say_so():
    clips = [(f"{label}{n}", label, f"{label}{n // 5}", str(1 + n % 5)) for label in "ab" for n in range(50)]
    table = images(clips)
    for protocol in ("paper", "random-clips"):
        (split,) = make_splits(table, protocol=protocol)
        assert split.is_leaky
        assert count_shared_recordings(table, split) > 0.9 * len(split.test)
    (paper,) = make_splits(table, protocol="paper")
    assert len(paper.test) == len(table) // 5
    assert set(table["variant"].iloc[paper.test]) > {"original"}
    (clip_wise,) = make_splits(table, protocol="random-clips")
    assert not set(table["clip_id"].iloc[clip_wise.train]) & set(table["clip_id"].iloc[clip_wise.test])


@pytest.mark.parametrize("protocol", ["paper", "random-clips"])
def test_another_seed_is_another_random_split(protocol):
    table = images([(f"{label}{n}", label, f"{label}{n}", "") for label in "ab" for n in range(20)])
    (one,), (other,) = (make_splits(table, protocol=protocol, seed=seed) for seed in (0, 1))
    assert set(one.test) != set(other.test)


def test_the_published_split_holds_every_image():
    """Those that equal their original too, since they were counted in the published accuracies."""
    clips = [(f"{label}{n}", label, f"{label}{n}", "") for label in "ab" for n in range(10)]
    table = images(clips, duplicates={("a0", "trim"), ("b3", "pitch=+2")})
    (paper,) = make_splits(table, protocol="paper")
    assert sorted([*paper.train, *paper.test]) == list(range(60))
    (clip_wise,) = make_splits(table, protocol="random-clips")
    assert not table["duplicate"].iloc[clip_wise.train].any()


@pytest.mark.parametrize("own_folds", [True, False])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_a_review_added_is_trained_on_and_never_tested(protocol, own_folds):
    clips = [
        (f"{label}{k}", label, f"{label}{k}", str(k % 4 + 1) if own_folds else "") for label in "ab" for k in range(8)
    ]
    table = images(clips).assign(reviewed="")
    # Two windows of a new recording, one of a recording that is tested, one of a new class.
    new = [("n1", "a", "n", ""), ("n2", "b", "n", ""), ("o", "a", "a0", ""), ("c", "c", "m", "")]
    table = pd.concat([table, images(new).assign(reviewed="added")], ignore_index=True)
    added = np.flatnonzero(table["reviewed"] == "added")
    for with_validation in (False, True):
        for split in make_splits(table, protocol=protocol, with_validation=with_validation):
            assert not np.isin(added, np.concatenate([split.test, split.validation])).any()
            trained = table.loc[split.train]
            assert {"n1", "n2", "c"} <= set(trained["clip_id"])
            if protocol == "folds":
                held_out = np.concatenate([split.test, split.validation])
                assert "o" not in set(trained["clip_id"]) or "a0" not in set(table["clip_id"][held_out])
    named = table.assign(file_name=table["clip_id"] + table["variant"], audio_sha256="")
    reviewed = {name: table_sha256(named.assign(reviewed=name)) for name in ("", "changed", "added")}
    assert reviewed[""] == reviewed["changed"] != reviewed["added"]


def test_the_real_tables_own_relatives(real_tables):
    """ESC-50 and UrbanSound8K have recordings in two folds; none of them may be on two sides."""
    for name, columns, shared in (
        ("esc50.csv", {"filename": "clip_id", "src_file": "source_id", "category": "label"}, 4),
        ("UrbanSound8K.csv", {"slice_file_name": "clip_id", "fsID": "source_id", "class": "label"}, 5),
    ):
        table = pd.read_csv(real_tables / name, dtype=str).rename(columns=columns)
        table = table.assign(variant="original", duplicate=False, reviewed="")
        assert (table.groupby("source_id")["fold"].nunique() > 1).sum() == shared
        splits = make_splits(table, with_validation=True)
        assert all(count_shared_recordings(table, split) == 0 for split in splits)
        assert sum(split.n_left_out for split in splits) > 0
        published = make_splits(table, allow_recording_overlap=True)
        assert any(count_shared_recordings(table, split) > 0 for split in published)
        assert sum(len(split.test) for split in splits) == len(table)


@pytest.mark.parametrize(
    ("clips", "words"),
    [
        ([("a", "x", "a", "1"), ("b", "x", "b", "1")], "must be of 2 folds or more. Got 1"),
        ([("a", "x", "a", "1"), ("b", "x", "b", "")], "All clips must have a fold, or none. Got 1 of 2"),
        ([("a", "x", "r", ""), ("b", "x", "r", ""), ("c", "y", "c", ""), ("d", "y", "d", "")], "'x' with 1 recording"),
    ],
)
def test_what_cannot_be_divided(clips, words):
    with pytest.raises(ValueError, match=words):
        make_splits(images(clips))


def test_unknown_protocol():
    with pytest.raises(ValueError, match="folds, random-clips, paper"):
        make_splits(images([("a", "x", "a", "1")]), protocol="random")


def test_relatives_in_validation_leak_too():
    """An epoch that is chosen on relatives of the test is chosen on the test."""
    clips = [(f"{label}{n}", label, f"{label}{n}", str(1 + n % 3)) for label in "ab" for n in range(9)]
    clips += [("shared1", "a", "shared", "1"), ("shared2", "a", "shared", "2")]
    splits = {
        split.name: split for split in make_splits(images(clips), with_validation=True, allow_recording_overlap=True)
    }
    assert splits["1"].is_leaky  # fold 2 validates it


def test_too_few_to_divide_at_random():
    clips = [(f"{label}{n}", label, f"{label}{n}", "") for label in "abcdef" for n in range(2)]
    with pytest.raises(ValueError, match="12 images or clips of 6 classes are too few for a random split"):
        make_splits(images(clips), protocol="random-clips")


def rare_class(n_rare=2, n_common=30):
    """Thirty common recordings and two rare ones."""
    clips = [(f"a{n}", "common", f"a{n}", "") for n in range(n_common)]
    clips += [(f"b{n}", "other", f"b{n}", "") for n in range(n_common)]
    return images(clips + [(f"x{n}", "x y", f"x{n}", "") for n in range(n_rare)])


def test_the_rarest_class_decides_how_many_folds_there_are_and_is_named():
    table = rare_class()
    assert len(make_splits(table)) == 2
    assert fewer_folds_note(table, n_folds=None) == (
        "2 folds, since the class 'x y' has only 2 recordings. Leave it out (--leave-out 'x y'), or give --n-folds 5, "
        "of which 3 folds will not test it."
    )
    assert fewer_folds_note(table, n_folds=5) == ""
    assert fewer_folds_note(rare_class(n_rare=5), n_folds=None) == ""


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n_folds", [3, 5, 10])
def test_more_folds_than_a_class_has_recordings_leave_some_of_it_to_learn_from(n_folds, seed):
    table = rare_class()
    splits = make_splits(table, n_folds=n_folds, seed=seed)
    assert len(splits) == n_folds
    for split in splits:
        assert set(table["label"].iloc[split.train]) == {"common", "other", "x y"}
        assert count_shared_recordings(table, split) == 0 and len(split.test)
    assert sum((table["label"].iloc[split.test] == "x y").any() for split in splits) == 2


@pytest.mark.parametrize("n_each", [1, 2])
def test_sets_of_labels_that_are_all_rare_are_divided(n_each):
    sets = [";".join(names) for size in (2, 3, 4) for names in combinations("abcde", size)]
    table = images([(f"{k}-{n}", label, f"{k}-{n}", "") for k, label in enumerate(sets) for n in range(n_each)])
    splits = make_splits(table, multilabel=True)
    assert len(splits) == 5
    assert sorted(np.concatenate([split.test for split in splits])) == sorted(
        np.flatnonzero(table["variant"] == "original")
    )
    for split in splits:
        assert set("".join(table["label"].iloc[split.train])) - {";"} == set("abcde")


def test_recordings_of_a_class_that_fall_into_one_fold_are_divided_again():
    """With a recording that holds other classes too, the first division of scikit-learn may put both in one fold."""
    clips = [(f"{label}{n}-{k}", label, f"{label}{n}", "") for label in "ab" for n in range(9) for k in range(1 + n)]
    clips += [(f"x{n}-{k}", "x", f"a{n}", "") for n in (0, 1) for k in range(2)]
    table = images(clips)
    for seed in range(20):
        for split in make_splits(table, n_folds=4, seed=seed):
            assert "x" in set(table["label"].iloc[split.train])


@pytest.mark.parametrize(
    ("table", "options", "words"),
    [
        (rare_class(1), {}, r"Got 'x y' with 1 recording. Leave them out \(--leave-out 'x y'\)"),
        (rare_class(2), {"with_validation": True}, r"'x y' with 2 recordings.*--leave-out 'x y'\), or take --select"),
        (rare_class(2), {"n_folds": 31}, "--n-folds must be 2 to 30, .* Got 31"),
        (rare_class(3), {"n_folds": 2, "with_validation": True}, "--n-folds must be 3 to 30"),
        (
            images([(f"{n}", "ab"[n % 2], f"{n}", str(n // 4)) for n in range(8)]),
            {"n_folds": 5},
            "Add --ignore-folds",
        ),
        (
            images([(f"{n}", "ab"[n % 2], f"{n}", str(n // 7 or "")) for n in range(8)]),
            {},
            "let `--ignore-folds` make",
        ),
        (
            images([(f"{n}", "ab"[n % 2], f"{n}", "1") for n in range(8)]),
            {},
            "2 folds or more. Got 1. Let `--ignore-folds` make",
        ),
    ],
)
def test_what_is_refused_names_the_option_that_helps(table, options, words):
    with pytest.raises(ValueError, match=words):
        make_splits(table, **options)


def test_folds_of_the_collection_may_be_skipped():
    table = images([(f"{n}", "ab"[n % 2], f"{n // 2}", "1" if n < 30 else "") for n in range(40)])
    splits = make_splits(table, ignore_folds=True, n_folds=4)
    assert [split.name for split in splits] == ["1", "2", "3", "4"]
    assert all(count_shared_recordings(table, split) == 0 for split in splits)
    assert len(make_splits(table, ignore_folds=True)) == 5
