"""`python -m generate.audit AUDIO_FOLDER`: check a collection before anything is rendered."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generate import command_line
from generate.runtime.exit_codes import ATTENTION, exit_statuses, guarded
from generate.runtime.findings import finding_lines
from generate.workers import fork_server

DESCRIPTION = """\
Check a labelled audio collection before it is rendered: are the classes balanced, are clips silent, clipped or too
short, is the same audio there under two names, could a model predict a class by its codec or its padding alone? Each
finding says what to do. No image is made."""
EPILOG = """\
examples:
  python -m generate.audit datasets/my_sounds
  python -m generate.audit datasets/ESC-50 --subset esc10 --csv esc10.csv

It takes every option of `python -m generate`, and its config file: audit with those that you will render with. Those of
variants, colours and clusters make no difference here and are not listed. The review of an OUTPUT counts."""
NO_DIFFERENCE = frozenset(
    ("output", "variants", "variants_file", "engine", "seed", "colormap", "listen", "dry_run", "overwrite")
    + ("max_rejected", "fan_out", "cluster")
)
"""Options that are accepted, so that one config file does for both commands, and not listed."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit a collection and return the exit status."""
    return guarded("generate.audit", lambda: _audit(arguments), interrupted="Nothing was written.")


def build_parser() -> argparse.ArgumentParser:
    """The options of `python -m generate`, and `--csv`."""
    parser = command_line.build_parser()
    parser.prog, parser.usage = "python -m generate.audit", "%(prog)s AUDIO_FOLDER [options]"
    parser.description = DESCRIPTION
    parser.epilog = f"{EPILOG}\n\n{exit_statuses('3 something needs attention')}"
    for action in parser._actions:  # argparse has no public list of them
        if action.dest in NO_DIFFERENCE:
            action.help = argparse.SUPPRESS
    parser.add_argument_group("audit").add_argument(
        "--csv", metavar="FILE", type=Path, help="one row a clip (default: outputs/audit/<name of AUDIO_FOLDER>.csv)"
    )
    return parser


def _audit(arguments: Sequence[str] | None) -> int:
    options = command_line.parse(arguments, build_parser())
    fork_server.start()
    # Only now: these imports take a second, which `--help` need not wait for.
    from generate.audit.run import audit, rejected_text
    from generate.dataset.tables import write_table
    from generate.rendering.plan_text import reading_text
    from generate.rendering.prepare import prepare
    from generate.runtime.output_file import check_output_file
    from generate.runtime.wording import count, shown

    prepared = prepare(command_line.options_from(options))
    audio_folder = prepared.front.audio_folder
    csv = options.csv or Path("outputs", "audit", f"{Path(options.audio_folder).resolve().name}.csv")
    csv.parent.mkdir(parents=True, exist_ok=True)
    check_output_file(csv, "--csv", begins="clip_id,label,fold,source_id,")
    print(f"{shown(audio_folder)}: {prepared.reader.title}, {count(len(prepared.clips), 'clip')}")
    print(reading_text(prepared), flush=True)

    result = audit(prepared)
    write_table(csv, result.clips)
    print("\n".join(finding_lines(result.findings)))
    print(rejected_text(result.rejected, len(result.clips) + len(result.rejected)))
    print(f"\nOne row a clip, with its flags: {shown(csv)}")
    return ATTENTION if result.needs_attention else 0
