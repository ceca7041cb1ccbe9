"""`python -m train IMAGES`: from a folder of spectrogram images to tested classifiers and a report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import INTERRUPTED, guarded
from generate.runtime.os_compat import quoted
from train import command_line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run stage two and return its exit status."""
    smaller = "Start a new run with a lower --batch-size or --input-size, or a smaller --model."
    return guarded("train", lambda: _train(arguments), out_of_memory=smaller)


def _train(arguments: Sequence[str] | None) -> int:
    options = command_line.parse(arguments)
    if options.resume is None:
        recipe = command_line.recipe_from(options)
    else:
        _check_nothing_else(options)
    # Only now: loading Keras takes seconds that `--help` need not wait for.
    from train import backend

    backend.set_up()
    from train.report import summary
    from train.training import cross_validation, plan, prepare

    place = command_line.place_from(options)
    prepared = (
        prepare.prepare(options.images, recipe, folds=options.folds, name=options.name, **place)
        if options.resume is None
        else prepare.resume(options.resume, folds=options.folds, **place)
    )
    print(plan.plan_text(prepared), flush=True)
    if options.dry_run:
        print("Dry run: nothing was trained.")
        return 0
    try:
        report = cross_validation.execute(
            prepared, tensorboard=options.tensorboard, n_explained=options.explain, recordings=options.audio_folder
        )
    except KeyboardInterrupt:
        print(
            f"\nInterrupted. Go on with: python -m train --resume {quoted(prepared.run.folder)}",
            file=sys.stderr,
        )
        return INTERRUPTED
    print(summary.summary_text(report))
    return 0


def _check_nothing_else(options: object) -> None:
    """A run goes on as it began: see that nothing is given that would change it."""
    from generate.dataset.recordings import is_in_project
    from train.runs.run_folder import read_run

    run = read_run(options.resume)
    given = command_line.given_recipe(options)
    as_begun = run.recipe.to_json()
    wanted = type(run.recipe)(**(as_begun | given)).to_json()
    for name in given:
        if wanted[name] != as_begun[name]:
            raise ValueError(
                f"The run {str(options.resume)!r} began with {name.replace('_', '-')} {as_begun[name]!r}, and "
                f"{wanted[name]!r} was given. Leave it out to go on, or start a new run."
            )
    if options.name and options.name != options.resume.resolve().name:
        raise ValueError(
            f"--name {options.name} is not used: --resume goes on in the folder {str(options.resume)!r}. Leave it out."
        )
    is_file = run.recipe.weights not in ("none", "imagenet")
    if is_file and "weights" not in given and not is_in_project(Path(run.recipe.weights)):
        raise ValueError(
            f"The run {str(options.resume)!r} began with the weights {run.recipe.weights!r} according to its "
            f"config.json, outside the working directory; to read them: --weights {quoted(run.recipe.weights)}"
        )
    if options.images is not None and options.images.resolve() != run.images.resolve():
        raise ValueError(
            f"The run {str(options.resume)!r} is on the images in {str(run.images)!r}, not {str(options.images)!r}."
        )


if __name__ == "__main__":
    sys.exit(main())
