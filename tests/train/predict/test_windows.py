import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import example, given
from hypothesis import strategies as st

from generate.audio import BadAudio, length
from generate.audio.decoders import ffmpeg, libsndfile
from generate.dataset import png, settings_file, tables
from generate.rendering.segments import count_pieces, window_starts
from generate.runtime.atomic_write import write_json
from tests.conftest import SR, tone, white
from tests.train.conftest import draw
from train.data.decode import load_images
from train.data.image_folder import read_images
from train.data.table_digest import table_sha256
from train.predict.windows import front_end, read_window, read_windows
from train.recipe import Recipe
from train.runs import run_folder
from train.runs.run_folder import Run

LENGTHS_S = {"short": 0.4, "nearly": 0.9999, "equal": 1.0, "a little longer": 1.2, "longer": 1.7, "long": 5.6}


def run_on(images: Path, folder: Path, *, size=(32, 32), classes=("high", "low")) -> Run:
    """A run on the images of a folder, without models."""
    run = Run(
        folder=folder,
        images=images,
        recipe=Recipe(model="cnn7", ensemble=1),
        classes=classes,
        input_size=size,
        folds=("1",),
        all_folds=("1",),
        collection="Small",
        versions={},
        table_sha256=table_sha256(read_images(images)[1]),
    )
    run_folder.write_run(run, settings_file.read_settings(images / "settings.json"))
    return run


def record(path: Path, seconds: float, *, sr=SR, seed=0, channels=1, hz=900) -> Path:
    y = np.stack(
        [tone(hz * (1 + k), seconds=seconds, sr=sr) + white(seconds, sr=sr, seed=seed + k) for k in range(channels)], 1
    )
    y[round(0.6 * len(y)) :] *= 1e-6  # so that some windows of a long one are silent
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, y, sr)
    return path


def all_lengths(audio_folder: Path, sr=SR) -> Path:
    for k, (name, seconds) in enumerate(LENGTHS_S.items()):
        record(audio_folder / ("low" if k % 2 else "high") / f"{name}.wav", seconds, sr=sr, seed=k)
    return audio_folder


def front_of(images, folder, **options):
    return front_end(run_on(images, folder, **options))


def assert_parity(audio_folder: Path, images: Path, folder: Path, *, minimum: int, sizes=((32, 32), None)) -> None:
    """Every original image of a folder equals the window that begins where it does."""
    table = tables.read_metadata(images / "metadata.csv")
    table = table[table["variant"] == "original"]
    assert len(table) >= minimum
    for size in sizes:
        height_and_width = size or png.read(images / table["file_name"].iloc[0])[0].shape
        front = front_of(images, folder, size=height_and_width)
        seconds = front.settings.seconds
        known = load_images(images, list(table["file_name"]), palette=front.palette, size=height_and_width).pixels
        for path, rows in table.assign(row=range(len(table))).groupby("audio_file"):
            starts = window_starts(length(audio_folder / path).seconds, seconds=seconds)
            windows = {start_s: read_window(audio_folder / path, start_s, front) for start_s in starts}
            assert len(windows) == len(starts) >= len(rows)
            for row in rows.itertuples():
                window = windows[row.start_s]
                np.testing.assert_array_equal(window.pixels, known[row.row], err_msg=f"{path} {row.start_s}")
                assert window.is_silent == row.silent
                if size is None:
                    np.testing.assert_array_equal(window.pixels, png.read(images / row.file_name)[0])
            if front.settings.long == "split":
                assert len(windows) == len(rows), "windows are the pieces that generate cuts"


# The same image as generate renders, to the pixel


@pytest.mark.parametrize("long", ["first", "split"])
def test_windows_equal_the_images_of_generate(tmp_path, long):
    audio_folder = all_lengths(tmp_path / "audio_folder")
    images = draw(audio_folder, tmp_path / "images", "--variants", "none", "--long", long)
    assert_parity(audio_folder, images, tmp_path / "run", minimum=6 if long == "first" else 12)


@pytest.mark.parametrize("long", ["first", "split"])
@pytest.mark.parametrize("sr", [8000, 44100, 48000])
def test_also_where_the_rate_is_changed(tmp_path, sr, long):
    audio_folder = all_lengths(tmp_path / "audio_folder", sr=sr)
    images = draw(audio_folder, tmp_path / "images", "--variants", "none", "--long", long)
    assert_parity(audio_folder, images, tmp_path / "run", minimum=6, sizes=[None])


@pytest.mark.parametrize(
    "more",
    [
        ("--feature", "mfcc", "--image-size", "native"),
        ("--feature", "log", "--pad", "repeat", "--image-size", "60x40"),
        ("--feature", "pcen", "--image-size", "native"),
        ("--feature", "cqt", "--fmin-hz", "100", "--bins-per-octave", "24"),
        ("--feature", "gammatone", "--colormap", "viridis", "--reference", "full-scale"),
        ("--image-size", "native", "--seconds", "0.7", "--long", "split", "--range-db", "60"),
    ],
    ids=" ".join,
)
def test_also_with_other_settings(tmp_path, more):
    audio_folder = all_lengths(tmp_path / "audio_folder")
    images = draw(audio_folder, tmp_path / "images", "--variants", "none", *more)
    assert_parity(audio_folder, images, tmp_path / "run", minimum=6)


@pytest.mark.parametrize("reference", ["peak", "full-scale"])
def test_windows_of_annotated_recordings_have_the_reference_that_the_run_was_trained_with(tmp_path, reference):
    """A quiet window beside a loud one: relative to its own peak, or to full scale, in both stages."""
    y = np.concatenate([tone(900, seconds=2.0, peak=0.5), 0.01 * white(3.0), tone(3000, seconds=1.3, peak=0.02)])
    audio_folder = tmp_path / "audio_folder"
    audio_folder.mkdir()
    soundfile.write(audio_folder / "a.wav", y, SR)
    (audio_folder / "a.txt").write_text("0.2\t1.9\tloud\n5.1\t6.2\tquiet\n")
    more = ("--annotations", str(audio_folder), "--variants", "none", "--reference", reference)
    images = draw(audio_folder, tmp_path / "images", *more)
    table = tables.read_metadata(images / "metadata.csv")
    assert set(table["label"]) == {"loud", "quiet", "_background"}
    front = front_of(images, tmp_path / "run", size=(48, 48))
    searched = set(window_starts(len(y) / SR, seconds=1.0, hop_s=0.5))
    assert searched >= set(table["start_s"]), "with --events, windows begin where those of generate do"
    brightest = {}
    for row in table.itertuples():
        window = read_window(audio_folder / "a.wav", row.start_s, front)
        np.testing.assert_array_equal(window.pixels, png.read(images / row.file_name)[0], err_msg=f"{row.start_s}")
        brightest[row.label] = int(window.pixels.max())
    assert (brightest["loud"] - brightest["quiet"] > 60) == (reference == "full-scale"), brightest


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3"])
def test_also_of_other_formats_in_stereo_above_full_scale(tmp_path, ending):
    for label in ("high", "low"):
        for k, seconds in enumerate((0.5, 3.6)):
            path = tmp_path / "audio_folder" / label / f"{k}.{ending}"
            record(path, seconds, sr=44100, seed=k, channels=2, hz=300)
    images = draw(tmp_path / "audio_folder", tmp_path / "images", "--variants", "none", "--long", "split")
    assert_parity(tmp_path / "audio_folder", images, tmp_path / "run", minimum=10, sizes=[None])


def test_one_overload_does_not_darken_a_clip_whose_image_shows_the_level(tmp_path):
    audio, images = tmp_path / "audio", tmp_path / "images"
    for label, overload in (("high", 4.0), ("low", 0.0)):
        y = tone(900, peak=0.2)
        y[round(0.8 * SR) :][:2] += [overload, -overload]  # without an offset
        (audio / label).mkdir(parents=True)
        soundfile.write(audio / label / "a.wav", y, SR, subtype="FLOAT")
    draw(audio, images, "--variants", "none", "--reference", "full-scale", "--image-size", "native")
    one, other = (png.read(path)[0].astype(int) for path in sorted(images.glob("*/*.png")))
    before = slice(0, one.shape[1] // 2)
    assert other.max() > 200 and np.abs(one - other)[:, before].max() <= 1 and np.abs(one - other).max() > 50
    assert_parity(audio, images, tmp_path / "run", minimum=2, sizes=(None,))


def test_also_where_resampling_goes_beyond_full_scale_later_in_the_clip(tmp_path):
    # What is read of a clip beyond its image decides how loud the image's part becomes.
    y = 0.2 * tone(500, seconds=3.0, sr=44100)
    y[2 * 44100 :] = np.sign(tone(400, seconds=1.0, sr=44100))
    for label in ("high", "low"):
        (tmp_path / "audio_folder" / label).mkdir(parents=True)
        soundfile.write(tmp_path / "audio_folder" / label / "a.wav", y, 44100, subtype="FLOAT")
    more = ("--variants", "none", "--long", "first", "--reference", "full-scale")
    images = draw(tmp_path / "audio_folder", tmp_path / "images", *more)
    assert_parity(tmp_path / "audio_folder", images, tmp_path / "run", minimum=2, sizes=[None])


@pytest.mark.parametrize(
    "more", [(), ("--seconds", "2", "--long", "split", "--sr", "22050"), ("--seconds", "7", "--feature", "mfcc")]
)
def test_real_clips_come_out_equal_to_the_pixel(esc10, tmp_path, more):
    folders = sorted(folder for folder in esc10.iterdir() if folder.is_dir())
    audio_folder = tmp_path / "audio_folder"
    for folder in folders[::2]:
        (audio_folder / folder.name).mkdir(parents=True)
        for path in sorted(folder.glob("*.ogg"))[3:5]:
            shutil.copy(path, audio_folder / folder.name / path.name)
    usual = ("--variants", "none", "--sr", "44100", "--seconds", "5", "--image-size", "224")
    images = draw(audio_folder, tmp_path / "images", "--layout", "folders", *usual, *more)
    assert_parity(audio_folder, images, tmp_path / "run", minimum=10, sizes=[(112, 112)])
    assert_parity(audio_folder, images, tmp_path / "run2", minimum=10, sizes=[None])


# Where windows begin


@pytest.mark.parametrize(
    ("duration", "hop", "starts"),
    [
        (0.0, 1, [0]),
        (3, None, [0]),
        (3, 1, [0]),
        (5, 1, [0]),
        (7.4, None, [0]),
        (7.5, None, [0, 5]),
        (10, None, [0, 5]),
        (10, 5, [0, 5]),
        (10, 2.5, [0, 2.5, 5]),
        (10, 1, [0, 1, 2, 3, 4, 5]),
        (10.4, 1, [0, 1, 2, 3, 4, 5, 6]),
        (6.5, 4, [0, 4]),
        (6.4, 4, [0]),
        (13, 10, [0, 10]),
        (12.4, 10, [0]),
    ],
)
def test_windows_start_until_one_reaches_the_end(duration, hop, starts):
    assert window_starts(duration, seconds=5.0, hop_s=hop).tolist() == starts


@given(st.floats(0, 1e5), st.floats(0.05, 60))
def test_without_a_hop_they_are_the_pieces_of_generate(duration, seconds):
    starts = window_starts(duration, seconds=seconds)
    assert len(starts) == count_pieces(duration, seconds)
    np.testing.assert_array_equal(starts, np.round(np.arange(len(starts)) * seconds, 6))


@given(st.integers(0, 60_000), st.integers(50, 10_000), st.integers(50, 20_000))
@example(18_275, 50, 50)
def test_each_window_but_the_last_is_full_and_the_last_is_half_full(duration_ms, seconds_ms, hop_ms):
    starts = window_starts(duration_ms / 1000, seconds=seconds_ms / 1000, hop_s=hop_ms / 1000)
    ends = [Fraction(k * hop_ms + seconds_ms) for k in range(len(starts))]
    if len(starts) > 1:
        assert ends[-2] < duration_ms, "no window follows one that reached the end"
        assert duration_ms - (len(starts) - 1) * hop_ms >= Fraction(seconds_ms, 2)
    left = duration_ms - len(starts) * hop_ms
    assert ends[-1] >= duration_ms or left < Fraction(seconds_ms, 2), "one more would have fitted"


@pytest.mark.parametrize("hop", [0.0, -1.0, 0.001, float("nan"), float("inf")])
def test_a_hop_must_be_a_length(hop):
    with pytest.raises(ValueError, match="hop_s must be 0.01 s or more"):
        window_starts(10, seconds=5, hop_s=hop)


# Windows of a recording


@pytest.fixture
def tiny_front(tmp_path, audio_folder):
    return front_of(draw(audio_folder, tmp_path / "images", "--variants", "none"), tmp_path / "run")


def test_a_window_has_its_place_and_whether_it_is_silent(tmp_path, tiny_front):
    y = np.concatenate([tone(500), np.zeros(SR, dtype=np.float32), tone(500, seconds=0.6)])
    soundfile.write(tmp_path / "a.wav", y, SR)
    starts = window_starts(2.6, seconds=1)
    first, silent, last = (read_window(tmp_path / "a.wav", start_s, tiny_front) for start_s in starts)
    assert [(w.start_s, w.end_s) for w in (first, silent, last)] == [(0, 1), (1, 2), (2, 2.6)]
    assert [w.is_silent for w in (first, silent, last)] == [False, True, False]
    assert not silent.pixels.any() and first.pixels.any()


def test_overlapping_windows_are_cut_at_the_hop(tmp_path, tiny_front):
    soundfile.write(tmp_path / "a.wav", white(3.0), SR, subtype="FLOAT")
    y, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    starts = window_starts(3, seconds=1, hop_s=0.5)
    windows = [read_window(tmp_path / "a.wav", start_s, tiny_front) for start_s in starts]
    assert [window.start_s for window in windows] == [0, 0.5, 1, 1.5, 2]
    for k, window in enumerate(windows):
        soundfile.write(tmp_path / "part.wav", y[k * SR // 2 :][:SR], SR, subtype="FLOAT")
        alone = read_window(tmp_path / "part.wav", 0.0, tiny_front)
        np.testing.assert_array_equal(window.pixels, alone.pixels)


def test_no_more_than_a_window_of_a_recording_is_read(tmp_path, tiny_front, monkeypatch):
    from train.predict import windows as module

    record(tmp_path / "a.wav", 30.0)
    read = []
    decode = module.decode_overlapping
    monkeypatch.setattr(module, "decode_overlapping", lambda path, parts: read.append(parts) or decode(path, parts))
    read_window(tmp_path / "a.wav", 7.0, tiny_front)
    assert read == [[(7.0, 1)]]


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "opus", "mp3", "m4a"])
def test_windows_that_are_read_together_are_those_that_are_read_alone(tmp_path, tiny_front, monkeypatch, ending):
    """At another rate, with an offset. AAC and Opus depend on where decoding begins: each window is decoded alone."""
    path = tmp_path / f"a.{ending}"
    y = 0.1 + white(4.0) * np.linspace(0.2, 1, 4 * SR, dtype=np.float32)
    if ending == "m4a":
        with av.open(str(path), "w", format="ipod") as out:
            stream = out.add_stream("aac", rate=SR, layout="mono")
            frame = av.AudioFrame.from_ndarray(y.astype(np.float32)[np.newaxis], format="fltp", layout="mono")
            frame.sample_rate = SR
            for packet in (*stream.encode(frame), *stream.encode(None)):
                out.mux(packet)
    elif ending == "opus":
        soundfile.write(path, soxr.resample(y, SR, 24000), 24000, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, y, SR)
    settings = replace(tiny_front.settings, sr=16000, long="first")
    front = replace(tiny_front, settings=settings)
    starts = [float(start_s) for start_s in window_starts(4, seconds=1, hop_s=0.3)]
    alone = [read_window(path, start_s, front, with_audio=True) for start_s in starts]
    n_read = []
    kind = ffmpeg.Recording if ending in ("mp3", "m4a") else libsndfile.Recording
    read = kind.read
    monkeypatch.setattr(kind, "read", lambda self, start, n: n_read.append(n) or read(self, start, n))
    together, reason = read_windows(path, starts, front, with_audio=True)
    assert not reason and len(n_read) == (len(starts) if ending in ("m4a", "opus") else 1)
    for one, other in zip(alone, together, strict=True):
        assert (one.start_s, one.end_s, one.sha256, one.peak_dbfs) == (
            other.start_s,
            other.end_s,
            other.sha256,
            other.peak_dbfs,
        )
        np.testing.assert_array_equal(one.pixels, other.pixels)
        np.testing.assert_array_equal(one.y, other.y)


def test_windows_before_damage_are_read(tmp_path, tiny_front):
    y = white(4.0)
    y[int(2.3 * SR)] = np.nan
    soundfile.write(tmp_path / "a.wav", y, SR, subtype="FLOAT")
    front = replace(tiny_front, settings=replace(tiny_front.settings, long="split"))
    windows, reason = read_windows(tmp_path / "a.wav", [0.0, 0.5, 1.0, 1.5, 2.0], front)
    assert [window.start_s for window in windows] == [0, 0.5, 1.0] and "NaN" in reason
    with pytest.raises(BadAudio, match="NaN"):
        read_windows(tmp_path / "a.wav", [1.5, 2.0, 2.5], front)


def test_what_cannot_be_read_is_an_error(tmp_path, tiny_front):
    (tmp_path / "text.wav").write_text("no sound at all")
    with pytest.raises(BadAudio, match="not readable as audio"):
        read_window(tmp_path / "text.wav", 0.0, tiny_front)
    (tmp_path / "a.m4a").write_bytes(b"1234")
    with pytest.raises(BadAudio, match="not readable as audio: it holds neither audio nor video"):
        read_window(tmp_path / "a.m4a", 0.0, tiny_front)
    with pytest.raises(BadAudio):
        read_window(tmp_path / "gone.wav", 0.0, tiny_front)


# The front end


def test_the_front_end_is_that_of_the_run_not_of_the_images_today(tmp_path, audio_folder):
    images = draw(audio_folder, tmp_path / "images", "--variants", "none", "--colormap", "gray")
    run = run_on(images, tmp_path / "run", size=(40, 40))
    front = front_end(run)
    draw(audio_folder, images, "--variants", "none", "--seconds", "0.5", "--overwrite")
    again = front_end(run)
    assert again.settings == front.settings and again.settings.seconds == 1
    assert again.size == (40, 40)
    assert again.palette.shape == (256, 3) and again.palette.tobytes() == png.palette("gray")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"feature": "wavelet"}, "Got 'wavelet'"),
        ({"colormap": "mud"}, "colormap must be a colour map"),
        ({"sr": "fast"}, "'sr' must be a whole number. Got 'fast'"),
        ({"image_size": 5}, "not as `python -m generate` wrote"),
        ({"volume": 11}, "it holds 'volume', which is not known here"),
    ],
)
def test_settings_that_cannot_be_used_are_named(tmp_path, audio_folder, change, message):
    run = run_on(draw(audio_folder, tmp_path / "images", "--variants", "none"), tmp_path / "run")
    values = run.image_settings()
    write_json(run.folder / "settings.json", values | {"settings": values["settings"] | change})
    with pytest.raises(ValueError, match=message) as caught:
        front_end(run)
    assert "settings.json" in str(caught.value)
