"""The engine of Rubber Band's program: its results, and programs that hang, fail or write nonsense."""

import os
import re
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from pyrubberband import pyrb
from scipy.signal import spectrogram, welch

from augment_audio import open_audio
from augment_audio.engines import rubberband_program
from augment_audio.engines.rubberband_program import RubberBandProgramSound, program_version
from tests.augment_audio.conftest import decibels, recorded_tone, rms, write_wav
from tests.conftest import SR, loudest_hz, tone, white


def stretch(y, rate=0.7, sr=SR):
    return open_audio(y, sr, engine="rubberband-program").time_stretch(rate=rate)


class Plain:
    """Pyrubberband as it comes: 16 bits, cut off at full scale, no guard, whatever the engine did to its module."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch

    def restored(self):
        self.monkeypatch.setattr(pyrb, "subprocess", subprocess)
        self.monkeypatch.setattr(pyrb, "sf", soundfile)
        return pyrb

    def time_stretch(self, y, sr, rate):
        return self.restored().time_stretch(y, sr, rate)

    def pitch_shift(self, y, sr, n_semitones):
        return self.restored().pitch_shift(y, sr, n_semitones)


@pytest.fixture
def plain(rubberband, monkeypatch) -> Plain:
    return Plain(monkeypatch)


def density_db(y, sr=SR):
    """Power in bands of a 256th of the sample rate, in decibels."""
    return 10 * np.log10(welch(y, sr, nperseg=256)[1] + 1e-20)


# What the real program gives.


def test_a_real_clip_is_sample_by_sample_near_plain_pyrubberband(plain, real_clips):
    """A sneeze. Steady signals are no use here: rounding to 16 bits decides their phases."""
    for ours, theirs in ours_and_plain(plain, real_clips[5]):
        n = min(len(ours), len(theirs))
        assert np.corrcoef(ours[:n], theirs[:n])[0, 1] > 0.98


@pytest.mark.parametrize("number", [0, 1, 4, 7])
def test_real_clips_look_as_through_plain_pyrubberband(plain, real_clips, number):
    """A bark, rain, a clock, a chainsaw: level, spectrum and spectrogram."""
    sr = real_clips[number][1]
    for ours, theirs in ours_and_plain(plain, real_clips[number]):
        assert abs(len(ours) - len(theirs)) <= 1
        assert decibels(rms(ours) / rms(theirs)) == pytest.approx(0, abs=0.2)
        strong = density_db(theirs, sr) > density_db(theirs, sr).max() - 50
        assert np.median(np.abs(density_db(ours, sr) - density_db(theirs, sr))[strong]) < 0.3
        n = min(len(ours), len(theirs))
        images = [np.sqrt(spectrogram(y[:n], sr, nperseg=1024)[2]).ravel() for y in (ours, theirs)]
        assert np.corrcoef(*images)[0, 1] > 0.97


def ours_and_plain(plain, clip):
    """Pairs of variants of the loud part of a clip."""
    y, sr = loud_part(clip)
    sound = open_audio(y, sr, engine="rubberband-program")
    return [
        (sound.time_stretch(rate=0.7), plain.time_stretch(y, sr, 0.7)),
        (sound.pitch_shift(n_semitones=-2), plain.pitch_shift(y, sr, -2)),
    ]


def loud_part(clip):
    """Two seconds with room for peaks, so that plain pyrubberband cuts nothing off."""
    y, sr = clip
    y = y[: 2 * sr]
    return y * np.float32(0.4 / np.abs(y).max()), sr


@pytest.mark.parametrize("n_semitones", [2, -2])
def test_what_is_louder_than_full_scale_is_not_cut_off(plain, n_semitones):
    """As the same sound made quiet for plain pyrubberband, and loud again after it; no harmonics appear."""
    y = recorded_tone(440, peak=1.07)
    expected = 4 * plain.pitch_shift(y / 4, SR, n_semitones)
    cut_off = plain.pitch_shift(y, SR, n_semitones)
    ours = open_audio(y, SR, engine="rubberband-program").pitch_shift(n_semitones=n_semitones)
    assert np.abs(expected).max() > 1.07
    assert np.abs(ours).max() == pytest.approx(np.abs(expected).max(), rel=0.1)
    assert decibels(rms(ours) / rms(expected)) == pytest.approx(0, abs=0.1)
    fundamental_hz = loudest_hz(expected, SR)
    assert third_harmonic_db(ours, fundamental_hz) < -70
    assert third_harmonic_db(cut_off, fundamental_hz) > -50, "this sound does not show what is guarded against"


def third_harmonic_db(y, fundamental_hz):
    """Level of the third harmonic to the fundamental, away from the ends."""
    y = y[2000:-2000]
    pixels = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    hz = np.fft.rfftfreq(len(y), 1 / SR)
    return decibels(pixels[np.abs(hz - 3 * fundamental_hz) < 20].max() / pixels.max())


def test_saturated_noise_is_not_cut_off(plain):
    """Noise that a recorder has cut off at full scale: new phases more than double its peak."""
    y = np.sign(white(2))
    expected = 16 * plain.time_stretch(y / 16, SR, 0.7)
    ours = stretch(y)
    assert np.abs(ours).max() > 0.98 * np.abs(expected).max()
    assert decibels(rms(ours) / rms(expected)) == pytest.approx(0, abs=0.05)


def test_a_very_quiet_clip_keeps_its_fine_detail(plain):
    """A tone over noise 57 dB below it: at a peak of 0.001, sixteen bits have no room for the noise."""
    loud = tone(440, seconds=2, peak=0.5) + white(2, rms=5e-4)
    quiet = loud * np.float32(0.002)
    reference = density_db(plain.time_stretch(loud, SR, 0.7))
    error = np.abs(density_db(stretch(quiet) / np.float32(0.002)) - reference)
    plain_error = np.abs(density_db(plain.time_stretch(quiet, SR, 0.7) / np.float32(0.002)) - reference)
    assert np.median(error) < 0.5
    assert np.median(plain_error) > 5


def test_the_order_of_calls_does_not_matter(rubberband):
    sound = open_audio(recorded_tone(440), SR, engine="rubberband-program")
    up, down, slow = sound.pitch_shift(n_semitones=2), sound.pitch_shift(n_semitones=-2), sound.time_stretch(rate=0.7)
    np.testing.assert_array_equal(slow, sound.time_stretch(rate=0.7))
    np.testing.assert_array_equal(down, sound.pitch_shift(n_semitones=-2))
    np.testing.assert_array_equal(up, sound.pitch_shift(n_semitones=2))
    assert [loudest_hz(y, SR) for y in (up, down, slow)] == pytest.approx([493.88, 391.99, 440], abs=0.1)


def test_the_real_program_prints_its_version(rubberband):
    said = subprocess.run([rubberband, "--version"], capture_output=True, text=True)
    assert RubberBandProgramSound.version() == f"Rubber Band {program_version()}"
    assert re.fullmatch(r"\d+(\.\d+)+", program_version())
    assert program_version() in said.stdout + said.stderr


# What is handed to the program.


def test_each_call_has_options_of_its_own(fake_rubberband, tmp_path):
    fake_rubberband('echo $options >> "$folder/options"; cp "$in" "$out"')
    sound = open_audio(tone(440), SR, engine="rubberband-program")
    sound.pitch_shift(n_semitones=2)
    sound.time_stretch(rate=1.05)
    sound.pitch_shift(n_semitones=-2)
    assert (tmp_path / "options").read_text().splitlines() == ["-q --pitch 2", "-q --tempo 1.05", "-q --pitch -2"]


@pytest.mark.parametrize("peak", [1e-6, 0.5, 1.07, 100])
def test_the_program_gets_a_good_level_and_the_level_comes_back(fake_rubberband, tmp_path, peak):
    """A program that changes nothing gives back what it got: no cut, no audible loss, whatever the level."""
    fake_rubberband('cp "$in" "$folder/handed.wav"; cp "$in" "$out"')
    y = tone(440, peak=peak)
    back = open_audio(y, SR, engine="rubberband-program").pitch_shift(n_semitones=2)
    handed, sr = soundfile.read(tmp_path / "handed.wav")
    assert sr == SR
    assert 0.05 < np.abs(handed).max() < 0.9
    np.testing.assert_allclose(back, y, rtol=0, atol=3e-4 * peak)  # two steps of 16 bits at a tenth of full scale


@pytest.mark.parametrize("n_samples", [1, 10, 2047])
def test_the_program_gets_at_least_one_window(fake_rubberband, tmp_path, n_samples):
    fake_rubberband('cp "$in" "$folder/handed.wav"; cp "$in" "$out"')
    y = white(1)[:n_samples]
    open_audio(y, SR, engine="rubberband-program").pitch_shift(n_semitones=2)
    handed, _ = soundfile.read(tmp_path / "handed.wav")
    assert len(handed) == 2048
    assert np.abs(handed[:n_samples]).max() > 0
    assert not handed[n_samples:].any()


def test_silence_is_not_handed_over(fake_rubberband, tmp_path):
    fake_rubberband('touch "$folder/called"; exit 1')
    assert stretch(np.zeros(7000, np.float32)).tolist() == [0] * 10000
    assert not (tmp_path / "called").exists()


# Programs that do wrong.

WRONG = {
    "fails": ("exit 1", "status 1"),
    "dies": ("kill -9 $$", "status -9"),
    "writes nothing": ("exit 0", "no readable audio"),
    "writes garbage": ('echo garbage > "$out"', "no readable audio"),
    "cuts the header": ('head -c 20 "$in" > "$out"', "no readable audio"),
    "too short": ('cp "$folder/short.wav" "$out"', r"shape \(3150,\).*about 31500"),
    "no frames": ('cp "$folder/empty.wav" "$out"', r"shape \(0,\).*about 31500"),
    "one frame": ('cp "$folder/one.wav" "$out"', r"shape \(1,\).*about 31500"),
    "two channels": ('cp "$folder/stereo.wav" "$out"', r"shape \(2, 31500\).*about 31500"),
    "not numbers": ('cp "$folder/nan.wav" "$out"', "31500 finite samples"),
}


@pytest.mark.parametrize(("script", "message"), WRONG.values(), ids=WRONG)
def test_a_program_that_does_wrong_is_an_error_in_words(fake_rubberband, temporary_files, tmp_path, script, message):
    fake_rubberband(script)
    right = tone(440, seconds=1 / 0.7)
    write_wav(tmp_path / "short.wav", right[:3150])
    write_wav(tmp_path / "empty.wav", right[:0])
    write_wav(tmp_path / "one.wav", right[:1])
    write_wav(tmp_path / "stereo.wav", np.stack([right, right], axis=1))
    write_wav(tmp_path / "nan.wav", np.where(np.arange(31500) == 7, np.nan, right), subtype="FLOAT")
    with pytest.raises(RuntimeError, match=message) as caught:
        stretch(tone(440))
    assert str(caught.value).startswith("Rubber Band ")
    assert list(temporary_files.iterdir()) == []


HANGING = {
    "sleeps": "exec /bin/sleep {seconds}",
    "waits for its child": "/bin/sleep {seconds} & wait",
    "waits for two generations": "sh -c '/bin/sleep {seconds} & wait' & wait",
    "will not be ended": "trap '' TERM INT HUP; /bin/sleep {seconds}; /bin/sleep {seconds}",
}


@pytest.fixture
def sleeper():
    """A time to sleep that no other process on the machine sleeps for."""
    seconds = f"300.{uuid.uuid4().int}"
    yield seconds
    for pid in running(seconds):  # only after a test that failed
        os.kill(pid, signal.SIGKILL)


def running(word: str) -> list[int]:
    """Processes with a word in their command line."""
    if not Path("/proc/self/cmdline").exists():
        lines = subprocess.run(["ps", "-Ao", "pid=,args="], capture_output=True, text=True, check=True).stdout
        return [int(line.split()[0]) for line in lines.splitlines() if word in line]
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except OSError:  # ended meanwhile
            continue
    return found


def nothing_runs(word: str) -> bool:
    """Whether all such processes end; a kill takes its moment."""
    deadline = time.monotonic() + 5
    while running(word):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("script", HANGING.values(), ids=HANGING)
def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    fake_rubberband, temporary_files, tmp_path, monkeypatch, sleeper, script
):
    monkeypatch.setattr(rubberband_program, "START_LIMIT_S", 1.0)
    monkeypatch.setattr(rubberband_program, "LIMIT_PER_SECOND", 0.1)
    fake_rubberband('touch "$folder/started"; ' + script.format(seconds=sleeper))
    start = time.monotonic()
    with pytest.raises(RuntimeError, match="Rubber Band did not end within 1 s"):
        stretch(tone(440))
    assert 1.0 < time.monotonic() - start < 10
    assert (tmp_path / "started").exists()
    assert nothing_runs(sleeper)
    assert list(temporary_files.iterdir()) == []


def test_long_audio_is_given_more_time(fake_rubberband, monkeypatch):
    """The program takes 1 s; a short clip allows it 0.3 s, one of 10 s allows it 10 s."""
    monkeypatch.setattr(rubberband_program, "START_LIMIT_S", 0.2)
    monkeypatch.setattr(rubberband_program, "LIMIT_PER_SECOND", 1.0)
    fake_rubberband('/bin/sleep 1; cp "$in" "$out"')
    long = open_audio(tone(440, seconds=10), SR, engine="rubberband-program")
    np.testing.assert_allclose(long.pitch_shift(n_semitones=2), long.y, atol=1e-4)
    with pytest.raises(RuntimeError, match="did not end"):
        open_audio(tone(440, seconds=0.1), SR, engine="rubberband-program").pitch_shift(n_semitones=2)


def test_the_real_limit_lets_a_slow_machine_work():
    """Measured: 0.02 s to start, 0.06 s for a second of audio. A twentieth of the speed must do."""
    assert rubberband_program.START_LIMIT_S >= 20 * 0.02
    assert rubberband_program.LIMIT_PER_SECOND >= 20 * 0.06


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
def test_an_interrupt_ends_the_program_too(fake_rubberband, temporary_files, tmp_path, sleeper):
    def interrupt(*_):
        raise KeyboardInterrupt

    fake_rubberband(f'touch "$folder/started"; /bin/sleep {sleeper} & wait')
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(KeyboardInterrupt):
            stretch(tone(440))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert (tmp_path / "started").exists()
    assert nothing_runs(sleeper)
    assert list(temporary_files.iterdir()) == []


def test_a_program_that_is_being_started_is_ended_too(fake_rubberband, tmp_path, monkeypatch):
    """What a worker does whose main process is killed at the worst moment."""
    fake_rubberband("exec /bin/sleep 300")
    started = threading.Event()
    ours = threading.get_ident()

    def slowly(*arguments, **streams):
        process = subprocess.Popen(*arguments, **streams)
        if threading.get_ident() != ours:
            started.set()
            time.sleep(0.3)
        return process

    monkeypatch.setattr(rubberband_program, "_starting", threading.Lock())
    program_version()
    monkeypatch.setattr(rubberband_program, "subprocess", SimpleNamespace(**{**vars(subprocess), "Popen": slowly}))
    errors = []

    def shift():
        try:
            open_audio(tone(440), SR, engine="rubberband-program").pitch_shift(n_semitones=2)
        except RuntimeError as error:
            errors.append(str(error))

    caller = threading.Thread(target=shift)
    caller.start()
    assert started.wait(20)
    rubberband_program.end_programs()
    caller.join(20)
    assert not caller.is_alive()
    assert "status -9" in errors[0]


def test_the_program_is_not_in_our_process_group(fake_rubberband, tmp_path):
    """So that a Ctrl-C at the terminal is ours, and a kill of its group does not hit us."""
    fake_rubberband('ps -o pgid= -p $$ > "$folder/group"; cp "$in" "$out"')
    if subprocess.run(["sh", "-c", "command -v ps"], capture_output=True).returncode:
        pytest.skip("no program `ps` here")
    stretch(tone(440), rate=1.05)
    assert int((tmp_path / "group").read_text()) != os.getpgrp()


# The program's version, and no program.


def test_without_the_program_the_error_says_how_to_install_it(no_rubberband):
    with pytest.raises(FileNotFoundError, match="not on the PATH") as caught:
        RubberBandProgramSound.version()
    message = str(caught.value)
    assert "apt install rubberband-cli" in message
    assert "brew install rubberband" in message
    assert "--engine librosa" in message


def test_without_the_program_a_variant_fails_with_a_word_about_installing(no_rubberband, temporary_files):
    with pytest.raises((FileNotFoundError, RuntimeError), match="(?i)install"):
        stretch(tone(440))
    assert list(temporary_files.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("exit 1", "does not print its version"),
        ("echo 3.1.2; exit 1", "does not print its version"),
        ("exit 0", "does not print its version"),
        ("echo no such option; exit 0", "does not print its version"),
        ("echo garbage 4nd; exit 0", "does not print its version"),
    ],
)
def test_a_program_without_a_version_is_refused(fake_rubberband, version, message):
    fake_rubberband("exit 0", version=version)
    with pytest.raises(FileNotFoundError, match=f"{message}.*Install it"):
        program_version()


@pytest.mark.parametrize("version", ["echo 3.1.2; exit 0", "echo 3.1.2 >&2; exit 0", "echo Rubber Band 3.1.2; exit 0"])
def test_the_version_is_the_last_word(fake_rubberband, version):
    fake_rubberband("exit 0", version=version)
    assert RubberBandProgramSound.version() == "Rubber Band 3.1.2"


def test_a_program_that_hangs_when_asked_for_its_version_is_refused(fake_rubberband, monkeypatch, sleeper):
    monkeypatch.setattr(rubberband_program, "START_LIMIT_S", 0.5)
    fake_rubberband("exit 0", version=f"exec /bin/sleep {sleeper}")
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match="does not answer to --version.*Install it"):
        program_version()
    assert time.monotonic() - start < 10
    assert nothing_runs(sleeper)


def test_the_version_is_asked_for_once(fake_rubberband, tmp_path):
    fake_rubberband("exit 0", version='echo asked >> "$folder/asked"; echo 3.1.2; exit 0')
    assert [program_version(), program_version(), RubberBandProgramSound.version()] == [
        "3.1.2",
        "3.1.2",
        "Rubber Band 3.1.2",
    ]
    assert (tmp_path / "asked").read_text() == "asked\n"
