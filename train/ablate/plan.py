"""Which runs an ablation takes, in which folder, and whether it may go on there. All that can be known beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL
from generate.runtime.lock import LOCK
from generate.runtime.os_compat import relative_posix
from generate.runtime.safe_names import safe_name
from train.ablate.gains import ALL_VARIANTS
from train.recipe import LEAKY, Recipe
from train.runs.run_folder import table_sha256, write_json
from train.wording import listed

PLAN = "ablation.json"
FORMAT = 1
ALL = "all"
ORIGINALS = "originals"


@dataclass(frozen=True)
class Planned:
    """One run of an ablation.

    Parameters
    ----------
    name : str
        Of its folder.
    train_variants : tuple of str
        That it trains on beside the originals.
    """

    name: str
    train_variants: tuple[str, ...]


@dataclass(frozen=True)
class AblationPlan:
    """An ablation, begun or not.

    Parameters
    ----------
    folder : Path
        A sub-folder for each run, and the figures.
    images : Path
        The image folder.
    recipe : Recipe
        As it was given; `train_variants` are those that the whole ablation is about.
    folds : tuple of str or None
        To be trained; None: all.
    variants : tuple of str
        That the run `all` trains on.
    ablated : tuple of str
        Of these, those that are left out in turn.
    idle : tuple of str
        Those whose every image equals its original, so that nobody trains on them.
    fingerprint, table_sha256 : str
        Of the images.
    """

    folder: Path
    images: Path
    recipe: Recipe
    folds: tuple[str, ...] | None
    variants: tuple[str, ...]
    ablated: tuple[str, ...]
    idle: tuple[str, ...]
    fingerprint: str
    table_sha256: str

    @property
    def without(self) -> dict[str, str]:
        """Variant to the run that does not have it; `ALL_VARIANTS` to the run on originals alone."""
        if self._is_single:
            return {self.ablated[0]: ORIGINALS}
        return {name: f"without-{safe_name(name)}" for name in self.ablated} | {ALL_VARIANTS: ORIGINALS}

    @property
    def runs(self) -> tuple[Planned, ...]:
        """All runs, in the order in which they are trained."""
        left_out = () if self._is_single else self.ablated
        return (
            Planned(ALL, self.variants),
            *(Planned(self.without[out], tuple(name for name in self.variants if name != out)) for out in left_out),
            Planned(ORIGINALS, ()),
        )

    @property
    def _is_single(self) -> bool:
        """Whether leaving the one variant out leaves the originals alone."""
        return set(self.variants) - set(self.idle) == set(self.ablated) and len(self.ablated) == 1

    def to_json(self) -> dict[str, object]:
        """All that a second call must agree with, as plain values."""
        return {
            "format": FORMAT,
            "images": relative_posix(self.images.resolve(), self.folder.resolve()),
            "recipe": self.recipe.to_json(),
            "folds": None if self.folds is None else list(self.folds),
            "variants": list(self.ablated),
            "fingerprint": self.fingerprint,
            "table_sha256": self.table_sha256,
        }


def make_plan(
    folder: Path,
    images: Path,
    recipe: Recipe,
    settings: dict[str, object],
    table: pd.DataFrame,
    *,
    folds: Sequence[str] | None = None,
    ablate: Sequence[str] | None = None,
) -> AblationPlan:
    """Work out which runs there are to be; nothing is written.

    Parameters
    ----------
    folder : Path
        Of the ablation.
    images : Path
        The image folder.
    recipe : Recipe
    settings, table : dict, pandas.DataFrame
        Of the image folder, as `train.data.image_folder.read_images` gives them.
    folds : sequence of str, optional
        To train only these.
    ablate : sequence of str, optional
        To leave only these variants out in turn; default: each that is trained on.

    Raises
    ------
    ValueError
        If the recipe is leaky, or there is no variant to leave out.
    """
    if recipe.protocol in LEAKY or recipe.keep_relatives:
        given = "--keep-relatives" if recipe.keep_relatives else f"--protocol {recipe.protocol}"
        raise ValueError(
            f"{given} lets relatives of the test be trained on, and a variant of a test clip then helps by being "
            "remembered; what a variant is worth shows on honest folds alone. Leave it out."
        )
    stored = tuple(name for name in dict.fromkeys(table["variant"]) if name != ORIGINAL)
    if not stored:
        raise ValueError(
            f"The images in {str(images)!r} are of originals alone, so there is no variant to leave out. Draw some "
            "first: python -m generate AUDIO_FOLDER --variants paper"
        )
    variants = stored if recipe.train_variants is None else tuple(dict.fromkeys(recipe.train_variants))
    _check_known("--train-variants", variants, stored)
    if not variants:
        raise ValueError("--train-variants is none, so there is no variant to leave out; name some, or leave it out.")
    trained = set(table.loc[~table["duplicate"], "variant"])
    idle = tuple(name for name in variants if name not in trained)
    _check_known("--variants", ablate or (), variants)
    ablated = tuple(name for name in variants if name in (ablate or trained))
    nothing = [name for name in ablated or idle if name in idle]
    if nothing:
        raise ValueError(
            f"Every image of the variant {nothing[0]!r} equals its original, so nobody trains on it, with or without "
            "it; name others by --variants."
        )
    return AblationPlan(
        folder=folder,
        images=images,
        recipe=recipe,
        folds=None if folds is None else tuple(sorted(set(folds))),
        variants=variants,
        ablated=ablated,
        idle=idle,
        fingerprint=settings["fingerprint"],
        table_sha256=table_sha256(table),
    )


def check_folder(plan: AblationPlan) -> None:
    """Check that the folder is new, or that of an ablation with the same arguments.

    Raises
    ------
    ValueError
        If it holds something else, or an ablation that began with other arguments; what differs is named.
    """
    path = plan.folder / PLAN
    if not path.is_file():
        inside = (
            sorted(child.name for child in plan.folder.iterdir() if child.name != LOCK) if plan.folder.exists() else ()
        )
        if inside:
            raise ValueError(
                f"{str(plan.folder)!r} holds {inside[0]!r} and no {PLAN}, so it is no ablation; give another --name."
            )
        return
    try:
        began = json.loads(path.read_text(encoding="utf-8"))
        differences = _differences(began, plan.to_json())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{str(path)!r} is not as this program wrote it ({error!r}); give another --name.") from None
    if differences:
        raise ValueError(
            f"{str(plan.folder)!r} holds an ablation with other arguments: {'; '.join(differences)}. Give the same to "
            "go on with it, or another --name."
        )


def write_plan(plan: AblationPlan) -> None:
    """Write `ablation.json`, which makes the folder that of this ablation."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    write_json(plan.folder / PLAN, plan.to_json())


def _differences(began: dict[str, object], now: dict[str, object]) -> list[str]:
    """Both sides of every argument that is not the same."""
    if began["format"] != now["format"]:
        return [f"its format is {began['format']}, and this program writes {now['format']}"]
    # What an older program did not know of, it did as is done by default.
    was, wanted = ({**Recipe().to_json(), **side["recipe"], **side} for side in (began, now))
    names = [name for name in now["recipe"] if was.get(name) != wanted[name]]
    names += [name for name in ("images", "folds", "variants") if was[name] != wanted[name]]
    pairs = [
        f"{name.replace('_', '-')} is {_shown(was.get(name))} there and {_shown(wanted[name])} here" for name in names
    ]
    if not pairs and (was["fingerprint"], was["table_sha256"]) != (wanted["fingerprint"], wanted["table_sha256"]):
        return ["its images were others (some were added, removed, divided or drawn again since)"]
    return pairs


def _shown(value: object) -> str:
    """A value as it is written on a command line."""
    if value is None:
        return "not given"
    return (" ".join(value) or "none") if isinstance(value, list) else str(value)


def _check_known(option: str, given: Sequence[str], known: Sequence[str]) -> None:
    absent = [name for name in given if name not in known]
    if absent:
        raise ValueError(f"{option} names {absent[0]!r}, which is not trained on; there are {listed(known, most=20)}.")


def recipe_of(plan: AblationPlan, planned: Planned) -> Recipe:
    """The recipe of one run, but for the epochs that give it the budget of the others."""
    return replace(plan.recipe, train_variants=planned.train_variants)
