"""`python -m train IMAGES`: from a folder of spectrogram images to tested classifiers and a report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from generate.runtime.exit_codes import INTERRUPTED, guarded
from generate.runtime.os_compat import quoted
from generate.workers.dask_cluster import check_address
from train import command_line
from train.finalize.command_line import finalize
from train.quality import quality_values
from train.recipe_options import given_recipe, recipe_from


def main(arguments: Sequence[str] | None = None) -> int:
    """Run stage two and return its exit status."""
    smaller = "Start a new run with a lower --batch-size or --input-size, or a smaller --model."
    return guarded("train", lambda: _train(arguments), out_of_memory=smaller)


def _train(arguments: Sequence[str] | None) -> int:
    options = command_line.parse(arguments)
    if options.cluster:
        check_address(options.cluster)
    if options.resume is None:
        recipe = recipe_from(options)
    else:
        _check_nothing_else(options)
    # Only now: loading Keras takes seconds that `--help` need not wait for.
    from train import backend

    backend.set_up(shares_gpu=bool(options.cluster))
    from train.report import summary
    from train.training import cross_validation, final_model, plan, prepare

    how = {"folds": options.folds, "cache": options.cache, "may_download": not options.dry_run}
    prepared = (
        prepare.prepare(options.images, recipe, name=options.name, **how)
        if options.resume is None
        else prepare.resume(options.resume, **how)
    )
    if options.final:
        final_model.check_final(prepared.run.recipe)
    if options.tensorboard and not prepared.run.recipe.fine_tunes:
        raise ValueError(
            "--tensorboard must be combined with fine-tuning. Got --quality fast or --epochs 0, which fit the last "
            "layer alone and have no steps to log. Leave one of them out."
        )
    print(plan.plan_text(prepared), flush=True)
    if options.dry_run:
        print("Dry run: nothing was trained.")
        return 0
    try:
        report = cross_validation.execute(
            prepared,
            cluster=options.cluster,
            tensorboard=options.tensorboard,
            n_explained=options.explain,
            recordings=options.audio_folder,
        )
    except KeyboardInterrupt:
        print(
            f"\nInterrupted. Resume with: python -m train --resume {quoted(prepared.run.folder)}",
            file=sys.stderr,
        )
        return INTERRUPTED
    print(summary.summary_text(report))
    return finalize(prepared.run.folder, cache=options.cache) if options.final else 0


def _check_nothing_else(options: argparse.Namespace) -> None:
    """A run resumes with its own recipe: check that no option would change it."""
    from train.runs.allowed_weights import check_weights_file
    from train.runs.run_folder import read_run

    run = read_run(options.resume)
    given = given_recipe(options)
    if options.quality is not None:
        given = quality_values(options.quality, options.model or run.recipe.model) | given
    as_begun = run.recipe.to_json()
    wanted = type(run.recipe).from_values(as_begun | given).to_json()
    for name in given:
        if wanted[name] != as_begun[name]:
            raise ValueError(
                f"The run {str(options.resume)!r} began with {name.replace('_', '-')} {as_begun[name]!r}, and "
                f"{wanted[name]!r} was given. Leave it out to resume, or start a new run."
            )
    if options.name and options.name != options.resume.resolve().name:
        raise ValueError(
            f"--name must not be combined with --resume, which uses the folder {str(options.resume)!r}. Got "
            f"{options.name!r}. Leave it out."
        )
    if "weights" not in given:
        check_weights_file(run)
    if options.images is not None and options.images.resolve() != run.images.resolve():
        raise ValueError(
            f"IMAGES must be those of the run {str(options.resume)!r}, {str(run.images)!r}. Got "
            f"{str(options.images)!r}. Leave it out."
        )


if __name__ == "__main__":
    sys.exit(main())
