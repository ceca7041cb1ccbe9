"""From a recipe to a Keras model, with new or pretrained weights."""

from __future__ import annotations

import importlib
import re
from functools import partial
from pathlib import Path

import keras
import numpy as np
from keras import layers

from train.models.ensemble import MeanOfModels
from train.models.imagenet import find_torch_weights, not_at_hand, set_torch_weights
from train.models.preprocess import Preprocess
from train.models.registry import MODELS, ensemble_size, model_named
from train.models.torch_file import SUFFIXES, read_torch_weights
from train.models.weights import LAYERS, array_shapes, load_weights
from train.recipe import Recipe

BASE = "base"
"""Name of the part of a classifier that fine-tuning freezes first."""
SCRATCH = "none"
MOMENTUM = 0.9
"""Of the moving statistics of batch normalisation, from scratch.

That of keras.applications is 0.99 or 0.999, for training on a million images: in the few hundred steps here a part of
the statistics stays where it began, at 0 and 1, and a model that has learned calls all clips one class. On an inner
fold of ESC-10 (80 clips) `mobilenet` gave 10.0 % with 0.99 and 72.5 % with 0.9. Statistics estimated after training
(Wu and Johnson 2021, https://arxiv.org/abs/2105.07576), with and without transforms, gave it 77.5 and 67.5 %; without
transforms `cnn9` had 90.4 instead of 91.7 % (three inner folds, 240 clips). They were not worth their code."""
IMAGENET = "imagenet"


def build_model(
    name: str,
    *,
    n_classes: int,
    size: tuple[int, int] | None = None,
    weights: str = SCRATCH,
    ensemble: int = 1,
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    multilabel: bool = False,
) -> keras.Model:
    """Build an image classifier.

    Parameters
    ----------
    name : str
        Key of `train.models.registry.MODELS`.
    n_classes : int
    size : tuple of (int, int), optional
        Height and width of the images, in pixels; default: the model's own.
    weights : str
        `none`, `imagenet`, or a file: an earlier classifier of the same architecture (`.keras`, which may have had
        other classes), or only its weights (`.weights.h5`), or those of PyTorch (`.pth`, `.safetensors`) of a model
        of torchvision that is in the registry.
    ensemble : int
        Number of models with different initial weights, whose probabilities are averaged; see
        `train.models.ensemble.MeanOfModels`.
    dropout : float
        Rate before the last layer, 0 to below 1.
    l1, l2 : float
        Penalties on the kernels of all convolutions (except depthwise ones) and dense layers.
    multilabel : bool
        Whether an image may have several classes: then each has a probability of its own (sigmoid, not softmax).

    Returns
    -------
    keras.Model
        From images, shape=(batch, height, width, 3), values 0 to 255, to probabilities, shape=(batch, n_classes).
        Fine-tuning freezes its layer `base` first.

    Raises
    ------
    ValueError
        If the model is not known, or has no such weights.
    FileNotFoundError
        If the weights are not on this machine and cannot be downloaded; the message says which file to put where.
    """
    model = model_named(name)
    height, width = size or (model.size, model.size)
    image = layers.Input((height, width, 3), name="image")
    x = Preprocess(model.preprocessing, name="preprocess")(image)
    probabilities = []
    for number in range(1, ensemble + 1):
        suffix = f"_{number}" if ensemble > 1 else ""
        features = _base(name, (height, width, 3), weights, layer_name=BASE + suffix)(x)
        if model.head is None:
            logits = layers.Dense(n_classes, name="classes" + suffix)(layers.Dropout(dropout)(features))
        else:
            logits = model.head(features, n_classes, dropout)
        # Probabilities in full precision, also where the model computes in half.
        activation = "sigmoid" if multilabel else "softmax"
        probabilities.append(layers.Activation(activation, dtype="float32", name="probabilities" + suffix)(logits))
    mean = MeanOfModels(dtype="float32", name="mean")(probabilities) if ensemble > 1 else probabilities[0]
    classifier = keras.Model(image, mean, name=name)
    _penalise(classifier, l1 / ensemble, l2 / ensemble)  # as the loss is the mean over the models
    if weights == SCRATCH:
        for layer in classifier._flatten_layers(include_self=False):
            if isinstance(layer, layers.BatchNormalization):
                layer.momentum = MOMENTUM
    if weights == IMAGENET and model.torch_weights:
        state = read_torch_weights(find_torch_weights(name, model.torch_weights))
        set_torch_weights(classifier, state, base=BASE, head=model.torch_weights.head, with_head=False)
    elif weights not in (SCRATCH, IMAGENET):
        _load_pretrained(classifier, Path(weights))
    return classifier


def build_from_recipe(
    recipe: Recipe,
    *,
    n_classes: int,
    size: tuple[int, int],
    weights: str = SCRATCH,
    half_precision: bool,
    multilabel: bool = False,
) -> keras.Model:
    """Build the model that a recipe describes.

    Parameters
    ----------
    recipe : Recipe
    n_classes : int
    size : tuple of (int, int)
        Height and width of the images, in pixels.
    weights : str
        See `build_model`; `none` where weights are loaded afterwards.
    half_precision : bool
        Compute in bfloat16, which has the range of float32, so that no loss has to be scaled. Sets Keras's global
        dtype policy.
    multilabel : bool
        See `build_model`.
    """
    keras.config.set_dtype_policy("mixed_bfloat16" if half_precision else "float32")
    return build_model(
        recipe.model,
        n_classes=n_classes,
        size=size,
        weights=weights,
        ensemble=ensemble_size(recipe),
        dropout=recipe.dropout,
        l1=recipe.l1,
        l2=recipe.l2,
        multilabel=multilabel,
    )


def _base(name: str, shape: tuple[int, int, int], weights: str, *, layer_name: str) -> keras.Model:
    """The part from the image to its features, as a model of its own."""
    model = MODELS[name]
    if not isinstance(model.base, tuple):
        if weights == IMAGENET and model.torch_weights is None:
            published = ", ".join(other for other in MODELS if MODELS[other].has_imagenet)
            raise ValueError(f"There are no ImageNet weights of {name!r}. Take --weights none, or one of: {published}.")
        x = layers.Input(shape)
        return keras.Model(x, model.base(x), name=layer_name)
    module, function = model.base
    source = keras.applications if module == "mobilenet_v3" else importlib.import_module(f"keras.applications.{module}")
    build = partial(getattr(source, function), include_top=False, pooling="avg", input_shape=shape)
    try:
        base = build(weights=IMAGENET if weights == IMAGENET else None)
    except Exception as error:
        address = re.search(r"https?://[^\s:]+", str(error))
        if weights != IMAGENET or address is None:
            raise
        raise not_at_hand(name, address[0]) from None
    if module == "efficientnet" and weights == IMAGENET:
        base = _with_one_scaling(base, build(weights=None))
    # Named afterwards: some families look up their files and widths by the name.
    return keras.Model(base.input, base.output, name=layer_name)


def _with_one_scaling(pretrained: keras.Model, plain: keras.Model) -> keras.Model:
    """The pretrained EfficientNet as the network that Keras builds without weights, as which it is read back later.

    With ImageNet weights alone Keras divides images by the root of their standard deviations once more, in a layer
    without weights (https://github.com/tensorflow/tensorflow/issues/49930). Here the variances have it.
    """
    from keras.src.applications.efficientnet import IMAGENET_STDDEV_RGB

    plain.set_weights(pretrained.get_weights())
    (scaling,) = (layer for layer in plain.layers if isinstance(layer, layers.Normalization))
    scaling.adapt_variance.assign(scaling.adapt_variance * np.asarray(IMAGENET_STDDEV_RGB, np.float32))
    scaling.finalize_state()
    return plain


def _penalise(model: keras.Model, l1: float, l2: float) -> None:
    """Penalise the kernels of all convolutions and dense layers."""
    if not (l1 or l2):
        return
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, layers.Dense | layers.Conv2D):
            layer.kernel_regularizer = keras.regularizers.L1L2(l1, l2)
            layer.kernel.regularizer = layer.kernel_regularizer


def _load_pretrained(model: keras.Model, path: Path) -> None:
    """Take the weights of a classifier in a file; those of its last layer only if the number of classes is the same."""
    if not path.is_file():
        raise FileNotFoundError(f"--weights must be none, imagenet, or a file. There is no file {str(path)!r}.")
    if not path.name.endswith((".keras", ".weights.h5", *SUFFIXES)):
        raise ValueError(
            "--weights must be a file of Keras (.keras, .weights.h5) or of PyTorch (.pth, .pt, .safetensors). "
            f"Got {str(path)!r}. Give one of these."
        )
    is_torch, published = path.suffix in SUFFIXES, MODELS[model.name].torch_weights
    if is_torch and published is None:
        named = ", ".join(name for name, other in MODELS.items() if other.torch_weights)
        raise ValueError(
            f"--model must be one of {named} for weights of PyTorch. Got {model.name!r} with {str(path)!r}. "
            "Give one of these models, or a file of Keras."
        )
    try:
        if is_torch and published:
            set_torch_weights(model, read_torch_weights(path), base=BASE, head=published.head, with_head=True)
            return
        if path.suffix != ".keras":
            load_weights(model, path)
            return
        earlier = _read_classifier(path, model)
    except Exception as error:
        why = (str(error) or type(error).__name__).splitlines()[0]
        hint = "A .keras file, such as a run's last.keras, may have other classes; a .weights.h5 file may not."
        raise ValueError(
            f"--weights must be a file of weights of {model.name!r}. Got {str(path)!r}, which cannot be read as such "
            f"({why}). " + ("Give the file of that model." if is_torch else hint)
        ) from None
    if earlier.output_shape == model.output_shape:
        model.set_weights(earlier.get_weights())
    else:
        base, (earlier_base, *_) = model.get_layer(BASE), (x for x in earlier.layers if x.name.startswith(BASE))
        base.set_weights(earlier_base.get_weights())
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, layers.Normalization):  # which holds its statistics as constants too
            layer.finalize_state()


def _read_classifier(path: Path, model: keras.Model) -> keras.Model:
    """The classifier in a file, of an ensemble the first; its last layer must be like that of `model` but for classes.

    Raises
    ------
    ValueError
        If it is not.
    """
    kernel, bias = (tuple(weight.shape) for weight in model.weights[-2:])
    shapes = array_shapes(path)
    parts = {name.split("/")[1] for name in shapes if name.startswith(f"{LAYERS}/")}
    n_models = sum(part.startswith("functional") for part in parts)
    last = {
        shapes[name]
        for name in shapes
        if name.startswith(f"{LAYERS}/") and not name.startswith((f"{LAYERS}/functional", f"{LAYERS}/batch_norm"))
    }
    n_classes = min((shape[0] for shape in last if len(shape) == 1), default=bias[0])
    if last != {(*kernel[:-1], n_classes), (n_classes,)}:
        raise ValueError("its last layer differs")
    size = model.input_shape[1:3]
    found = build_model(model.name, n_classes=int(n_classes), size=size, ensemble=max(1, n_models))
    load_weights(found, path)
    return keras.Model(found.input, found.get_layer("probabilities_1").output) if n_models > 1 else found
