"""The audio folder and the image folder of a run."""

from __future__ import annotations

from pathlib import Path

from generate import demo
from generate.dataset import settings_file, tables
from generate.rendering.options import DEMO, RenderOptions


def folders_of(options: RenderOptions) -> tuple[Path, Path]:
    """The audio folder, where `demo` is synthesised first, and the image folder.

    Parameters
    ----------
    options : RenderOptions

    Raises
    ------
    ValueError
        If one is inside of the other, or the image folder has no name.
    """
    is_demo = options.audio_folder == DEMO
    audio_folder = demo.synthesise(Path("datasets", DEMO)) if is_demo else Path(options.audio_folder)
    name = audio_folder.resolve().name
    if not options.output and not name:
        raise ValueError(f"{str(audio_folder)!r} is a whole disk and has no name for its images. Give an OUTPUT.")
    images = Path(options.output) if options.output else Path("outputs", "images", name)
    refuse_overlap(audio_folder, images)
    return audio_folder, images


def refuse_overlap(audio_folder: Path, images: Path) -> None:
    """Refuse images as audio, and images within the audio folder: the next run would read their folders as classes.

    Parameters
    ----------
    audio_folder, images : Path

    Raises
    ------
    ValueError
        With what to give instead.
    """
    if (audio_folder / tables.METADATA).is_file() and (audio_folder / settings_file.SETTINGS).is_file():
        raise ValueError(
            f"AUDIO_FOLDER must be a folder of audio files. Got {str(audio_folder)!r}, an image folder that this "
            "program made. Give the folder of its recordings."
        )
    inside = images.resolve() == audio_folder.resolve() or audio_folder.resolve() in images.resolve().parents
    if inside and audio_folder.is_dir():
        raise ValueError(
            f"OUTPUT must be outside of the audio folder. Got {str(images)!r}, which is in {str(audio_folder)!r}. Give "
            "a folder elsewhere."
        )
