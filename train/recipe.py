"""How a run trains: every option, its default and its check."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from generate.runtime.json_check import check_fields, check_own_fields
from generate.runtime.one_or_several import as_tuple
from train.quality import QUALITIES, quality_values

PROTOCOLS = ("folds", "random-clips", "paper")
LEAKY = frozenset({"random-clips", "paper"})
"""Protocols that let images of one recording be trained on and tested, to show how much too high accuracies are."""
SELECTS = ("last", "validation")
AUGMENTS = ("spectrogram", "image")
NONE = "none"
DEFAULT_PRESET = "sound"
OF_FINE_TUNING = frozenset(
    {"augment", "spectrogram_values", "image_values", "image_preset", "select", "unfreeze", "learning_rate", "warmup"}
    | {"patience", "label_smoothing", "dropout", "l1", "l2", "weight_decay"}
)
"""Options on which nothing depends if only the last layer of a pretrained model is fitted."""
FROM_SCRATCH = frozenset({"cnn7", "cnn9", "crnn"})
"""Models without pretrained weights."""
SIDES_PX = (32, 1024)
"""Of the square that a model sees, at least and at most."""


@dataclass(frozen=True)
class Recipe:
    """All that the results of a run depend on beside the images.

    Parameters
    ----------
    model : str
        A key of `train.models.registry.MODELS`.
    weights : str
        `none`, `imagenet`, or a file of weights; empty: `imagenet`, or `none` where there are no such weights.
    ensemble : int or None
        Models trained from scratch, whose probabilities are averaged; None: two of the small models, one of any other.
    input_size : int or None
        Side of the square that images are brought to, in pixels; None: the model's own.
    augment : tuple of str
        Which transforms the training images go through: of `spectrogram`, `image`.
    spectrogram_values, image_values : tuple of str
        Values of single transforms, as `name=value`; see `train.augment.spectrogram_transforms` and
        `train.augment.image_transforms`.
    image_preset : str
        A key of `train.augment.image_transforms.PRESETS`.
    train_variants : tuple of str or None
        Variants to train on beside the originals; None: all that are in the folder.
    classes : tuple of str or None
        Train on these classes alone; None: all that are in the folder.
    leave_out : tuple of str
        Train on all classes but these.
    protocol : {"folds", "random-clips", "paper"}
        How the images are split; see `train.data.split.make_splits`.
    ignore_folds : bool
        Make folds of whole recordings although the collection has folds of its own.
    n_folds : int or None
        Number of these folds; None: 5, or as many as the rarest class has recordings.
    select : {"last", "validation"}
        Test the last weights of a fixed schedule, or those of the epoch with the least loss on a validation fold.
    allow_recording_overlap : bool
        Train on images of tested recordings where the collection's own folds divide recordings (leaky).
    views : int or None
        How often each clip is shown, in whatever variant; of few clips more often (`LEAST_CLIPS`). 0: of pretrained
        models only the last layer is fitted, to the images as they are; None: `VIEWS` of `train.training.schedule`.
    epochs : int or None
        Passes over the training images, whatever `views` says; None: as many as `views` needs.
    unfreeze : str or None
        Layers of the base that are fine-tuned: `all`, or the number of the last ones with weights; None: all.
    batch_size : int
    learning_rate : float or None
        The highest, after the warm-up; None: 0.001 from scratch, else the model's own in `train.models.registry`.
    warmup : float
        Fraction of the steps in which the rate rises from 0, before it falls to 0 on a cosine.
    patience : int
        With `select="validation"`, stop after so many epochs without a lower validation loss; 0: never.
    class_weights : bool
        Weight the loss so that each class counts the same.
    label_smoothing, dropout, l1, l2 : float
    weight_decay : float
        Of AdamW.
    mixed_precision : bool
        Compute in half precision (bfloat16) on a GPU.
    seed : int
        Of the weights, the order of images, the transforms and random splits.
    """

    model: str = "efficientnet_lite0"
    weights: str = ""
    ensemble: int | None = None
    input_size: int | None = None
    augment: tuple[str, ...] = ("spectrogram",)
    spectrogram_values: tuple[str, ...] = ()
    image_values: tuple[str, ...] = ()
    image_preset: str = DEFAULT_PRESET
    train_variants: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    leave_out: tuple[str, ...] = ()
    protocol: str = "folds"
    ignore_folds: bool = False
    n_folds: int | None = None
    select: str = "last"
    allow_recording_overlap: bool = False
    views: int | None = None
    epochs: int | None = None
    unfreeze: str | None = None
    batch_size: int = 32
    learning_rate: float | None = None
    warmup: float = 0.05
    patience: int = 0
    class_weights: bool = False
    label_smoothing: float = 0.0
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    mixed_precision: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check every value."""
        for name in ("augment", "spectrogram_values", "image_values", "train_variants", "classes", "leave_out"):
            object.__setattr__(self, name, as_tuple(getattr(self, name)))
        for name in ("augment", "train_variants"):  # `none` is the word for an empty list
            if isinstance(values := getattr(self, name), tuple) and NONE in values:
                if len(values) > 1:
                    option = name.replace("_", "-")
                    raise ValueError(f"--{option} must be none, or names without it. Got {' '.join(map(str, values))}.")
                object.__setattr__(self, name, ())
        if isinstance(self.weights, os.PathLike):
            object.__setattr__(self, "weights", os.fspath(self.weights))
        if type(self.unfreeze) is int:  # as one writes it in Python
            object.__setattr__(self, "unfreeze", str(self.unfreeze))
        check_own_fields(self)
        if not self.weights:
            object.__setattr__(self, "weights", "none" if self.model in FROM_SCRATCH else "imagenet")
        self._check_choice("protocol", self.protocol, PROTOCOLS)
        self._check_choice("select", self.select, SELECTS)
        for augment in self.augment:
            self._check_choice("augment", augment, (*AUGMENTS, NONE))
        self._check_range("ensemble", 1, 16, "models", may_be_none=True)
        self._check_range("input_size", *SIDES_PX, "pixels", may_be_none=True)
        least = 1 if self.weights == "none" else 0
        self._check_range("views", least, 100_000, "how often each clip is shown", may_be_none=True)
        self._check_range("epochs", least, 100_000, "passes over the training images", may_be_none=True)
        self._check_range("batch_size", 2, 65_536, "images")
        self._check_range("learning_rate", 1e-9, 10, "such as 0.001", may_be_none=True)
        self._check_range("warmup", 0, 0.9, "a fraction of the steps, such as 0.05")
        self._check_range("patience", 0, 100_000, "epochs")
        self._check_range("label_smoothing", 0, 0.9, "such as 0.1")
        self._check_range("dropout", 0, 0.95, "a fraction of the features, such as 0.3")
        for name in ("l1", "l2", "weight_decay"):
            self._check_range(name, 0, 10, "such as 0.0001")
        self._check_range("seed", 0, 2**31 - 1, "an integer")
        self._check_range("n_folds", 2, 1000, "folds", may_be_none=True)
        if self.unfreeze not in (None, "all") and not self.unfreeze.isdecimal():
            raise ValueError(f"unfreeze must be all, or a number of layers such as 30. Got {self.unfreeze!r}.")
        check_fields(vars(self), type(self))  # whole numbers too
        self._check_combinations()

    def _check_combinations(self) -> None:
        """Check that each value that was given is used."""
        if self.classes is not None and self.leave_out:
            raise ValueError(
                f"--classes must not be combined with --leave-out. Got {' '.join(self.classes)} and "
                f"{' '.join(self.leave_out)}. Leave one out: --classes names all that are trained on."
            )
        of_folds = {"--ignore-folds": self.ignore_folds, f"--n-folds {self.n_folds}": self.n_folds is not None}
        of_folds |= {"--allow-recording-overlap": self.allow_recording_overlap}
        if self.protocol != "folds" and (given := [option for option, is_given in of_folds.items() if is_given]):
            raise ValueError(
                f"{given[0]} must be combined with --protocol folds. Got --protocol {self.protocol}, which has no "
                "folds. Leave one of them out."
            )
        if self.weights == "none" and self.unfreeze not in (None, "all"):
            raise ValueError(
                f"--unfreeze {self.unfreeze} must be combined with pretrained weights. Got --weights none. Leave it "
                "out, or give --weights imagenet or a file."
            )
        for transforms, options in (
            ("spectrogram", {"spectrogram-values": self.spectrogram_values}),
            ("image", {"image-values": self.image_values, "image-preset": self.image_preset != DEFAULT_PRESET}),
        ):
            unused = [option for option, is_given in options.items() if is_given]
            if unused and transforms not in self.augment:
                raise ValueError(
                    f"--{unused[0]} must be combined with --augment {transforms}. Got --augment "
                    f"{' '.join(self.augment) or 'none'}. Leave it out, or give --augment "
                    f"{' '.join([*self.augment, transforms])}."
                )
        if not self.fine_tunes and (without_use := self._unused_without_fine_tuning()):
            raise ValueError(
                f"--{without_use.replace('_', '-')} must be combined with fine-tuning. Got --quality fast or "
                "--epochs 0, which fit the last layer alone, to the images as they are. Leave one of them out."
            )
        if (self.ensemble or 1) > 1 and self.weights != "none":
            raise ValueError(
                f"ensemble must be 1 with pretrained weights, which make all models the same. Got {self.ensemble}. "
                "Leave it out, or give --weights none."
            )
        if self.patience and self.select != "validation":
            raise ValueError(
                f"--patience must be combined with --select validation, whose loss it watches. Got --select "
                f"{self.select}. Leave it out, or give --select validation."
            )

    def _check_range(self, name: str, low: float, high: float, unit: str, may_be_none: bool = False) -> None:
        value = getattr(self, name)
        if value is None and may_be_none:
            return
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not low <= value <= high:
            raise ValueError(f"{name} must be a number from {low:g} to {high:g}: {unit}. Got {value!r}.")

    @staticmethod
    def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
        if value not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}. Got {value!r}.")

    def _unused_without_fine_tuning(self) -> str:
        """An option that was given although nothing depends on it, if there is one."""
        given = (f.name for f in fields(self) if f.name in OF_FINE_TUNING and getattr(self, f.name) != f.default)
        return next((name for name in given if (name, getattr(self, name)) != ("augment", ())), "")

    @property
    def fine_tunes(self) -> bool:
        """Whether a model is trained by gradient descent, or only the last layer of a pretrained one is fitted."""
        return self.epochs > 0 if self.epochs is not None else self.views != 0

    @property
    def weights_file(self) -> Path | None:
        """The file of the pretrained weights, if they are in one."""
        return None if self.weights in ("none", "imagenet") else Path(self.weights)

    def of_several_labels(self) -> Recipe:
        """The recipe for images with several labels each.

        Raises
        ------
        ValueError
            If it has an option that these do not have.
        """
        given = {"--class-weights": self.class_weights, f"--ensemble {self.ensemble}": (self.ensemble or 1) > 1}
        for option, is_given in given.items():
            if is_given:
                raise ValueError(f"{option} must be left out where images have several labels each, as these have.")
        return replace(self, ensemble=1)

    def to_json(self) -> dict[str, object]:
        """The recipe as plain values; `from_json` reads them back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of_quality(cls, quality: str | None, values: Mapping[str, Any]) -> Recipe:
        """The recipe of some values and of a name of `QUALITIES`; None: none was given.

        Raises
        ------
        ValueError
            If there is no such quality, or it contradicts the values.
        """
        if "epochs" in values and "views" in values:
            raise ValueError(
                f"--views must not be combined with --epochs, which sets how long a model is trained too. Got "
                f"{values['views']} and {values['epochs']}. Leave one of them out."
            )
        if quality is None:
            return cls.from_values(values)
        cls._check_choice("quality", quality, tuple(QUALITIES))
        for name in ("epochs", "views"):
            if name in values:
                raise ValueError(
                    f"--quality {quality} must not be combined with --{name}, which sets how long a model is trained "
                    f"too. Got {values[name]}. Leave one of them out."
                )
        if cls.from_values(values).weights == "none":
            raise ValueError(
                f"--quality must be combined with pretrained weights. Got {quality} for a model from scratch. Leave it "
                "out, and give --epochs for a shorter or longer training; or give another --model."
            )
        return cls.from_values({**quality_values(quality, values.get("model")), **values})

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Recipe:
        """Read what `to_json` returned; unknown and missing names are an error."""
        check_fields(values, cls)
        return cls.from_values(values)

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Recipe:
        """A recipe of some values, whose types are not known when the program is checked; else the defaults."""
        return cls(**values)
