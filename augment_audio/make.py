"""How one variant of a waveform is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from augment_audio.background import Background
from augment_audio.made_samples import check_samples, each_channel
from augment_audio.request import Request
from augment_audio.sound import Sound
from augment_audio.variant import Variant


def make_variant(
    sound: Sound,
    request: Request,
    variants: Mapping[str, Variant],
    *,
    seed: int,
    clip_id: str,
    backgrounds: Mapping[str, Background] | None = None,
) -> np.ndarray:
    """Make one variant of a waveform.

    The random numbers depend only on the seed, the clip and the variant's name, not on the order of the clips or the
    number of workers. Of several augmentations, each is made of the result of the one before; a pitch and a tempo that
    follow each other are changed in one pass of the engine.

    Parameters
    ----------
    sound : Sound
    request : Request
        As `parse_request` gives it.
    variants : Mapping of str to Variant
        The known variants: `VARIANTS`.
    seed : int
    clip_id : str
        Any text that is unique to the clip.
    backgrounds : Mapping of str to Background, optional
        By the path of the folder, as in `Request.folder`, for variants that have one.

    Returns
    -------
    np.ndarray, shape=(n,) or (2, n), float32
        Finite, of as many channels; n may differ from the original's.

    Raises
    ------
    ValueError
        If the variant returns anything else than finite samples, or its folder of recordings is not among
        `backgrounds`.

    Examples
    --------
    >>> from augment_audio import VARIANTS, open_audio, parse_request
    >>> sound = open_audio(np.ones(4), 22050)
    >>> make_variant(sound, parse_request("gain=+20", VARIANTS), VARIANTS, seed=0, clip_id="dog-1")
    array([10., 10., 10., 10.], dtype=float32)
    """
    rng = random_generator(seed, clip_id, request.name)
    steps = list(request.steps)
    while True:
        step = steps.pop(0)
        if steps and _is_one_pass(step, steps[0], variants):
            made = sound.stretch_and_shift(**_value(step, variants), **_value(steps.pop(0), variants))
        else:
            variant = variants[step.kind]
            values = _value(step, variants)
            if variant.takes_folder:
                background = _background(request, backgrounds)
                k = background_recording(background, request, seed=seed, clip_id=clip_id)
                values["background"] = partial(background.part, k)
            if sound.y.ndim == 1 or variant.stereo:
                made = variant.make(sound, **values, **({"rng": rng} if variant.is_random else {}))
            else:
                made = each_channel(variant.make, sound, values, rng if variant.is_random else None)
        y = check_samples(made, request.name, ndim=sound.y.ndim)
        if not steps:
            return y
        sound = sound.with_samples(y)


def background_recording(background: Background, request: Request, *, seed: int, clip_id: str) -> int:
    """Which recording of a folder is mixed into a clip; it depends on nothing else than what is given here.

    Parameters
    ----------
    background : Background
    request : Request
    seed : int
    clip_id : str

    Returns
    -------
    int
        Of `background.files`.
    """
    return background.choose(random_generator(seed, clip_id, f"{request.name}/recording"))


def _background(request: Request, backgrounds: Mapping[str, Background] | None) -> Background:
    step = request.background
    if step is None or step.folder not in (backgrounds or {}):
        raise ValueError(f"The recordings of the variant {request.name!r} must be given. Got none.")
    return (backgrounds or {})[step.folder]


def random_generator(seed: int, clip_id: str, name: str) -> np.random.Generator:
    """Random numbers of one clip for one purpose, which depend on nothing else.

    Parameters
    ----------
    seed : int
    clip_id : str
    name : str
        The variant's.
    """
    digest = hashlib.sha256(f"{seed}/{clip_id}/{name}".encode("utf-8", "surrogateescape")).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def _is_one_pass(step: Request, following: Request, variants: Mapping[str, Variant]) -> bool:
    """Whether the engine changes both the pitch and the tempo."""
    one, two = variants[step.kind], variants[following.kind]
    return one.by_engine and two.by_engine and one.parameter != two.parameter


def _value(step: Request, variants: Mapping[str, Variant]) -> dict[str, Any]:
    """The value of a step as a keyword argument."""
    parameter = variants[step.kind].parameter
    return {parameter: step.value} if parameter else {}
