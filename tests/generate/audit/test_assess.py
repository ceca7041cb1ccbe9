"""The checks of a collection: each fires on a made-up fault, and says that all is well without it."""

import io

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr

from generate.audio import load
from generate.audit import assess, checks
from generate.audit.cutoff import cutoff_hz
from generate.audit.flag_words import flag_in_words
from generate.audit.near_duplicates import near_duplicates, small_image
from generate.audit.shortcut import shortcut
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from generate.runtime.findings import Finding
from tests.conftest import white

SETTINGS = Settings()
SR = 44100
CHECKS = ["balance", "durations", "duration_by_class", "peaks", "level_by_class", "equal", "near", "bandwidth"]
CHECKS += ["bandwidth_by_class"]


def findings_of(clips: pd.DataFrame, small: np.ndarray, *, settings: Settings) -> list[Finding]:
    return assess.assess(clips, small, settings=settings)[1]


def flagged(clips: pd.DataFrame, small: np.ndarray, *, settings: Settings) -> pd.DataFrame:
    return assess.assess(clips, small, settings=settings)[0]


def clips_table(n: int = 30) -> pd.DataFrame:
    """A healthy collection: three classes, a recording a clip, five folds."""
    number = np.arange(n)
    rng = np.random.default_rng(1)
    ids = [f"clip{i:02d}" for i in number]
    return pd.DataFrame(
        {
            "clip_id": ids,
            "label": pd.Series(["abc"[i % 3] for i in number], dtype=object),
            "fold": pd.Series([str(1 + i // 3 % 5) for i in number], dtype=object),
            "source_id": ids,
            "recording": ids,
            "seconds": 5.0,
            "peak_dbfs": np.round(rng.uniform(-20, -1, n), 2),
            "dc_offset": 0.0,
            "channel": "mono",
            "sample_rate_hz": SR,
            "silent": False,
            "audio_sha256": [f"sha{i}" for i in number],
            "audio_file": [f"{i}.wav" for i in number],
            "cutoff_hz": np.nan,
        }
    )


def small_images(n: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 32, 128), dtype=np.uint8)


def statuses(clips, small=None, settings=SETTINGS) -> dict[str, str]:
    found = findings_of(clips, small_images(len(clips)) if small is None else small, settings=settings)
    assert all(bool(finding.fix) == (finding.status != "ok") for finding in found)
    return {check: finding.status for check, finding in zip(CHECKS, found, strict=True)}


def fault(clips: pd.DataFrame, kind: str) -> pd.DataFrame:
    is_a = clips["label"] == "a"
    match kind:
        case "few clips":
            return clips.drop(clips.index[is_a][5:]).reset_index(drop=True).pipe(_doubled, "b")
        case "fewer recordings than folds":
            return clips.assign(source_id=clips["source_id"].mask(is_a, "one"))
        case "short":
            return clips.assign(seconds=1.0)
        case "long":
            return clips.assign(seconds=12.0)
        case "duration tells":
            return clips.assign(seconds=clips["seconds"].mask(is_a, 4.0))
        case "silent":
            return clips.assign(silent=clips.index == 7, peak_dbfs=clips["peak_dbfs"].mask(clips.index == 7, -np.inf))
        case "quiet":
            return clips.assign(peak_dbfs=clips["peak_dbfs"].mask(clips.index == 7, -70.0))
        case "clipped":
            return clips.assign(peak_dbfs=clips["peak_dbfs"].mask(clips.index < 12, 0.0))
        case "level tells":
            return clips.assign(peak_dbfs=np.where(is_a, -30.0, -6.0))
        case "equal":
            return clips.assign(audio_sha256=clips["audio_sha256"].mask(clips.index < 2, "same"))
        case "all cut":
            return clips.assign(cutoff_hz=11000.0)
        case "one class cut":
            return clips.assign(cutoff_hz=np.where(is_a, 7800.0, 16000.0))
    raise ValueError(kind)


def _doubled(clips: pd.DataFrame, label: str) -> pd.DataFrame:
    more = clips[clips["label"] == label]
    renamed = more.assign(clip_id=more["clip_id"] + "x", audio_sha256=more["audio_sha256"] + "x")
    return pd.concat([clips, renamed], ignore_index=True)


def test_near_duplicates_are_not_looked_for_where_clips_are_at_random_places():
    same = np.repeat(small_images(1), 30, axis=0)
    found = assess.assess(clips_table(), same, settings=SETTINGS)[1]
    assert any(finding.status == "warning" and "seem to be one recording" in finding.what for finding in found)
    table, placed = assess.assess(clips_table(), same, settings=SETTINGS, are_placed=True)
    assert assess.NOT_LOOKED_FOR in placed and set(table["flags"]) == {""}


def test_a_healthy_collection_has_nothing_to_mend():
    found = findings_of(clips_table(), small_images(), settings=SETTINGS)
    assert [finding.status for finding in found] == ["ok"] * len(CHECKS)
    assert found[0].what == "3 classes of 10 clips (the largest 1.0 times the smallest) and 10 recordings each"
    assert set(flagged(clips_table(), small_images(), settings=SETTINGS)["flags"]) == {""}


@pytest.mark.parametrize(
    "kind, check, said",
    [
        ("few clips", "balance", "few of a"),
        ("fewer recordings than folds", "balance", "fewer recordings than the 5 folds: a"),
        ("short", "durations", "30 clips shorter than half"),
        ("long", "durations", "30 clips longer, cut"),
        ("duration tells", "duration_by_class", "it predicts a (100 %"),
        ("silent", "peaks", "silent 1"),
        ("quiet", "peaks", "below -60 dBFS 1"),
        ("clipped", "peaks", "at full scale 12"),
        ("equal", "equal", "1 recording under several names (2 clips), 1 of them in two classes"),
        ("all cut", "bandwidth", "30 of 30 clips end in an edge"),
        ("one class cut", "bandwidth_by_class", "it predicts a (100 %"),
    ],
)
def test_one_fault_is_one_finding(kind, check, said):
    clips = fault(clips_table(), kind)
    expected = dict.fromkeys(CHECKS, "ok") | {check: "warning"}
    if kind == "one class cut":
        expected["bandwidth"] = "warning"  # 16 kHz is below three quarters of the image too
    assert statuses(clips) == expected
    found = findings_of(clips, small_images(len(clips)), settings=SETTINGS)
    assert said in found[CHECKS.index(check)].what


def test_a_level_that_tells_the_class_matters_only_where_the_image_shows_it():
    clips = fault(clips_table(), "level tells")
    assert statuses(clips)["level_by_class"] == "ok"
    assert "harmless" in findings_of(clips, small_images(), settings=SETTINGS)[CHECKS.index("level_by_class")].what
    assert statuses(clips, settings=Settings(reference="full-scale"))["level_by_class"] == "warning"


def test_a_duration_that_tells_the_class_is_no_warning_where_its_advice_was_followed():
    clips = fault(clips_table(), "duration tells")
    assert (
        "--pad repeat" in findings_of(clips, small_images(), settings=SETTINGS)[CHECKS.index("duration_by_class")].fix
    )
    assert statuses(clips, settings=Settings(pad="repeat"))["duration_by_class"] == "ok"
    assert statuses(clips, settings=Settings(pad="random"))["duration_by_class"] == "warning"


def finding(check: str, clips, settings=SETTINGS):
    return getattr(checks, check)(clips, settings)


def test_short_clips_are_to_get_images_that_show_95_of_100_whole():
    """And never such as cut a quarter of them in two."""
    lengths = np.linspace(0.3, 0.8, 30)
    for settings in (SETTINGS, Settings(long="split")):
        found = finding("durations", clips_table().assign(seconds=lengths), settings)
        assert "images of 5 s are 11 % audio, the rest is padding" in found.what
        assert found.fix == "--seconds 0.78 --long first makes them 70 % audio"


def test_clips_that_are_cut_are_to_be_split_or_shown_whole():
    found = finding("durations", clips_table().assign(seconds=12.0))
    assert found.fix == "to keep what is cut: --long split, which makes several images of a long clip, or --seconds 12"
    found = finding("durations", clips_table().assign(seconds=20.0))
    assert found.fix.endswith("a long clip"), "how long it is nobody knows"


def test_pieces_of_one_file_are_one_length():
    clips = clips_table().assign(seconds=5.0)
    clips.loc[::3, ["audio_file", "seconds"]] = ["long.wav", 5.0]
    clips.loc[0, "seconds"] = 2.6
    assert finding("durations", clips, Settings(long="split")).status == "ok"


def test_channels_that_cancel_are_told_and_never_to_be_left_out():
    clips = clips_table()
    clips.loc[3, "channel"] = "2"
    found = finding("peaks", clips)
    assert found.status == "ok"
    assert found.what.endswith("; channels of 1 clip cancel each other, and the loudest is used: 3.wav")
    clips.loc[3, ["channel", "silent"]] = ["mean", True]
    found = finding("peaks", clips, Settings(channels="mean"))
    assert found.fix == "other channels of silent clips may be audible: --channels auto: 3.wav"
    assert "remove the silent clips: 3.wav" in finding("peaks", clips).fix, "all channels hold nothing"


def test_offsets_are_counted():
    clips = clips_table()
    clips.loc[[3, 4], "dc_offset"] = [-0.25, 0.02]
    what = "; a DC offset of 1 % of full scale or more is removed from 2 clips, the largest is 25 %: 3.wav, 4.wav"
    assert what in finding("peaks", clips).what
    for nothing in (0.001, np.nan):
        assert "offset" not in finding("peaks", clips_table().assign(dc_offset=nothing)).what


def test_numbers_in_a_unit_of_their_own_are_not_clipped():
    clips = clips_table().assign(peak_dbfs=40.0)
    assert finding("peaks", clips).status == "ok"


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
@pytest.mark.parametrize("gain, is_clipped", [(1.0, False), (4.0, True)])
def test_the_codes_of_telephones_have_a_full_scale_of_their_own(tmp_path, subtype, gain, is_clipped):
    soundfile.write(tmp_path / "a.wav", gain * white(1.0, sr=8000, rms=0.15).clip(-0.9, 0.9), 8000, subtype=subtype)
    peak_dbfs = round(load(tmp_path / "a.wav", 8000).peak_dbfs, 2)
    assert peak_dbfs < 0
    assert checks.is_clipped(clips_table().assign(peak_dbfs=peak_dbfs)).all() == is_clipped


def test_the_highest_frequency_that_is_advised_leaves_nearly_no_edge_that_tells():
    clips = clips_table(120)
    is_a = clips["label"] == "a"
    clips.loc[is_a, "cutoff_hz"] = np.geomspace(6000, 14000, is_a.sum())
    clips.loc[1, "cutoff_hz"] = 2600.0  # of another class, by its sound
    fix = assess.shortcut_checks.bandwidth_by_class(clips, SETTINGS).fix
    advised_hz = int(fix.split("--fmax-hz ")[1].split(",")[0])
    assert advised_hz > 5500
    assert (clips.loc[is_a, "cutoff_hz"] < advised_hz).mean() <= 0.05, "half of them ended below the median"


def test_bandwidth_says_what_to_do():
    found = findings_of(fault(clips_table(), "one class cut"), small_images(), settings=SETTINGS)
    assert "--fmax-hz 7400" in found[-1].fix


@pytest.mark.parametrize("settings", [SETTINGS, Settings(long="split")])
def test_two_longer_clips_of_many_are_only_counted(settings):
    clips = clips_table()
    clips.loc[:1, "seconds"] = 7.0
    assert statuses(clips, settings=settings)["durations"] == "ok"


def test_near_duplicates_are_found_and_named():
    clips, small = clips_table(), small_images()
    small[10] = small[4]  # another class, another fold
    finding = findings_of(clips, small, settings=SETTINGS)[6]
    assert finding.status == "warning"
    assert "apart, 1 of them in two folds: 4.wav (b) and 10.wav (b)" in finding.what
    table = flagged(clips, small, settings=SETTINGS)
    assert table["flags"][4] == "near-duplicate-of:clip10"
    assert table["flags"][10] == "near-duplicate-of:clip04"
    clips["source_id"] = clips["source_id"].replace("clip10", "clip04")
    assert statuses(clips, small)["near"] == "ok"


def test_a_flag_names_a_clip_whose_name_has_spaces():
    clips, small = clips_table(), small_images()
    small[10] = small[4]
    clips.loc[10, "clip_id"] = "100 % 10"
    flag = flagged(clips, small, settings=SETTINGS)["flags"][4]
    assert flag == "near-duplicate-of:100%20%25%2010"
    assert flag_in_words(flag) == "near duplicate (almost the same as 100 % 10)"


def test_silent_clips_are_no_duplicates():
    clips, small = clips_table(), small_images()
    clips.loc[[4, 10], ["silent", "audio_sha256"]] = [True, "silence"]
    small[10] = small[4]
    assert statuses(clips, small) == dict.fromkeys(CHECKS, "ok") | {"peaks": "warning"}


def test_the_table_says_all_that_holds_of_a_clip():
    clips = clips_table()
    clips.loc[3, ["seconds", "peak_dbfs", "cutoff_hz", "audio_sha256"]] = [1.0, 0.0, 9000.0, "sha5"]
    clips.loc[4, ["seconds", "peak_dbfs"]] = [9.0, -70.0]
    flags = flagged(clips, small_images(), settings=SETTINGS)["flags"]
    assert flags[3] == "clipped short cut-off equal-to:clip05"
    assert flags[4] == "quiet long"
    assert flags[5] == "equal-to:clip03"


def test_no_clips_no_findings():
    table, found = assess.assess(clips_table().iloc[:0], np.empty((0, 0, 0), np.uint8), settings=SETTINGS)
    assert found == [] and list(table.columns) == [*assess.CLIP_COLUMNS, "flags"]


def test_a_single_clip_and_a_single_class_pass():
    assert set(statuses(clips_table(1)).values()) <= {"ok", "warning"}
    assert statuses(clips_table().assign(label="a")) == dict.fromkeys(CHECKS, "ok")


# A number that tells the class


def test_equal_numbers_tell_nothing_in_classes_of_any_size():
    labels, sources = np.array(["a"] * 30 + ["b"] * 5), np.arange(35)
    told = shortcut(np.ones(35), labels, sources, width=0.1)
    assert told.accuracy == told.chance == 0.5
    assert told.by_class.tolist() == [0.5, 0.5]


def test_a_number_that_belongs_to_a_recording_tells_nothing_of_its_class():
    sources = np.arange(60) // 6
    told = shortcut(sources.astype(float), np.array(["a", "b"])[sources % 2], sources, width=0.1)
    assert told.accuracy == pytest.approx(0.5)


def test_a_number_that_belongs_to_a_class_tells_it():
    labels = np.repeat(["a", "b", "c"], 10)
    told = shortcut(np.repeat([1.0, 1.0, 2.0], 10), labels, np.arange(30), width=0.1)
    assert told.by_class["c"] == 1
    assert told.accuracy == pytest.approx(2 / 3)


# The cut-off


def falling_noise(seed: int = 0) -> np.ndarray:
    """Noise that falls by 12 dB an octave: of itself, without an edge."""
    spectrum = np.fft.rfft(white(5.0, sr=SR, seed=seed))
    hz = np.maximum(np.fft.rfftfreq(5 * SR, 1 / SR), 50)
    y = np.fft.irfft(spectrum / hz**2)
    return (0.5 * y / np.abs(y).max()).astype(np.float32)


def low_passed(y: np.ndarray, sr: int) -> np.ndarray:
    """Brought to another rate and back."""
    return soxr.resample(soxr.resample(y, SR, sr), sr, SR)


def encoded(y: np.ndarray, kind: str, *, compression: float = 0.8) -> np.ndarray:
    """Through a lossy codec and back."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(y, -1, 1), SR, format=kind, compression_level=compression)
    buffer.seek(0)
    return soundfile.read(buffer, dtype="float32")[0]


@pytest.mark.parametrize("feature", ["mel", "log"])
@pytest.mark.parametrize("image_size", [(224, 224), (320, 128), None])
def test_a_cut_off_is_found_where_it_is(feature, image_size):
    settings = Settings(feature=feature, image_size=image_size)
    for sr in (8000, 16000, 22050):
        found = cutoff_hz(spectrogram_image(low_passed(white(5.0, sr=SR), sr), settings), settings)
        assert found == pytest.approx(sr / 2, rel=0.06)
    assert np.isnan(cutoff_hz(spectrogram_image(white(5.0, sr=SR), settings), settings))


def test_what_fades_or_is_silent_has_no_cut_off():
    for y in (falling_noise(), np.zeros(SR, np.float32)):
        assert np.isnan(cutoff_hz(spectrogram_image(y, SETTINGS), SETTINGS))


@pytest.mark.parametrize("feature", ["mfcc", "gammatone", "pcen", "cqt"])
def test_features_that_show_no_cut_off_say_so(feature):
    settings = Settings(feature=feature)
    assert np.isnan(cutoff_hz(spectrogram_image(low_passed(white(5.0, sr=SR), 16000), settings), settings))
    found = findings_of(clips_table(), small_images(), settings=settings)
    assert "--feature mel" in found[7].what and {finding.status for finding in found} == {"ok"}


def test_a_short_sound_is_cut_off_all_the_same():
    """Its beginning and its end are spread over all frequencies by the analysis window."""
    y = low_passed(white(1.0, sr=SR), 16000)[2000:-2000]
    assert cutoff_hz(spectrogram_image(y, SETTINGS), SETTINGS) == pytest.approx(8000, rel=0.06)


# The same sound under two names


def strokes(seed: int) -> np.ndarray:
    """Five seconds of short tones at random."""
    rng = np.random.default_rng(seed)
    y = white(5.0, sr=SR, seed=seed, rms=0.003)
    t = np.arange(SR // 4) / SR
    for _ in range(40):
        start, hz = rng.integers(8000, 4 * SR), 2 ** rng.uniform(8, 13)
        y[start : start + len(t)] += (0.3 * np.sin(2 * np.pi * hz * t) * np.exp(-12 * t)).astype(np.float32)
    return y


COPIES = {
    "ogg": lambda y: encoded(y, "OGG"),
    "mp3": lambda y: encoded(y, "MP3"),
    "gain": lambda y: 0.5 * y,
    "noise": lambda y: y + white(len(y) / SR, sr=SR, seed=99, rms=0.01 * float(np.sqrt(np.mean(y**2)))),
    "later": lambda y: np.concatenate([np.zeros(SR // 10, np.float32), y]),
    "earlier": lambda y: y[SR // 20 :],
}


def smalls(audio_folder, settings=SETTINGS) -> np.ndarray:
    images = [spectrogram_image(np.ascontiguousarray(y, dtype=np.float32), settings) for y in audio_folder]
    return np.stack([small_image(image, settings) for image in images])


def test_copies_are_found_and_nothing_else():
    audio_folder = [strokes(seed) for seed in range(10)]
    for name, copy in COPIES.items():
        small = smalls([*audio_folder, copy(audio_folder[3])])
        pairs = near_duplicates(small, np.arange(11), seconds=5.0).pairs
        assert pairs[["a", "b"]].to_numpy().tolist() == [[3, 10]], name


def test_gain_changes_nothing_where_the_image_shows_the_level():
    settings = Settings(reference="full-scale")
    small = smalls([0.9 * strokes(1), 0.2 * strokes(1), strokes(2)], settings)
    assert near_duplicates(small, np.arange(3), seconds=5.0).pairs[["a", "b"]].to_numpy().tolist() == [[0, 1]]


def test_steady_sounds_are_not_taken_for_each_other():
    t = np.arange(5 * SR) / SR
    small = smalls([(0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)] * 2)
    found = near_duplicates(small, np.arange(2), seconds=5.0)
    assert len(found.pairs) == 0 and not found.comparable.any()


@pytest.mark.parametrize("seconds, n_columns", [(0.3, 16), (1.0, 51), (5.0, 256), (30.0, 256)])
def test_the_small_image_goes_with_the_seconds(seconds, n_columns):
    settings = Settings(seconds=seconds, sr=22050, image_size=None)
    small = small_image(spectrogram_image(white(seconds), settings), settings)
    assert small.shape == (32, n_columns) and small.dtype == np.uint8
    assert len(near_duplicates(np.stack([small, small]), np.arange(2), seconds=seconds).pairs) == 1


def test_pairs_in_different_blocks_are_found_and_copies_of_copies_end():
    small = small_images(1300)
    small[1290] = small[5]
    small[100:120] = small[99]
    pairs = near_duplicates(small, np.arange(1300), seconds=5.0).pairs
    assert ((pairs["a"] == 5) & (pairs["b"] == 1290)).any()
    assert set(pairs["a"]) - {5} <= set(range(99, 120)) and len(pairs) <= 1 + 21 * 5


# Real sounds


@pytest.fixture(scope="module")
def some_real(esc10):
    """Six recordings of each class of ESC-10: labels, samples and images."""
    paths = [path for folder in sorted(esc10.glob("0*")) for path in sorted(folder.glob("*-A.ogg"))[:6]]
    audio_folder = [load(path, SR).y for path in paths]
    return [path.parent.name for path in paths], audio_folder, [spectrogram_image(y, SETTINGS) for y in audio_folder]


def cutoffs_finding(labels, images):
    clips = clips_table(len(labels)).assign(label=labels)
    clips["cutoff_hz"] = [assess.measure(image, SETTINGS).cutoff_hz for image in images]
    return findings_of(clips, small_images(len(labels)), settings=SETTINGS)[-1]


@pytest.mark.parametrize("label", ["002 - Rain", "009 - Rooster"])
@pytest.mark.parametrize("how", ["16 kHz", "mp3"])
def test_a_real_class_from_another_source_is_found(some_real, label, how):
    labels, audio_folder, images = some_real
    assert cutoffs_finding(labels, images).status == "ok"
    change = {"16 kHz": lambda y: low_passed(y, 16000), "mp3": lambda y: encoded(y, "MP3", compression=0.99)}[how]
    changed = [
        spectrogram_image(change(y), SETTINGS) if of == label else image
        for of, y, image in zip(labels, audio_folder, images, strict=True)
    ]
    finding = cutoffs_finding(labels, changed)
    assert finding.status == "warning"
    assert f"it predicts {label} (" in finding.what


def test_real_copies_are_found_and_real_neighbours_are_not(some_real):
    _, audio_folder, images = some_real
    chosen = range(0, len(audio_folder), 3)
    small = [small_image(image, SETTINGS) for image in images]
    copies = [
        smalls([list(COPIES.values())[turn % len(COPIES)](audio_folder[row])])[0] for turn, row in enumerate(chosen)
    ]
    pairs = near_duplicates(np.stack(small + copies), np.arange(len(small) + len(copies)), seconds=5.0).pairs
    expected = {(row, len(small) + turn) for turn, row in enumerate(chosen)}
    assert set(pairs[["a", "b"]].itertuples(index=False, name=None)) == expected


def test_the_true_pair_of_esc10_is_found(esc10):
    paths = sorted((esc10 / "010 - Fire crackling").glob("2-*.ogg"))
    small = smalls([load(path, SR).y for path in paths])
    pairs = near_duplicates(small, np.array([path.stem.split("-")[1] for path in paths]), seconds=5.0).pairs
    assert [(paths[a].stem, paths[b].stem) for a, b in zip(pairs["a"], pairs["b"], strict=True)] == [
        ("2-28314-A", "2-30322-A")
    ]


def test_pieces_of_a_long_recording_are_told_apart():
    """An hour in one file gives hundreds of clips: the file alone would not say where to listen."""
    clips = clips_table()
    clips.loc[[3, 5, 7], "peak_dbfs"] = -70.0
    clips.loc[[3, 4, 5], "audio_file"] = "night.flac"
    found = checks.peaks(clips, SETTINGS)
    assert found.fix.endswith("noise alone: night.flac (clip03), night.flac (clip05), 7.wav")
