"""What an export keeps: `python -m benchmarks.exports RUN [RUN ...] [--format ...] [--quantize ...] [--folds all]`.

Exports the models of folds, runs each file on the clips of its fold, which the model was not trained on, and pools
them: the accuracy of the files, and its paired difference to the program's, with intervals over recordings. The golden
set of each is rerun with nothing but its runtime: pip fills an empty environment with numpy, soundfile and the
runtime (`--here`: with the packages of this environment, without this program; so is saved-model, whose runtime
is TensorFlow).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.measure import show
from generate.dataset.background_classes import counted
from train.export.export import CLIPS, Exported, export_run
from train.export.options import FORMATS, QUANTIZE
from train.export.scripts import PACKAGES
from train.report.intervals import Interval, difference_interval, share_interval
from train.runs.run_folder import read_run


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--quantize", choices=QUANTIZE, default="none")
    parser.add_argument("--folds", default="1", help="such as 1,2; all: all (default: 1)")
    parser.add_argument("--audio-folder", type=Path, help="of the runs' recordings, where the images name another")
    parser.add_argument("--here", action="store_true", help="make no empty environments")
    options = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory(prefix="exports-") as name:
        folder = Path(name)
        for path in options.runs:
            run = read_run(path)
            exported: dict[str, list[Exported]] = {name: [] for name in options.format}
            for fold in run.finished_folds if options.folds == "all" else options.folds.split(","):
                for one in export_run(
                    run,
                    formats=options.format,
                    quantize=options.quantize,
                    folds=[fold],
                    output=folder / path.name / fold,
                    audio_folder=options.audio_folder,
                    force=True,
                ):
                    exported[one.format].append(one)
                    print(f"{path.name}, fold {fold}, {one.format}: {one.parity}", flush=True)
            rows += [
                {"run": path.name, "format": name} | row_of(files, folder, here=options.here)
                for name, files in exported.items()
            ]
    show(f"Exports, --quantize {options.quantize}", rows, file_name=f"exports-{options.quantize}.csv")


def row_of(files: list[Exported], folder: Path, *, here: bool) -> dict[str, object]:
    """What the files of one format, one a fold, are worth together."""
    clips = pd.concat([pd.read_csv(one.folder / CLIPS, dtype=str) for one in files])
    is_right, was_right = clips["by_file"] == clips["label"], clips["by_program"] == clips["label"]
    change = is_right.astype(int) - was_right.astype(int)
    is_counted = counted(clips["label"])
    is_right, was_right, change = is_right[is_counted], was_right[is_counted], change[is_counted]
    recordings = clips["source_id"][is_counted]
    return {
        "MB": f"{files[0].megabytes:.1f}",
        "ms": f"{min(one.parity.window_ms for one in files):.0f}",
        "same class": f"{(clips['by_file'] == clips['by_program']).sum()} of {len(clips)}",
        "same likeness": (
            f"{(clips['unlike_by_file'] == clips['unlike_by_program']).sum()}" if "unlike_by_file" in clips else "-"
        ),
        "differs by": f"{max(one.parity.largest_difference for one in files):.2g}",
        "accuracy": f"{is_right.mean():.1%}{ends(share_interval(is_right, recordings))}",
        "program": f"{was_right.mean():.1%}",
        "points": f"{100 * change.mean():+.2f}{ends(difference_interval(change, recordings))}",
        "refused": sum(not one.parity.holds for one in files),
        "golden set": f"{sum(is_verified(one, folder, here=here) for one in files)} of {len(files)}",
    }


def ends(interval: Interval) -> str:
    """Such as ` (80.6 to 98.2)`, in per cent."""
    return "" if interval.low is None else f" ({100 * interval.low:.1f} to {100 * (interval.high or 0):.1f})"


def is_verified(one: Exported, folder: Path, *, here: bool) -> bool:
    """Whether `verify.py` says that the golden set is as expected; it sees nothing of this program."""
    package = PACKAGES[one.format]
    python = Path(sys.executable)
    if not here and package != "tensorflow":
        python = folder / package / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
        if not python.is_file():
            venv.create(folder / package, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "numpy", "soundfile", package], check=True)
    result = subprocess.run([python, "-I", one.folder / "verify.py"], cwd=one.folder, capture_output=True, text=True)
    print(f"{one.folder}: {(result.stdout.splitlines() or result.stderr.splitlines() or ['nothing'])[-1]}", flush=True)
    return result.returncode == 0


if __name__ == "__main__":
    main()
