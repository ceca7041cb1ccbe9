"""The benchmark of growth at a tiny size, and that the work on tables grows no faster than the tables."""

import cProfile
import pstats

import pytest

from benchmarks.many_clips import OPTIONS, finished_run
from benchmarks.scale import audioset, listings, whole_run
from benchmarks.scale import tables as time_tables
from generate.__main__ import main
from generate.command_line import options_from, parse
from generate.dataset import tables
from generate.rendering.plan import make_plan
from generate.rendering.prepare import prepare
from train.data.split import make_splits


def test_what_it_makes_is_a_finished_run(tmp_path, capsys):
    audio_folder, images = finished_run(tmp_path, n_clips=30, n_classes=3, fan_out=True)
    before = (images / "metadata.csv").read_bytes()
    assert main([str(audio_folder), str(images), *OPTIONS, "--fan-out", "--listen", "0", "--workers", "1"]) == 0
    assert "Nothing to render" in capsys.readouterr().out
    assert (images / "metadata.csv").read_bytes() == before


def test_every_row_is_measured(esc10, tmp_path):
    run = whole_run(tmp_path, 4)
    images = list((tmp_path / "images-4").rglob("*.png"))
    assert len(images) == 24
    assert 24 < run["files"] <= 30
    assert run["MB"] >= round(sum(path.stat().st_size for path in images) / 1e6, 1) > 0
    assert run["s"] > 0
    for row in audioset({"clips": 1000, "s": 100.0, "cores": 2, "files": 6005, "MB": 150.0}):
        assert row["hours"] == pytest.approx(2000 * 100 * 2 * 2 / row["cores"] / 3600, abs=0.05)
        assert (row["TB"], row["million inodes"]) == (0.3, 12.0)
    flat, fanned = listings(tmp_path, 1000)
    assert (flat["folders"], flat["largest folder, files"]) == (1, 1000)
    assert fanned["folders"] > 200
    assert fanned["largest folder, files"] < 20


@pytest.mark.slow
def test_every_command_on_the_tables_is_timed(tmp_path):
    rows = time_tables(tmp_path, n_clips=30)
    assert len(rows) == 6
    assert all(row["s, start-up included"] > 0 for row in rows)


@pytest.mark.slow
def test_the_work_on_tables_grows_as_the_tables_do(tmp_path):
    """Calls are counted, not seconds: twice the clips, at most about twice the calls."""

    def calls(work, *arguments) -> int:
        profile = cProfile.Profile()
        profile.runcall(work, *arguments)
        return pstats.Stats(profile).total_calls

    counts = []
    for n_clips in (200, 200, 400, 800):  # the first is for what happens once a process
        place = tmp_path / str(len(counts))
        audio_folder, images = finished_run(place, n_clips=n_clips, n_classes=4, fan_out=True)
        prepared = prepare(options_from(parse([str(audio_folder), str(images), *OPTIONS, "--fan-out"])))
        table = tables.read_metadata(images / "metadata.csv")
        counts.append(
            {
                "read": calls(tables.read_metadata, images / "metadata.csv"),
                "write": calls(tables.write_table, place / "again.csv", table),
                "plan": calls(make_plan, prepared),
                "split": calls(make_splits, table),
            }
        )
    for name in counts[0]:
        first, second = (counts[k + 1][name] - counts[k][name] for k in (1, 2))
        assert second <= 2.5 * max(first, 1000), (name, counts)  # a chunk of rows of pandas's writer takes 1,285
