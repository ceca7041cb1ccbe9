"""`python -m train.novelty IMAGES`: how unlike one healthy class recordings are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import ATTENTION, UNREAD, exit_statuses, guarded

if TYPE_CHECKING:
    from train.novelty.novelty import Novelty
    from train.report.intervals import Interval

DESCRIPTION = """\
For a machine of which only healthy recordings are there: score how unlike these a recording is, by the distance of its
pretrained features to the nearest healthy clips. The threshold is the one that a given share of healthy recordings
exceeds, by the ranks of those that are there. Other classes of the images are faulty examples: they say how many
faults are found, and train nothing."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.novelty",
        description=DESCRIPTION,
        epilog=exit_statuses(UNREAD),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("images", metavar="IMAGES", type=Path, help="image folder with metadata.csv")
    add("recordings", metavar="RECORDING", nargs="*", help="new audio files, or folders of them, to score")
    add("--healthy", default="", metavar="CLASS", help="the healthy class (default: the only one)")
    add(
        "--false-alarms",
        type=float,
        default=0.1,
        metavar="SHARE",
        help="share of healthy recordings over the threshold (default: 0.1)",
    )
    add("--model", default="efficientnet_lite0", metavar="NAME", help="pretrained model (default: efficientnet_lite0)")
    add("--csv", type=Path, metavar="FILE", help="write the score of each recording")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, print and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded("train.novelty", lambda: _novelty(options))


def _novelty(options: argparse.Namespace) -> int:
    from generate.dataset import tables
    from generate.runtime.output_file import check_output_file
    from train.novelty.novelty import novelty

    if options.csv is not None:
        check_output_file(options.csv, "--csv", begins="kind,recording,distance")
    found = novelty(
        options.images,
        options.recordings,
        healthy=options.healthy,
        false_alarms=options.false_alarms,
        model=options.model,
    )
    if options.csv is not None:
        tables.write_table(options.csv, found.scores)
    print(novelty_text(found))
    return ATTENTION if found.rejected else 0


def novelty_text(result: Novelty) -> str:
    """False alarms, what is found, and a line for each new recording, the most unlike first."""
    from generate.runtime.wording import listed
    from train.predict.terminal_text import rejected_text, rests_text, skipped_text
    from train.report.interval_text import ends_in_words
    from train.wording import percent, shortened

    n = result.scores["kind"].value_counts()
    lines = [
        f"{shortened(result.healthy)}: {n['healthy']} recordings; threshold {result.threshold:.3f}, for "
        f"{percent(result.wanted)} false alarms",
        f"  false alarms  {percent(result.false_alarms)} ({ends_in_words(result.false_alarms_interval)}) expected of "
        "new healthy recordings like these, by the choice of the threshold",
    ]
    if result.area is not None and result.area_interval is not None and result.found_interval is not None:
        lines += [
            f"  found         {percent(result.found)} ({ends_in_words(result.found_interval)}) of {n['faulty']} faulty "
            "recordings",
            f"  AUC           {result.area:.3f} ({_ends(result.area_interval)})",
        ]
    new = result.scores[result.scores["kind"] == "new"].sort_values("distance", ascending=False)
    for row in new.itertuples():
        mark = "UNLIKE" if row.is_alarm else "like  "
        lines.append(f"  {mark}  {row.distance:.3f}  {row.recording}, most at {row.most_unlike_s:g} s")
    own = result.scores["recording"][result.scores["kind"] == "own"]
    if len(own):
        lines.append(f"  {len(own)} not judged, since all are compared with them: {listed(own, most=2)}")
    if note := rests_text(result.rests_s, result.seconds, has_hop=False):
        lines.append(note)
    if result.skipped:
        lines.append(skipped_text(result.skipped))
    if result.rejected:
        lines.append(rejected_text(result.rejected, what="not read"))
    return "\n".join(lines)


def _ends(interval: Interval) -> str:
    """As an area is written, and not in per cent."""
    if interval.low is None or interval.high is None:
        return "no interval"
    return f"{interval.low:.3f} to {interval.high:.3f}"
