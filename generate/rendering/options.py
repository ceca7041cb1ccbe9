"""What stage one is told, beside the settings of an image: which audio, which clips, and how to run."""

from __future__ import annotations

import difflib
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generate.dataset.image_size import parse_image_size
from generate.dataset.settings import Settings
from generate.runtime.one_or_several import as_tuple

if TYPE_CHECKING:
    from generate.readers import ReaderOptions

OVERLAPPING = ("drop", "first", "multi")
SHORTEST_HOP_S = 0.01
WORDS = {("background", "none"): 0.0, ("listen", "all"): sys.maxsize}
"""Values of options that are written as a word."""
DEMO = "demo"
"""In place of an audio folder: the collection that `generate.demo` synthesises."""


def _default_reader_options() -> ReaderOptions:
    # Imported late: readers need pandas, and `--help` takes its defaults from here.
    from generate.readers import ReaderOptions

    return ReaderOptions()


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{name} must be a number. Got {value!r}.")


@dataclass(frozen=True)
class WindowOptions:
    """How windows of annotated recordings are labelled.

    Parameters
    ----------
    min_overlap : float
        A window has the label of an event if it covers this fraction of it, or if the event covers this fraction of
        the window; above 0, at most 1.
    overlapping : {"drop", "first", "multi"}
        Leave out a window with the labels of two classes, give it that of the event that begins first, or all of them.
    background : float
        Windows of the class `_background` for each event, from stretches without one; 0: none.
    window_hop_s : float
        From the start of a window to the next, in seconds; 0: half a window.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    min_overlap: float = 0.5
    overlapping: str = "drop"
    background: float = 2.0
    window_hop_s: float = 0.0

    def __post_init__(self) -> None:
        """Check every value."""
        for item in fields(self):
            if item.name != "overlapping":
                _check_number(item.name, getattr(self, item.name))
        if not 0 < self.min_overlap <= 1:
            raise ValueError(f"min_overlap must be a fraction above 0, at most 1. Got {self.min_overlap:g}.")
        if self.overlapping not in OVERLAPPING:
            raise ValueError(f"overlapping must be one of {', '.join(OVERLAPPING)}. Got {self.overlapping!r}.")
        if not 0 <= self.background <= 1000:
            raise ValueError(f"background must be windows for each event, 0 to 1000. Got {self.background:g}.")
        if self.window_hop_s and not SHORTEST_HOP_S <= self.window_hop_s < math.inf:
            raise ValueError(f"window_hop_s must be {SHORTEST_HOP_S:g} s or more. Got {self.window_hop_s:g}.")


@dataclass(frozen=True)
class RenderOptions:
    """Where audio comes from, where images go, which clips are rendered, and how.

    Parameters
    ----------
    audio_folder : Path or str
        Folder of the collection; or `demo`, which is synthesised first.
    output : Path, optional
        The image folder. Default: `outputs/images/<name of the audio folder>`.
    layout : str
        A key of `generate.readers.READERS`; empty: detected from the folder.
    reader : ReaderOptions
        How labels, folds and recordings are read.
    labels_from : tuple of Path
        Reviews, as the page `review.html` saves them; see `generate.rendering.relabel`.
    windows : WindowOptions
        How windows are labelled, where `reader` has annotations.
    settings : Mapping
        Settings of an image that were given, by their names in `Settings`; the others are the layout's or the defaults.
    classes, leave_out : tuple of str
        Only these classes; all but these.
    limit : int
        At most so many clips, stratified by class, recording and fold; 0: all.
    workers : int
        Processes; 0: one a core.
    cluster : str
        Address of a Dask cluster to render on instead.
    listen : int
        Clips of each class whose audio variants are written beside their images, for the page.
    fan_out : bool
        Distribute the images of a class over 256 subfolders.
    overwrite : bool
        Replace the images that are in the folder.
    max_rejected : float
        Percentage of rejected clips, 0 to 100, above which a run counts as failed (`Result.too_many_rejected`).

    Raises
    ------
    ValueError
        If a number is out of its range, or two options contradict each other.
    """

    audio_folder: Path | str
    output: Path | None = None
    layout: str = ""
    reader: ReaderOptions = field(default_factory=_default_reader_options)
    labels_from: tuple[Path, ...] = ()
    windows: WindowOptions = field(default_factory=WindowOptions)
    settings: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    limit: int = 0
    workers: int = 0
    cluster: str = ""
    listen: int = 4
    fan_out: bool = False
    overwrite: bool = False
    max_rejected: float = 5.0

    def __post_init__(self) -> None:
        """Check what does not depend on the collection."""
        for name in ("classes", "leave_out"):
            object.__setattr__(self, name, as_tuple(getattr(self, name)))
        for name in ("limit", "workers", "listen"):
            if type(value := getattr(self, name)) is not int or value < 0:
                raise ValueError(f"{name} must be a whole number, 0 or more. Got {value!r}.")
        for name in ("fan_out", "overwrite"):
            if not isinstance(value := getattr(self, name), bool):
                raise ValueError(f"{name} must be True or False. Got {value!r}.")
        _check_number("max_rejected", self.max_rejected)
        if not 0 <= self.max_rejected <= 100:
            raise ValueError(f"max_rejected must be a percentage from 0 to 100. Got {self.max_rejected:g}.")
        if self.cluster and self.workers:
            raise ValueError("--workers and --cluster contradict each other; the cluster has workers of its own.")
        for item in fields(WindowOptions):
            value = getattr(self.windows, item.name)
            if value != item.default and self.reader.annotations is None and self.layout != "audioset":
                raise ValueError(
                    f"--{item.name.replace('_', '-')} must be combined with --annotations. Got {value} without it. "
                    "Leave it out, or give --annotations; for AudioSet's strong labels give --layout audioset."
                )


def options_by_name(
    audio_folder: str | os.PathLike[str], output: str | os.PathLike[str] | None, options: Mapping[str, Any]
) -> RenderOptions:
    """Build `RenderOptions` from keyword arguments, of which some are settings of an image and some the reader's.

    Raises
    ------
    TypeError
        If there is no such option.
    """
    from generate.readers import ReaderOptions

    kinds = (Settings, ReaderOptions, WindowOptions, RenderOptions)
    of_image, of_reader, of_windows, of_run = ({f.name for f in fields(kind)} for kind in kinds)
    of_run -= {"audio_folder", "output", "reader", "windows", "settings"}
    unknown = sorted(set(options) - of_image - of_reader - of_windows - of_run)
    if unknown:
        close = difflib.get_close_matches(unknown[0], [*of_image, *of_reader, *of_windows, *of_run], n=1)
        raise TypeError(f"There is no option {unknown[0]!r}." + (f" Did you mean {close[0]!r}?" if close else ""))
    options = {name: _from_text(name, value) if isinstance(value, str) else value for name, value in options.items()}
    reader = {name: value for name, value in options.items() if name in of_reader}
    for name in ("labels", "annotations"):
        if reader.get(name) is not None:
            reader[name] = Path(reader[name])
    return RenderOptions(
        audio_folder=DEMO if audio_folder == DEMO else Path(audio_folder),
        labels_from=tuple(map(Path, as_tuple(options.get("labels_from", ())))),
        output=None if output is None else Path(output),
        reader=ReaderOptions(**reader),
        windows=WindowOptions(**{name: value for name, value in options.items() if name in of_windows}),
        settings={name: value for name, value in options.items() if name in of_image},
        **{name: value for name, value in options.items() if name in of_run - {"labels_from"}},
    )


def _from_text(name: str, text: str) -> object:
    """The value of an option that the command line reads from text, or the text itself."""
    return parse_image_size(text) if name == "image_size" else WORDS.get((name, text), text)
