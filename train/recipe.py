"""How a run trains: every option, its default and its check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from generate.runtime.json_check import check_fields

PROTOCOLS = ("folds", "random-clips", "paper")
LEAKY = frozenset({"random-clips", "paper"})
"""Protocols that let relatives stand on two sides. They exist to show what that does to a figure."""
SELECTS = ("last", "validation")
AUGMENTS = ("spectrogram", "image")
SILENT_ENDS = ("keep", "loop")
DEFAULT_PRESET = "sound"
EARLIER_NAMES = {"nets": "ensemble"}
"""Of options, in runs of earlier releases."""
SIDES_PX = (32, 1024)
"""Of the square that a model sees, at least and at most."""


@dataclass(frozen=True)
class Recipe:
    """All that a run's figures depend on beside the images.

    Parameters
    ----------
    model : str
        A key of `train.models.registry.MODELS`.
    weights : str
        `none`, `imagenet`, or a file of weights.
    ensemble : int or None
        So many models are trained side by side from scratch, and the mean of what they say counts; None: two of the
        small ones, one of any other.
    input_size : int or None
        Side of the square that images are brought to, in pixels; None: the model's own.
    silent_ends : {"keep", "loop"}
        Leave the silent columns at both ends of an image, or cut them and repeat the rest over the whole width.
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
        How the images are divided; see `train.data.split.make_splits`.
    ignore_folds : bool
        Make folds of whole recordings although the collection has folds of its own.
    n_folds : int or None
        So many of these; None: 5, or as many as the rarest class has recordings.
    select : {"last", "validation"}
        Test the last weights of a fixed schedule, or those of the epoch that was best on a fold kept aside.
    keep_relatives : bool
        Train on relatives of the test where a collection's folds have such.
    epochs : int or None
        Passes over the training images; None: as many as show each clip `train.training.schedule.VIEWS` times.
    head_epochs : int or None
        Passes with the base frozen, before the others; None: a fifth of `epochs` for weights that were learnt
        elsewhere, else 0.
    unfreeze : str
        How much of the base is fine-tuned after the head: `all`, or the number of its last layers with weights.
    batch_size : int
    learning_rate : float or None
        The highest, after the warm-up; None: 0.001 from scratch, 0.0001 in fine-tuning.
    head_learning_rate : float
        While the base is frozen.
    warmup : float
        Part of the steps in which the rate rises from 0, after which it falls to 0 on a cosine.
    patience : int
        With `select="validation"`, stop after so many epochs that were no better; 0: never.
    class_weights : bool
        Weigh clips so that each class counts the same.
    label_smoothing, dropout, l1, l2 : float
    weight_decay : float
        Of AdamW.
    mixed_precision : bool
        Compute in half precision; faster on GPUs that have it.
    seed : int
        Of the weights, the order, the transforms and what a split draws.
    """

    model: str = "cnn9"
    weights: str = "none"
    ensemble: int | None = None
    input_size: int | None = None
    silent_ends: str = "keep"
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
    keep_relatives: bool = False
    epochs: int | None = None
    head_epochs: int | None = None
    unfreeze: str = "all"
    batch_size: int = 32
    learning_rate: float | None = None
    head_learning_rate: float = 1e-3
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
        """Check every value; the message says what was given, what is expected and how to fix it."""
        for name in ("augment", "spectrogram_values", "image_values", "train_variants", "classes", "leave_out"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, tuple(value))
        self._check_choice("silent_ends", SILENT_ENDS)
        self._check_choice("protocol", PROTOCOLS)
        self._check_choice("select", SELECTS)
        for name in self.augment:
            if name not in AUGMENTS:
                raise ValueError(f"There is no augmentation {name!r}; choose from {', '.join(AUGMENTS)}, none.")
        self._check_range("ensemble", 1, 16, "models, such as 2", may_be_none=True)
        self._check_range("input_size", *SIDES_PX, "pixels, such as 112", may_be_none=True)
        self._check_range("epochs", 1, 100_000, "passes over the training images", may_be_none=True)
        self._check_range("head_epochs", 0, 100_000, "passes over the training images", may_be_none=True)
        self._check_range("batch_size", 2, 65_536, "images, such as 32")
        self._check_range("learning_rate", 1e-9, 10, "such as 0.001", may_be_none=True)
        self._check_range("head_learning_rate", 1e-9, 10, "such as 0.001")
        self._check_range("warmup", 0, 0.9, "part of the steps, such as 0.05")
        self._check_range("patience", 0, 100_000, "epochs")
        self._check_range("label_smoothing", 0, 0.9, "such as 0.1")
        self._check_range("dropout", 0, 0.95, "part of the features, such as 0.3")
        for name in ("l1", "l2", "weight_decay"):
            self._check_range(name, 0, 10, "such as 0.0001")
        self._check_range("seed", 0, 2**31 - 1, "a whole number")
        self._check_range("n_folds", 2, 1000, "folds, such as 5", may_be_none=True)
        if self.classes is not None and self.leave_out:
            raise ValueError(
                f"--classes and --leave-out must not stand together. Got {' '.join(self.classes)} and "
                f"{' '.join(self.leave_out)}. Leave one out: --classes names all that are trained on."
            )
        if self.protocol != "folds" and (self.ignore_folds or self.n_folds is not None):
            given = "--ignore-folds" if self.ignore_folds else f"--n-folds {self.n_folds}"
            raise ValueError(
                f"{given} must stand with --protocol folds. Got --protocol {self.protocol}, which divides at random "
                "and has no folds. Leave one of them out."
            )
        if self.unfreeze != "all" and not self.unfreeze.isdecimal():
            raise ValueError(f"unfreeze is {self.unfreeze!r}; write all, or a number of layers such as 30.")
        if self.weights == "none" and (self.head_epochs or self.unfreeze != "all"):
            raise ValueError(
                "head_epochs and unfreeze are for fine-tuning, and with --weights none nothing is kept frozen; "
                "leave them out, or give --weights imagenet or a file."
            )
        for name, given in (
            ("spectrogram", {"spectrogram-values": self.spectrogram_values}),
            ("image", {"image-values": self.image_values, "image-preset": self.image_preset != DEFAULT_PRESET}),
        ):
            idle = [option for option, is_given in given.items() if is_given]
            if idle and name not in self.augment:
                raise ValueError(
                    f"--{idle[0]} changes the {name} transforms, and they are not on (augment is "
                    f"{' '.join(self.augment) or 'none'}); add --augment {' '.join([*self.augment, name])}."
                )
        if (self.ensemble or 1) > 1 and self.weights != "none":
            raise ValueError(
                f"ensemble is {self.ensemble}, and pretrained weights would make all of them the same; leave "
                "it out, or take --weights none."
            )
        if self.patience and self.select != "validation":
            raise ValueError(
                "patience stops by what a validation fold says, and there is none with --select last; add "
                "--select validation, or leave patience out."
            )

    def _check_range(self, name: str, low: float, high: float, expected: str, may_be_none: bool = False) -> None:
        value = getattr(self, name)
        if value is None and may_be_none:
            return
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"{name} is {value!r}; expected a number: {expected}.")
        if not low <= value <= high:
            raise ValueError(f"{name} is {value:g}; expected {low:g} to {high:g}: {expected}.")

    def _check_choice(self, name: str, choices: tuple[str, ...]) -> None:
        if getattr(self, name) not in choices:
            raise ValueError(f"{name} is {getattr(self, name)!r}; choose from {', '.join(choices)}.")

    def to_json(self) -> dict[str, object]:
        """The recipe as plain values; `from_json` reads them back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> Recipe:
        """Read what `to_json` gave; unknown names are an error."""
        values = {EARLIER_NAMES.get(name, name): value for name, value in values.items()}
        unknown = set(values) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown options of a recipe: {', '.join(sorted(unknown))}.")
        check_fields(values, cls)
        return cls(**values)
