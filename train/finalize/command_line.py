"""`python -m train.finalize RUN`: train one model on all recordings of a run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import INTERRUPTED, exit_statuses, guarded
from generate.runtime.os_compat import quoted
from train.command_line import add_cache_option

DESCRIPTION = """\
Train one model on all recordings of a run by the run's recipe, after its folds. It takes a fifth of the time and the
size of the models of five folds. No recording is left to test it: the accuracy to expect is the cross-validated one,
and the model card says so. `train.predict`, `train.explain` and `train.export` use it where it is there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the final model and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m train.finalize",
        description=DESCRIPTION,
        epilog=exit_statuses(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/ESC-10-cnn9")
    add_cache_option(parser)
    options = parser.parse_args(arguments)
    return guarded("train.finalize", lambda: _finalize(options.run, cache=options.cache))


def _finalize(folder: Path, *, cache: str) -> int:
    from train.runs.allowed_weights import check_weights_file
    from train.runs.run_folder import read_run

    check_weights_file(read_run(folder))  # a folder that is no run is named before Keras is loaded
    return finalize(folder, cache=cache)


def finalize(folder: Path, *, cache: str = "auto") -> int:
    """Train the final model of a run, say what came of it, and return the exit status."""
    from train import backend

    backend.set_up()
    from train.report.summary import accuracy_text, final_text
    from train.training.final_model import train_final

    try:
        report = train_final(folder, cache=cache)
    except KeyboardInterrupt:
        print(f"\nInterrupted. Resume with: python -m train.finalize {quoted(folder)}", file=sys.stderr)
        return INTERRUPTED
    if report.final is not None:
        print(f"final model     {final_text(report.final)}: {accuracy_text(report)}")
    return 0
