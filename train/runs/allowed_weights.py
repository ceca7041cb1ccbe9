"""Whether the file of weights that a run began with may be read: whoever wrote the run's folder chose its name."""

from __future__ import annotations

from generate.dataset.allowed_recordings import is_in_project
from generate.runtime.os_compat import quoted
from train.runs.run_folder import Run


def check_weights_file(run: Run) -> None:
    """Check that the weights that a run began with are published ones, or in the working directory.

    Parameters
    ----------
    run : Run

    Raises
    ------
    ValueError
        If they are in another file.
    """
    file = run.recipe.weights_file
    if file is not None and not is_in_project(file):
        raise ValueError(
            f"The run {str(run.folder)!r} began with the weights {run.recipe.weights!r} according to its config.json, "
            "outside the working directory. To read them, run the command in a folder that holds both; to resume, give "
            f"--weights {quoted(run.recipe.weights)}"
        )
