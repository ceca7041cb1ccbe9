"""The rendering in operators of ONNX and of TensorFlow, held to the program's own images of clips."""

import numpy as np
import pytest

from generate.dataset.settings import Settings
from generate.features.spectrogram import fit_length, spectrogram_image
from train.data.decode import prepare_pixels
from train.export.rendering import bilinear, check_rendering, rendering
from train.predict.windows import FrontEnd

GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def front_of(*, size=(96, 96), **settings):
    return FrontEnd(Settings(**{"sr": 44100, "seconds": 2.0} | settings), size, GREY)


@pytest.fixture(params=["onnx", "tensorflow"])
def rendered(request):
    """Pixel values by a graph, shape=(n, height, width)."""
    if request.param == "onnx":
        for package in ("onnx", "onnxruntime"):
            pytest.importorskip(package, reason=f"{package} is not installed: pip install onnx onnxruntime")

    def render(front, windows):
        given = np.stack([fit_length(y, front.settings.n_samples, pad=front.settings.pad) for y in windows])
        return (by_onnx if request.param == "onnx" else by_tensorflow)(rendering(front), given)[..., 0]

    return render


def by_onnx(plan, given):
    import onnxruntime

    from train.export.onnx_front_end import front_end_model

    model = front_end_model(plan)
    assert model.ByteSize() < 2e6  # a Fourier matrix alone would take 4 to 17 MB
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"samples": given})[0]


def by_tensorflow(plan, given):
    import tensorflow as tf

    from train.export.tf_front_end import front_end_images

    return front_end_images(tf.constant(given), plan).numpy()


def own(front, windows):
    """Pixel values by the program."""
    images = [spectrogram_image(y, front.settings) for y in windows]
    return np.stack([prepare_pixels(image, size=front.size) for image in images]).astype(float)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"image_size": None, "feature": "mfcc"},
        {"feature": "log", "fmin_hz": 200.0, "fmax_hz": 9000.0},
        {"feature": "log", "image_size": None},
        {"feature": "gammatone", "n_bands": 64, "reference": "full-scale"},
        {"n_fft": 1000, "hop_length": 300, "range_db": 60.0, "image_size": (150, 64)},
        {"n_fft": 1225, "hop_length": 441, "feature": "log", "image_size": None},  # odd, and 200 hops are the window
    ],
    ids=str,
)
def test_images_are_those_of_the_program(rendered, clips, settings):
    front = front_of(**settings)
    windows = [(y if y.ndim == 1 else y.mean(axis=1))[: front.settings.n_samples] for y, _ in clips[:5]]
    windows = [y - y.mean() for y in windows]
    windows[1] = windows[1][:30_000] - windows[1][:30_000].mean()  # shorter than a window
    difference = np.abs(rendered(front, windows) - own(front, windows))
    assert difference.mean() < 0.15 and difference.max() <= 2  # of 255; most where Pillow rounds a half


def test_offset_silence_and_level_are_treated_as_on_loading(rendered, clips):
    y = clips[0][0][:88_200]
    y = (y if y.ndim == 1 else y.mean(axis=1)) * 0.2
    y -= y.mean()
    front = front_of()
    plain, shifted, quiet = rendered(front, [y, y + np.float32(0.1), y * np.float32(1e-4 / np.abs(y).max())])
    assert plain.max() > 200 and np.abs(plain - shifted).mean() < 0.05
    assert quiet.max() == 0, "no more than the noise of 16 bits"
    overloaded = y * np.float32(0.2 / np.abs(y).max())
    overloaded[60_000] = 4.0  # far above full scale, and no reason to show all else darker
    overloaded -= overloaded.mean()
    for reference in ("full-scale", "peak"):
        of_level = front_of(reference=reference)
        difference = np.abs(rendered(of_level, [overloaded]) - own(of_level, [overloaded]))
        assert difference.mean() < 0.15 and difference.max() <= 2
    # An offset that is padded with zeros is one too; below the level of 16 bits the reference stays.
    half = np.append(y[:44_100] - y[:44_100].mean(), np.zeros(44_100, np.float32))
    raised = np.where(np.arange(88_200) < 44_100, half + np.float32(0.1), 0).astype(np.float32)
    a, b = rendered(front, [half, raised])
    assert np.abs(a - b).mean() < 0.05


def test_a_resize_is_pillows():
    weights = bilinear(431, 224)
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-6)
    assert bilinear(224, 224) is None


def test_what_cannot_be_in_a_graph_is_refused_by_name():
    for feature in ("cqt", "pcen"):
        with pytest.raises(ValueError, match=f"Got '{feature}'. Give --input image"):
            check_rendering(front_of(feature=feature))
    with pytest.raises(ValueError, match="must not be denoised.* Got --denoise 12. .*all formats but html"):
        check_rendering(front_of(denoise_db=12))
    with pytest.raises(ValueError, match="channels must be averaged.* Got --channels left. Give --input image"):
        check_rendering(front_of(channels="left"))
