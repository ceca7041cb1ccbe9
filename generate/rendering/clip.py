"""Render the images of one clip: what a worker does."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import augment_audio
from augment_audio import ORIGINAL, Request
from generate.audio import LONGEST_BEGINNING, BadAudio, Loaded, load
from generate.dataset import clip_audio, png
from generate.dataset.file_names import image_name
from generate.dataset.settings import Settings
from generate.dataset.tables.schema import ADDED
from generate.features.spectrogram import shown_audio, spectrogram_image
from generate.rendering.backgrounds import BackgroundFolder, beginning_sha256, mixed_in
from generate.runtime.safe_names import printable


@dataclass(frozen=True)
class Front:
    """All that is the same for every clip of a run.

    Parameters
    ----------
    audio_folder, images : Path
        The audio folder, the image folder.
    settings : Settings
        With the engine that `auto` stands for.
    palette : bytes
        256 colours, three bytes each.
    fingerprint : str
        Of the settings.
    backgrounds : Mapping of str to BackgroundFolder
        Recordings of the folders of variants, by their paths.
    """

    audio_folder: Path
    images: Path
    settings: Settings
    palette: bytes
    fingerprint: str
    backgrounds: Mapping[str, BackgroundFolder] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One clip and the images of it that are wanted.

    Parameters
    ----------
    clip_id, path, label, clip_folder, fold, recording : str
        As in the clips table (where `recording` is `source_id`); `clip_folder` is where its images are in the image
        folder, as `generate.dataset.file_names.clip_folder` gives it.
    start_s : float
        Where the clip begins in its file.
    requests : tuple of Request or None
        Variants to render; None: the original.
    with_audio : bool
        Whether the audio of each image is written beside it, unless the clip is silent.
    split : str
        `train`, `validation`, `test` or empty, as in the clips table.
    events, salience, reviewed : str
        As in `metadata.csv`.
    audio_sha256 : str
        Of the audio, where its image is there already; else empty.
    """

    clip_id: str
    path: str
    label: str
    clip_folder: str
    fold: str
    recording: str
    start_s: float
    requests: tuple[Request | None, ...]
    with_audio: bool = False
    split: str = ""
    events: str = ""
    salience: str = ""
    reviewed: str = ""
    audio_sha256: str = ""


def render(job: Job, front: Front) -> list[dict[str, object]]:
    """Render the wanted images of one clip and describe them.

    Returns
    -------
    list of dict
        One row of `metadata.csv` an image.

    Raises
    ------
    BadAudio
        If the clip, or a variant of it, cannot be rendered; the message is the reason. Nothing is written then.
    """
    settings = front.settings
    stat, loaded, audio = open_clip(job, front)
    original = spectrogram_image(loaded.y, settings, noise=loaded.noise, clip_id=job.clip_id)
    clip = {
        "label": job.label,
        "clip_id": job.clip_id,
        "source_id": job.recording,
        "recording": job.recording,
        "fold": job.fold,
        "split": job.split,
        "silent": loaded.silent,
        "peak_dbfs": round(loaded.peak_dbfs, 2),
        "dc_offset": round(loaded.dc_offset, 6),
        "channel": loaded.channel,
        "sample_rate_hz": loaded.sample_rate_hz,
        "audio_file": printable(job.path),
        "start_s": job.start_s,
        "events": job.events,
        "salience": job.salience,
        "reviewed": job.reviewed,
        "audio_bytes": stat.st_size,
        "audio_mtime_ns": stat.st_mtime_ns,
        "audio_sha256": loaded.sha256,
    }
    images = [(ORIGINAL, original, loaded.y, _background(None, job, front))] if None in job.requests else []
    for request in filter(None, job.requests):
        y = variant_of(audio, request, front, job.clip_id)
        gain, is_gain = _gain(request, settings.variants_file)
        # Trimming that cuts nothing returns the same array, and a gain does not show in an image relative to its own
        # peak: the image is there already.
        same = y is audio.y or (is_gain and gain != 1 and settings.reference == "peak")
        noise = gain * loaded.noise
        image = original if same else spectrogram_image(y, settings, noise=noise, clip_id=job.clip_id)
        images.append((request.name, image, y, _background(request, job, front)))

    (front.images / job.clip_folder).mkdir(parents=True, exist_ok=True)
    rows = []
    for name, image, y, background in images:
        file_name = image_name(job.clip_folder, job.clip_id, name)
        text = {"clip": job.clip_id, "source": job.recording, "label": job.label, "variant": name}
        if settings.planes:
            text["planes"] = " ".join(settings.planes)
        png.write(front.images / file_name, image, palette=front.palette, text=text | {"settings": front.fingerprint})
        if job.with_audio and not loaded.silent:
            clip_audio.write(front.images / file_name, shown_audio(y, settings), settings.sr)
        duplicate = name != ORIGINAL and np.array_equal(image, original)
        seconds = round(y.shape[-1] / settings.sr, 3)
        rows.append(
            {"file_name": file_name, "variant": name, "duplicate": duplicate, "seconds": seconds} | clip | background
        )
    return rows


def _background(request: Request | None, job: Job, front: Front) -> dict[str, object]:
    """The recording that an image is mixed with, as in `metadata.csv`."""
    mixed = mixed_in(request, front.backgrounds, seed=front.settings.seed, clip_id=job.clip_id)
    sha256 = beginning_sha256(request, front.backgrounds, front.settings, clip_id=job.clip_id)
    return mixed | {"background_sha256": sha256}


def open_clip(job: Job, front: Front) -> tuple[os.stat_result, Loaded, augment_audio.Sound]:
    """Decode a clip and open it for its variants.

    Returns
    -------
    stat : os.stat_result
        Of its file.
    loaded : Loaded
    audio : Sound
        With the engine of the run.

    Raises
    ------
    BadAudio
        If there is no such file, or it cannot be used.
    """
    settings = front.settings
    path = front.audio_folder / job.path
    try:
        stat = path.stat()
    except OSError as error:
        raise BadAudio(f"not readable: {error.strerror}") from None
    loaded = load(
        path,
        settings.sr,
        start_s=job.start_s,
        longest_s=settings.seconds * (1 if settings.long == "split" or job.reviewed == ADDED else LONGEST_BEGINNING),
        shown_s=settings.seconds,
        channels=settings.channels,
        keep_level=settings.shows_level,
    )
    audio = augment_audio.open_audio(loaded.y, settings.sr, engine=settings.engine, n_shown=settings.n_samples)
    return stat, loaded, audio


def variant_of(audio: augment_audio.Sound, request: Request, front: Front, clip_id: str) -> np.ndarray:
    """Make a variant; any error of the user's own code or of an engine becomes the reason of this clip.

    Returns
    -------
    np.ndarray, shape=(n,) or (2, n), float32

    Raises
    ------
    BadAudio
        With that reason.
    """
    variants = known_variants(front.settings.variants_file)
    try:
        backgrounds = {path: found.background for path, found in front.backgrounds.items()}
        return augment_audio.make_variant(
            audio, request, variants, seed=front.settings.seed, clip_id=clip_id, backgrounds=backgrounds
        )
    except BadAudio:
        raise
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        raise BadAudio(f"variant {request.name}: {type(error).__name__}: {error}") from error


def _gain(request: Request, variants_file: str) -> tuple[float, bool]:
    """The factor by which a variant scales a clip and its quantisation noise, and whether that is all it does."""
    variants = known_variants(variants_file)
    gains_db = [step.value or 0.0 for step in request.steps if variants[step.kind].is_gain]
    return 10.0 ** (sum(gains_db) / 20), len(gains_db) == len(request.steps)


@functools.lru_cache(maxsize=2)
def known_variants(variants_file: str) -> Mapping[str, augment_audio.Variant]:
    """The built-in variants and those of the user's file."""
    own = augment_audio.load_variants_file(Path(variants_file)) if variants_file else {}
    return augment_audio.VARIANTS | own
