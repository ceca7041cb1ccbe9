"""What a finished run over very many clips leaves, without the run: a few real images, under very many names.

Sounds and images are hard links to those of a few clips, so a million of them take their folder entries and no more;
the tables are as long as those of a real run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from augment_audio import ORIGINAL
from generate.__main__ import main as generate
from generate.dataset import settings_file, tables
from generate.dataset.file_names import clip_folder, image_name
from generate.runtime.atomic_write import write_json

SR = 8000
OPTIONS = ("--engine", "librosa", "--sr", str(SR), "--seconds", "0.25", "--image-size", "32", "--long", "first")
"""Of every command on these folders: short sounds and small images, since neither is looked at."""
LINKS_A_FILE = 50_000
"""File systems allow 65,000 names a file and fewer."""


def finished_run(folder: Path, *, n_clips: int, n_classes: int, fan_out: bool = False) -> tuple[Path, Path]:
    """Make a folder of sounds, and the folder of their images as a whole run would leave it (without its page).

    Parameters
    ----------
    folder : Path
        That they are put into.
    n_clips : int
        In all classes together.
    n_classes : int
        Each gets as many clips as the others, but for one.
    fan_out : bool
        As `--fan-out`.

    Returns
    -------
    audio_folder, images : Path
        For `python -m generate AUDIO_FOLDER IMAGES` with `OPTIONS`.
    """
    audio_folder, images = folder / "audio_folder", folder / "images"
    tone = folder / "one" / "class" / "0.wav"
    tone.parent.mkdir(parents=True)
    soundfile.write(tone, 0.5 * np.sin(np.arange(SR // 4)), SR)
    few = folder / "one-images"
    more = ("--layout", "folders", *(("--fan-out",) if fan_out else ()))
    if generate([str(tone.parents[1]), str(few), *OPTIONS, *more, "--listen", "0", "--workers", "1"]):
        raise RuntimeError("the one clip that all are made of could not be rendered")
    rows = _rows(tables.read_metadata(few / tables.METADATA), n_clips, n_classes, fan_out)
    _link(tone, (audio_folder / name for name in rows["audio_file"].unique()))
    for variant, of_variant in rows.groupby("variant"):
        (image,) = few.rglob(f"*__{variant}.png")
        _link(image, (images / name for name in of_variant["file_name"]))
    settings = settings_file.read_settings(few / settings_file.SETTINGS)
    settings["collection"] |= {"name": audio_folder.name, "audio_folder": os.path.relpath(audio_folder, images)}
    write_json(images / settings_file.SETTINGS, settings)
    tables.write_table(images / tables.METADATA, rows)
    tables.write_table(images / tables.REJECTED, pd.DataFrame(columns=list(tables.REJECTED_COLUMNS)))
    return audio_folder, images


def _rows(of_one: pd.DataFrame, n_clips: int, n_classes: int, fan_out: bool) -> pd.DataFrame:
    """`metadata.csv` of many clips, each with the images of the one."""
    number = np.arange(n_clips)
    labels = [f"class{k:03d}" for k in number * n_classes // n_clips]
    ids = [f"{label}-{k:07d}" for label, k in zip(labels, number, strict=True)]
    clips = pd.DataFrame(
        {
            "label": labels,
            "clip_id": ids,
            "source_id": ids,
            "recording": ids,
            "fold": "",
            "audio_file": [f"{label}/{k:07d}.wav" for label, k in zip(labels, number, strict=True)],
            "audio_sha256": [hashlib.sha256(clip_id.encode()).hexdigest() for clip_id in ids],
            "folder": [clip_folder(*names, fan_out=fan_out) for names in zip(labels, ids, strict=True)],
        },
        dtype=object,
    )
    same = of_one.drop(columns=[*clips.columns.drop("folder"), "file_name"])
    is_original = same["variant"] == ORIGINAL
    same = pd.concat([same[is_original], same[~is_original].sort_values("variant")])
    rows = clips.merge(same, how="cross")
    rows["file_name"] = image_name(rows["folder"], rows["clip_id"], rows["variant"])
    return rows[list(tables.COLUMNS)]


def _link(file: Path, names: Iterable[Path]) -> None:
    """Give a file very many names; a copy of it goes on where it has as many as it may have."""
    source, made = file, set()
    for number, name in enumerate(names):
        if name.parent not in made:
            name.parent.mkdir(parents=True, exist_ok=True)
            made.add(name.parent)
        if number % LINKS_A_FILE == 0:
            shutil.copy2(file, name)
            source = name
        else:
            os.link(source, name)
