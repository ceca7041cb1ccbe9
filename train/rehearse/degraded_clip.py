"""One clip as the models see it, clean and after each degradation: what a worker does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from augment_audio import Background
from generate.audio import BadAudio
from generate.dataset import png
from generate.dataset.allowed_recordings import leads_out
from generate.features.spectrogram import spectrogram_image
from generate.gallery.listen import LEADS_OUT
from generate.rendering.clip import Front, Job, open_clip
from train.data.decode import prepare_pixels
from train.rehearse.degradations import DEGRADATIONS, ClipAudio


@dataclass(frozen=True)
class DegradingFront:
    """From audio to the models' inputs.

    Parameters
    ----------
    front : Front
        What rendered the images of the run.
    size : tuple of (int, int)
        Height and width of the models' input.
    names : tuple of str
        Keys of `train.rehearse.degradations.DEGRADATIONS`.
    background : Background or None
    seed : int
    """

    front: Front
    size: tuple[int, int]
    names: tuple[str, ...]
    background: Background | None
    seed: int


@dataclass(frozen=True)
class DegradedClip:
    """The inputs of one clip.

    Parameters
    ----------
    pixels : np.ndarray, shape=(1 + n_degradations, height, width), uint8
        The first is the clean one.
    largest_difference : int
        Of the clean image to the stored one, in pixel values.
    """

    pixels: np.ndarray
    largest_difference: int


def degrade_clip(clip_id: str, job: Job, file_name: str, *, how: DegradingFront) -> DegradedClip:
    """Decode a clip once, degrade it in each way and render all.

    Parameters
    ----------
    clip_id : str
    job : Job
        Of the original.
    file_name : str
        Of its stored image.
    how : DegradingFront

    Raises
    ------
    BadAudio
        If the audio, the background or the stored image cannot be read.
    """
    front, settings = how.front, how.front.settings
    if leads_out(job.path, front.audio_folder):
        raise BadAudio(LEADS_OUT)
    _, loaded, _ = open_clip(job, front)
    y = loaded.y[: settings.n_samples]
    clean = spectrogram_image(y, settings, noise=loaded.noise, clip_id=clip_id)
    images = [clean]
    audio = clip_audio(y, clip_id, how)
    for name in how.names:
        degradation = DEGRADATIONS[name]
        # Silence stays as it is: it has no power that noise could be relative to.
        degraded = y if loaded.silent else degradation.apply(audio)
        gain = 10.0 ** (degradation.gain_db / 20)
        images.append(spectrogram_image(degraded, settings, noise=gain * loaded.noise, clip_id=clip_id))
    try:
        stored, _ = png.read(front.images / file_name)
    except (OSError, ValueError, SyntaxError) as error:
        raise BadAudio(f"its image cannot be read: {getattr(error, 'strerror', None) or error}") from None
    pixels = [prepare_pixels(image, size=how.size) for image in images]
    return DegradedClip(np.stack(pixels), _largest_difference(clean, stored))


def clip_audio(y: np.ndarray, clip_id: str, how: DegradingFront) -> ClipAudio:
    """A clip with the noise and the background that are drawn for it, which depend on nothing but the seed and it.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
    clip_id : str
    how : DegradingFront
    """
    digest = hashlib.sha256(f"{how.seed}/{clip_id}".encode("utf-8", "surrogateescape")).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:16], "big"))
    settings = how.front.settings
    white = rng.standard_normal(len(y), dtype=np.float32)
    background = None
    if how.background is not None:
        try:
            background = how.background.part(how.background.choose(rng), len(y), len(y), settings.sr, rng)
        except ValueError as error:
            raise BadAudio(str(error)) from None
    return ClipAudio(y, settings.sr, white, background)


def _largest_difference(image: np.ndarray, stored: np.ndarray) -> int:
    """In pixel values; 255 where the sizes differ."""
    return 255 if image.shape != stored.shape else int(np.abs(image.astype(int) - stored).max())
