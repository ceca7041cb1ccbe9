"""Stage one: a labelled audio collection becomes a folder of spectrogram images.

>>> result = render("datasets/my_sounds", seconds=3, variants=["pitch=+2", "noise=20"])  # doctest: +SKIP
>>> table = read_dataset("outputs/images/my_sounds")  # doctest: +SKIP
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from generate.rendering.run import Result

__all__ = ["read_dataset", "render"]


def render(
    audio_folder: str | os.PathLike[str], output: str | os.PathLike[str] | None = None, **options: Any
) -> Result:
    """Render the images that are missing or stale, write the tables, and make the page: `python -m generate`.

    Parameters
    ----------
    audio_folder : str or path
        Folder of the collection.
    output : str or path, optional
        The image folder; default: `outputs/images/<name of the audio folder>`.
    **options
        Any field of `generate.dataset.settings.Settings` (such as `seconds`, `variants`, `image_size`), of
        `generate.readers.ReaderOptions` (such as `labels`, `source_pattern`), or of
        `generate.rendering.options.RenderOptions` (such as `layout`, `classes`, `workers`). Words of the command line
        are read too: `image_size="native"` or `"320x240"`, `background="none"`, `listen="all"`.

    Returns
    -------
    generate.rendering.run.Result
        `metadata` has one row an image, `rejected` one a clip that could not be rendered; `too_many_rejected()` is
        whether these are more than `max_rejected`.

    Raises
    ------
    TypeError
        If there is no such option.
    FileNotFoundError, ValueError
        If the collection or an option is not understood; nothing is written then.
    OSError
        If something cannot be written; what is done is kept, and the same call resumes.

    Examples
    --------
    In a script, call it within `if __name__ == "__main__":`, since it starts worker processes.

    >>> result = generate.render("datasets/ESC-10", seconds=3, variants=["none"])  # doctest: +SKIP
    >>> result.metadata["label"].value_counts()  # doctest: +SKIP
    """
    from generate.gallery.make import page_of_run
    from generate.rendering.options import options_by_name
    from generate.rendering.prepare import prepare
    from generate.rendering.run import execute
    from generate.workers.fork_server import environment_restored

    with environment_restored():
        return execute(prepare(options_by_name(audio_folder, output, options)), make_page=page_of_run)


def read_dataset(images: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of a folder of spectrogram images, for any program that trains on them.

    Classes, ids, folds and variants stay text: `pandas.read_csv` would read the class `007` as a number, `NA` and `nan`
    as missing values and `1e5` as 100000.0.

    Parameters
    ----------
    images : str or path
        The folder that `python -m generate` made, or its `metadata.csv`.

    Returns
    -------
    pandas.DataFrame
        One row an image, index from 0. `file_name` (relative to the folder, with `/`), `label`, `clip_id`,
        `source_id` (the group to split by), `recording`, `fold`, `split`, `variant`, `channel`, `audio_file`
        and `audio_sha256` are text, `duplicate` and `silent` bool, `seconds`, `start_s`, `dc_offset` and
        `peak_dbfs` float (the last one in dB of full scale, -inf for digital silence), `sample_rate_hz`,
        `audio_bytes` and `audio_mtime_ns` int.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        If it is not as `python -m generate` wrote it; the message names the lines.

    Examples
    --------
    >>> from sklearn.model_selection import StratifiedGroupKFold  # doctest: +SKIP
    >>> table = generate.read_dataset("outputs/images/my_sounds")  # doctest: +SKIP
    >>> folds = StratifiedGroupKFold(5).split(table, table["label"], groups=table["source_id"])  # doctest: +SKIP
    """
    # Imported late: every command imports this package, and pandas takes a second.
    from generate.dataset import tables

    path = Path(images)
    path = path / tables.METADATA if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no table {str(path)!r}. Give an image folder that `python -m generate` made, such as "
            "outputs/images/demo."
        )
    return tables.read_metadata(path)
