import numpy as np
import pandas as pd
import pytest

from train.ablate.gains import (
    ALL_VARIANTS,
    CLASS,
    HELPS,
    HURTS,
    NOISE,
    OVERALL,
    TOO_FEW,
    gains,
    suggestion,
    verdict,
)
from train.report.intervals import difference_interval


def clips(label, *, with_variant, without, clips_per_recording=1):
    """Clips of a class, named rightly (1) or not (0) with a variant and without it."""
    n = len(with_variant)
    sources = [f"{label}{k // clips_per_recording}" for k in range(n)]
    return pd.DataFrame(
        {"label": label, "source_id": sources, "is_right": with_variant, "is_right_other": without}
    ).astype({"is_right": float, "is_right_other": float})


def row_of(table, variant, label=""):
    (row,) = table[(table["variant"] == variant) & (table["label"] == label)].to_dict("records")
    return row


def test_gains_of_a_table_made_by_hand():
    paired = {
        "pitch=+2": pd.concat(
            [
                # 20 recordings: 15 won, 1 lost
                clips("bird", with_variant=[1] * 18 + [0] * 2, without=[0] * 15 + [1] * 4 + [0]),
                # 20 recordings: 14 lost
                clips("rain", with_variant=[0] * 14 + [1] * 6, without=[1] * 20),
                clips("saw", with_variant=[1, 0] * 10, without=[1, 0] * 10),
            ]
        )
    }
    table = gains(paired, ["bird", "rain", "saw", "wind"])
    assert table["scope"].tolist() == [OVERALL, *[CLASS] * 4]
    assert table["label"].tolist() == ["", "bird", "rain", "saw", "wind"]
    bird, rain, saw = (row_of(table, "pitch=+2", label) for label in ("bird", "rain", "saw"))
    assert (bird["accuracy_with"], bird["accuracy_without"]) == (0.9, 0.2)
    assert bird["gain"] == pytest.approx(0.7)
    assert (bird["n_clips"], bird["n_recordings"], bird["n_changed"]) == (20, 20, 16)
    assert bird["verdict"] == HELPS
    assert rain["gain"] == pytest.approx(-0.7) and rain["n_changed"] == 14 and rain["verdict"] == HURTS
    assert (saw["gain"], saw["verdict"]) == (0, TOO_FEW)
    assert -0.2 < saw["low"] < 0 < saw["high"] < 0.2, "what did not change in 20 recordings may in others"
    whole = row_of(table, "pitch=+2")
    assert whole["gain"] == pytest.approx(0) and whole["n_clips"] == 60 and whole["verdict"] == NOISE
    wind = row_of(table, "pitch=+2", "wind")
    assert np.isnan([wind[name] for name in ("gain", "low", "high", "wide_low", "wide_high")]).all()
    assert (wind["n_clips"], wind["verdict"]) == (0, TOO_FEW)


def test_each_family_of_looks_is_widened_for_its_size():
    part = pd.concat([clips(label, with_variant=[1] * 20, without=[1] * 5 + [0] * 15) for label in "abc"])
    table = gains({"trim": part, "noise=20": part}, list("abcd"))
    assert set(table.loc[table["scope"] == OVERALL, "n_looks"]) == {2}
    assert set(table.loc[table["scope"] == CLASS, "n_looks"]) == {6}, "a class that nobody tested is no look"
    tested = table[table["n_clips"] > 0]
    assert (tested["wide_low"] < tested["low"]).all() and (tested["wide_high"] >= tested["high"]).all()
    row = row_of(table, "trim", "a")
    difference = part.loc[part["label"] == "a", "is_right"] - part.loc[part["label"] == "a", "is_right_other"]
    sources = part.loc[part["label"] == "a", "source_id"]
    plain = difference_interval(difference, sources)
    wide = difference_interval(difference, sources, level=1 - 0.05 / 6)
    assert (row["low"], row["high"], row["wide_low"], row["wide_high"]) == (plain.low, plain.high, wide.low, wide.high)


def test_too_few_recordings_give_no_interval():
    few = clips("a", with_variant=[1] * 80, without=[1] * 40 + [0] * 40, clips_per_recording=10)
    row = row_of(gains({"trim": few, "noise=20": few}, ["a", "b"]), "trim", "a")
    assert row["n_recordings"] == 8 and row["low"] < row["gain"] < row["high"]
    assert row["n_looks"] == 2 and row["wide_low"] < row["low"], "7 are needed for two looks"
    fewer = clips("a", with_variant=[1] * 60, without=[1] * 30 + [0] * 30, clips_per_recording=10)
    row = row_of(gains({"trim": fewer, "noise=20": fewer}, ["a", "b"]), "trim", "a")
    assert row["low"] < row["gain"] < row["high"]
    assert np.isnan([row["wide_low"], row["wide_high"]]).all() and row["verdict"] == TOO_FEW


@pytest.mark.parametrize(
    ("low", "high", "n_changed", "expected"),
    [
        (0.01, 0.2, 6, HELPS),
        (-0.2, -0.01, 6, HURTS),
        (-0.1, 0.1, 6, NOISE),
        (0.0, 0.1, 20, NOISE),
        (0.01, 0.2, 5, TOO_FEW),
        (-0.2, -0.01, 5, TOO_FEW),
        (0.0, 0.0, 0, TOO_FEW),
        (1.0, 1.0, 30, HELPS),
        (float("nan"), float("nan"), 0, TOO_FEW),
    ],
)
def test_verdicts(low, high, n_changed, expected):
    assert verdict(low, high, n_changed=n_changed, level=0.95) == expected


def test_where_nothing_helps_there_is_hardly_ever_a_verdict():
    """Two runs that err by chance alike: at most one table of twenty may name a class."""
    rng = np.random.default_rng(0)
    n_false = 0
    for _ in range(40):
        paired = {
            variant: pd.concat(
                [
                    clips(label, with_variant=rng.random(30) < 0.7, without=rng.random(30) < 0.7)
                    for label in ("a", "b", "c", "d")
                ]
            )
            for variant in ("trim", "noise=20")
        }
        table = gains(paired, list("abcd"))
        n_false += table.loc[table["scope"] == CLASS, "verdict"].isin([HELPS, HURTS]).any()
    assert n_false <= 5


def test_nothing_to_look_at_is_an_error():
    for paired in ({}, {"trim": clips("a", with_variant=[], without=[])}):
        with pytest.raises(ValueError, match="no clip"):
            gains(paired, ["a"])


def test_only_what_hurts_by_more_than_noise_is_left_out_and_nothing_is_added():
    rows = [
        ("pitch=+2", OVERALL, "", HURTS),
        ("pitch=+2", CLASS, "bird", HURTS),
        ("pitch=+2", CLASS, "rain", HELPS),
        ("pitch=+2", CLASS, "saw", HURTS),
        ("trim", CLASS, "bird", NOISE),
        ("trim", CLASS, "rain", TOO_FEW),
        ("trim", CLASS, "saw", HURTS),
        (ALL_VARIANTS, CLASS, "rain", HURTS),
    ]
    table = pd.DataFrame(rows, columns=["variant", "scope", "label", "verdict"])
    stored = {"bird": ("pitch=+2", "trim", "noise=20"), "rain": ("trim",), "saw": ("pitch=+2", "trim"), "wind": ()}
    assert suggestion(table, stored) == {
        "bird": ("trim", "noise=20"),
        "rain": ("trim",),
        "saw": (),
        "wind": (),
    }
