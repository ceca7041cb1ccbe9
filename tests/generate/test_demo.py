import csv
import functools
from collections import Counter

import librosa
import numpy as np
import pytest
import soundfile

from generate import demo

N_CLIPS = len(demo.CLASSES) * demo.RECORDINGS * demo.TAKES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return demo.synthesise(tmp_path_factory.mktemp("audio_folder") / "demo")


@pytest.fixture(scope="module")
def rows(folder):
    with open(folder / "labels.csv", newline="") as table:
        return list(csv.DictReader(table))


@pytest.fixture(scope="module")
def clips(folder, rows):
    return {row["file"]: soundfile.read(folder / row["file"])[0] for row in rows}


def one_class(clips, label):
    return [y for file, y in clips.items() if file.startswith(label + "/")]


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def copy_of(folder, copy, *, without):
    for name, content in contents(folder).items():
        if not name.startswith(without):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(content)
    return copy


def test_the_table_names_every_sound_and_nothing_else(folder, rows):
    assert list(rows[0]) == ["file", "label", "fold", "recording"]
    assert len(rows) == N_CLIPS == 120
    assert {row["file"] for row in rows} | {"labels.csv", "README.md"} == set(contents(folder))
    for row in rows:
        assert row["file"].rpartition("-")[0] == f"{row['label']}/{row['recording']}"
    assert "CC0" in (folder / "README.md").read_text()


def test_no_recording_is_in_two_folds_and_folds_are_balanced_by_class(rows):
    recordings = {row["recording"]: (row["label"], row["fold"]) for row in rows}
    assert all(recordings[row["recording"]] == (row["label"], row["fold"]) for row in rows)
    assert set(Counter(row["recording"] for row in rows).values()) == {demo.TAKES}
    per_fold = Counter((row["label"], row["fold"]) for row in rows)
    assert set(per_fold) == {(label, fold) for label in demo.CLASSES for fold in "12345"}
    assert set(per_fold.values()) == {demo.RECORDINGS * demo.TAKES // demo.FOLDS}


def test_each_sound_is_16_bit_mono_and_2_to_4_seconds(folder, rows):
    infos = [soundfile.info(folder / row["file"]) for row in rows]
    assert {(i.format, i.subtype, i.channels, i.samplerate) for i in infos} == {("WAV", "PCM_16", 1, 22050)}
    assert all(2 <= i.duration <= 4 for i in infos)
    assert len({i.frames for i in infos}) > N_CLIPS / 2


def test_levels_vary_and_nothing_clips_or_is_silent(clips):
    peaks = np.array([np.abs(y).max() for y in clips.values()])
    assert all(np.isfinite(y).all() for y in clips.values())
    assert peaks.max() <= 0.9
    assert peaks.min() > 0.01
    assert peaks.max() / peaks.min() > 5
    assert all(abs(y.mean()) < 0.01 for y in clips.values())


def test_no_two_clips_are_alike(clips):
    assert len({y[:1000].tobytes() for y in clips.values()}) == N_CLIPS


def test_same_seed_same_bytes_beside_hidden_files(folder, tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"x")
    made = contents(demo.synthesise(tmp_path))
    assert made.pop(".DS_Store") == b"x"
    assert made == contents(folder)


def test_a_recording_depends_on_its_own_name_and_seed_only(folder, clips):
    # Made last in the folder, first here.
    for take, y in enumerate(demo.takes("rain", 10), start=1):
        np.testing.assert_allclose(y, clips[f"rain/rain-10-{take}.wav"], atol=1e-4)
    other = demo.takes("rain", 10, seed=1)[0]
    assert not np.array_equal(other[:1000], demo.takes("rain", 10)[0][:1000])
    assert not np.array_equal(demo.takes("rain", 9)[0][:1000], demo.takes("rain", 10)[0][:1000])


def test_a_whole_demo_is_left_alone_and_what_is_missing_is_made(folder, tmp_path, monkeypatch):
    copy = copy_of(folder, tmp_path / "demo", without=("engine/engine-03-2.wav", "labels.csv"))
    (copy / "notes.txt").write_text("mine")
    before = {p: p.stat().st_mtime_ns for p in copy.rglob("*") if p.is_file()}

    asked = []
    takes = demo.takes
    monkeypatch.setattr(demo, "takes", lambda *a, **k: asked.append(a) or takes(*a, **k))
    assert demo.synthesise(copy) == copy
    assert asked == [("engine", 3)]
    assert all(p.stat().st_mtime_ns == then for p, then in before.items())
    after = contents(copy)
    assert after.pop("notes.txt") == b"mine"
    assert after == contents(folder)

    inodes = {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in copy.rglob("*")}
    demo.synthesise(copy)
    assert len(asked) == 1
    assert {p: (p.stat().st_mtime_ns, p.stat().st_ino) for p in copy.rglob("*")} == inodes


def test_a_run_that_was_stopped_leaves_whole_files_only_and_goes_on(folder, tmp_path, monkeypatch):
    copy = copy_of(folder, tmp_path / "demo", without=("rain/rain-0", "labels.csv"))
    n_before, replace, moves = len(contents(copy)), demo.os.replace, []

    def stop_at_the_fifth(source, target):
        moves.append(target)
        if len(moves) == 5:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(demo.os, "replace", stop_at_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        demo.synthesise(copy)
    held, whole = contents(copy), contents(folder)
    assert len(held) == n_before + 4
    assert all(whole[name] == content for name, content in held.items())
    monkeypatch.undo()
    assert contents(demo.synthesise(copy)) == whole


@pytest.mark.parametrize("name", ["mine.wav", "README.md", "labels.csv"])
def test_a_folder_with_something_else_in_it_is_refused_and_untouched(tmp_path, name):
    (tmp_path / name).write_text("" if name == "README.md" else "mine")
    with pytest.raises(ValueError, match="Move that away"):
        demo.synthesise(tmp_path)
    assert list(contents(tmp_path)) == [name]


def test_a_negative_seed_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="-1"):
        demo.synthesise(tmp_path / "demo", seed=-1)
    assert not (tmp_path / "demo").exists()


def test_another_seed_is_refused_with_both_named(folder):
    before = contents(folder)
    with pytest.raises(ValueError, match=r"seed 7.*seed 0"):
        demo.synthesise(folder, seed=7)
    assert contents(folder) == before


@pytest.mark.parametrize("label", demo.CLASSES)
@pytest.mark.parametrize("sr", [22050, 44100])
def test_each_class_is_a_pure_function_of_its_generator(label, sr):
    f = demo.CLASSES[label]
    for seed in range(4):
        y = f(np.random.default_rng(seed), sr=sr, duration_s=3.0)
        assert y.shape == (3 * sr,)
        assert y.dtype == np.float64
        assert np.isfinite(y).all()
        assert np.abs(y).max() > 0
        np.testing.assert_array_equal(y, f(np.random.default_rng(seed), sr=sr, duration_s=3.0))


def share(y, *, fmin_hz=0.0, fmax_hz=np.inf):
    power = np.abs(np.fft.rfft(y)) ** 2
    f_hz = np.fft.rfftfreq(len(y), 1 / demo.SR)
    return power[(f_hz >= fmin_hz) & (f_hz < fmax_hz)].sum() / power.sum()


def flatness(y):
    return np.median(librosa.feature.spectral_flatness(y=y))


def lull(y):
    """Loudness of the quietest tenth of the 20 ms frames over the mean: low where there are pauses."""
    rms = librosa.feature.rms(y=y, frame_length=441, hop_length=441, center=False)[0]
    return np.quantile(rms, 0.1) / rms.mean()


@functools.cache
def dry(label, seed):
    return demo.CLASSES[label](np.random.default_rng(seed), sr=demo.SR, duration_s=4.0)


@pytest.mark.parametrize(
    ("label", "fmin_hz", "fmax_hz", "at_least"),
    [
        ("cricket", 3000, 9000, 0.99),
        ("birdsong", 1400, 10000, 0.97),
        ("engine", 0, 1000, 0.7),
        ("bell", 100, 10000, 0.99),
        ("rain", 300, 11025, 0.9),
    ],
)
def test_the_energy_of_a_class_is_where_it_should_be(label, fmin_hz, fmax_hz, at_least):
    assert min(share(dry(label, s), fmin_hz=fmin_hz, fmax_hz=fmax_hz) for s in range(10)) > at_least


def test_classes_differ_in_tone_and_rhythm():
    seeds = range(10)
    assert min(flatness(dry("rain", s)) for s in seeds) > 10 * max(flatness(dry("bell", s)) for s in seeds)
    for steady in ("engine", "rain"):
        assert max(lull(dry("footsteps", s)) for s in seeds) < 0.5 * min(lull(dry(steady, s)) for s in seeds)


def test_what_holds_of_a_class_holds_of_most_of_its_clips_with_all_around_them(clips):
    def middle(measure, label, **options):
        return np.median([measure(y, **options) for y in one_class(clips, label)])

    assert middle(share, "cricket", fmin_hz=3000) > 0.7
    assert middle(share, "birdsong", fmin_hz=1400) > 0.7
    assert middle(share, "engine", fmax_hz=1000) > 0.9
    assert middle(flatness, "rain") > 3 * middle(flatness, "bell")
    assert middle(lull, "footsteps") < 0.8 * middle(lull, "rain")


def test_recordings_of_a_class_differ_in_noise(clips):
    measured = [flatness(y) for y in one_class(clips, "bell")]
    assert max(measured) > 30 * min(measured)


def test_takes_of_a_recording_are_relatives_that_a_split_must_not_part(clips):
    spectra = [librosa.feature.melspectrogram(y=y, sr=demo.SR, n_mels=64).mean(axis=1) for y in clips.values()]
    spectra = librosa.power_to_db(np.array(spectra), ref=1.0, top_db=None)
    distance = np.linalg.norm(spectra[:, None] - spectra[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    names = np.array([file.rpartition("-")[0] for file in clips])
    assert np.mean(names[distance.argmin(axis=1)] == names) > 0.7


def test_noise_has_the_slope_that_is_asked_for():
    y = demo.noise(np.random.default_rng(0), 2**18, sr=demo.SR, slope_db=-6.02, fmin_hz=30)
    assert np.sqrt(np.mean(y**2)) == pytest.approx(1, rel=1e-4)
    octaves = [share(y, fmin_hz=f, fmax_hz=2 * f) for f in (500, 1000, 2000, 4000)]
    # An octave has twice the bins at a quarter of the power.
    np.testing.assert_allclose(np.divide(octaves[1:], octaves[:-1]), 0.5, rtol=0.1)
