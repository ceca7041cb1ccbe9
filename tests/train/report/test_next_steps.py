"""What to do after a run."""

from __future__ import annotations

import shlex
from dataclasses import replace

from tests.train.fake_runs import fake_run
from train.command_line import folds_of, parse
from train.quality import QUALITIES
from train.report.make_report import make_report
from train.report.next_steps import next_steps

VIEWS = QUALITIES["standard"]["views"]


def commands(report) -> list[str]:
    return [command.partition(" -m ")[2] for _, command in next_steps(report)]


def test_labels_that_may_be_wrong_come_first(tmp_path):
    report = make_report(fake_run(tmp_path / "run", right=0.8), n_explained=0)
    assert commands(report) == ["train.suspects {run}", "", "train.predict {run} new.wav"]
    (check, _), (collect, _), _ = next_steps(report)
    assert check.startswith(f"Review {report.suspects.n_suspects} labels") and report.suspects.first in check
    worst = min(report.counted_classes, key=lambda row: row.recall)
    assert f"recordings of {worst.label}, whose recall is the lowest" in collect
    none_wrong = replace(report, suspects=replace(report.suspects, n_suspects=0))
    assert not any("train.suspects" in command for _, command in next_steps(none_wrong))


def test_the_folds_that_are_left_and_a_higher_quality(tmp_path):
    run = fake_run(
        tmp_path / "run", right=1.0, finished=("1",), model="efficientnet_lite0", weights="imagenet", views=VIEWS
    )
    report = make_report(run, n_explained=0)
    assert commands(report)[0] == "train --resume {run} --folds 2"
    assert "train {images} --quality best" in commands(report)


def test_a_command_keeps_the_classes_and_the_model_of_the_run(tmp_path):
    run = fake_run(
        tmp_path / "run", model="resnet18", weights="imagenet", views=0, leave_out=("it's, a dog",), n_folds=2
    )
    report = make_report(run, n_explained=0)
    options = """ --model resnet18 --leave-out 'it'"'"'s, a dog' --n-folds 2"""
    assert f"train {{images}} --quality standard{options}" in commands(report)
    assert commands(replace(report, is_leaky=True)) == [f"train {{images}}{options}"]


def test_folds_are_one_word_of_the_command(tmp_path):
    run = fake_run(tmp_path / "run", all_folds=("day 1", "day 2", "day 3"), finished=("day 1",))
    report = make_report(run, n_explained=0)
    assert commands(report)[0] == "train --resume {run} --folds 'day 2,day 3'"
    assert any(warning.endswith("--folds 'day 2,day 3'") for warning in report.warnings)


def test_a_fold_with_a_comma_in_its_name_can_be_pasted(tmp_path):
    run = fake_run(tmp_path / "run", all_folds=("north, east", "west", "south"), finished=("south",))
    command = commands(make_report(run, n_explained=0))[0]
    assert folds_of(shlex.split(command)[-1]) == ("north, east", "west")


def test_names_that_begin_like_an_option_can_be_pasted(tmp_path):
    names = {"leave_out": ("-20 dB", "rain"), "train_variants": ("noise=20",)}
    run = fake_run(tmp_path / "run", all_folds=("-1", "2"), finished=("2",), **names)
    report = make_report(run, n_explained=0)
    resumed = parse(shlex.split(commands(report)[0])[1:])
    assert resumed.folds == ("-1",)
    again = commands(replace(report, is_leaky=True))[0]
    options = parse(shlex.split(again)[1:])
    assert (tuple(options.leave_out), options.train_variants) == (names["leave_out"], ["noise=20"])


def test_of_a_leaky_run_nothing_but_a_grouped_one(tmp_path):
    report = make_report(fake_run(tmp_path / "run", protocol="paper", all_folds=("1",)), n_explained=0)
    assert commands(report) == ["train {images} --model cnn9"]
