"""The audio variants that a run wants: read, checked, and the user's own tried once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

import augment_audio
from augment_audio import Background, Request
from generate.dataset.label_sets import split_labels
from generate.dataset.settings import Settings
from generate.rendering.clip import known_variants


def requested_variants(
    settings: Settings, labels: list[str], *, multilabel: bool = False
) -> dict[str, tuple[Request, ...]]:
    """Read the variants of each class, and check that they can be made at the sample rate.

    Parameters
    ----------
    settings : Settings
    labels : list of str
        The classes of the collection, or its sets of them.
    multilabel : bool
        Whether clips may have several labels: such a clip has the variants of each.

    Raises
    ------
    FileNotFoundError, ValueError
        If a class or a variant is not known, a value cannot be had at the sample rate, or a package is missing.
    """
    variants = known_variants(settings.variants_file)
    classes = {label: split_labels(label) or (label,) if multilabel else (label,) for label in labels}
    known = sorted({name for names in classes.values() for name in names})
    unknown = sorted(set(settings.class_variants) - set(known))
    if unknown:
        raise ValueError(
            f"[class-variants] must name classes of the collection. Got {unknown[0]!r}. It has {', '.join(known)}."
        )
    of_class = {
        name: augment_audio.parse_requests(
            settings.class_variants.get(name, settings.variants), variants, augment_audio.PRESETS
        )
        for name in known
    }
    requests = {
        label: tuple(dict.fromkeys(request for name in names for request in of_class[name]))
        for label, names in classes.items()
    }
    augment_audio.check_sample_rate(all_of(requests), variants, settings.sr)
    augment_audio.check_packages(all_of(requests), variants)
    return requests


def all_of(requests: Mapping[str, Sequence[Request]]) -> list[Request]:
    """The variants of all labels, each once, by their names."""
    return sorted({request for of_label in requests.values() for request in of_label}, key=lambda found: found.name)


def try_own_variants(
    settings: Settings, requests: Mapping[str, Sequence[Request]], backgrounds: Mapping[str, Background]
) -> None:
    """Try the variants of the user's own file on one second of a tone, so that errors show before the first clip.

    Parameters
    ----------
    settings : Settings
    requests : Mapping of str to sequence of Request
        Variants of each label.
    backgrounds : Mapping of str to Background
        Of the folders of variants, by their paths.

    Raises
    ------
    ValueError
        If one fails.
    """
    own = _own_names(settings)
    for request in all_of(requests):
        if _kinds(request) & own:
            _try_on_a_tone(request, settings, backgrounds)


def note_unused_variants_file(settings: Settings, requests: Mapping[str, Sequence[Request]]) -> list[str]:
    """A note where a variants file is given and none of its variants is requested (a later run may request them)."""
    if not settings.variants_file:
        return []
    own = _own_names(settings)
    if any(_kinds(request) & own for of_label in requests.values() for request in of_label):
        return []
    return [f"no variant of {settings.variants_file} is used; add to --variants one of {', '.join(sorted(own))}"]


def _own_names(settings: Settings) -> set[str]:
    """Names that the user's file defines, which may be those of built-in variants."""
    known = known_variants(settings.variants_file)
    return {name for name, variant in known.items() if augment_audio.VARIANTS.get(name) is not variant}


def _kinds(request: Request) -> set[str]:
    return {step.kind for step in request.steps}


def _try_on_a_tone(request: Request, settings: Settings, backgrounds: Mapping[str, Background]) -> None:
    y = 0.5 * np.sin(2 * np.pi * 440 / settings.sr * np.arange(settings.sr))
    tone = augment_audio.open_audio(y.astype(np.float32), settings.sr, engine=settings.engine)
    try:
        variants = known_variants(settings.variants_file)
        augment_audio.make_variant(tone, request, variants, seed=settings.seed, clip_id="tone", backgrounds=backgrounds)
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise ValueError(
            f"The variant {request.name!r} of {settings.variants_file!r} fails on a second of a tone: "
            f"{type(error).__name__}: {error}"
        ) from error
