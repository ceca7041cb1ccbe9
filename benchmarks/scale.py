"""Growth: many clips, long tables, full folders. `python -m benchmarks.scale [--quick] [--clips N ...] [--rows N]`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.many_clips import OPTIONS, finished_run
from benchmarks.measure import esc10_clips, show, watched
from generate.dataset import folder
from generate.dataset import tables as metadata_tables
from generate.dataset.file_names import clip_folder
from generate.workers.pool import usable_cores

IMAGES_A_CLIP = 6
AUDIOSET_CLIPS, AUDIOSET_S, ESC10_S = 2_000_000, 10.0, 5.0
"""AudioSet as published: two million clips of 10 s. What is measured here is of 5 s."""
CORES = (2, 16, 64)
TRAIN_TABLES = """
import sys
from pathlib import Path
from train.data.image_folder import read_images
from train.data.table_digest import table_sha256
from train.data.split import make_splits
table = read_images(Path(sys.argv[1]))[1]
table_sha256(table)
make_splits(table)
"""
"""What `python -m train --dry-run` does before it opens the first image."""


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    parser.add_argument(
        "--clips", nargs="+", type=int, default=[400, 4000, 40000], help="of whole runs (default: 400 4000 40000)"
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the long table (default: 1000000)")
    parser.add_argument("--files", type=int, default=100_000, help="in one class folder (default: 100000)")
    options = parser.parse_args()
    if options.quick:
        options.clips, options.rows, options.files = [20, 40], 6000, 2000
    with tempfile.TemporaryDirectory() as name:
        runs = [whole_run(Path(name), n_clips) for n_clips in options.clips]
        show("Whole runs on real sounds of 5 s (ESC-10 under other names)", runs, file_name="scale_runs.csv")
        show(
            f"AudioSet, EXTRAPOLATED from the run of {runs[-1]['clips']:,} clips: {AUDIOSET_CLIPS:,} clips of "
            f"{AUDIOSET_S:g} s taken as {AUDIOSET_S / ESC10_S:g} times the work of one of {ESC10_S:g} s",
            audioset(runs[-1]),
            file_name="scale_audioset.csv",
        )
        rows = tables(Path(name) / "tables", n_clips=options.rows // IMAGES_A_CLIP)
        show("A table of many rows, and each command when nothing is left to do", rows, file_name="scale_tables.csv")
        show("Listing one class folder", listings(Path(name), options.files), file_name="scale_listing.csv")


def whole_run(place: Path, n_clips: int) -> dict[str, object]:
    """Render real clips with all cores: time, memory, files and bytes.

    Parameters
    ----------
    place : Path
        Where sounds (links to ESC-10's, over and over) and images go.
    n_clips : int
    """
    audio_folder, images = place / f"sounds-{n_clips}", place / f"images-{n_clips}"
    clips = sorted(esc10_clips(), key=lambda path: path.name)
    for number in range(n_clips):
        clip = clips[number % len(clips)]
        name = audio_folder / clip.parent.name.rpartition(" - ")[2] / f"{number // len(clips)}-{clip.name}"
        name.parent.mkdir(parents=True, exist_ok=True)
        name.symlink_to(clip)
    command = [sys.executable, "-m", "generate", str(audio_folder), str(images), "--engine", "librosa", "--listen", "0"]
    seconds, peak_mb = watched([*command, "--long", "first"])
    sizes = [path.stat().st_size for path in images.rglob("*") if path.is_file()]
    return {
        "clips": n_clips,
        "cores": usable_cores(),
        "s": round(seconds, 1),
        "ms a clip": round(1e3 * seconds / n_clips, 1),
        "largest process, MB": peak_mb,
        "files": len(sizes),
        "MB": round(sum(sizes) / 1e6, 1),
    }


def audioset(run: dict[str, object]) -> list[dict[str, object]]:
    """What a measured run says of AudioSet, one row a number of cores; an extrapolation, and named so.

    Parameters
    ----------
    run : dict
        As `whole_run` gives it. Time grows with the seconds of sound and shrinks with the cores; images and their
        bytes do not grow with the seconds.
    """
    share = AUDIOSET_CLIPS / run["clips"]
    core_s = run["s"] * run["cores"] * share * AUDIOSET_S / ESC10_S
    return [
        {
            "extrapolated to": f"{AUDIOSET_CLIPS:,} clips of {AUDIOSET_S:g} s",
            "cores": cores,
            "hours": round(core_s / cores / 3600, 1),
            "TB": round(run["MB"] * share / 1e6, 2),
            "million inodes": round(run["files"] * share / 1e6, 1),
        }
        for cores in CORES
    ]


def tables(place: Path, *, n_clips: int) -> list[dict[str, object]]:
    """Seconds and memory of reading and writing the table of a finished run, and of each command on it.

    Parameters
    ----------
    place : Path
    n_clips : int
        Of six images each.
    """
    audio_folder, images = finished_run(place, n_clips=n_clips, n_classes=min(50, n_clips // 10), fan_out=True)
    python, again = [sys.executable, "-m"], [str(audio_folder), str(images), *OPTIONS, "--fan-out", "--listen", "0"]
    read = "import sys; from pathlib import Path; from generate.dataset import tables; "
    read += "table = tables.read_metadata(Path(sys.argv[1])); "
    table = str(images / metadata_tables.METADATA)
    commands = {
        "read metadata.csv": [sys.executable, "-c", read, table],
        "read and write it": [sys.executable, "-c", read + "tables.write_table(Path(sys.argv[1]), table)", table],
        "python -m generate --dry-run": [*python, "generate", *again, "--dry-run"],
        "python -m generate.gallery": [*python, "generate.gallery", str(images), "--listen", "0"],
        "python -m generate (page included)": [*python, "generate", *again],
        "the tables of python -m train": [sys.executable, "-c", TRAIN_TABLES, str(images)],
    }
    rows = []
    for name, command in commands.items():
        seconds, peak_mb = watched(command)
        n_rows = n_clips * IMAGES_A_CLIP
        rows.append({"what": name, "rows": n_rows, "s, start-up included": round(seconds, 1), "peak, MB": peak_mb})
    return rows


def listings(place: Path, n_files: int) -> list[dict[str, object]]:
    """Seconds to make, list and find files of one class, in one folder and in 256.

    Parameters
    ----------
    place : Path
    n_files : int
    """
    rows = []
    for fan_out in (False, True):
        images = place / f"listed-{fan_out}"
        ids = [f"clip-{number:07d}" for number in range(n_files)]
        names = [images / clip_folder("class", clip_id, fan_out=fan_out) / f"{clip_id}__a.png" for clip_id in ids]
        for parent in {name.parent for name in names}:
            parent.mkdir(parents=True)
        rows.append(
            {
                "layout": "fanned out" if fan_out else "flat",
                "files": n_files,
                "folders": len({name.parent for name in names}),
                "make, s": _seconds(lambda names=names: [name.write_bytes(b"1") for name in names]),
                "list_images, s": _seconds(lambda images=images: folder.list_images(images)),
                "stat each, s": _seconds(lambda names=names: [os.stat(name) for name in names]),
                "largest folder, files": max(len(os.listdir(parent)) for parent in {name.parent for name in names}),
            }
        )
    return rows


def _seconds(work: Callable[[], Sequence[object] | frozenset[str]]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 2)


if __name__ == "__main__":
    main()
