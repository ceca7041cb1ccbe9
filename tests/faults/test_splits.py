"""Random tables of clips, recordings and folds: no recording stands on two sides but where the protocol says leaky."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.rows import times
from train.data.split import count_shared_recordings, make_splits
from train.recipe import LEAKY, PROTOCOLS

VARIANTS = ("original", "pitch=+2", "stretch=0.7", "trim")
REFUSALS = (
    "are too few for a random split",
    "The images must be of",
    "recordings or more, for",
    "must leave each class",
    "All clips must have a fold",
    "no originals",
)
"""What a table that cannot be divided is refused with."""


@st.composite
def tables(draw):
    """Any table: recordings in several classes and folds, clips without variants, folds for all, for some or for none."""
    number = st.integers(0, 2**32 - 1)
    rng = np.random.default_rng(draw(number))
    n_clips = draw(st.integers(2, 60))
    n_classes = draw(st.integers(1, 5))
    n_recordings = draw(st.integers(1, n_clips))
    n_folds = draw(st.integers(0, 11))
    lacks_folds = draw(st.integers(0, 19)) == 0
    share_added = draw(st.sampled_from([0, 0, 0.2]))
    clips = pd.DataFrame(
        {
            "clip_id": [f"clip{k}" for k in range(n_clips)],
            "label": [f"class {k}" for k in rng.integers(n_classes, size=n_clips)],
            "source_id": [f"recording {k}" for k in rng.integers(n_recordings, size=n_clips)],
            "fold": [str(k) for k in rng.integers(1, n_folds + 1, size=n_clips)] if n_folds else [""] * n_clips,
            "reviewed": np.where(rng.random(n_clips) < share_added, "added", ""),
        },
        dtype=object,
    )
    if draw(st.booleans()):
        # As most collections are: a recording is of one class and in one fold.
        clips["label"] = clips.groupby("source_id")["label"].transform("first")
        clips["fold"] = clips.groupby("source_id")["fold"].transform("first")
    if n_folds and lacks_folds:
        clips.loc[rng.integers(n_clips), "fold"] = ""
    clips.loc[clips["reviewed"] == "added", "fold"] = ""
    images = clips.merge(pd.Series(VARIANTS, name="variant", dtype=object), how="cross")
    images["duplicate"] = (images["variant"] == "trim") & (rng.random(len(images)) < 0.3)
    is_there = (images["variant"] == "original") | (rng.random(len(images)) < draw(st.sampled_from([0, 0.5, 1])))
    return images[is_there].sample(frac=1, random_state=draw(st.integers(0, 99))).reset_index(drop=True)


def check_protocol(table: pd.DataFrame, protocol: str, options: dict[str, object]) -> bool:
    """Divide a table and hold the splits to what they promise; False where it is refused."""
    try:
        splits = make_splits(table, protocol=protocol, **options)
    except ValueError as error:
        assert any(words in str(error) for words in REFUSALS), error
        return False
    variants, sources = table["variant"].to_numpy(), table["source_id"].to_numpy()
    wanted = set(VARIANTS if options["train_variants"] is None else ("original", *options["train_variants"]))
    for split in splits:
        parts = {"train": split.train, "validation": split.validation, "test": split.test}
        together = np.concatenate(list(parts.values()))
        assert len(set(together)) == len(together), "an image stands on one side, once"
        assert set(variants[together]) <= wanted
        if not options["with_validation"]:
            assert not len(split.validation)
        if protocol != "paper":
            assert set(variants[split.test]) | set(variants[split.validation]) <= {"original"}
            assert not table["duplicate"].to_numpy()[split.train].any()
        assert not (table["reviewed"].to_numpy() == "added")[split.test].any(), "a model chose them"
        recordings = {name: set(sources[rows]) for name, rows in parts.items()}
        shared = [
            recordings[a] & recordings[b]
            for a, b in (("train", "test"), ("train", "validation"), ("validation", "test"))
        ]
        # Counted again, one image after the other.
        relatives = sum(any(sources[row] == sources[other] for other in split.train) for row in split.test)
        assert count_shared_recordings(table, split) == relatives
        is_honest = protocol == "folds" and not options["allow_recording_overlap"]
        if is_honest:
            assert not any(shared)
            assert relatives == 0 and not split.is_leaky
        elif protocol in LEAKY:
            assert split.is_leaky
        else:
            tested_elsewhere = bool(shared[0] or shared[2])
            assert split.is_leaky == tested_elsewhere, "leaky where relatives of the test are learnt or chosen by"
            assert split.n_left_out == 0
        if not split.is_leaky:
            assert not shared[0] and not shared[2]
    if protocol == "folds":
        check_folds(table, splits)
    return True


def check_folds(table, splits) -> None:
    """Every original is tested exactly once over all folds, and the collection's own folds are kept."""
    tested = np.concatenate([split.test for split in splits])
    is_tested = ((table["variant"] == "original") & (table["reviewed"] != "added")).to_numpy()
    assert sorted(tested) == np.flatnonzero(is_tested).tolist()
    own = table["fold"].to_numpy()
    if (own[is_tested] != "").all():
        assert {split.name for split in splits} == set(own[is_tested])
        for split in splits:
            assert set(own[split.test]) == {split.name}
            assert split.name not in set(own[split.train]) | set(own[split.validation])


@pytest.mark.fault(19)
def test_no_recording_on_two_sides_but_where_it_is_said(injected):
    n_tables, n_divided = 0, {name: 0 for name in PROTOCOLS}

    @settings(
        max_examples=times(1000, daily=100),
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        tables(),
        st.booleans(),
        st.booleans(),
        st.sampled_from([None, (), ("pitch=+2",), ("stretch=0.7", "trim")]),
        st.integers(0, 9),
    )
    def divide(table, with_validation, allow_recording_overlap, train_variants, seed):
        nonlocal n_tables
        n_tables += 1
        if train_variants is not None:
            train_variants = tuple(name for name in train_variants if name in set(table["variant"]))
        for protocol in PROTOCOLS:
            options = {
                "with_validation": with_validation,
                "allow_recording_overlap": allow_recording_overlap,
                "train_variants": train_variants,
                "seed": seed,
            }
            n_divided[protocol] += check_protocol(table, protocol, options)

    divide()
    assert n_tables >= times(1000, daily=100)
    assert all(n > n_tables / 4 for n in n_divided.values()), f"too many tables were refused: {n_divided}"
    injected(n_tables)
