"""Stage one from its options to its tables: prepare, then execute."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import augment_audio
from augment_audio import ENGINES, Request
from generate import demo, folder, manifest, png, readers
from generate.command_line import settings_from
from generate.features import FEATURES
from generate.pieces import cut_into_pieces
from generate.plan import Plan, estimated_bytes, make_plan, spread
from generate.progress import Progress
from generate.readers import Collection, Reader, ReaderOptions
from generate.readers.collection import printable
from generate.render import Front, known_variants
from generate.settings import Settings
from generate.spectrogram import levels
from generate.versions import versions
from generate.workers import outcomes, usable_cores

DEMO = "demo"
SPARE_BYTES = 100_000_000
"""Disk space that a run leaves free."""


@dataclass(frozen=True)
class Prepared:
    """Everything that is known before the first clip is rendered; nothing was written yet.

    Parameters
    ----------
    layout : str
        Key of `READERS`.
    collection : Collection
        As read, before recordings are cut into pieces.
    front : Front
        What is the same for every clip.
    engine_version : str
        Such as `librosa 0.11.0`.
    requests : Mapping of str to tuple of Request
        Variants of each label, beside the original.
    plan : Plan
    settings_json : dict
        What stands in `settings.json`.
    workers : int
    overwrite, whole_collection : bool
    n_bytes, n_bytes_free : int
        Disk space that the pictures will take, about, and that there is.
    """

    layout: str
    collection: Collection
    front: Front
    engine_version: str
    requests: Mapping[str, tuple[Request, ...]]
    plan: Plan
    settings_json: dict[str, object]
    workers: int
    overwrite: bool
    whole_collection: bool
    n_bytes: int
    n_bytes_free: int

    @property
    def reader(self) -> Reader:
        """The reader of the collection's layout."""
        return readers.READERS[self.layout]


@dataclass(frozen=True)
class Result:
    """What a run did.

    Parameters
    ----------
    metadata : pandas.DataFrame
        As in `metadata.csv`.
    rejected : pandas.DataFrame
        As in `rejected.csv`.
    lost_classes : list of str
        Classes of which no clip could be rendered.
    n_clips : int
        Clips that were wanted, files that a table names in vain included.
    n_rendered, n_removed : int
        Pictures.
    foreign : list of str
        PNG files in the folder that this program did not make.
    elapsed_s : float
    """

    metadata: pd.DataFrame
    rejected: pd.DataFrame
    lost_classes: list[str]
    n_clips: int
    n_rendered: int
    n_removed: int
    foreign: list[str]
    elapsed_s: float

    def too_much_rejected(self, max_percent: float) -> bool:
        """Whether more than a part of the clips, or a whole class, was rejected."""
        return bool(self.lost_classes) or 100 * len(self.rejected) > max_percent * self.n_clips


def prepare(options: argparse.Namespace) -> Prepared:
    """Read the collection, settle the settings and make the plan; check all that can be checked.

    Raises
    ------
    FileNotFoundError, ValueError
        With what was given, what was expected and how to mend it.
    """
    sounds = _sound_folder(options.sounds)
    images = Path(options.output) if options.output else Path("outputs", "images", sounds.resolve().name)
    _refuse_same_folder(sounds, images)

    names = ReaderOptions.__dataclass_fields__
    reader_options = ReaderOptions(**{name: getattr(options, name) for name in names})
    layout = options.layout or readers.find_layout(sounds, reader_options)
    collection = readers.read(sounds, layout, reader_options)
    defaults = {**readers.READERS[layout].defaults, **(demo.SETTINGS if options.sounds == DEMO else {})}
    settings = settings_from(options, defaults)
    settings = replace(settings, engine=augment_audio.choose_engine(settings.engine))
    engine_version = ENGINES[settings.engine].version()
    requests = _requests(settings, sorted(collection.clips["label"].unique()))

    clips = collection.clips
    if settings.long == "split":
        clips = cut_into_pieces(clips, sounds, seconds=settings.seconds)
    if options.limit:
        clips = spread(clips, options.limit)
    whole_collection = not options.limit

    variants_source = Path(settings.variants_file).read_text(encoding="utf-8") if settings.variants_file else ""
    fingerprint = settings.fingerprint(engine_version=engine_version, variants_source=variants_source)
    front = Front(sounds.absolute(), images.absolute(), settings, png.palette(settings.colormap), fingerprint)
    height, width = _picture_shape(settings)
    settings_json = _settings_json(front, layout, engine_version)
    if options.overwrite:
        known, on_disk = pd.DataFrame(columns=list(manifest.COLUMNS)), frozenset()
        folder.check_ours(images)
    else:
        folder.check_settings(images, settings_json)
        known, on_disk = folder.known_pictures(images), folder.list_pictures(images)
    plan = make_plan(clips, requests, sounds=sounds, known=known, on_disk=on_disk, whole_collection=whole_collection)
    n_bytes = estimated_bytes(sum(len(job.requests) for job in plan.jobs), width=width, height=height)
    n_bytes_free = shutil.disk_usage(_existing(images)).free
    if n_bytes + SPARE_BYTES > n_bytes_free:
        raise ValueError(
            f"The pictures will take about {n_bytes / 1e9:.1f} GB and {n_bytes_free / 1e9:.1f} GB are free where "
            f"{str(images)!r} lies; free some, give an OUTPUT on another disk, or take a smaller --image-size."
        )
    return Prepared(
        layout=layout,
        collection=collection,
        front=front,
        engine_version=engine_version,
        requests=requests,
        plan=plan,
        settings_json=settings_json,
        workers=options.workers or usable_cores(),
        overwrite=options.overwrite,
        whole_collection=whole_collection,
        n_bytes=n_bytes,
        n_bytes_free=n_bytes_free,
    )


def execute(prepared: Prepared) -> Result:
    """Render what is left, and write the tables.

    Raises
    ------
    ValueError
        If another run is at work in the folder.
    OSError
        If something cannot be written; what is done is kept.
    KeyboardInterrupt
        The same.
    """
    images, plan = prepared.front.images, prepared.plan
    started = time.monotonic()
    with folder.locked(images):
        if prepared.overwrite:
            folder.clear(images)
        folder.remove_temporary(images)
        manifest.write_settings(images / manifest.SETTINGS, prepared.settings_json)
        rejected = _render_all(prepared)

        rows = pd.concat([plan.done, manifest.read_journal(images / manifest.JOURNAL)], ignore_index=True)
        rows = rows.drop_duplicates("file_name", keep="last")
        rows = rows[~rows["clip_id"].isin(rejected["clip_id"])]
        metadata = _sorted(manifest.unite_equal_sounds(rows))
        n_removed, foreign = folder.remove_pictures(images, folder.list_pictures(images) - set(metadata["file_name"]))
        manifest.write_table(images / manifest.REJECTED, rejected)
        manifest.write_table(images / manifest.METADATA, metadata)
        (images / manifest.JOURNAL).unlink()
    wanted = pd.concat([plan.clips["label"], rejected.loc[rejected["clip_id"] == "", "label"]])
    rendered = set(metadata["label"])
    return Result(
        metadata=metadata,
        rejected=rejected,
        lost_classes=sorted(set(wanted) - rendered),
        n_clips=len(wanted),
        n_rendered=sum(len(job.requests) for job in plan.jobs if job.clip_id not in set(rejected["clip_id"])),
        n_removed=n_removed,
        foreign=foreign,
        elapsed_s=time.monotonic() - started,
    )


def _render_all(prepared: Prepared) -> pd.DataFrame:
    """Render all jobs, note each in the journal, and return the table of rejected clips."""
    front, plan = prepared.front, prepared.plan
    rejected = [(path, "", label, reason) for path, label, reason in prepared.collection.missing]
    journal = manifest.Journal(front.images / manifest.JOURNAL)
    temporary_folder = _fresh_temporary_folder(front.images)
    try:
        with Progress(len(plan.jobs)) as progress:
            jobs = outcomes(plan.jobs, front, workers=prepared.workers, temporary_folder=temporary_folder)
            for job, outcome in jobs:
                if isinstance(outcome, str):
                    hint = prepared.reader.known_broken.get(job.clip_id)
                    reason = f"{outcome} ({hint})" if hint else outcome
                    rejected.append((printable(job.path), job.clip_id, job.label, reason))
                else:
                    journal.note(outcome)
                progress.step(n_rejected=len(rejected))
    finally:
        journal.close()
        shutil.rmtree(temporary_folder, ignore_errors=True)
    return pd.DataFrame(sorted(rejected), columns=list(manifest.REJECTED_COLUMNS), dtype=object)


def _sorted(metadata: pd.DataFrame) -> pd.DataFrame:
    """By class and clip, each original before its variants."""
    is_variant = metadata["variant"] != augment_audio.ORIGINAL
    order = metadata.assign(is_variant=is_variant).sort_values(["label", "clip_id", "is_variant", "variant"])
    return order[list(manifest.COLUMNS)].reset_index(drop=True)


def _sound_folder(sounds: str) -> Path:
    """The folder that was named; `demo` is made first."""
    if sounds != DEMO:
        return Path(sounds)
    return demo.synthesise(Path("datasets", DEMO))


def _refuse_same_folder(sounds: Path, images: Path) -> None:
    """Pictures among the sounds would be taken for classes of the next run."""
    inside = images.resolve() == sounds.resolve() or sounds.resolve() in images.resolve().parents
    if inside and sounds.is_dir():
        raise ValueError(f"OUTPUT {str(images)!r} lies in the sound folder {str(sounds)!r}; give a folder elsewhere.")


def _requests(settings: Settings, labels: list[str]) -> dict[str, tuple[Request, ...]]:
    """The variants of each class, read and tried."""
    variants = known_variants(settings.variants_file)
    unknown = sorted(set(settings.class_variants) - set(labels))
    if unknown:
        raise ValueError(
            f"[class-variants] names the class {unknown[0]!r}, which the collection does not have; it has "
            f"{', '.join(labels)}."
        )
    requests = {
        label: augment_audio.parse_requests(
            settings.class_variants.get(label, settings.variants), variants, augment_audio.PRESETS
        )
        for label in labels
    }
    own = set(variants) - set(augment_audio.VARIANTS)
    asked = {request for of_label in requests.values() for request in of_label if request.kind in own}
    for request in sorted(asked, key=lambda request: request.name):
        _try_own(request, settings)
    return requests


def _try_own(request: Request, settings: Settings) -> None:
    """Try a variant of the user's on a second of a tone, so that its faults show before the first clip."""
    tone = 0.5 * np.sin(2 * np.pi * 440 / settings.sr * np.arange(settings.sr))
    sound = augment_audio.open_sound(tone.astype(np.float32), settings.sr, engine=settings.engine)
    try:
        variants = known_variants(settings.variants_file)
        augment_audio.make_variant(sound, request, variants, seed=settings.seed, clip_id="tone")
    except Exception as error:  # the user's own code may raise anything
        raise ValueError(
            f"The variant {request.name!r} of {settings.variants_file!r} fails on a second of a tone: "
            f"{type(error).__name__}: {error}"
        ) from error


def _picture_shape(settings: Settings) -> tuple[int, int]:
    """Height and width of a picture; drawing one also tries the feature's settings."""
    if settings.feature not in FEATURES:
        raise ValueError(f"There is no feature {settings.feature!r}; choose from {', '.join(FEATURES)}.")
    return levels(np.zeros(1, dtype=np.float32), settings).shape


def _settings_json(front: Front, layout: str, engine_version: str) -> dict[str, object]:
    """All that is needed to render one more clip the same way, and to credit the sounds."""
    reader = readers.READERS[layout]
    return {
        "format": 1,
        "fingerprint": front.fingerprint,
        "settings": front.settings.to_json(),
        "engine": engine_version,
        "collection": {
            "name": front.sounds.resolve().name,
            "layout": layout,
            "sounds": Path(os.path.relpath(front.sounds.resolve(), front.images.resolve())).as_posix(),
            "citation": reader.citation,
            "licence": reader.licence,
        },
        "versions": versions(),
    }


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())


def _fresh_temporary_folder(images: Path) -> Path:
    """Make an empty folder for temporary files.

    It is the same for each run on one picture folder: a run that was killed leaves its files there, and the next one
    removes them.
    """
    digest = hashlib.sha256(os.fsencode(images.resolve())).hexdigest()[:12]
    path = Path(tempfile.gettempdir(), f"generate-{digest}")
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path
