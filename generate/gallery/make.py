"""Write the page on which a person sees and hears the images of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from generate.dataset import folder, png, settings_file, tables
from generate.dataset.allowed_recordings import recordings_of
from generate.dataset.settings import Settings
from generate.dataset.settings_file import SettingsFile, is_multilabel
from generate.features.spectrogram import check_denoising
from generate.gallery.fill_page import PAGES, fill
from generate.gallery.listen import choose, stale, with_known_variants, write_audio
from generate.gallery.page_data import page_data
from generate.gallery.review.of_images import write_gallery_review
from generate.rendering.clip import Front
from generate.rendering.options import RenderOptions
from generate.rendering.prepare import Prepared
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.lock import locked
from generate.runtime.wording import count, on_a_line, shown
from generate.workers.pool import usable_cores

TEMPLATE = PAGES / "gallery.html"
OWN_VARIANTS = (
    "No audio of {} was written: variants of your own need --variants-file FILE.py, and backgrounds their folder, "
    "which only `python -m generate` is given"
)


@dataclass(frozen=True)
class MissingAudio:
    """Audio that the page should play and cannot.

    Parameters
    ----------
    reasons : Mapping of str to str
        Clips whose audio could not be written, and the reason.
    notes : tuple of str
        What was not tried, and what the user can do; a line each.
    """

    reasons: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def make_gallery(
    images: Path,
    *,
    listen: int = RenderOptions.listen,
    workers: int = 0,
    audio_folder: Path | None = None,
    variants_file: str = "",
) -> MissingAudio:
    """Make the page of an image folder again, and the audio that it plays; the folder is locked meanwhile.

    Parameters
    ----------
    images : Path
        A folder that `python -m generate` made.
    listen : int
        Clips of each class whose audio variants are written beside their images; existing ones stay.
    workers : int
        Processes for that; 0: one a core.
    audio_folder : Path, optional
        Folder of the recordings. Default: the one that `settings.json` names, if it is in the working directory (see
        `generate.dataset.allowed_recordings`).
    variants_file : str
        The user's own variants, which is run; the one that `settings.json` names never is.

    Returns
    -------
    MissingAudio
        The page is written all the same.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is no image folder or has no images, `audio_folder` is no folder, `variants_file` is not the one that the
        images were rendered with, or another run has locked the folder.
    """
    folder.check_finished(images)  # before the lock, which would be a file in somebody else's folder
    with locked(images):
        described = settings_file.read_settings(images / settings_file.SETTINGS)
        front, why_not = front_of(images, described, audio_folder=audio_folder, variants_file=variants_file)
        return _write_page(images, described, front, why_not=why_not, listen=listen, workers=workers)


def page_of_run(prepared: Prepared) -> str:
    """Write the page of the images that a run has just rendered, and return where it is; the folder is locked."""
    images = prepared.front.images
    missing = _write_page(
        images,
        settings_file.read_settings(images / settings_file.SETTINGS),
        prepared.front,
        listen=prepared.options.listen,
        workers=prepared.workers,
        follow_links=True,
    )
    return gallery_text(images, missing)


def _write_page(
    images: Path,
    described: SettingsFile,
    front: Front | None,
    *,
    why_not: str = "",
    listen: int,
    workers: int,
    follow_links: bool = False,
) -> MissingAudio:
    """Write the page, and the audio that it plays.

    Parameters
    ----------
    images : Path
    described : Mapping
        The content of `settings.json`.
    front : Front or None
        What rendered the images; None if the recordings may not be read.
    why_not : str
        And why.
    listen, workers : int
        See `make_gallery`.
    follow_links : bool
        Whether links may lead out of the audio folder; only if the user named it.
    """
    metadata = tables.read_metadata(images / tables.METADATA)
    if not len(metadata):
        raise ValueError(f"There are no images in {str(images)!r}; see its {tables.REJECTED} for the reasons.")
    missing = MissingAudio()
    multilabel = is_multilabel(described)
    if listen and len(rows := stale(choose(metadata, images, clips_a_class=listen, multilabel=multilabel), images)):
        if front is None:
            missing = MissingAudio(notes=(why_not,))
        else:
            rows, unknown = with_known_variants(rows, front)
            reasons = write_audio(rows, front, workers=workers or usable_cores(), follow_links=follow_links)
            missing = MissingAudio(reasons, (OWN_VARIANTS.format(", ".join(unknown)),) if unknown else ())
    audio_folder = None if front is None else front.audio_folder
    data = page_data(images, described, metadata, audio_folder=audio_folder, follow_links=follow_links)
    data["review_page"] = "" if multilabel else folder.REVIEW
    write_text_atomically(images / folder.PAGE, fill(TEMPLATE, data))
    if not multilabel:
        write_gallery_review(images, described, data)
    return missing


def front_of(
    images: Path, described: SettingsFile, *, audio_folder: Path | None = None, variants_file: str = ""
) -> tuple[Front | None, str]:
    """What rendered an image folder, by its `settings.json`; the audio folder need not be there any more.

    Parameters
    ----------
    images : Path
    described : Mapping
        The content of `settings.json`. The variants file that it names is never run.
    audio_folder : Path, optional
        Folder of the recordings, as the user named it.
    variants_file : str
        As the user named it; empty: none.

    Returns
    -------
    front : Front or None
        None where the recordings may not be read, or a package is missing.
    why_not : str
        And why; see `generate.dataset.allowed_recordings.recordings_of`.

    Raises
    ------
    FileNotFoundError, ValueError
        If `audio_folder` is no folder, or `variants_file` is not the one that the images were rendered with.
    """
    settings = replace(Settings.from_json(described["settings"]), variants_file=variants_file)
    if variants_file:
        _check_variants_file(settings, described)
    recordings, why_not = recordings_of(images, described, given=audio_folder)
    if recordings is None:
        return None, why_not
    try:
        check_denoising(settings)
    except FileNotFoundError as error:
        return None, str(error)
    palette = png.palette(settings.colormap)
    return Front(recordings, images.absolute(), settings, palette, described["fingerprint"]), ""


def _check_variants_file(settings: Settings, described: SettingsFile) -> None:
    """Check that a variants file is the one that the images were rendered with, before it is run."""
    path = Path(settings.variants_file)
    if not path.is_file():
        raise FileNotFoundError(f"There is no variants file {str(path)!r}.")
    fingerprint = settings.fingerprint(
        engine_version=described["engine"], variants_source=path.read_text(encoding="utf-8-sig")
    )
    if fingerprint != described["fingerprint"]:
        raise ValueError(
            f"--variants-file must be the one that these images were rendered with. Got {str(path)!r}, which is "
            "another one or has changed, or another version of this program rendered them. Leave it out, or render the "
            "images again."
        )


def gallery_text(images: Path, missing: MissingAudio) -> str:
    """Where the page is, and what it cannot play; for the terminal."""
    lines = [f"To see and hear them: open {shown(images / folder.PAGE)}"]
    if missing.reasons:
        first, reason = next(iter(sorted(missing.reasons.items())))
        example = on_a_line(f"{first}: {reason}")
        lines.append(f"  no audio of {count(len(missing.reasons), 'clip')} could be written, such as {example}")
    return "\n".join([*lines, *(f"  {note}" for note in missing.notes)])
