"""`python -m train.open_set IMAGES`: how often a class that is not known is named with confidence."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.one_or_several import SEVERAL
from train.command_line import add_cache_option

DESCRIPTION = """\
Estimate how often a sound of a class that a classifier does not know is named with confidence: each class is left out
of training in turn, and its clips are predicted. Only the last layer of a pretrained model is fitted, so that it takes
about as long as `python -m train IMAGES --quality fast`; nothing is written."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.open_set",
        description=DESCRIPTION,
        epilog=exit_statuses(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGES", type=Path, help="image folder with metadata.csv")
    parser.add_argument("--model", metavar="NAME", help="a pretrained model (default: efficientnet_lite0)")
    parser.add_argument("--leave-out", **SEVERAL, default=[], metavar="CLASS", help="without these classes throughout")
    add_cache_option(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Estimate it, print it and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded("train.open_set", lambda: _open_set(options), out_of_memory="Give fewer classes with --leave-out.")


def _open_set(options: argparse.Namespace) -> int:
    from train.open_set.open_set import open_set, open_set_text
    from train.recipe import Recipe

    given = {"model": options.model} if options.model else {}
    recipe = Recipe.of_quality("fast", given | {"leave_out": tuple(options.leave_out)})
    print(open_set_text(open_set(options.images, recipe, cache=options.cache)))
    return 0
