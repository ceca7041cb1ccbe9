from types import SimpleNamespace

import numpy as np
import pandas as pd

from tests.train.fake_runs import fake_run
from train.ablate.differences import BETTER, NOISE, TOO_FEW, WORSE, differences, differences_text
from train.compare.table import read_runs
from train.report.intervals import difference_interval
from train.report.paired_differences import Finished, paired_clips

LEFT_OUT = {"all": (), "without-trim": ("trim",), "originals": ("trim", "noise=20")}


def finished(tmp_path, **predictions):
    """Fake runs whose models predict `predictions[name](clip number, label)`."""
    for name, predict in predictions.items():
        fake_run(tmp_path / name, recordings=20, clips_per_recording=1, answers=predict)
    runs, _ = read_runs(tmp_path / name for name in predictions)
    return {run.name: run for run in runs}


def row_of(table, run, label=""):
    (row,) = table[(table["run"] == run) & (table["label"] == label)].to_dict("records")
    return row


def test_a_table_made_by_hand(tmp_path):
    runs = finished(
        tmp_path,
        **{
            "all": lambda clip, label: "bird" if label == "rain" and clip % 2 else label,
            "without-trim": lambda clip, label: "rain" if label == "saw" and clip % 2 else label,
            "originals": lambda clip, label: "bird" if label == "rain" and clip % 2 else label,
        },
    )
    table = differences(runs, LEFT_OUT, baseline="all")
    assert table["label"].tolist() == ["", "bird", "rain", "saw"] * 2
    rain, saw = row_of(table, "without-trim", "rain"), row_of(table, "without-trim", "saw")
    assert (rain["accuracy"], rain["accuracy_all"], rain["difference"], rain["verdict"]) == (1, 0.5, 0.5, BETTER)
    assert (saw["difference"], saw["n_clips"], saw["n_recordings"], saw["verdict"]) == (-0.5, 40, 40, WORSE)
    overall = row_of(table, "without-trim")
    assert (overall["difference"], overall["left_out"], overall["verdict"]) == (0, "trim", NOISE)
    assert row_of(table, "originals", "rain")["verdict"] == NOISE
    # Widened for two runs, and for two runs and three classes.
    pairs = paired_clips(runs["all"], runs["without-trim"])
    for clips, row, n in [(pairs, overall, 2), (pairs[pairs["label"] == "rain"], rain, 6)]:
        change = clips["is_right_other"] - clips["is_right"]
        interval = difference_interval(change, clips["source_id"], level=1 - 0.05 / n)
        assert (row["low"], row["high"]) == (interval.low, interval.high)
    text = differences_text(table, baseline="all")
    assert "  rain" in text and "+50.0" in text and "  bird" not in text


def test_with_several_labels_no_set_of_labels_is_called_a_class():
    clips = pd.DataFrame({"clip_id": list(map(str, range(40))), "label": ["crow", "crow;robin"] * 20, "start_s": 0.0})
    clips = clips.assign(source_id=clips["clip_id"], predicted=clips["label"])
    worse = clips.assign(predicted=clips["label"].where(clips["label"] == "crow", "robin"))
    runs = {
        name: Finished(name, SimpleNamespace(multilabel=object()), predictions)
        for name, predictions in {"all": clips, "originals": worse}.items()
    }
    table = differences(runs, LEFT_OUT, baseline="all")
    assert table["label"].tolist() == [""] and table["verdict"].tolist() == [WORSE]
    text = differences_text(table, baseline="all")
    assert "(right: all labels of a clip)" in text and "single classes" not in text


def test_few_recordings_have_no_interval(tmp_path):
    fake_run(tmp_path / "all", recordings=2, seed=1)
    fake_run(tmp_path / "originals", recordings=2, seed=2)
    runs = {run.name: run for run in read_runs(tmp_path.glob("*"))[0]}
    table = differences(runs, LEFT_OUT, baseline="all")
    assert row_of(table, "originals")["verdict"] != TOO_FEW, "12 recordings"
    assert row_of(table, "originals", "rain")["verdict"] == TOO_FEW and np.isnan(
        row_of(table, "originals", "rain")["low"]
    )


def test_chance_alone_hardly_ever_reaches_a_verdict():
    """Runs that are wrong at random: at most about one table of twenty may name a class."""
    rng = np.random.default_rng(0)

    def random_run(name):
        clips = pd.DataFrame({"clip_id": [str(k) for k in range(120)], "label": list("abcd") * 30, "start_s": 0.0})
        right = rng.random(120) < 0.7
        predicted = clips.assign(source_id=clips["clip_id"], predicted=clips["label"].where(right, "-"))
        return Finished(name, SimpleNamespace(multilabel=None), predicted)

    n_false = 0
    for _ in range(20):
        runs = {name: random_run(name) for name in LEFT_OUT}
        table = differences(runs, LEFT_OUT, baseline="all")
        n_false += table.loc[table["label"] != "", "verdict"].isin([BETTER, WORSE]).any()
    assert n_false <= 3
