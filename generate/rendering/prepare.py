"""All that is settled before the first clip is rendered; nothing is written here, but for the demo collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd

import augment_audio
from augment_audio import ENGINES, Request
from generate import demo, readers
from generate.audio.decode import Length
from generate.dataset import folder, png, settings_file
from generate.dataset.planes import check_given
from generate.dataset.settings import Settings
from generate.dataset.settings_file import SettingsFile
from generate.features import check_feature
from generate.features.spectrogram import check_denoising
from generate.readers import Collection, Reader
from generate.readers.collection.reader import origins_text
from generate.rendering.backgrounds import BackgroundFolder, find_backgrounds
from generate.rendering.clip import Front, Job, known_variants
from generate.rendering.clip_selection import check_not_empty, choose_classes, stratified_limit
from generate.rendering.folders import folders_of, refuse_overlap
from generate.rendering.options import RenderOptions, WindowOptions
from generate.rendering.relabel import relabel, reviews_of
from generate.rendering.segments import cut_into_pieces
from generate.rendering.variants import all_of, note_unused_variants_file, requested_variants, try_own_variants
from generate.rendering.windows import cut_into_windows
from generate.runtime.os_compat import relative_posix
from generate.runtime.safe_names import printable
from generate.runtime.versions import versions
from generate.workers.pool import usable_cores


@dataclass(frozen=True)
class Prepared:
    """A run that can start.

    Parameters
    ----------
    options : RenderOptions
        As given.
    workers : int
        Processes.
    layout : str
        Key of `READERS`.
    collection : Collection
        As read, before recordings are cut into pieces.
    whole_collection, clips : pandas.DataFrame
        The clips table of the whole collection, and of this run (`--limit`, `--classes`, `--leave-out`).
    origins : str
        Where class, fold and recording come from, in a line.
    left_out : Mapping of str to int
        Classes that are not of this run (`--classes`, `--leave-out`), and how many clips each has; 0 where no file is
        there.
    unusable : Mapping of str to str
        Paths of recordings that are known to be unusable, and the reason.
    known_lengths : Mapping of str to Length
        Lengths of recordings by their paths, where they were measured.
    front : Front
        What is the same for every clip.
    engine_version : str
        Such as `librosa 0.11`.
    requests : Mapping of str to tuple of Request
        Variants of each label, beside the original.
    settings_json : dict
        The content of `settings.json`.
    review : pandas.DataFrame or None
        What became of each row of the reviews; None: there are none.
    applied_review : bytes
        The `reviewed.csv` of the image folder that this run knows of.
    """

    options: RenderOptions
    workers: int
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
    settings_json: SettingsFile
    review: pd.DataFrame | None = None
    applied_review: bytes = b""

    @property
    def reader(self) -> Reader:
        """The reader of the collection's layout."""
        return readers.READERS[self.layout]

    @property
    def is_limited(self) -> bool:
        """Whether this run is of some clips of the collection only."""
        return len(self.clips) < len(self.whole_collection)

    @property
    def missing(self) -> list[tuple[str, str, str]]:
        """Files of the classes of this run that cannot be read or are not there; not known under `--limit`."""
        if len(self.clips) + sum(self.left_out.values()) < len(self.whole_collection):
            return []
        unreadable = [(path, "", reason) for path, reason in self.without_windows.items()]
        return [entry for entry in self.collection.missing if entry[1] not in self.left_out] + unreadable

    @property
    def without_windows(self) -> Mapping[str, str]:
        """Annotated recordings that cannot be read, of which no window is a clip, and the reason."""
        return {} if self.collection.events is None else self.unusable

    def usable(self, jobs: Sequence[Job]) -> tuple[list[Job], list[tuple[Job, str]]]:
        """Separate jobs that can be tried from those of unusable recordings, which have a reason."""
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
        from generate.rendering.cluster import check_address

        check_address(options.cluster)
    known_variants.cache_clear()  # in a notebook the file may have changed since the last call
    audio_folder, images = folders_of(options)
    found = readers.find(audio_folder, options.reader, layout=options.layout)
    audio_folder, layout = found.folder, found.layout
    refuse_overlap(audio_folder, images)
    applied_review = folder.applied_review(images)
    review = reviews_of(options, images, audio_folder)
    collection = readers.read(audio_folder, layout, options.reader, is_explicit=bool(options.layout))

    settings = _settings(options, layout, is_demo=demo.is_demo(audio_folder))
    engine_version = ENGINES[settings.engine].version()
    workers = options.workers or usable_cores()
    clips = collection.clips
    unusable: Mapping[str, str] = {}
    known_lengths: Mapping[str, Length] = {}
    if collection.events is not None:
        if settings.long != "split":
            raise ValueError(f"--long must be split with --annotations. Got {settings.long}. Leave it out.")
        windows = cut_into_windows(
            clips,
            collection.events,
            audio_folder,
            seconds=settings.seconds,
            options=options.windows,
            workers=workers,
            reject_short=layout == "audioset",
        )
        clips, unusable, known_lengths = windows.clips, windows.unusable, windows.known
        collection.notes += windows.notes
        collection.multilabel = options.windows.overlapping == "multi"
    elif options.windows != WindowOptions():
        raise ValueError(
            "Options of windows, such as --overlapping, must be combined with annotations, or with AudioSet's strong "
            "labels. Got labels of whole files. Leave them out."
        )
    if collection.multilabel and len(review):
        raise ValueError("A review (--labels-from, reviewed.csv) has one label a clip. Got several. Leave it out.")
    also = [*(label for _, label, _ in collection.missing), *(review["new_label"] if len(review) else [])]
    labels = sorted({*clips["label"], *also} - {""})
    if collection.multilabel and (options.classes or options.leave_out):
        raise ValueError(
            f"--{'classes' if options.classes else 'leave-out'} must be left out where clips have several labels: a "
            "clip would lose some of them. Render all, and give it to `python -m train`."
        )
    chosen = choose_classes(labels, classes=options.classes, leave_out=options.leave_out)
    requests = requested_variants(settings, labels, multilabel=collection.multilabel)
    collection.notes[:] = [*found.notes, *collection.notes, *note_unused_variants_file(settings, requests)]

    if settings.long == "split" and collection.events is None:
        clips, unusable, known_lengths = cut_into_pieces(clips, audio_folder, seconds=settings.seconds, workers=workers)
    pattern = options.reader.source_pattern
    relabelled = None
    if len(review):
        is_given = bool(options.labels_from)
        relabelled = relabel(clips, review, audio_folder, source_pattern=pattern, is_given=is_given)
        clips = relabelled.clips
        collection.missing += relabelled.missing
        collection.notes += relabelled.notes
    # Only now: the name of a clip must not depend on which others are selected.
    is_chosen = clips["label"].isin(chosen)
    n_clips = clips["label"].value_counts()
    check_not_empty(clips[is_chosen], chosen)
    selected = clips[is_chosen].reset_index(drop=True)
    if options.limit:
        selected = stratified_limit(selected, options.limit, multilabel=collection.multilabel)
    folders = augment_audio.background_folders(all_of(requests))
    backgrounds = find_backgrounds(
        folders, collection.clips, audio_folder, channels=settings.channels, workers=workers, source_pattern=pattern
    )
    try_own_variants(settings, requests, {path: found.background for path, found in backgrounds.items()})
    front = _front(audio_folder, images, settings, engine_version, backgrounds)
    return Prepared(
        options=options,
        workers=workers,
        layout=layout,
        collection=collection,
        whole_collection=clips,
        clips=selected,
        origins=origins_text(readers.READERS[layout], collection, options.reader),
        left_out={label: int(n_clips.get(label, 0)) for label in labels if label not in chosen},
        unusable=unusable,
        known_lengths=known_lengths,
        front=front,
        engine_version=engine_version,
        requests=requests,
        settings_json=_settings_json(front, layout, options, engine_version, collection),
        review=relabelled.log if relabelled else None,
        applied_review=applied_review,
    )


def _settings(options: RenderOptions, layout: str, *, is_demo: bool) -> Settings:
    """The settings of an image: those given, else those of the layout, else the defaults; with the engine chosen."""
    defaults = {**readers.READERS[layout].defaults, **(demo.SETTINGS if is_demo else {})}
    settings = Settings(**{**defaults, **options.settings})
    check_feature(settings.feature, list(options.settings))
    check_denoising(settings)
    check_given(options.settings, planes=settings.planes, feature=settings.feature)
    return replace(settings, engine=augment_audio.choose_engine(settings.engine))


def _front(
    audio_folder: Path,
    images: Path,
    settings: Settings,
    engine_version: str,
    backgrounds: Mapping[str, BackgroundFolder],
) -> Front:
    """What is the same for every clip."""
    variants_source = Path(settings.variants_file).read_text(encoding="utf-8-sig") if settings.variants_file else ""
    fingerprint = settings.fingerprint(engine_version=engine_version, variants_source=variants_source)
    palette = png.palette(settings.colormap)
    return Front(audio_folder.absolute(), images.absolute(), settings, palette, fingerprint, backgrounds)


def _settings_json(
    front: Front, layout: str, given: RenderOptions, engine_version: str, collection: Collection
) -> SettingsFile:
    """All that is needed to render one more clip the same way, and to credit the recordings."""
    reader, options, windows = readers.READERS[layout], given.reader, given.windows
    annotations = options.annotations.name if options.annotations else ""
    groups = reader.class_groups
    return {
        "format": settings_file.FORMAT,
        "fingerprint": front.fingerprint,
        "settings": front.settings.to_json(),
        "fan_out": given.fan_out,  # not a setting of an image, which is the same wherever its file is
        "engine": engine_version,
        "collection": {
            "name": printable(front.audio_folder.resolve().name),
            "audio_folder": printable(relative_posix(front.audio_folder.resolve(), front.images.resolve())),
            "layout": layout,
            "subset": options.subset,
            "labels": options.labels.name if options.labels else "",
            **({"annotations": annotations} | asdict(windows) if collection.events is not None else {}),
            "source_pattern": options.source_pattern,
            "name_pattern": options.name_pattern,
            "source_column": options.source_column,
            "citation": reader.citation,
            "licence": reader.licence,
            **({"class_groups": {n: [*labels] for n, labels in groups.items()}} if groups else {}),
            **({"multilabel": True} if collection.multilabel else {}),
        },
        "versions": versions(),
    }
