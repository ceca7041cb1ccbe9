"""`python -m generate.audit AUDIO_FOLDER`: the health of a sound collection, before anything is rendered."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from generate import command_line
from generate.runtime.os_compat import not_installed_message
from generate.runtime.terminal import escape_output
from generate.runtime.toml_config import parse_with_config
from generate.runtime.wording import on_a_line, what_failed
from generate.workers import fork_server

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from generate.audit.finding import Finding
    from generate.rendering.prepare import Prepared
    from generate.rendering.rejected import RejectedClip

CANNOT_START = 1
NEEDS_A_LOOK = 3
INTERRUPTED = 130
DESCRIPTION = """\
Look through a labelled sound collection before it is rendered: are the classes balanced, are there clips that are
silent, clipped or too short, does one sound stand under two names, could a model tell a class by its codec or its
padding alone? Each finding says what to do. No image is made."""
EPILOG = """\
examples:
  python -m generate.audit datasets/my_sounds
  python -m generate.audit datasets/ESC-50 --subset esc10 --csv esc10.csv

It takes every option of `python -m generate`, and its config file: audit with those that you will render with. What
concerns variants, colours, OUTPUT and a cluster makes no difference here.
exit status: 0 all well, 1 cannot start, 2 wrong use, 3 something needs a look, 130 interrupted."""
NO_DIFFERENCE = frozenset(
    ("output", "variants", "variants_file", "engine", "seed", "colormap", "listen", "dry_run", "overwrite")
    + ("max_rejected", "fan_out", "cluster")
)
"""Options that are taken, so that the same words and the same config file do for both commands, and not shown."""
MOST_REJECTED = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit a collection and return the exit status."""
    escape_output()
    try:
        return _audit(_parse(arguments))
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing was written.", file=sys.stderr)
        return INTERRUPTED
    except ModuleNotFoundError as error:
        print(f"generate.audit: {not_installed_message(error)}", file=sys.stderr)
    except (ValueError, OSError) as error:
        print(f"generate.audit: {what_failed(error)}", file=sys.stderr)
    return CANNOT_START


def build_parser() -> argparse.ArgumentParser:
    """The options of `python -m generate`, and `--csv`."""
    parser = command_line.build_parser()
    parser.prog, parser.description, parser.epilog = "python -m generate.audit", DESCRIPTION, EPILOG
    for action in parser._actions:  # argparse has no public list of them
        if action.dest in NO_DIFFERENCE:
            action.help = argparse.SUPPRESS
    parser.add_argument(
        "--csv", metavar="FILE", type=Path, help="one row a clip (default: outputs/audit/<name of AUDIO_FOLDER>.csv)"
    )
    return parser


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = build_parser()
    parser.set_defaults(class_variants={})
    not_in_a_config = command_line.NOT_IN_A_CONFIG | {"csv"}
    return parse_with_config(parser, arguments, not_in_a_config=not_in_a_config, tables=frozenset({"class_variants"}))


def _audit(options: argparse.Namespace) -> int:
    """Examine every clip, judge them together, write the table and print the findings."""
    fork_server.start()
    # Only now: reading tables and sounds takes imports that `--help` need not wait for.
    from generate.audit import assess
    from generate.dataset.tables import write_table
    from generate.rendering.prepare import prepare
    from generate.rendering.reading import reading_text
    from generate.runtime.output_file import check_output_file
    from generate.runtime.wording import count, shown

    prepared = prepare(command_line.options_from(options))
    audio_folder = prepared.front.audio_folder
    csv = options.csv or Path("outputs", "audit", f"{Path(options.sounds).resolve().name}.csv")
    csv.parent.mkdir(parents=True, exist_ok=True)
    check_output_file(csv, "--csv", begins="clip_id,label,fold,source_id,")
    print(f"{shown(audio_folder)}: {prepared.reader.title}, {count(len(prepared.clips), 'clip')}")
    print(reading_text(prepared), flush=True)

    clips, small, rejected = examine_all(prepared)
    table, findings = assess.assess(clips, small, settings=prepared.front.settings)
    write_table(csv, table)
    print(findings_text(findings))
    print(rejected_text(rejected, len(clips) + len(rejected)))
    print(f"\nOne row a clip, with what is to be said of each: {shown(csv)}")
    return NEEDS_A_LOOK if rejected or any(finding.status != "ok" for finding in findings) else 0


def examine_all(prepared: Prepared) -> tuple[pd.DataFrame, np.ndarray, list[RejectedClip]]:
    """Decode and measure every clip, in worker processes: one that dies takes its own clip with it alone.

    Parameters
    ----------
    prepared : Prepared

    Returns
    -------
    clips : pandas.DataFrame
        Columns `generate.audit.assess.CLIP_COLUMNS`, by class and clip.
    small : np.ndarray, shape=(n, 32, columns), uint8
        Of each.
    rejected : list of RejectedClip
        One a clip, files that a table names in vain included.
    """
    import pandas as pd

    from generate.audit import assess
    from generate.audit.examine import examine
    from generate.rendering.clip import Job
    from generate.rendering.rejected import RejectedClip
    from generate.runtime.progress import Progress
    from generate.runtime.safe_names import printable
    from generate.workers.processes import map_unordered

    columns = prepared.clips[["clip_id", "path", "label", "fold", "source_id", "start_s"]]
    jobs = [
        Job(clip_id, path, label, "", fold, source_id, start_s, requests=(None,))
        for clip_id, path, label, fold, source_id, start_s in columns.itertuples(index=False, name=None)
    ]
    rejected = [RejectedClip(printable(path), "", label, reason) for path, label, reason in prepared.missing]
    usable, given_up = prepared.usable(jobs)
    rows: list[dict[str, object]] = []
    with (
        tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary,
        Progress(len(jobs)) as progress,
        closing(
            map_unordered(examine, usable, prepared.front, workers=prepared.workers, temporary_folder=Path(temporary))
        ) as done,
    ):
        for job, outcome in chain(given_up, done):
            if isinstance(outcome, str):
                clip = RejectedClip(printable(job.path), job.clip_id, job.label, outcome, job.start_s)
                rejected.append(clip)
            else:
                rows += outcome
            progress.step(n_rejected=len(rejected))
    table = pd.DataFrame(rows, columns=[*assess.CLIP_COLUMNS, "small"])
    clips = assess.sorted_clips(table) if rows else table
    return clips.drop(columns="small"), assess.stacked(list(clips["small"])), rejected


def findings_text(findings: Sequence[Finding]) -> str:
    """One finding a line, and below it what to do, as `python -m generate.doctor` prints."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.status:<9}{finding.what}")
        lines += [f"{'':<9}  -> {line}" for line in finding.fix.splitlines()]
    return "\n".join(lines)


def rejected_text(rejected: Sequence[RejectedClip], n_clips: int) -> str:
    """The sounds that could not be examined, with their reasons.

    Parameters
    ----------
    rejected : sequence of RejectedClip
        One a clip; those of a file that is at fault itself are told in one line.
    n_clips : int
        Of all that were wanted.
    """
    if not rejected:
        return f"{'ok':<9}every sound can be read"
    from generate.rendering.rejected import one_line_a_file

    told = one_line_a_file(rejected)
    lines = [f"{'warning':<9}{len(rejected):,} of {n_clips:,} sounds cannot be rendered"]
    lines += [f"{'':<9}  {on_a_line(clip.sound)}: {on_a_line(clip.reason)}" for clip in told[:MOST_REJECTED]]
    if len(told) > MOST_REJECTED:
        lines.append(f"{'':<9}  and {len(told) - MOST_REJECTED:,} more")
    lines.append(f"{'':<9}  -> fix these files or take them out; python -m generate passes over them")
    return "\n".join(lines)
