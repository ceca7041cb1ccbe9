"""The classifiers: each with its builder, the preprocessing that its weights expect, and its input size."""

from __future__ import annotations

import difflib
import importlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
from keras import KerasTensor, layers

from train.models.alexnet import alexnet
from train.models.cnn import cnn7, cnn9
from train.models.densenet import densenet161
from train.models.ensemble import MeanOfModels
from train.models.model_file import check_model, check_weights
from train.models.preprocess import Preprocess
from train.models.resnet import resnet18, resnet34
from train.models.squeezenet import squeezenet, squeezenet_head
from train.recipe import Recipe

BASE = "base"
"""Name of the part of a classifier that fine-tuning freezes first."""


@dataclass(frozen=True)
class Model:
    """One kind of classifier.

    Parameters
    ----------
    base : callable
        `base(x) -> features`, from a preprocessed image to its features; for keras.applications a
        `(module, function)` pair.
    size : int
        Side of the square image that it is made for, in pixels.
    preprocessing : {"unit", "tf", "caffe", "torch", "none"}
        What its images go through first; see `Preprocess`.
    head : callable or None
        `head(features, n_classes, dropout) -> logits`; None: dropout and one dense layer.
    models : int
        How many of it are trained side by side from scratch, unless the recipe says otherwise.
    """

    base: Callable[[KerasTensor], KerasTensor] | tuple[str, str]
    size: int
    preprocessing: str
    head: Callable[[KerasTensor, int, float], KerasTensor] | None = None
    ensemble: int = 1

    @property
    def has_imagenet(self) -> bool:
        """Whether Keras publishes weights of it."""
        return isinstance(self.base, tuple)


def _applications(module: str, preprocessing: str, sizes: dict[str, int]) -> dict[str, Model]:
    """Classifiers of one module of keras.applications."""
    return {name.lower(): Model((module, name), size, preprocessing) for name, size in sizes.items()}


MODELS: dict[str, Model] = {
    "cnn7": Model(cnn7, 112, "unit", ensemble=2),
    "cnn9": Model(cnn9, 112, "unit", ensemble=2),
    "alexnet": Model(alexnet, 224, "torch"),
    "squeezenet": Model(squeezenet, 224, "torch", squeezenet_head),
    "resnet18": Model(resnet18, 224, "torch"),
    "resnet34": Model(resnet34, 224, "torch"),
    "densenet161": Model(densenet161, 224, "torch"),
    **_applications("vgg16", "caffe", {"VGG16": 224}),
    **_applications("vgg19", "caffe", {"VGG19": 224}),
    **_applications("resnet", "caffe", {"ResNet50": 224, "ResNet101": 224, "ResNet152": 224}),
    **_applications("resnet_v2", "tf", {"ResNet50V2": 224, "ResNet101V2": 224, "ResNet152V2": 224}),
    **_applications("densenet", "torch", {"DenseNet121": 224, "DenseNet169": 224, "DenseNet201": 224}),
    **_applications("inception_v3", "tf", {"InceptionV3": 299}),
    **_applications("inception_resnet_v2", "tf", {"InceptionResNetV2": 299}),
    **_applications("xception", "tf", {"Xception": 299}),
    **_applications("mobilenet", "tf", {"MobileNet": 224}),
    **_applications("mobilenet_v2", "tf", {"MobileNetV2": 224}),
    # These three families hold their preprocessing inside.
    **_applications("mobilenet_v3", "none", {"MobileNetV3Small": 224, "MobileNetV3Large": 224}),
    **_applications(
        "efficientnet",
        "none",
        {
            "EfficientNetB0": 224,
            "EfficientNetB1": 240,
            "EfficientNetB2": 260,
            "EfficientNetB3": 300,
            "EfficientNetB4": 380,
            "EfficientNetB5": 456,
            "EfficientNetB6": 528,
            "EfficientNetB7": 600,
        },
    ),
    **_applications(
        "efficientnet_v2",
        "none",
        {
            "EfficientNetV2B0": 224,
            "EfficientNetV2B1": 240,
            "EfficientNetV2B2": 260,
            "EfficientNetV2B3": 300,
            "EfficientNetV2S": 384,
            "EfficientNetV2M": 480,
            "EfficientNetV2L": 480,
        },
    ),
    **_applications(
        "convnext",
        "none",
        {
            "ConvNeXtTiny": 224,
            "ConvNeXtSmall": 224,
            "ConvNeXtBase": 224,
            "ConvNeXtLarge": 224,
            "ConvNeXtXLarge": 224,
        },
    ),
    **_applications("nasnet", "tf", {"NASNetMobile": 224, "NASNetLarge": 331}),
}
"""Name to classifier. To add one, write a function from images to features in `models/` and add its line here."""


def build_model(
    name: str,
    *,
    n_classes: int,
    size: tuple[int, int] | None = None,
    weights: str = "none",
    ensemble: int = 1,
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Build a classifier of images.

    Parameters
    ----------
    name : str
        Key of `MODELS`.
    n_classes : int
    size : tuple of (int, int), optional
        Height and width of the images; default: the model's own.
    weights : str
        `none`, `imagenet`, or a file: an earlier classifier of this kind (`.keras`, which may have had other classes),
        or its weights alone (`.weights.h5`).
    models : int
        So many side by side, with first weights of their own; what comes out is their mean (see `MeanOfNets`).
    dropout : float
        Before the last layer, 0 to below 1.
    l1, l2 : float
        Penalties on the weights of all convolutions (not those that go channel by channel) and dense layers.

    Returns
    -------
    keras.Model
        From images, shape=(batch, height, width, 3), values 0 to 255, to probabilities, shape=(batch, n_classes).
        Its layer `base` is what fine-tuning freezes first.

    Raises
    ------
    ValueError
        If the model is not known, or has no such weights.
    FileNotFoundError
        If the weights are not at hand and cannot be fetched; the message says which file to put where.
    """
    model = model_named(name)
    height, width = size or (model.size, model.size)
    image = layers.Input((height, width, 3), name="image")
    x = Preprocess(model.preprocessing, name="preprocess")(image)
    said = []
    for number in range(1, ensemble + 1):
        suffix = f"_{number}" if ensemble > 1 else ""
        features = _base(name, (height, width, 3), weights, layer_name=BASE + suffix)(x)
        if model.head is None:
            logits = layers.Dense(n_classes, name="classes" + suffix)(layers.Dropout(dropout)(features))
        else:
            logits = model.head(features, n_classes, dropout)
        # Probabilities in full precision, also where the model computes in half.
        said.append(layers.Activation("softmax", dtype="float32", name="probabilities" + suffix)(logits))
    probabilities = MeanOfModels(dtype="float32", name="mean")(said) if ensemble > 1 else said[0]
    classifier = keras.Model(image, probabilities, name=name)
    _penalise(classifier, l1, l2)
    if weights not in ("none", "imagenet"):
        _load_weights(classifier, Path(weights))
    return classifier


def ensemble_size(recipe: Recipe) -> int:
    """How many models a recipe trains side by side."""
    return recipe.ensemble or (model_named(recipe.model).ensemble if recipe.weights == "none" else 1)


def model_named(name: str) -> Model:
    """A classifier of `MODELS`.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in MODELS:
        close = difflib.get_close_matches(name.lower().replace("-", "").replace("_", ""), MODELS, n=1)
        hint = f"Do you mean {close[0]!r}? " if close else ""
        raise ValueError(f"There is no model {name!r}. {hint}Choose from {', '.join(MODELS)}.")
    return MODELS[name]


def _base(name: str, shape: tuple[int, int, int], weights: str, *, layer_name: str) -> keras.Model:
    """The features' part as a model of its own."""
    model = MODELS[name]
    if not model.has_imagenet:
        if weights == "imagenet":
            published = ", ".join(other for other in MODELS if MODELS[other].has_imagenet)
            raise ValueError(f"Keras has no ImageNet weights of {name!r}; take --weights none, or one of: {published}.")
        x = layers.Input(shape)
        return keras.Model(x, model.base(x), name=layer_name)
    module, function = model.base
    source = keras.applications if module == "mobilenet_v3" else importlib.import_module(f"keras.applications.{module}")
    options = {"include_top": False, "pooling": "avg", "input_shape": shape}
    # EfficientNetV2 looks its own widths up by this name, so it is named afterwards.
    is_named_later = module == "efficientnet_v2"
    if not is_named_later:
        options["name"] = layer_name
    try:
        base = getattr(source, function)(weights="imagenet" if weights == "imagenet" else None, **options)
        return keras.Model(base.input, base.output, name=layer_name) if is_named_later else base
    except Exception as error:
        address = re.search(r"https?://[^\s:]+", str(error))
        if weights != "imagenet" or address is None:
            raise
        place = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"), "models")
        raise FileNotFoundError(
            f"The ImageNet weights of {name!r} are not at hand and cannot be fetched. On a machine with network fetch "
            f"{address[0]}, and put the file into {place}; or take --weights none."
        ) from None


def _penalise(model: keras.Model, l1: float, l2: float) -> None:
    """Penalise the weights of all convolutions and dense layers."""
    if not (l1 or l2):
        return
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, layers.Dense | layers.Conv2D):
            layer.kernel_regularizer = keras.regularizers.L1L2(l1, l2)
            layer.kernel.regularizer = layer.kernel_regularizer


def _load_weights(model: keras.Model, path: Path) -> None:
    """Take the weights of an earlier classifier of this kind; its last layer only if the classes are as many."""
    if not path.is_file():
        raise FileNotFoundError(f"There is no file of weights {str(path)!r}.")
    if path.suffix != ".keras":
        if path.suffix not in (".h5", ".hdf5"):
            raise ValueError(f"{str(path)!r} is no file of weights; give a .keras or a .weights.h5.")
        try:
            check_weights(path)
            model.load_weights(path)
        except Exception as error:
            why = (str(error) or type(error).__name__).splitlines()[0]
            raise ValueError(
                f"The weights in {str(path)!r} are not of {model.name!r} with these classes and images ({why}). A "
                "whole model, such as a run's last.keras, may have other classes."
            ) from None
        return
    try:
        check_model(path)
        earlier = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"The model {str(path)!r} cannot be read ({why}).") from None
    theirs, ours = (
        [tuple(weight.shape) for weight in _base_of(one).weights] if _base_of(one) else None for one in (earlier, model)
    )
    if theirs != ours:
        raise ValueError(
            f"The model in {str(path)!r} is {earlier.name!r}, and {model.name!r} is wanted: its parts differ."
        )
    _base_of(model).set_weights(_base_of(earlier).get_weights())
    if [weight.shape for weight in earlier.weights] == [weight.shape for weight in model.weights]:
        model.set_weights(earlier.get_weights())


def _base_of(model: keras.Model) -> keras.Model | None:
    """The layer `base`, where there is one."""
    return next((layer for layer in model.layers if layer.name == BASE), None)
