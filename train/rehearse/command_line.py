"""`python -m train.rehearse RUN`: the accuracy again, after what happens to audio on its way."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.number_options import whole_number, whole_number_or_zero

DESCRIPTION = """\
Rehearse the deployment of a run: its test clips are predicted again, each by the model that was not trained on its
recording, after noise, distance, another recorder's band, MP3 and reverberation (effects of pedalboard). The difference
to the clean clips is paired, clip by clip; `unsure` is by thresholds that the other folds give.

With --site-column, each site (or recorder) is left out in turn: the last layer of the pretrained model is fitted to the
clips of the other sites."""

EXAMPLES = """\
examples:
  python -m train.rehearse outputs/runs/my_sounds-efficientnet_lite0
  python -m train.rehearse outputs/runs/my_sounds-efficientnet_lite0 --background-folder datasets/my_site_at_night
  python -m train.rehearse outputs/runs/my_sounds-efficientnet_lite0 --site-column site --site-table my_sounds.csv

files, in RUN/rehearsal: rehearsal.csv (a row a condition), rehearsal.png, rehearsal.json (also what was done to the
  audio), clips.csv (the prediction of each clip), sites.csv (with --site-column)"""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.rehearse",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/my_sounds-efficientnet_lite0")
    add(
        "--audio-folder",
        metavar="DIR",
        type=Path,
        help="the recordings (default: where they were rendered from, if that is in the working directory)",
    )
    add("--background-folder", metavar="DIR", type=Path, help="recordings of your background, to mix with the clips")
    add("--recordings", type=whole_number, metavar="N", help="a random sample of N recordings (default: all)")
    add("--site-column", metavar="NAME", help="column of the site or recorder in --site-table")
    add("--site-table", metavar="FILE.csv", type=Path, help="table with a column for the audio file, and --site-column")
    add(
        "--seed",
        type=whole_number_or_zero,
        default=0,
        metavar="N",
        help="seed of the sample, noise and background (default: 0)",
    )
    add("--batch-size", type=whole_number, default=32, metavar="N", help="images per batch (default: 32)")
    add("-o", "--output", metavar="DIR", type=Path, help="output folder (default: RUN/rehearsal)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded(
        "train.rehearse",
        lambda: _rehearse(options),
        interrupted="Files that were written are complete.",
        out_of_memory="Lower --batch-size.",
    )


def _rehearse(options: argparse.Namespace) -> int:
    from generate.runtime.wording import shown
    from train.rehearse.leave_one_site_out import leave_one_site_out, read_sites
    from train.rehearse.output import FOLDER, check_folder, write_rehearsal
    from train.rehearse.plan import plan_rehearsal
    from train.rehearse.rehearsal import rehearse
    from train.rehearse.text import plan_text, rehearsal_text, sites_text
    from train.runs.run_folder import read_run
    from train.training.frozen_run import frozen_recipe

    if (options.site_column is None) != (options.site_table is None):
        raise ValueError("--site-column and --site-table must be given together. Got one of them. Give both, or none.")
    run = read_run(options.run)
    folder = options.output or run.folder / FOLDER
    check_folder(folder)
    plan = plan_rehearsal(
        run,
        audio_folder=options.audio_folder,
        background_folder=options.background_folder,
        n_recordings=options.recordings,
        seed=options.seed,
    )
    site_of = None if options.site_table is None else read_sites(run, options.site_table, options.site_column)
    print(plan_text(plan), flush=True)
    rehearsal = rehearse(plan, batch_size=options.batch_size)
    write_rehearsal(folder, rehearsal)
    print("\n" + rehearsal_text(rehearsal), flush=True)
    if site_of is not None:
        sites = leave_one_site_out(run, site_of)
        write_rehearsal(folder, rehearsal, sites)
        print("\n" + sites_text(sites, model=frozen_recipe(run).model))
    more = "" if site_of is None else ", sites.csv"
    print(f"\nIn {shown(folder)}: rehearsal.png (to look at), rehearsal.csv, rehearsal.json, clips.csv{more}")
    return 0
