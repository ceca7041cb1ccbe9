"""Background recordings of a rehearsal: those that the models have not heard."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import pandas as pd

from augment_audio import Background
from generate.audio.equal_files import EqualFiles
from generate.dataset.settings import Settings
from generate.rendering.backgrounds import find_background, sha256_of
from generate.runtime.wording import listed
from generate.workers.processes import map_ordered
from train.predict.recordings import MAX_READERS


def unheard_background(folder: Path, images: pd.DataFrame, audio_folder: Path, settings: Settings) -> Background:
    """Find the background recordings in a folder, and check that the models were not trained on them.

    Parameters
    ----------
    folder : Path
    images : pandas.DataFrame
        `metadata.csv` of the run's images.
    audio_folder : Path
        Of their recordings.
    settings : Settings
        Of the images.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no audio file, one cannot be used, or one is the file of a clip, begins as a clip of the images, or
        begins as a recording that was mixed into them.
    """
    background = find_background(folder, "--background-folder", channels=settings.channels, workers=MAX_READERS)
    heard = {*images.loc[~images["silent"].astype(bool), "audio_sha256"], *images["background_sha256"]}
    parts = [(folder / file,) for file in background.files]
    with tempfile.TemporaryDirectory(prefix="rehearse-", ignore_cleanup_errors=True) as temporary:
        read = partial(sha256_of, settings=settings)
        digests = list(map_ordered(read, parts, workers=MAX_READERS, temporary_folder=Path(temporary)))
    trained_on = EqualFiles(audio_folder / file for file in images["audio_file"].unique())
    known = [
        file
        for file, (_, sha256) in zip(background.files, digests, strict=True)
        if sha256 in heard or trained_on.first_equal(folder / file)
    ]
    if known:
        raise ValueError(
            "--background-folder must hold recordings that the models were not trained on, or accuracies are too high. "
            f"Got {listed(known)}, which the images hold as a clip or as a background (--variants "
            "background=FOLDER@...). Record others, or split the folder before you render."
        )
    return background
