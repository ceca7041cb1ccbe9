"""What more recordings are worth: parts of the recordings, gains with intervals, and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.train.fake_runs import fake_run
from train.budget.command_line import main
from train.budget.results import NO_HELP, NOTHING_LEFT, UNCLEAR, WORTH_MORE, gain_of
from train.budget.subsets import n_recordings_drawn, part_of_recordings
from train.recipe import Recipe
from train.runs.run_folder import read_run, write_run
from train.training.cross_validation import execute
from train.training.prepare import prepare

TRUTH = np.repeat([0, 0, 1], 20)
SOURCES = np.array([f"{number // 2}" for number in range(60)])


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 1.0])
def test_a_part_has_whole_recordings_of_each_class_and_is_within_larger_ones(share):
    rows = np.arange(3, 60)

    def part(share, seed=1):
        return part_of_recordings(rows, TRUTH, SOURCES, share, rng=np.random.default_rng(seed))

    kept, larger = set(part(share).tolist()), set(part(1.0).tolist())
    assert kept <= larger == set(rows.tolist())
    assert share == 1 or any(set(part(share, seed).tolist()) != kept for seed in range(2, 5)), "drawn at random"
    assert {SOURCES[row] for row in kept}.isdisjoint(SOURCES[row] for row in larger - kept)
    n = [len({SOURCES[row] for row in kept if TRUTH[row] == k}) for k in (0, 1)]
    assert n == [int(np.ceil(share * 19 - 1e-9)), int(np.ceil(share * 10 - 1e-9))]


@pytest.mark.parametrize("seed", range(10))
def test_each_class_has_its_share_where_recordings_are_of_several(seed):
    """As windows of annotated recordings are: background in all, and each event in some."""
    rng = np.random.default_rng(seed)
    members = np.column_stack([np.ones(40, dtype=bool), rng.random((40, 3)) < (0.15, 0.4, 0.7)])
    recording, truth = np.nonzero(members)
    sources, rows = recording.astype(str), np.arange(len(truth))
    parts = [
        part_of_recordings(rows, truth, sources, share, rng=np.random.default_rng(seed)) for share in (0.2, 0.5, 1)
    ]
    assert set(parts[0]) <= set(parts[1]) <= set(parts[2]) == set(rows)
    for share, part in zip((0.2, 0.5, 1), parts, strict=True):
        n = np.array([len(set(sources[part[truth[part] == k]])) for k in range(4)])
        assert (n >= np.ceil(share * members.sum(axis=0))).all()
        assert set(part) == set(rows[np.isin(sources, sources[part])])
    assert len(set(sources[parts[1]])) < 30  # not all, to have enough of each
    drawn = n_recordings_drawn({"1": rows}, truth, sources, 0.5, n_classes=4, n_draws=3, seed=seed)
    assert (drawn[:4] >= np.ceil(members.sum(axis=0) / 2)).all() and drawn[4] < 30


def test_the_interval_of_a_gain_holds_recordings_and_draws():
    """Draws that differ widen it; where all agree it is that of the paired differences."""
    rng = np.random.default_rng(0)
    sources, whole = np.arange(400), np.ones((1, 400))
    same = np.repeat((rng.random(400) < 0.8)[None].astype(float), 5, axis=0)
    apart = np.stack([rng.random(400) < share for share in (0.6, 0.7, 0.8, 0.9, 1.0)]).astype(float)
    one, other = gain_of(same, whole, sources), gain_of(apart, whole, sources)
    assert one.gain == pytest.approx(0.2, abs=0.05) and one.high - one.low < 0.12
    assert other.gain == pytest.approx(0.2, abs=0.03) and other.high - other.low > 0.35


@pytest.mark.parametrize(
    ("half", "whole", "n", "verdict"),
    [
        (0.5, 1, 400, WORTH_MORE),
        (1, 1, 400, NOTHING_LEFT),
        (0.5, 0.5, 400, NO_HELP),
        (0.9, 1, 10, UNCLEAR),
        (1, 1, 30, UNCLEAR),
    ],
)
def test_a_verdict_needs_an_interval_that_says_so(half, whole, n, verdict):
    """Thirty recordings, all right, do not show that a class is done."""
    right = [np.repeat((np.arange(n) < share * n)[None].astype(float), 2, axis=0) for share in (half, whole)]
    assert gain_of(*right, np.arange(n)).verdict == verdict


@pytest.fixture
def run(images, monkeypatch, tmp_path):
    """Features that tell `low` with any recording, and the others never."""

    def made(prepared, rows):
        noise = np.random.default_rng(0).standard_normal((len(prepared.table), 2))
        return (noise + 30 * np.outer(prepared.table["label"] == "low", [1, 1])).astype(np.float32)

    monkeypatch.setattr("train.training.frozen_features.frozen_features", made)
    monkeypatch.setattr("train.predict.fold_models.is_leaky", lambda run: False)
    prepared = prepare(images, Recipe(model="efficientnet_lite0", views=0, input_size=64), runs=tmp_path)
    write_run(prepared.run, prepared.settings)
    return prepared.run


def test_the_command_writes_the_curve_and_a_line_a_class(run, capsys):
    assert main([str(run.folder), "--draws", "2"]) == 0
    text = capsys.readouterr().out
    assert "which one draw does not show" not in text
    assert "  100 %       12 recordings  accuracy" in text and "  low     +0.0 (no interval" in text
    content = json.loads((run.folder / "budget" / "budget.json").read_text())
    assert {point["accuracy"] for point in content["points"] if point["label"] == "low"} == {1.0}
    assert [point["n_train"] for point in content["points"] if point["label"] == "low"] == pytest.approx(
        [1, 2, 2, 3, 4, 4]
    )
    assert content["gains"][0]["label"] == "" and content["gains"][0]["n_recordings"] == 15
    assert (run.folder / "budget" / "learning_curve.png").stat().st_size > 10_000


def test_a_leaky_run_is_refused(tmp_path, capsys):
    assert main([str(fake_run(tmp_path / "run", protocol="paper", all_folds=("1",)).folder)]) == 1
    assert "must have a grouped split" in capsys.readouterr().err


@pytest.mark.slow
def test_full_trains_by_the_recipe_on_half_of_the_recordings(images, tmp_path, capsys):
    recipe = Recipe(model="cnn7", ensemble=1, views=2, input_size=32, augment=(), weights="none")
    run = execute(prepare(images, recipe, runs=tmp_path), n_explained=0)
    folder = tmp_path / "images-cnn7"
    assert main([str(folder), "--full"]) == 0
    text = capsys.readouterr().out
    assert "cnn7, trained as the run was" in text and "half 1 of 1" in text and "which one draw does not show" in text
    half = read_run(folder / "budget" / "half-1-seed-0")
    n_train = {fold.name: fold.n_train for fold in run.folds}
    trained = {name: json.loads((half.fold_folder(name) / "fold.json").read_text())["n_train"] for name in n_train}
    assert all(0.4 < trained[name] / n_train[name] < 0.7 for name in n_train), (trained, n_train)
    points = json.loads((folder / "budget" / "budget.json").read_text())["points"]
    whole = {point["share"]: point["accuracy"] for point in points if not point["label"]}
    assert set(whole) == {0.5, 1.0} and whole[1.0] == pytest.approx(run.pooled.accuracy)
    begun = {path: path.stat().st_mtime_ns for path in half.folder.rglob("fold.json")}
    assert main([str(folder), "--full"]) == 0
    assert "0 of" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in half.folder.rglob("fold.json")} == begun
