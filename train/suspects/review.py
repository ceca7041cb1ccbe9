"""The page on which suspected labels are reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.allowed_recordings import recordings_of
from generate.dataset.clip_audio import audio_beside
from generate.dataset.settings import Settings
from generate.features.spectrogram import padded_before
from generate.gallery.fill_page import address
from generate.gallery.page_data import recording_address
from generate.gallery.review.items import ReviewItem, played_part
from generate.gallery.review.write_page import audio_folder_beside, write_review_page
from generate.runtime.os_compat import relative_to_page
from generate.runtime.safe_names import safe_name
from generate.runtime.wording import count
from train.explain.explain_run import EXPLAINED
from train.report.label_quality import SUSPECTS_PAGE
from train.report.page import IMAGES
from train.runs.run_folder import Run
from train.wording import percent


def write_suspects_page(run: Run, suspects: pd.DataFrame) -> Path:
    """Write `suspects.html` into the folder of a run, which is locked, and return its path.

    Parameters
    ----------
    run : Run
    suspects : pandas.DataFrame
        As `train.suspects.find_suspects.find_suspects` gives them.
    """
    described = run.image_settings()
    settings = Settings.from_json(described["settings"])
    audio_folder, _ = recordings_of(run.images, described)
    items = [
        ReviewItem(
            clip_id=row.clip_id,
            file=row.audio_file,
            start_s=float(row.start_s),
            end_s=float(row.end_s),
            label=row.label,
            image=_address(run, row.file_name),
            **_audio(run, row, settings, audio_folder),
            why=f"Labelled {row.label} ({percent(row.p_label)}), predicted {row.suggested} ({percent(row.p_suggested)})"
            + (f"; nearest training clips: {row.nearest_labels}" if row.nearest_labels else ""),
            suggested=row.suggested,
        )
        for row in suspects[suspects["reviewed"] == ""].itertuples()
    ]
    n_reviewed = int((suspects["reviewed"] != "").sum())
    page = run.folder / SUSPECTS_PAGE
    name = run.folder.resolve().name
    write_review_page(
        page,
        items,
        classes=run.classes,
        title=f"Suspected labels of {run.collection}",
        found_by="suspects",
        run=name,
        settings=settings,
        images=run.images,
        sounds=audio_folder_beside(page, run.images, described),
        note=f"Found by the run {name}. The nearest are training clips of other recordings, by pretrained features."
        + (f" Left out: {count(n_reviewed, 'clip')} whose label a review gave." if n_reviewed else ""),
    )
    return page


def _address(run: Run, name: str) -> str:
    """Of a file of the image folder: the copy in the run's folder where it is there; empty if there is neither."""
    if (run.folder / IMAGES / name).is_file():
        return address(f"{IMAGES}/{name}")
    place = relative_to_page(run.images, run.folder)
    if not (run.images / name).is_file():
        return ""
    return (run.images / name).resolve().as_uri() if Path(place).is_absolute() else address(f"{place}/{name}")


class _Audio(TypedDict):
    """What `ReviewItem` says of the audio of a clip."""

    audio: str
    before_s: float


def _audio(run: Run, row: Any, settings: Settings, audio_folder: Path | None) -> _Audio:
    """The audio beside the image, that of the clip's explanation, or the recording if it may be read."""
    before_s = padded_before(settings, row.clip_id) * max(0.0, settings.seconds - (row.end_s - row.start_s))
    audio = _address(run, audio_beside(row.file_name))
    explained = f"{EXPLAINED}/{safe_name(f'{row.clip_id}__{ORIGINAL}')}__original.mp3"
    if not audio and (run.folder / explained).is_file():
        return {"audio": address(explained), "before_s": 0.0}  # it has the silence before it that its image has
    if not audio:
        recording = recording_address(row.audio_file, run.folder, audio_folder=audio_folder, follow_links=False)
        audio = recording and played_part(recording, row.start_s, min(row.end_s, row.start_s + settings.seconds))
    return {"audio": audio, "before_s": round(before_s, 4)}
