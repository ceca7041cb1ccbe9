"""The page on which a person sees and hears what was made: `python -m generate.gallery IMAGES`.

`python -m generate` makes it at the end of every run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL
from generate import folder, manifest, png
from generate.axes import frequency_marks, time_marks
from generate.command_line import LISTEN, clips_a_class, positive
from generate.listen import choose, stale, with_known_variants, write_sounds
from generate.page import PAGES, address, fill
from generate.recordings import leads_out, recordings_of
from generate.render import Front
from generate.settings import Settings
from generate.systems import print_any_name, relative
from generate.wording import count, on_a_line, shown, what_failed
from generate.workers import usable_cores

TEMPLATE = PAGES / "gallery.html"
PLAYED = frozenset((".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3"))
"""Files that browsers play as they are."""
OWN_VARIANTS = "No sound of {} was written: variants of your own are made again only with --variants-file FILE.py"
MOST_CLIPS = 10_000
"""That a page shows and checks, as evenly from all classes as they allow: more than ESC-50 and UrbanSound8K have. With
very many clips a page would open slowly or not at all, and the check compares each with each."""
IMAGE_PRESET = {
    "zoom_range": 0.25,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.3,
    "rotation_range": 30,
    "brightness_range": (0.5, 1.5),
}
SPECTROGRAM_PRESET = {
    "time_warp": (0.75, 1.33),
    "band_shift": 3 / 128,
    "frequency_mask": 0.15,
    "time_mask": 0.2,
}
"""What `python -m train --augment image --image-preset paper` and `--augment spectrogram` draw from, for the preview.
Stage one knows nothing of stage two; a test holds them to it."""


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
    sounds: Path | None = None,
    variants_file: str = "",
    front: Front | None = None,
) -> Unheard:
    """Write the page of a folder of pictures, and the sounds that it plays.

    Parameters
    ----------
    images : Path
        A folder that `python -m generate` made.
    listen : int
        Clips of each class whose sound and variants are written beside their pictures; sounds that are there stay.
    workers : int
        Processes for that; 0: one a core.
    sounds : Path, optional
        Folder of the recordings; default: the one that `settings.json` names, if it lies in the working directory
        (see `generate.recordings`).
    variants_file : str
        The user's own variants, which is run; the one that `settings.json` names never is.
    front : Front, optional
        In place of these two: what a run of the user's has just rendered the pictures with.

    Returns
    -------
    Unheard
        The page is written all the same.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is no folder of pictures or has none, `sounds` is no folder, or `variants_file` is not the one that the
        pictures were rendered with.
    """
    folder.check_finished(images)
    described = manifest.read_settings(images / manifest.SETTINGS)
    metadata = manifest.read_metadata(images / manifest.METADATA)
    if not len(metadata):
        raise ValueError(f"There are no pictures in {str(images)!r}; see its {manifest.REJECTED} for the reasons.")
    is_own, why_not = front is not None, ""
    if front is None:
        front, why_not = front_of(images, described, sounds=sounds, variants_file=variants_file)
    unheard = Unheard({})
    if listen and len(rows := stale(choose(metadata, images, clips_a_class=listen), images)):
        if front is None:
            unheard = Unheard({}, (why_not,))
        else:
            rows, unknown = with_known_variants(rows, front.settings.variants_file)
            reasons = write_sounds(rows, front, workers=workers or usable_cores(), follow_links=is_own)
            unheard = Unheard(reasons, (OWN_VARIANTS.format(", ".join(unknown)),) if unknown else ())
    data = page_data(images, described, metadata, sounds=front and front.sounds, follow_links=is_own)
    manifest.write_whole(images / folder.PAGE, fill(TEMPLATE, data))
    return unheard


def front_of(
    images: Path, described: Mapping[str, object], *, sounds: Path | None = None, variants_file: str = ""
) -> tuple[Front | None, str]:
    """What rendered a folder of pictures, by its `settings.json`; the sound folder need not be there any more.

    Parameters
    ----------
    images : Path
    described : Mapping
        Of `settings.json`. The variants file that it names is never run.
    sounds : Path, optional
        Folder of the recordings that the user named.
    variants_file : str
        That the user named; empty: none.

    Returns
    -------
    front : Front or None
        None where the recordings may not be read.
    why_not : str
        And why; see `generate.recordings.recordings_of`.

    Raises
    ------
    FileNotFoundError, ValueError
        If `sounds` is no folder, or `variants_file` is not the one that the pictures were rendered with.
    """
    settings = replace(Settings.from_json(described["settings"]), variants_file=variants_file)
    if variants_file:
        _check_variants_file(settings, described)
    recordings, why_not = recordings_of(images, described, given=sounds)
    if recordings is None:
        return None, why_not
    palette = png.palette(settings.colormap)
    return Front(recordings, images.absolute(), settings, palette, described["fingerprint"]), ""


def _check_variants_file(settings: Settings, described: Mapping[str, object]) -> None:
    """See that a variants file is the one that the pictures were rendered with, before it is run."""
    path = Path(settings.variants_file)
    if not path.is_file():
        raise FileNotFoundError(f"There is no variants file {str(path)!r}.")
    how = {"engine_version": str(described.get("engine")), "variants_source": path.read_text(encoding="utf-8-sig")}
    if settings.fingerprint(**how) != described["fingerprint"]:
        raise ValueError(
            f"--variants-file must be the one that these pictures were rendered with. Got {str(path)!r}, which is "
            "another one or was changed since, or another version of this program rendered them. Leave it out, or "
            "render the pictures again."
        )


def page_data(
    images: Path,
    described: Mapping[str, object],
    metadata: pd.DataFrame,
    *,
    sounds: Path | None = None,
    follow_links: bool = False,
) -> dict[str, object]:
    """All that the page shows, as plain values; of at most `MOST_CLIPS` clips.

    Parameters
    ----------
    images : Path
    described : Mapping
        Of `settings.json`.
    metadata : pandas.DataFrame
        Of `metadata.csv`.
    sounds : Path, optional
        Folder of the recordings, which the page links to; None: it links to none.
    follow_links : bool
        Whether links in that folder may lead out of it.

    Returns
    -------
    dict
        `clips` is a list a column, and names in it stand as places in `classes`, `folders`, `folds`, `variants`, to be
        short.
    """
    from generate.health import assess

    settings = Settings.from_json(described["settings"])
    collection = described.get("collection") or {}
    rejected = images / manifest.REJECTED
    n_clips = metadata["clip_id"].nunique()
    table, findings = assess.of_metadata(images, settings, metadata, most=MOST_CLIPS)
    metadata = metadata[metadata["clip_id"].isin(table["clip_id"])]
    return {
        "name": collection.get("name", images.resolve().name),
        "licence": collection.get("licence", ""),
        "citation": collection.get("citation", ""),
        "settings": settings_in_words(settings, described),
        "seconds": settings.seconds,
        "frequency_marks": frequency_marks(settings),
        "time_marks": time_marks(settings),
        "darkest": "#" + png.palette(settings.colormap)[:3].hex(),
        "sound_suffix": folder.SOUND_SUFFIX,
        "image_preset": IMAGE_PRESET,
        "spectrogram_preset": SPECTROGRAM_PRESET,
        **_columns(
            images,
            metadata,
            dict(zip(table["clip_id"], table["flags"], strict=True)),
            sounds=sounds,
            follow_links=follow_links,
        ),
        "n_left_out": n_clips - len(table),
        "rejected": (manifest.read_rejected(rejected).to_dict("split")["data"] if rejected.is_file() else []),
        "findings": [[finding.status, finding.what, finding.mend] for finding in findings],
    }


def settings_in_words(settings: Settings, described: Mapping[str, object]) -> list[tuple[str, str]]:
    """Names and values of the settings that one looks up, for a person."""
    size = "one pixel a frame and band" if settings.image_size is None else "{} × {} px".format(*settings.image_size)
    rows = {
        "sample rate": f"{settings.sr:,} Hz",
        "length": f"{settings.seconds:g} s, shorter clips filled with {settings.pad}",
        "feature": settings.feature,
        "frequencies": f"{settings.fmin_hz:g} to {settings.highest_hz:g} Hz",
        "bands": f"{settings.n_bands}",
        "window, hop": f"{settings.n_fft}, {settings.hop_length} samples",
        "range": f"{settings.range_db:g} dB below the {settings.reference}",
        "picture": f"{size}, {settings.colormap}",
        "pitch and tempo by": str(described.get("engine", settings.engine)),
        "settings": str(described["fingerprint"]),
    }
    return list(rows.items())


def _columns(
    images: Path, metadata: pd.DataFrame, flags: Mapping[str, str], *, sounds: Path | None, follow_links: bool
) -> dict[str, object]:
    """The clips, a list a column."""
    of_clip = metadata.drop_duplicates("clip_id").set_index("clip_id")
    variants = [ORIGINAL, *sorted(set(metadata["variant"]) - {ORIGINAL})]
    classes, folds = sorted(of_clip["label"].unique()), sorted(of_clip["fold"].unique(), key=lambda f: (len(f), f))
    clip_folders = of_clip["file_name"].str.rpartition("/")[0]
    folders = sorted(clip_folders.unique())
    place_of_folder = {name: number for number, name in enumerate(folders)}
    place = {name: number for number, name in enumerate(variants)}
    pictures = (
        metadata.assign(
            shown=[
                [place[name], seconds, int(duplicate)]
                for name, seconds, duplicate in zip(
                    metadata["variant"], metadata["seconds"], metadata["duplicate"].astype(bool), strict=True
                )
            ]
        )
        .groupby("clip_id", sort=False)["shown"]
        .agg(list)
    )
    files = [
        _address_of(sound, sounds, images)
        if sounds is not None
        and Path(sound).suffix.lower() in PLAYED
        and start_s == 0
        and not leads_out(sound, sounds, by_links=not follow_links)
        else ""
        for sound, start_s in zip(of_clip["sound"], of_clip["start_s"], strict=True)
    ]
    there = folder.list_sounds(images)
    heard = [folder.sound_of(file_name) in there for file_name in of_clip["file_name"]]
    return {
        "classes": classes,
        "folders": folders,
        "folds": folds,
        "variants": variants,
        "clips": {
            "id": list(of_clip.index),
            "label": [classes.index(label) for label in of_clip["label"]],
            "folder": [place_of_folder[name] for name in clip_folders],
            "fold": [folds.index(fold) for fold in of_clip["fold"]],
            "recording": list(of_clip["source_id"]),
            "peak_dbfs": [None if pd.isna(peak) or peak == -float("inf") else peak for peak in of_clip["peak_dbfs"]],
            "sound": files,
            "sound_file": list(of_clip["sound"]),
            "start_s": list(of_clip["start_s"]),
            "is_heard": [int(is_there) for is_there in heard],
            "pictures": [pictures[clip_id] for clip_id in of_clip.index],
            "flags": [flags.get(clip_id, "") for clip_id in of_clip.index],
        },
    }


def _address_of(sound: str, sounds: Path, images: Path) -> str:
    """A recording as the page links to it."""
    place = relative(sounds.resolve(), images.resolve())
    # On another drive of Windows there is no way from one to the other.
    return Path(place, sound).as_uri() if Path(place).is_absolute() else address(f"{place}/{sound}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the page anew and return the exit status."""
    print_any_name()
    parser = argparse.ArgumentParser(
        prog="python -m generate.gallery",
        description="Make the page of a folder of pictures anew: IMAGES/index.html, which opens by a double click.",
        epilog="exit status: 0 all well, 1 no page could be made (the message says why), 2 wrong use.",
    )
    parser.add_argument("images", metavar="IMAGES", type=Path, help="folder of pictures, such as outputs/images/ESC-10")
    parser.add_argument(
        "--listen",
        type=clips_a_class,
        default=LISTEN,
        metavar="N",
        help=f"write the sound of each variant of N clips a class, or of `all` (default: {LISTEN}; 0: none)",
    )
    parser.add_argument(
        "--sounds",
        metavar="FOLDER",
        type=Path,
        help="the recordings (default: the folder that settings.json names, if it lies in the working directory)",
    )
    parser.add_argument(
        "--variants-file",
        metavar="FILE.py",
        default="",
        help="your own variants, to make their sounds too; this file is run, and none that a folder names ever is",
    )
    parser.add_argument("--workers", type=positive, default=0, metavar="N", help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    try:
        folder.check_finished(options.images)  # before the lock, which would be a file in somebody else's folder
        with folder.locked(options.images):
            unheard = make_gallery(
                options.images,
                listen=options.listen,
                workers=options.workers,
                sounds=options.sounds,
                variants_file=options.variants_file,
            )
    except (ValueError, OSError) as error:
        print(f"generate.gallery: {what_failed(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The sounds that are written stay.", file=sys.stderr)
        return 130
    print("\n".join([gallery_text(options.images, unheard.reasons), *(f"  {note}" for note in unheard.notes)]))
    return 0


def gallery_text(images: Path, reasons: Mapping[str, str]) -> str:
    """Where the page is, and what could not be made to be heard."""
    lines = [f"To see and hear them: open {shown(images / folder.PAGE)}"]
    if reasons:
        first, reason = next(iter(sorted(reasons.items())))
        such = on_a_line(f"{first}: {reason}")
        lines.append(f"  no sound of {count(len(reasons), 'clip')} could be written, such as {such}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
