"""The variants that a run asks for, read and tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

import augment_audio
from augment_audio import Request
from generate.dataset.settings import Settings
from generate.rendering.clip import known_variants


def wanted_variants(settings: Settings, labels: list[str]) -> dict[str, tuple[Request, ...]]:
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
    sound = augment_audio.open_audio(tone.astype(np.float32), settings.sr, engine=settings.engine)
    try:
        variants = known_variants(settings.variants_file)
        augment_audio.make_variant(sound, request, variants, seed=settings.seed, clip_id="tone")
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise ValueError(
            f"The variant {request.name!r} of {settings.variants_file!r} fails on a second of a tone: "
            f"{type(error).__name__}: {error}"
        ) from error


def idle_variants_file(settings: Settings, requests: Mapping[str, Sequence[Request]]) -> list[str]:
    """Says so where a file of variants is given and none of them is asked for (it may be, in a later run)."""
    if not settings.variants_file:
        return []
    own = sorted(set(known_variants(settings.variants_file)) - set(augment_audio.VARIANTS))
    if any(request.kind in own for of_label in requests.values() for request in of_label):
        return []
    return [f"none of the variants in {settings.variants_file} is drawn; add to --variants one of {', '.join(own)}"]
