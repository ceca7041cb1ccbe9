import pandas as pd
import pytest
from scipy.stats import binomtest

from tests.train.fake_runs import fake_run
from train.compare.command_line import main, read_runs, table_of
from train.report.intervals import difference_interval
from train.report.paired_differences import paired_clips, paired_differences


def lines_of(out, name):
    return [line for line in out.splitlines() if line.startswith((name, f"  {name}"))]


def test_grouped_runs_come_first_then_the_most_accurate(tmp_path, capsys):
    fake_run(tmp_path / "leaky", right=1, protocol="paper", all_folds=("1",))
    fake_run(tmp_path / "worse", right=0.5, seed=1)
    fake_run(tmp_path / "better", right=0.9, seed=2, model="cnn7", augment=(), train_variants=())
    assert main([str(tmp_path / name) for name in ("leaky", "worse", "better")]) == 0
    head, *rows = capsys.readouterr().out.split("\n\n")[0].splitlines()
    assert [row.split()[0] for row in rows] == ["better", "worse", "leaky"]
    assert rows[0].split()[1:8] == ["Small", "cnn7", "none", "none", "none", "grouped", "folds"]
    assert "leaky" in rows[2].split()[1:] and "grouped" not in rows[2]
    assert head.split()[0] == "run"


def test_a_run_by_two_paths_is_one(tmp_path, monkeypatch):
    fake_run(tmp_path / "runs" / "a")
    (tmp_path / "link").symlink_to(tmp_path / "runs" / "a")
    monkeypatch.chdir(tmp_path)
    runs, skipped = read_runs([tmp_path / "runs" / "a", "runs/a", "runs/../runs/a", "link"])
    assert [run.name for run in runs] == ["a"] and not skipped


def test_a_clear_difference_and_noise_are_told_apart(tmp_path, capsys):
    fake_run(tmp_path / "a", right=0.9, recordings=20)
    fake_run(tmp_path / "b", right=0.9, recordings=20, seed=5)
    fake_run(tmp_path / "c", right=0.5, recordings=20, seed=6)
    main([str(tmp_path / name) for name in "abc"])
    sentences = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert len([line for line in sentences if "may be noise" in line]) == 1
    (clear,) = [line for line in sentences if line.startswith("  c compared with")]
    assert clear.endswith("more than noise") and "240 clips of 120 recordings" in clear


def test_the_difference_is_paired_by_clip_and_its_interval_is_over_recordings(tmp_path):
    fake_run(tmp_path / "a", answers=lambda clip, label: label, recordings=10, clips_per_recording=4)
    # wrong in the first recording of each class and fold, in all its four clips
    fake_run(
        tmp_path / "b",
        answers=lambda clip, label: "rain" if clip < 4 and label != "rain" else label,
        recordings=10,
        clips_per_recording=4,
    )
    runs, _ = read_runs([tmp_path / "b", tmp_path / "a"])
    assert [run.name for run in runs] == ["a", "b"]
    (pair,) = paired_differences(runs).values()
    assert pair.compared_with == "a"
    assert pair.difference == pytest.approx(-16 / 240)
    # 4 of 60 recordings, of which all clips are alike: the exact interval of 4 of 60, not of 16 of 240
    exact = binomtest(4, 60).proportion_ci(method="exact")
    assert (pair.low, pair.high) == pytest.approx((-exact.high, -exact.low), abs=0.03)
    # By the sign test four recordings that changed prove nothing, though sixteen clips would.
    assert pair.low < -0.14 and pair.high > 0
    table = table_of(runs)
    assert table["difference"].isna().tolist() == [True, False]


def test_intervals_of_several_runs_hold_together_for_all_pairs(tmp_path, capsys):
    """The best of many equal runs is the best by chance, and one of many plain intervals would say it is better."""
    for seed, name in enumerate("abcd"):
        fake_run(tmp_path / name, right=0.8, seed=seed, recordings=10)
    runs, _ = read_runs(tmp_path / name for name in "abcd")
    pairs = paired_differences(runs)
    assert {pair.n_pairs for pair in pairs.values()} == {6} and len(pairs) == 3
    for number, pair in pairs.items():
        both = paired_clips(runs[0], runs[number])
        expected = difference_interval(both["is_right_other"] - both["is_right"], both["source_id"], level=1 - 0.05 / 6)
        assert (pair.low, pair.high) == (expected.low, expected.high)
    main([str(tmp_path / name) for name in "abcd"])
    assert "widened to hold for all 6 pairs of these runs together" in " ".join(capsys.readouterr().out.split())


def test_only_grouped_runs_of_the_same_clips_are_paired(tmp_path):
    fake_run(tmp_path / "a", right=0.9)
    fake_run(tmp_path / "other", right=0.8, collection="Other")
    fake_run(tmp_path / "leaky", right=0.95, protocol="random-clips", all_folds=("1",))
    fake_run(tmp_path / "part", right=0.5, all_folds=("1", "2"), folds=("2",))
    runs, _ = read_runs(tmp_path / name for name in ("a", "other", "leaky", "part"))
    pairs = {runs[number].name: pair for number, pair in paired_differences(runs).items()}
    assert set(pairs) == {"part"}
    assert pairs["part"].n_clips == 36, "those that both tested"


def test_pieces_that_begin_elsewhere_are_other_clips(tmp_path):
    """The second piece of a recording, cut every 3 and every 5 seconds."""
    for name, length in (("three", 3.0), ("five", 5.0)):
        run = fake_run(tmp_path / name)
        for fold in run.folds:
            path = run.fold_folder(fold) / "predictions.csv"
            table = pd.read_csv(path)
            table["start_s"] = length * (table.index % 2)
            table.to_csv(path, index=False)
    runs, _ = read_runs(tmp_path / name for name in ("three", "five"))
    (pair,) = paired_differences(runs).values()
    assert pair.n_clips == 36, "the first pieces"


def test_runs_are_not_ranked_across_collections_or_classes(tmp_path, capsys):
    fake_run(tmp_path / "easy", right=1, collection="Other", clips_per_recording=1)
    fake_run(tmp_path / "hard", right=0.9)
    fake_run(tmp_path / "harder", right=0.3, seed=1, dropout=0.5)
    fake_run(tmp_path / "two", right=0.95, classes=("bird", "rain"))
    assert (
        main([*(str(tmp_path / name) for name in ("hard", "easy", "two", "harder")), "--csv", str(tmp_path / "t.csv")])
        == 0
    )
    blocks = capsys.readouterr().out.split("\n\n")
    assert [block.splitlines()[0] for block in blocks[:-1] if not block.startswith("Difference")] == [
        "Other, 3 classes",
        "Small, 3 classes: bird, rain, saw",
        "Small, 2 classes: bird, rain",
    ]
    assert [
        [line.split()[0] for line in block.splitlines()[2:]] for block in blocks if block.startswith(("Other", "Small"))
    ] == [
        ["easy"],
        ["hard", "harder"],
        ["two"],
    ]
    assert "dropout" in blocks[1] and "dropout" not in blocks[0]
    (sentences,) = [block for block in blocks if block.startswith("Difference")]
    assert "harder compared with hard" in sentences and sentences.count("compared with") == 1
    assert pd.read_csv(tmp_path / "t.csv")["compared_with"].fillna("").tolist() == ["", "", "hard", ""]


def test_folders_without_a_finished_run_are_named_and_skipped(tmp_path, capsys):
    fake_run(tmp_path / "good")
    fake_run(tmp_path / "half", all_folds=("1", "2", "3"), finished=("1",))
    (tmp_path / "empty").mkdir()
    (tmp_path / "README.md").write_text("no run")
    given = [str(tmp_path / name) for name in ("good", "half", "empty", "README.md", "good")]
    assert main(given) == 0
    out, err = capsys.readouterr()
    assert len(lines_of(out, "good")) == 1, "named twice, shown once"
    assert [line.startswith("skipped: ") for line in err.splitlines()] == [True] * 3
    assert "'" + str(tmp_path / "half") + "' is not finished: 2 of 3 folds left" in err


def test_nothing_to_compare_is_an_error(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert "train.compare: RUN must be folders of finished runs" in capsys.readouterr().err


def test_the_table_is_written_as_csv(tmp_path):
    fake_run(tmp_path / "a", right=0.9)
    fake_run(tmp_path / "鳥,b", right=0.6, seed=3)
    assert main([str(tmp_path / "a"), str(tmp_path / "鳥,b"), "--csv", str(tmp_path / "t.csv")]) == 0
    table = pd.read_csv(tmp_path / "t.csv", keep_default_na=False, na_values={"difference": [""]})
    assert table["run"].tolist() == ["a", "鳥,b"]
    assert (table["low"] <= table["accuracy"]).all() and (table["accuracy"] <= table["high"]).all()
    assert table["train_minutes"].tolist() == [2, 2]
    assert table["split"].tolist() == ["grouped", "grouped"]


def test_a_csv_that_cannot_be_written_is_an_error(tmp_path, capsys):
    fake_run(tmp_path / "a")
    assert main([str(tmp_path / "a"), "--csv", str(tmp_path / "absent" / "t.csv")]) == 1
    assert "train.compare: " in capsys.readouterr().err


def test_a_run_of_some_folds_is_listed_after_complete_ones(tmp_path, capsys):
    fake_run(tmp_path / "whole", right=0.6, seed=1)
    fake_run(tmp_path / "part", answers=lambda clip, label: label, folds=("1",))
    assert main([str(tmp_path / "part"), str(tmp_path / "whole")]) == 0
    table, sentences = capsys.readouterr().out.split("\n\n")
    assert [row.split()[0] for row in table.splitlines()[1:]] == ["whole", "part"]
    assert "part compared with whole: 100.0 % and" in sentences


def test_options_in_which_runs_differ_are_shown(tmp_path, capsys):
    fake_run(tmp_path / "a", epochs=4)
    fake_run(tmp_path / "b", epochs=4, dropout=0.5, seed=3)
    fake_run(tmp_path / "c", epochs=4, ensemble=2, spectrogram_values=("mixup=0",))
    main([str(tmp_path / name) for name in "abc"])
    head = capsys.readouterr().out.splitlines()[0]
    assert "dropout" in head and "ensemble" in head and "spectrogram values" in head and "weight decay" not in head


def test_few_recordings_give_neither_an_interval_nor_a_verdict(tmp_path, capsys):
    few = {"classes": ("bird", "rain"), "all_folds": ("1", "2"), "recordings": 1, "clips_per_recording": 100}
    fake_run(tmp_path / "a", answers=lambda clip, label: label, **few)
    fake_run(tmp_path / "b", answers=lambda clip, label: "bird", **few)
    assert main([str(tmp_path / "a"), str(tmp_path / "b"), "--csv", str(tmp_path / "t.csv")]) == 0
    table, sentences = capsys.readouterr().out.split("\n\n")[:2]
    assert table.count("none: 4 of 6 recordings") == 2
    assert "-50.0 points (no interval: 4 recordings; at least 6 are needed, 2 more; 400 clips of 4 rec" in sentences
    assert "400 clips of 4 recordings): too few recordings to tell" in sentences
    assert pd.read_csv(tmp_path / "t.csv")[["low", "high", "difference_low"]].isna().all(axis=None)


def test_where_nothing_differs_the_interval_has_a_width(tmp_path):
    for name in "ab":
        fake_run(tmp_path / name, answers=lambda clip, label: label)
    (pair,) = paired_differences(read_runs([tmp_path / "a", tmp_path / "b"])[0]).values()
    bound = 1 - 0.025 ** (1 / 36)
    found = pair.difference, pair.low, pair.high
    assert found == pytest.approx((0, -bound, bound))


def test_runs_on_other_classes_are_not_compared(tmp_path):
    fake_run(tmp_path / "three", right=0.9)
    fake_run(tmp_path / "two", right=0.9, classes=("bird", "rain"))
    assert paired_differences(read_runs([tmp_path / "three", tmp_path / "two"])[0]) == {}
