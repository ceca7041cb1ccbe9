"""The command itself: workers, memory, start-up. `python -m benchmarks.whole_runs [--quick]`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import ESC10, esc10_clips, met, show, watched

COPIES = 5
"""Of ESC-10, for the long run: 2,000 clips."""


def main() -> None:
    """Time whole runs and print three tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.whole_runs", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it runs")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(ESC10, folder / "first", "--limit", "10")  # what is compiled once a machine is compiled here
        start_up(folder)
        workers(folder, limit=40 if quick else 400 * COPIES)
        if not quick:
            growth(folder)


def start_up(folder: Path) -> None:
    """Seconds of small commands, the best of three."""
    commands = {
        "generate --help": ([sys.executable, "-m", "generate", "--help"], 1.0),
        "train --help": ([sys.executable, "-m", "train", "--help"], 1.0),
    }
    rows = []
    for name, (command, target) in commands.items():
        seconds = min(_seconds(command) for _ in range(3))
        rows.append({"command": name, "seconds": round(seconds, 2), "target": target, "reached": met(target, seconds)})
    seconds = min(generate(ESC10, folder / f"ten-{k}", "--limit", "10", "--engine", "librosa")[0] for k in range(3))
    rows.append(
        {"command": "ten clips, 60 images", "seconds": round(seconds, 2), "target": 3.0, "reached": met(3, seconds)}
    )
    show("Start-up", rows, file_name="start_up.csv")


def workers(folder: Path, *, limit: int) -> None:
    """Two workers against one, and whether they give the same bytes."""
    audio_folder = _copies(folder / "copies") if limit > 400 else ESC10
    seconds, trees = {}, {}
    for n in (1, 2):
        out = folder / f"workers-{n}"
        seconds[n], _ = generate(audio_folder, out, "--limit", str(limit), "--workers", str(n), "--engine", "librosa")
        trees[n] = {path.relative_to(out): path.read_bytes() for path in sorted(out.rglob("*.png"))}
    gain = seconds[1] / seconds[2]
    row = {
        "clips": limit,
        "one worker, s": round(seconds[1], 1),
        "two, s": round(seconds[2], 1),
        "times as fast": round(gain, 2),
        "target": 1.8,
        "reached": met(gain, 1.8),
        "same bytes": "yes" if trees[1] == trees[2] else "NO",
    }
    show("Workers, start-up included", [row], file_name="workers.csv")


def growth(folder: Path) -> None:
    """Time a clip and memory of short and long runs."""
    many = _copies(folder / "copies")
    rows = []
    for limit in (40, 400, 400 * COPIES):
        options = ("--limit", str(limit), "--workers", "1", "--engine", "librosa")
        seconds, peak_mb = generate(many, folder / f"many-{limit}", *options)
        rows.append(
            {
                "clips": limit,
                "s": round(seconds, 1),
                "ms a clip": round(1e3 * seconds / limit, 1),
                "largest process, MB": peak_mb,
            }
        )
    show("Growth, one worker, start-up included", rows, file_name="growth.csv")


def _copies(many: Path) -> Path:
    """ESC-10 several times over, as links."""
    for copy in range(COPIES if not many.exists() else 0):
        for clip in esc10_clips():
            place = many / clip.parent.name.rpartition(" - ")[2] / f"{copy}-{clip.name}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(clip)
    return many


def generate(audio_folder: Path, out: Path, *options: str) -> tuple[float, int]:
    """Run the command; seconds, and the largest memory of any of its processes in megabytes."""
    command = [sys.executable, "-m", "generate", str(audio_folder), str(out), *options]
    return watched(command)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
