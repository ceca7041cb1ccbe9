"""The data that the page of an image folder shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL
from generate.audit.flag_words import FLAG_WORDS
from generate.dataset import folder, png, tables
from generate.dataset.allowed_recordings import leads_out
from generate.dataset.clip_audio import audio_beside
from generate.dataset.label_sets import split_labels
from generate.dataset.planes import DELTAS, planes_in_words
from generate.dataset.settings import PADS, Settings
from generate.dataset.settings_file import SettingsFile, is_multilabel
from generate.features import FEATURES
from generate.features.axes import event_boxes, frequency_marks, time_marks
from generate.features.pcen import BRIGHTEST
from generate.features.spectrogram import padded_before
from generate.gallery.fill_page import address
from generate.gallery.review.items import played_part
from generate.runtime.os_compat import relative_to_page
from generate.runtime.safe_names import path_on_disk

PLAYED = frozenset((".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3"))
"""Audio files that browsers play."""
MOST_CLIPS = 10_000
"""Clips that a page shows, and whose images it checks, as many of each class: more than ESC-50 and UrbanSound8K have.
With very many a page would open slowly or not at all, and the check compares each pair."""
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
"""The ranges of `python -m train --augment image --image-preset paper` and `--augment spectrogram`, for the preview.
Stage one does not import stage two; a test compares them."""


def page_data(
    image_folder: Path,
    described: SettingsFile,
    metadata: pd.DataFrame,
    *,
    audio_folder: Path | None = None,
    follow_links: bool = False,
) -> dict[str, object]:
    """Collect what the page shows, of at most `MOST_CLIPS` clips.

    Parameters
    ----------
    image_folder : Path
    described : Mapping
        The content of `settings.json`.
    metadata : pandas.DataFrame
        Of `metadata.csv`.
    audio_folder : Path, optional
        Folder of the recordings, to which the page links; None: it does not link to them.
    follow_links : bool
        Whether links may lead out of that folder.

    Returns
    -------
    dict
        `clips` has a list for each column; to be short, it refers to `classes`, `folders`, `folds` and `variants` by
        their positions.
    """
    from generate.audit import assess

    settings = Settings.from_json(described["settings"])
    collection = described["collection"]
    rejected = image_folder / tables.REJECTED
    n_clips = metadata["clip_id"].nunique()
    multilabel = is_multilabel(described)
    table, findings = assess.of_metadata(image_folder, settings, metadata, most=MOST_CLIPS, multilabel=multilabel)
    metadata = metadata[metadata["clip_id"].isin(table["clip_id"])]
    return {
        "name": collection["name"],
        "licence": collection["licence"],
        "citation": collection["citation"],
        "settings": settings_in_words(settings, described),
        "planes": planes_in_words(settings.planes),
        "seconds": settings.seconds,
        "frequency_marks": frequency_marks(settings),
        "time_marks": time_marks(settings),
        "darkest": _darkest(settings),
        "image_preset": IMAGE_PRESET,
        "spectrogram_preset": SPECTROGRAM_PRESET,
        **_columns(
            image_folder,
            metadata,
            settings,
            dict(zip(table["clip_id"], table["flags"], strict=True)),
            audio_folder=audio_folder,
            follow_links=follow_links,
            multilabel=multilabel,
        ),
        "n_left_out": n_clips - len(table),
        "rejected": (tables.read_rejected(rejected).to_dict("split")["data"] if rejected.is_file() else []),
        "findings": [[finding.status, finding.what, finding.fix] for finding in findings],
    }


def _darkest(settings: Settings) -> str:
    """The colour of silence; of a derivative, it is grey."""
    if not settings.planes:
        return "#" + png.palette(settings.colormap)[:3].hex()
    return "#" + "".join("80" if name in DELTAS else "00" for name in settings.planes)


def settings_in_words(settings: Settings, described: SettingsFile) -> list[tuple[str, str]]:
    """Names and values of the settings, in words."""
    size = "one pixel a frame and band" if settings.image_size is None else "{} × {} px".format(*settings.image_size)
    used = FEATURES[settings.feature].settings
    in_db = f"{settings.range_db:g} dB below the {settings.reference}"
    rows = {
        "sample rate": f"{settings.sr:,} Hz",
        "length": f"{settings.seconds:g} s, shorter clips padded by {PADS[settings.pad]}",
        "feature": settings.feature,
        "frequencies": f"{settings.fmin_hz:g} to {settings.highest_hz:g} Hz",
        **({"bands": f"{settings.n_bands}"} if "n_bands" in used else {}),
        **({"bins": f"{settings.bins_per_octave} an octave"} if "bins_per_octave" in used else {}),
        **({"window": f"{settings.n_fft} samples"} if "n_fft" in used else {}),
        "hop": f"{settings.hop_length} samples",
        "range": f"0 to {BRIGHTEST:g}; background down to {in_db}" if settings.feature == "pcen" else in_db,
        "image": size if settings.planes else f"{size}, {settings.colormap}",
        **({"planes": planes_in_words(settings.planes)} if settings.planes else {}),
        "pitch and tempo by": described["engine"],
        "settings": described["fingerprint"],
    }
    return list(rows.items())


def _columns(
    image_folder: Path,
    metadata: pd.DataFrame,
    settings: Settings,
    flags: Mapping[str, str],
    *,
    audio_folder: Path | None,
    follow_links: bool,
    multilabel: bool,
) -> dict[str, object]:
    """The clips, a list a column."""
    of_clip = metadata.drop_duplicates("clip_id").set_index("clip_id")
    variants = [ORIGINAL, *sorted(set(metadata["variant"]) - {ORIGINAL})]
    classes, folds = sorted(of_clip["label"].unique()), sorted(of_clip["fold"].unique(), key=lambda f: (len(f), f))
    clip_folders = of_clip["file_name"].str.rpartition("/")[0]
    folders = sorted(clip_folders.unique())
    place_of_folder = {name: number for number, name in enumerate(folders)}
    place = {name: number for number, name in enumerate(variants)}
    there = folder.list_audio(image_folder)
    images = (
        metadata.assign(
            shown=[
                [place[name], seconds, int(duplicate), int(audio_beside(file_name) in there)]
                for name, seconds, duplicate, file_name in zip(
                    metadata["variant"],
                    metadata["seconds"],
                    metadata["duplicate"].astype(bool),
                    metadata["file_name"],
                    strict=True,
                )
            ]
        )
        .groupby("clip_id", sort=False)["shown"]
        .agg(list)
    )
    seconds = metadata[metadata["variant"] == ORIGINAL].set_index("clip_id")["seconds"]
    seconds = seconds.reindex(of_clip.index, fill_value=settings.seconds).clip(upper=settings.seconds)
    addresses = [
        recording_address(path, image_folder, audio_folder=audio_folder, follow_links=follow_links)
        for path in of_clip["audio_file"]
    ]
    parts = [
        place and played_part(place, start_s, start_s + heard_s)
        for place, start_s, heard_s in zip(addresses, of_clip["start_s"], seconds, strict=True)
    ]
    return {
        "classes": classes,
        "labels_of": [split_labels(label) if multilabel else [label] for label in classes],
        "flag_words": FLAG_WORDS,
        "folders": folders,
        "folds": folds,
        "variants": variants,
        "clips": {
            "id": list(of_clip.index),
            "label": pd.Index(classes).get_indexer(of_clip["label"]).tolist(),
            "folder": [place_of_folder[name] for name in clip_folders],
            "fold": [folds.index(fold) for fold in of_clip["fold"]],
            "recording": list(of_clip["source_id"]),
            "peak_dbfs": [None if pd.isna(peak) or peak == -float("inf") else peak for peak in of_clip["peak_dbfs"]],
            "audio_address": parts,
            "audio_file": list(of_clip["audio_file"]),
            "start_s": list(of_clip["start_s"]),
            "images": [images[clip_id] for clip_id in of_clip.index],
            "flags": [flags.get(clip_id, "") for clip_id in of_clip.index],
            "pad_before": [round(padded_before(settings, clip_id), 4) for clip_id in of_clip.index],
            "events": [
                event_boxes(
                    text, settings, before_s=padded_before(settings, clip_id) * max(0, settings.seconds - seconds)
                )
                for clip_id, text, seconds in zip(of_clip.index, of_clip["events"], of_clip["seconds"], strict=True)
            ],
        },
    }


def recording_address(path: str, image_folder: Path, *, audio_folder: Path | None, follow_links: bool) -> str:
    """The address of a recording, relative to the page; empty where the page does not link to it.

    Parameters
    ----------
    path : str
        As in the column `audio_file`.
    image_folder : Path
        In which the page lies.
    audio_folder, follow_links
        See `page_data`.
    """
    if audio_folder is None or Path(path).suffix.lower() not in PLAYED:
        return ""
    if leads_out(path, audio_folder, by_links=not follow_links):
        return ""
    path = path_on_disk(path, audio_folder)
    place = relative_to_page(audio_folder, image_folder)
    # There is no relative path to another drive of Windows.
    return Path(place, path).as_uri() if Path(place).is_absolute() else address(f"{place}/{path}")
