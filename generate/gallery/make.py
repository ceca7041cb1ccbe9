"""The page on which a person sees and hears what was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from generate.dataset import folder, png, settings_file, tables
from generate.dataset.recordings import recordings_of
from generate.dataset.settings import Settings
from generate.defaults import LISTEN
from generate.gallery.listen import choose, stale, with_known_variants, write_audio
from generate.gallery.page import PAGES, fill
from generate.gallery.page_data import page_data
from generate.rendering.clip import Front
from generate.rendering.prepare import Prepared
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.wording import count, on_a_line, shown
from generate.workers.pool import usable_cores

TEMPLATE = PAGES / "gallery.html"
OWN_VARIANTS = "No sound of {} was written: variants of your own are made again only with --variants-file FILE.py"


@dataclass(frozen=True)
class Unheard:
    """What the page lacks.

    Parameters
    ----------
    reasons : dict of str to str
        Clips whose sounds could not be written, and the reason.
    notes : tuple of str
        What was not tried, and what the user can do; a line each.
    """

    reasons: dict[str, str]
    notes: tuple[str, ...] = ()


def make_gallery(
    images: Path,
    *,
    listen: int = LISTEN,
    workers: int = 0,
    audio_folder: Path | None = None,
    variants_file: str = "",
    front: Front | None = None,
) -> Unheard:
    """Write the page of a folder of images, and the sounds that it plays.

    Parameters
    ----------
    images : Path
        A folder that `python -m generate` made.
    listen : int
        Clips of each class whose sound and variants are written beside their images; sounds that are there stay.
    workers : int
        Processes for that; 0: one a core.
    audio_folder : Path, optional
        Folder of the recordings; default: the one that `settings.json` names, if it lies in the working directory
        (see `generate.dataset.recordings`).
    variants_file : str
        The user's own variants, which is run; the one that `settings.json` names never is.
    front : Front, optional
        In place of these two: what a run of the user's has just rendered the images with.

    Returns
    -------
    Unheard
        The page is written all the same.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is no folder of images or has none, `sounds` is no folder, or `variants_file` is not the one that the
        images were rendered with.
    """
    folder.check_finished(images)
    described = settings_file.read_settings(images / settings_file.SETTINGS)
    metadata = tables.read_metadata(images / tables.METADATA)
    if not len(metadata):
        raise ValueError(f"There are no images in {str(images)!r}; see its {tables.REJECTED} for the reasons.")
    is_own, why_not = front is not None, ""
    if front is None:
        front, why_not = front_of(images, described, audio_folder=audio_folder, variants_file=variants_file)
    unheard = Unheard({})
    if listen and len(rows := stale(choose(metadata, images, clips_a_class=listen), images)):
        if front is None:
            unheard = Unheard({}, (why_not,))
        else:
            rows, unknown = with_known_variants(rows, front.settings.variants_file)
            reasons = write_audio(rows, front, workers=workers or usable_cores(), follow_links=is_own)
            unheard = Unheard(reasons, (OWN_VARIANTS.format(", ".join(unknown)),) if unknown else ())
    data = page_data(images, described, metadata, audio_folder=front and front.audio_folder, follow_links=is_own)
    write_text_atomically(images / folder.PAGE, fill(TEMPLATE, data))
    return unheard


def page_of_run(prepared: Prepared) -> str:
    """Write the page of the images that a run has just rendered, and say where it is."""
    images = prepared.front.images
    unheard = make_gallery(images, listen=prepared.listen, workers=prepared.workers, front=prepared.front)
    return gallery_text(images, unheard.reasons)


def front_of(
    images: Path, described: Mapping[str, object], *, audio_folder: Path | None = None, variants_file: str = ""
) -> tuple[Front | None, str]:
    """What rendered a folder of images, by its `settings.json`; the sound folder need not be there any more.

    Parameters
    ----------
    images : Path
    described : Mapping
        Of `settings.json`. The variants file that it names is never run.
    audio_folder : Path, optional
        Folder of the recordings that the user named.
    variants_file : str
        That the user named; empty: none.

    Returns
    -------
    front : Front or None
        None where the recordings may not be read.
    why_not : str
        And why; see `generate.dataset.recordings.recordings_of`.

    Raises
    ------
    FileNotFoundError, ValueError
        If `sounds` is no folder, or `variants_file` is not the one that the images were rendered with.
    """
    settings = replace(Settings.from_json(described["settings"]), variants_file=variants_file)
    if variants_file:
        _check_variants_file(settings, described)
    recordings, why_not = recordings_of(images, described, given=audio_folder)
    if recordings is None:
        return None, why_not
    palette = png.palette(settings.colormap)
    return Front(recordings, images.absolute(), settings, palette, described["fingerprint"]), ""


def _check_variants_file(settings: Settings, described: Mapping[str, object]) -> None:
    """Check that a variants file is the one that the images were rendered with, before it is run."""
    path = Path(settings.variants_file)
    if not path.is_file():
        raise FileNotFoundError(f"There is no variants file {str(path)!r}.")
    how = {"engine_version": str(described.get("engine")), "variants_source": path.read_text(encoding="utf-8-sig")}
    if settings.fingerprint(**how) != described["fingerprint"]:
        raise ValueError(
            f"--variants-file must be the one that these images were rendered with. Got {str(path)!r}, which is "
            "another one or was changed since, or another version of this program rendered them. Leave it out, or "
            "render the images again."
        )


def gallery_text(images: Path, reasons: Mapping[str, str]) -> str:
    """Where the page is, and what could not be made to be heard; for the terminal."""
    lines = [f"To see and hear them: open {shown(images / folder.PAGE)}"]
    if reasons:
        first, reason = next(iter(sorted(reasons.items())))
        such = on_a_line(f"{first}: {reason}")
        lines.append(f"  no sound of {count(len(reasons), 'clip')} could be written, such as {such}")
    return "\n".join(lines)
