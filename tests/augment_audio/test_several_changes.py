"""Several augmentations in one variant: their names, their order, their random numbers, and one pass for pitch and tempo."""

import shutil
import subprocess

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from augment_audio import PRESETS, VARIANTS, open_audio, parse_request, parse_requests
from augment_audio.engines.rubberband import PEAK
from tests.augment_audio.conftest import click_times, click_train, make, recorded_tone, skip_without_rubberband
from tests.conftest import SR, loudest_hz, tone, white


@given(
    texts=st.lists(
        st.sampled_from(["pitch=2", "pitch=-.5", "stretch=7e-1", "gain=+1e+1", "trim", "noise=20"]),
        max_size=5,
        min_size=2,
    )
)
def test_a_name_reads_as_itself_and_is_a_file_name(texts):
    request = parse_request("+".join(texts), VARIANTS)
    assert request.name == "+".join(parse_request(text, VARIANTS).name for text in texts)
    assert [(step.kind, step.value) for step in request.steps] == [
        (alone.kind, alone.value) for alone in (parse_request(text, VARIANTS) for text in texts)
    ]
    assert parse_request(request.name, VARIANTS) == request
    assert not set(request.name) & set('/\\:*?"<>|% ') and "__" not in request.name


def test_commas_and_spaces_still_separate():
    requests = parse_requests(["pitch=2+stretch=.7,trim", "pitch=+2 stretch=0.7"], VARIANTS, PRESETS)
    assert [request.name for request in requests] == ["pitch=+2+stretch=0.7", "trim", "pitch=+2", "stretch=0.7"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pitch=+2+", r"n_semitones must be a number. Got 'pitch=\+2\+'"),
        ("+trim", "must be one of .* Got ''"),
        ("trim++noise=20", r"Got 'trim\+'"),
        ("pitch=+2+paper", "must be one of .* Got 'paper'"),
        ("trim+pitch=25", "n_semitones must be from -24 to 24"),
        ("+".join(["noise=20"] * 10), "at most 80 bytes, since it is in file names. Got .*, which has 89"),
    ],
)
def test_what_cannot_be_parsed_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        parse_request(text, VARIANTS)


def test_each_is_made_of_the_result_of_the_one_before():
    y = np.concatenate([np.zeros(SR, np.float32), tone(440), np.zeros(SR, np.float32)])
    made = make(y, "speed=2+trim+gain=+6")
    np.testing.assert_array_equal(made, make(make(make(y, "speed=2"), "trim"), "gain=+6"))
    silent_at_the_end = make(y, "trim+shift=0.9", seed=1)
    assert len(silent_at_the_end) < len(make(y, "shift=0.9+trim", seed=1)) + SR and len(silent_at_the_end) < 2 * SR


def test_random_numbers_are_of_the_seed_the_clip_and_the_name():
    y = tone(440)
    made = make(y, "noise=0+noise=0", seed=1)
    np.testing.assert_array_equal(make(y, "noise=0+noise=0", seed=1), made)
    for options in ({"seed": 2}, {"seed": 1, "clip_id": "cat"}):
        assert not np.array_equal(make(y, "noise=0+noise=0", **options), made)
    first = make(y, "noise=0+gain=+0", seed=1) - y
    assert abs(np.corrcoef(first, made - y)[0, 1]) < 0.1, "another name has other noise"
    assert np.std(made - y) == pytest.approx(np.sqrt(3) * np.std(y), rel=0.03), (
        "the second noise is not the first again"
    )


@pytest.mark.parametrize("text", ["pitch=+2+stretch=0.7", "stretch=0.7+pitch=+2"])
def test_pitch_and_tempo_change_in_one_pass(engine, text, monkeypatch):
    sound = type(open_audio(np.ones(1), SR, engine=engine))
    calls, process = [], sound._process
    monkeypatch.setattr(sound, "_process", lambda self, **how: calls.append(how) or process(self, **how))
    y = make(recorded_tone(440), text, engine=engine)
    assert calls == [{"rate": 0.7, "n_semitones": 2.0}]
    assert len(y) == round(SR / 0.7)
    assert loudest_hz(y, SR) == pytest.approx(493.883, abs=0.1)
    make(recorded_tone(440), "pitch=+1+pitch=+1", engine=engine)
    assert len(calls) == 3, "two of a kind are two passes"


def test_clicks_move_with_the_tempo(engine):
    after = click_times(make(click_train(0.3), "pitch=+4+stretch=0.75", engine=engine), spacing_s=0.4)
    np.testing.assert_allclose(after, click_times(click_train(0.3), spacing_s=0.3) / 0.75, atol=0.04)


@pytest.mark.parametrize("n_samples", [1, 2048, 5000])
@pytest.mark.parametrize(
    "text", ["pitch=+24+stretch=0.25", "pitch=-24+stretch=4", "pitch=+24+stretch=4", "pitch=-24+stretch=0.25"]
)
def test_the_ends_of_both_ranges(engine, text, n_samples):
    y = make(white(1)[:n_samples], text, engine=engine)
    assert len(y) == max(1, round(n_samples / float(text.rpartition("=")[2]))) and y.any()


def test_it_is_what_rubber_bands_program_does(real_clips, tmp_path):
    """`rubberband --fine --window-short --pitch 2 --tempo 0.7`, called without any of our code, by its spectrum: phases
    drift between releases."""
    pytest.importorskip("pedalboard", reason="Rubber Band's library is not installed")
    skip_without_rubberband()
    for y, sr in real_clips[:3]:
        y = y[: 2 * sr] / np.abs(y[: 2 * sr]).max() * np.float32(PEAK)
        soundfile.write(tmp_path / "in.wav", y, sr, subtype="FLOAT")
        program = shutil.which("rubberband")
        options = ["-q", "--fine", "--window-short", "-p", "2", "-T", "0.7"]
        subprocess.run([program, *options, tmp_path / "in.wav", tmp_path / "out.wav"], check=True)
        theirs, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
        ours = make(y, "pitch=+2+stretch=0.7", sr=sr, engine="rubberband")
        n = min(len(ours), len(theirs))
        assert abs(len(ours) - len(theirs)) < 0.01 * n
        spectra = [librosa.feature.melspectrogram(y=side[:n], sr=sr, n_mels=64) for side in (ours, theirs)]
        one, other = (librosa.power_to_db(power, ref=np.max, top_db=60) for power in spectra)
        assert np.abs(one - other).mean() < 0.6
