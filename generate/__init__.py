"""Stage one: a sound collection becomes a folder of spectrogram pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_metadata"]


def read_metadata(images: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the table of a folder of spectrogram images, for any program that trains on them.

    Classes, ids, folds and variants stay text: `pandas.read_csv` alone makes the class `007` a number, `NA` and `nan`
    missing values and `1e5` 100000.0.

    Parameters
    ----------
    images : str or path
        The folder that `python -m generate` made, or its `metadata.csv`.

    Returns
    -------
    pandas.DataFrame
        One row an image, index from 0. `file_name` (relative to the folder, with `/`), `label`, `clip_id`, `source_id`
        (split by this one), `recording`, `fold`, `variant`, `sound` and `audio_sha256` are text, `duplicate` and
        `silent` bool, `seconds`, `start_s` and `peak_dbfs` float (the last one in dB of full scale, -inf for digital
        silence), `sound_bytes` and `sound_mtime_ns` int.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        If it is not as `python -m generate` wrote it; the lines are named.

    Examples
    --------
    >>> from sklearn.model_selection import StratifiedGroupKFold  # doctest: +SKIP
    >>> table = generate.read_metadata("outputs/images/my_sounds")  # doctest: +SKIP
    >>> folds = StratifiedGroupKFold(5).split(table, table["label"], groups=table["source_id"])  # doctest: +SKIP
    """
    # Only now: `import generate` stays cheap, for every command imports it.
    from generate import manifest

    path = Path(images)
    path = path / manifest.METADATA if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no table {str(path)!r}. Give a folder of images that `python -m generate` made, such as "
            "outputs/images/demo."
        )
    return manifest.read_metadata(path)
