"""What a user may ask of stage one beside the settings of an image."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from generate.dataset.settings import Settings
from generate.defaults import LISTEN
from generate.readers import ReaderOptions


@dataclass(frozen=True)
class RenderOptions:
    """Where audio comes from, where images go, and which clips are rendered.

    Parameters
    ----------
    audio_folder : Path or str
        Folder of the collection; or `demo`, which is made first.
    output : Path or None
        The image folder; None: `outputs/images/<name of sounds>`.
    layout : str
        A key of `generate.readers.READERS`, or empty: found out from the folder.
    reader : ReaderOptions
    settings : Mapping
        Settings of an image that were given, by their names in `Settings`; the others are the layout's or the defaults.
    classes, leave_out : tuple of str
        Only these classes; all but these.
    limit : int
        Only so many clips, evenly from all classes, recordings and folds; 0: all.
    workers : int
        Processes; 0: one a core.
    cluster : str
        Address of a Dask cluster to render on instead.
    listen : int
        Clips of each class whose variants can be heard on the page.
    fan_out : bool
        Spread the images of a class over 256 folders.
    overwrite : bool
        Replace the images that are there.
    """

    audio_folder: Path | str
    output: Path | None = None
    layout: str = ""
    reader: ReaderOptions = field(default_factory=ReaderOptions)
    settings: Mapping[str, object] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    limit: int = 0
    workers: int = 0
    cluster: str = ""
    listen: int = LISTEN
    fan_out: bool = False
    overwrite: bool = False


def from_names(
    audio_folder: str | os.PathLike[str], output: str | os.PathLike[str] | None, options: Mapping[str, object]
) -> RenderOptions:
    """Deal options out by their names: to the settings of an image, to the reader, and to the run.

    Raises
    ------
    TypeError
        If there is no such option.
    """
    of_image, of_reader, of_run = ({f.name for f in fields(kind)} for kind in (Settings, ReaderOptions, RenderOptions))
    of_run -= {"audio_folder", "output", "reader", "settings"}
    unknown = sorted(set(options) - of_image - of_reader - of_run)
    if unknown:
        close = difflib.get_close_matches(unknown[0], [*of_image, *of_reader, *of_run], n=1)
        raise TypeError(f"There is no option {unknown[0]!r}." + (f" Did you mean {close[0]!r}?" if close else ""))
    reader = {name: Path(value) if name == "labels" else value for name, value in options.items() if name in of_reader}
    return RenderOptions(
        audio_folder=Path(audio_folder),
        output=None if output is None else Path(output),
        reader=ReaderOptions(**reader),
        settings={name: value for name, value in options.items() if name in of_image},
        **{name: value for name, value in options.items() if name in of_run},
    )
