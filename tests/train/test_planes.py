"""Images of three planes through training and prediction."""

import json

import numpy as np
import pytest
import soundfile
from PIL import Image

from generate.dataset import png
from generate.dataset.tables import read_metadata
from tests.conftest import SR, tone, white
from tests.train.conftest import draw
from tests.train.predict.test_windows import run_on
from train.augment.image_transforms import ImageTransforms, image_arguments
from train.augment.spectrogram_transforms import SpectrogramTransforms, mix, transform
from train.data.image_folder import open_images, read_images
from train.explain.masked_audio import mask_audio
from train.export.rendering import check_rendering
from train.listen.listen import Listener
from train.listen.sources import RecordingSource
from train.predict.recording_page.blocks import drawing_settings, read_block
from train.predict.windows import front_end, read_window
from train.report.knn_baseline import shrink

SETS = {
    "stereo": ("--channels", "stereo"),
    "windows": ("--planes", "mel:1024", "mel:2048", "delta"),
}


@pytest.fixture(scope="module", params=SETS)
def folder(tmp_path_factory, request):
    """Stereo recordings of two classes, of which one is on the left and the other on the right."""
    folder = tmp_path_factory.mktemp("planes")
    for label, gains in (("from left", (1, 0.1)), ("from right", (0.1, 1))):
        (folder / "audio" / label).mkdir(parents=True)
        for k in range(6):
            y = tone(500 + 50 * k, seconds=1) + white(1, seed=k, rms=0.02)
            path = folder / "audio" / label / f"{k}.wav"
            soundfile.write(path, np.outer(y, gains), SR)
    draw(folder / "audio", folder / "images", "--variants", "none", *SETS[request.param])
    return folder


def opened(folder, **options):
    settings, table = read_images(folder / "images")
    usual = {"size": (48, 48), "cache": "memory"}
    return open_images(folder / "images", settings, table, **usual | options)


def front_of(folder, tmp_path, **options):
    run = run_on(folder / "images", tmp_path / "run", classes=("from left", "from right"), **options)
    return run, front_end(run)


def test_planes_are_the_colours_of_the_png_in_memory_and_on_disk(folder):
    memory, disk = opened(folder), opened(folder, cache="disk")
    assert memory.palette is None
    assert memory.pixels.shape == disk.pixels.shape == (12, 48, 48, 3)
    table = read_metadata(folder / "images" / "metadata.csv")
    for k, name in enumerate(table["file_name"]):
        np.testing.assert_array_equal(memory.pixels[k], np.asarray(Image.open(folder / "images" / name)))
        np.testing.assert_array_equal(disk.pixels[k], memory.pixels[k])
    np.testing.assert_array_equal(shrink(disk.pixels), shrink(memory.pixels))
    for k in range(3):
        np.testing.assert_array_equal(shrink(memory.pixels)[:, k::3], shrink(memory.pixels[..., k]))
    smaller = opened(folder, size=(24, 32)).pixels
    for k in range(3):  # each plane as an image of its own
        plane = Image.fromarray(memory.pixels[0][..., k]).resize((32, 24), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(smaller[0][..., k], np.asarray(plane))


def test_an_image_of_another_kind_is_refused(folder, tmp_path):
    name = read_metadata(folder / "images" / "metadata.csv")["file_name"][0]
    before = (folder / "images" / name).read_bytes()
    png.write(folder / "images" / name, np.zeros((48, 48), np.uint8), palette=png.palette("magma"), text={})
    try:
        with pytest.raises(ValueError, match="it has one plane, unlike its folder"):
            opened(folder)
    finally:
        (folder / "images" / name).write_bytes(before)


def test_a_window_of_a_recording_is_its_image(folder, tmp_path):
    _, front = front_of(folder, tmp_path, size=(48, 48))
    table = read_metadata(folder / "images" / "metadata.csv")
    for name, audio_file, sha256 in zip(table["file_name"], table["audio_file"], table["audio_sha256"], strict=True):
        window = read_window(folder / "audio" / audio_file, 0.0, front, with_audio=True)
        np.testing.assert_array_equal(window.pixels, np.asarray(Image.open(folder / "images" / name)))
        assert window.sha256 == sha256
        assert window.end_s == 1
    assert front.silent_pixels().shape == (48, 48, 3)
    assert front.silent_pixels().max() in (0, 128)


def test_what_is_heard_live_is_as_from_a_file(folder, tmp_path, monkeypatch):
    run, front = front_of(folder, tmp_path, size=(48, 48))
    path = folder / "audio" / "from left" / "0.wav"
    monkeypatch.setattr("train.listen.listen.folds_to_average", lambda *_: ("1",))
    seen = []
    monkeypatch.setattr(
        "train.listen.listen.predict_batch", lambda windows, *_, **__: seen.append(windows[0][1]) or [None]
    )
    listener = Listener(run, RecordingSource(path))
    listener._predict(0.0, soundfile.read(path, dtype="float32", always_2d=True)[0])
    listener._predict(0.0, soundfile.read(path, dtype="float32", always_2d=True)[0][:, :1])
    np.testing.assert_array_equal(seen[0].pixels, read_window(path, 0.0, front).pixels)
    assert seen[1].pixels.shape == (48, 48, 3), "a microphone of one channel"


def test_what_shows_one_plane_shows_the_first(folder, tmp_path):
    _, front = front_of(folder, tmp_path, size=(48, 48))
    path = folder / "audio" / "from left" / "0.wav"
    drawn = drawing_settings(front.settings)
    assert (drawn.planes, drawn.channels, drawn.n_fft) == ((), "auto", 1024)
    assert read_block(path, 0, 40, drawn).values.ndim == 2
    y = read_window(path, 0.0, front, with_audio=True).y
    mean = y if y.ndim == 1 else y.mean(axis=0)
    everything = mask_audio(y, np.ones((48, 48)), front.settings)
    np.testing.assert_allclose(everything, mean, atol=0.01)


def test_rendering_in_an_export_is_refused_by_name(folder, tmp_path):
    with pytest.raises(ValueError, match=r"one plane .* Got the planes .*Give --input image"):
        check_rendering(front_of(folder, tmp_path)[1])


@pytest.fixture
def batch():
    return np.random.default_rng(0).integers(0, 256, (4, 20, 30, 3), dtype=np.uint8)


def test_spectrogram_transforms_are_the_same_for_all_planes(batch):
    equal = np.repeat(batch[..., :1], 3, axis=-1)
    transforms = SpectrogramTransforms(n_time_masks=2)
    together = transform(equal, transforms, np.random.default_rng(1))
    alone = transform(equal[..., 0], transforms, np.random.default_rng(1))
    for k in range(3):
        np.testing.assert_array_equal(together[..., k], alone)
    masked = SpectrogramTransforms(time_shift=0, time_warp=(1, 1), band_shift=0, frequency_mask=0, time_mask=1, mixup=0)
    done = transform(batch, masked, np.random.default_rng(1))
    changed = (done != batch).any(axis=1)  # columns, by image and plane
    assert changed.any()
    for k in range(3):
        hidden = changed[0].any(axis=-1)
        mean = round(float(batch[0][..., k].mean()))
        assert (done[0][:, hidden, k] == mean).all(), "each with the mean of its own plane"
    targets = np.eye(4, dtype=np.float32)
    mixed, of_both = mix(batch, targets, alpha=0.3, rng=np.random.default_rng(2))
    expected = np.einsum("ij,jhwk->ihwk", of_both, batch.astype(np.float64))
    np.testing.assert_allclose(mixed, expected, atol=0.51)


@pytest.mark.parametrize("preset", ["paper", "sound"])
def test_image_transforms_are_keras_for_each_plane(batch, preset):
    transforms = ImageTransforms(image_arguments(preset, []))
    ours = transforms.transform(batch, None, np.random.default_rng(3))
    drawn = transforms.draw(len(batch), batch.shape[1:], np.random.default_rng(3))
    for image, how, done in zip(batch, drawn, ours, strict=True):
        np.testing.assert_allclose(done, transforms.apply(image, how), atol=1e-3)


def test_settings_json_names_the_planes(folder):
    settings = json.loads((folder / "images" / "settings.json").read_text())["settings"]
    image = Image.open(folder / "images" / read_metadata(folder / "images" / "metadata.csv")["file_name"][0])
    assert image.text["planes"].split() == settings["planes"]
    assert image.text["planes"] in ("left right mid", "mel:1024 mel:2048 delta")
