"""All that is settled before the first clip is rendered; nothing is written here."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import augment_audio
from augment_audio import ENGINES, Request
from generate import demo, readers
from generate.audio.decode import Length
from generate.dataset import folder, own_files, png, settings_file, tables
from generate.dataset.settings import Settings
from generate.features import check_feature
from generate.features.spectrogram import spectrogram_image
from generate.readers import Collection, Reader, ReaderOptions
from generate.readers.collection.reader import origins_text
from generate.rendering.class_choice import choose_classes
from generate.rendering.clip import Front, Job
from generate.rendering.options import RenderOptions
from generate.rendering.plan import Plan, estimated_bytes, make_plan, spread
from generate.rendering.segments import cut_into_pieces
from generate.rendering.wanted_variants import idle_variants_file, wanted_variants
from generate.runtime.atomic_write import temporary_suffix
from generate.runtime.os_compat import max_path_length, relative_posix
from generate.runtime.safe_names import printable
from generate.runtime.versions import versions
from generate.workers.pool import usable_cores

DEMO = "demo"
SPARE_BYTES = 100_000_000
"""Disk space that a run leaves free."""


@dataclass(frozen=True)
class Prepared:
    """A run that can start.

    Parameters
    ----------
    layout : str
        Key of `READERS`.
    collection : Collection
        As read, before recordings are cut into pieces.
    whole_collection, clips : pandas.DataFrame
        The clips table of all there is, and of this run (`--limit`, `--classes`, `--leave-out`).
    origins : str
        Where class, fold and recording come from, in a line.
    left_out : Mapping of str to int
        Classes that are not of this run (`--classes`, `--leave-out`), and how many clips each has.
    unusable : Mapping of str to str
        Paths of recordings that need not be tried, and the reason.
    known_lengths : Mapping of str to Length
        Of recordings by their paths, where it was looked up.
    front : Front
        What is the same for every clip.
    engine_version : str
        Such as `librosa 0.11`.
    requests : Mapping of str to tuple of Request
        Variants of each label, beside the original.
    settings_json : dict
        What stands in `settings.json`.
    workers : int
    cluster : str
        Address of a Dask cluster to render on instead; else empty.
    listen : int
        Clips of each class whose sounds are written beside their images.
    overwrite, fan_out : bool
    """

    layout: str
    collection: Collection
    whole_collection: pd.DataFrame
    clips: pd.DataFrame
    origins: str
    left_out: Mapping[str, int]
    unusable: Mapping[str, str]
    known_lengths: Mapping[str, Length]
    front: Front
    engine_version: str
    requests: Mapping[str, tuple[Request, ...]]
    settings_json: dict[str, object]
    workers: int
    cluster: str
    listen: int
    overwrite: bool
    fan_out: bool

    @property
    def reader(self) -> Reader:
        """The reader of the collection's layout."""
        return readers.READERS[self.layout]

    @property
    def is_limited(self) -> bool:
        """Whether this run is of a part of the collection only."""
        return len(self.clips) < len(self.whole_collection)

    @property
    def missing(self) -> list[tuple[str, str, str]]:
        """What a table names in vain, of the classes of this run; under `--limit` that says nothing."""
        if len(self.clips) + sum(self.left_out.values()) < len(self.whole_collection):
            return []
        return [entry for entry in self.collection.missing if entry[1] not in self.left_out]

    def usable(self, jobs: Sequence[Job]) -> tuple[list[Job], list[tuple[Job, str]]]:
        """Those of some jobs that can be tried, and the others with the reason."""
        given_up = [(job, self.unusable[job.path]) for job in jobs if job.path in self.unusable]
        return [job for job in jobs if job.path not in self.unusable], given_up


def prepare(options: RenderOptions) -> Prepared:
    """Read the collection and settle the settings; check all that can be checked without the image folder.

    Parameters
    ----------
    options : RenderOptions

    Raises
    ------
    FileNotFoundError, ValueError
        With what was given, what was expected and how to fix it.
    """
    if options.cluster:
        if options.workers:
            raise ValueError("--workers and --cluster contradict each other; the cluster has workers of its own.")
        from generate.rendering.cluster import check_address

        check_address(options.cluster)
    audio_folder = _audio_folder(options.audio_folder)
    reader_options = options.reader
    if not options.output and not audio_folder.resolve().name:
        raise ValueError(f"{str(audio_folder)!r} is a whole disk and has no name for its images; give an OUTPUT.")
    images = Path(options.output) if options.output else Path("outputs", "images", audio_folder.resolve().name)
    _refuse_same_folder(audio_folder, images)

    found = readers.find(audio_folder, reader_options, layout=options.layout)
    audio_folder, layout = found.folder, found.layout
    _refuse_same_folder(audio_folder, images)
    collection = readers.read(audio_folder, layout, reader_options, is_explicit=bool(options.layout))
    collection.notes[:0] = found.notes
    defaults = {**readers.READERS[layout].defaults, **(demo.SETTINGS if options.audio_folder == DEMO else {})}
    settings = Settings(**{**defaults, **options.settings})
    check_feature(settings.feature, list(options.settings))
    settings = replace(settings, engine=augment_audio.choose_engine(settings.engine))
    engine_version = ENGINES[settings.engine].version()
    labels = sorted(collection.clips["label"].unique())
    chosen = choose_classes(labels, classes=options.classes, leave_out=options.leave_out)
    requests = wanted_variants(settings, labels)
    collection.notes += idle_variants_file(settings, requests)

    workers = options.workers or usable_cores()
    clips, unusable, known = collection.clips, {}, {}
    if settings.long == "split":
        clips, unusable, known = cut_into_pieces(clips, audio_folder, seconds=settings.seconds, workers=workers)
    # Only now: what a clip is called must not depend on which others are wanted.
    of_run = clips[clips["label"].isin(chosen)].reset_index(drop=True)
    variants_source = Path(settings.variants_file).read_text(encoding="utf-8-sig") if settings.variants_file else ""
    fingerprint = settings.fingerprint(engine_version=engine_version, variants_source=variants_source)
    front = Front(audio_folder.absolute(), images.absolute(), settings, png.palette(settings.colormap), fingerprint)
    return Prepared(
        layout=layout,
        collection=collection,
        whole_collection=clips,
        clips=spread(of_run, options.limit) if options.limit else of_run,
        origins=origins_text(readers.READERS[layout], collection, reader_options),
        left_out=clips.loc[~clips["label"].isin(chosen), "label"].value_counts().sort_index().to_dict(),
        unusable=unusable,
        known_lengths=known,
        front=front,
        engine_version=engine_version,
        requests=requests,
        settings_json=_settings_json(front, layout, reader_options, engine_version, options.fan_out),
        workers=workers,
        cluster=options.cluster,
        listen=options.listen,
        overwrite=options.overwrite,
        fan_out=options.fan_out,
    )


def survey(prepared: Prepared) -> Plan:
    """Look at what is in the image folder, and plan what is left to do.

    Raises
    ------
    ValueError
        If the folder is another program's, holds images of other settings, sounds or variants, or the disk is full.
    """
    images = prepared.front.images
    if prepared.overwrite:
        folder.check_ours(images)
        known, on_disk = pd.DataFrame(columns=list(tables.COLUMNS)), frozenset()
    else:
        folder.check_settings(images, prepared.settings_json)
        known, on_disk = folder.known_images(images), folder.list_images(images)
    plan = make_plan(
        prepared.clips,
        prepared.requests,
        audio_folder=prepared.front.audio_folder,
        known=known,
        on_disk=on_disk,
        whole_collection=prepared.whole_collection,
        listen=prepared.listen,
        fan_out=prepared.fan_out,
    )
    if prepared.overwrite:
        named, stay = folder.named_images(images), frozenset()
        on_disk = folder.list_images(images)
    else:
        named, stay = frozenset(known["file_name"]), {*plan.left, *plan.done["file_name"]}
    removed, _ = own_files.sort_out(images, (named & on_disk) - stay, named)
    foreign = own_files.foreign_files(images, named | plan.left)
    plan = replace(plan, removed=tuple(removed), foreign=tuple(foreign))
    _check_path_lengths(images, plan.left)
    n_bytes, n_bytes_free = bytes_needed(prepared, plan), free_bytes(images)
    if n_bytes + SPARE_BYTES > n_bytes_free:
        raise ValueError(
            f"The images will take about {n_bytes / 1e9:.1f} GB and {n_bytes_free / 1e9:.1f} GB are free where "
            f"{str(images)!r} lies; free some, give an OUTPUT on another disk, or take a smaller --image-size."
        )
    return plan


def _check_path_lengths(images: Path, file_names: Set[str]) -> None:
    """Check that the system takes the paths of all images."""
    most, longest = max_path_length(), max(file_names, key=len, default="")
    n = len(str(images)) + 1 + len(longest) + len(temporary_suffix())
    if most is not None and n > most:
        raise ValueError(
            f"The path of {longest!r} in {str(images)!r} takes {n} characters while it is written, and Windows takes "
            f"{most}. Give an OUTPUT that is {n - most} shorter, or turn long paths on (search for 'Windows enable "
            "long paths')."
        )


def bytes_needed(prepared: Prepared, plan: Plan) -> int:
    """Disk space that the images which are left will take, about."""
    settings = prepared.front.settings
    # An image of nothing tells the size; drawing one takes imports that the main process mostly does without.
    width, height = settings.image_size or spectrogram_image(np.zeros(1, dtype=np.float32), settings).shape[::-1]
    return estimated_bytes(len(plan.left), width=width, height=height)


def free_bytes(path: Path) -> int:
    """Free disk space where a path, which need not exist, lies."""
    existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    return shutil.disk_usage(existing).free


def _audio_folder(audio_folder: Path | str) -> Path:
    """The folder that was named; `demo` is made first."""
    return demo.synthesise(Path("datasets", DEMO)) if audio_folder == DEMO else Path(audio_folder)


def _refuse_same_folder(audio_folder: Path, images: Path) -> None:
    """Images are no sounds, and among the sounds they would be taken for classes of the next run."""
    if (audio_folder / tables.METADATA).is_file() and (audio_folder / settings_file.SETTINGS).is_file():
        raise ValueError(
            f"{str(audio_folder)!r} is a folder of images that this program made; give a folder of sounds."
        )
    inside = images.resolve() == audio_folder.resolve() or audio_folder.resolve() in images.resolve().parents
    if inside and audio_folder.is_dir():
        raise ValueError(
            f"OUTPUT {str(images)!r} lies in the sound folder {str(audio_folder)!r}; give a folder elsewhere."
        )


def _settings_json(
    front: Front, layout: str, options: ReaderOptions, engine_version: str, fan_out: bool
) -> dict[str, object]:
    """All that is needed to render one more clip the same way, and to credit the sounds."""
    reader = readers.READERS[layout]
    return {
        "format": 1,
        "fingerprint": front.fingerprint,
        "settings": front.settings.to_json(),
        "fan_out": fan_out,  # beside the settings: an image is the same wherever it lies
        "engine": engine_version,
        "collection": {
            "name": printable(front.audio_folder.resolve().name),
            "audio_folder": printable(relative_posix(front.audio_folder.resolve(), front.images.resolve())),
            "layout": layout,
            "subset": options.subset,
            "labels": options.labels.name if options.labels else "",
            "source_pattern": options.source_pattern,
            "name_pattern": options.name_pattern,
            "source_column": options.source_column,
            "citation": reader.citation,
            "licence": reader.licence,
        },
        "versions": versions(),
    }
