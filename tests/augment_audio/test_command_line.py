"""The command line: what it writes, prints and refuses."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from augment_audio import PRESETS, VARIANTS
from augment_audio.command_line import main
from augment_audio.engines import rubberband_program
from tests.augment_audio.conftest import write_wav
from tests.conftest import SR, loudest_hz, tone, white

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dog(tmp_path) -> Path:
    return write_wav(tmp_path / "dog.wav", tone(440))


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "new" / "variants"


def run(*arguments, engine="librosa") -> int:
    return main([*map(str, arguments), "--engine", engine])


def written(folder: Path) -> dict[str, np.ndarray]:
    """What was written, by name."""
    return {path.name: soundfile.read(path, dtype="float32")[0] for path in sorted(folder.iterdir())}


def python(*arguments) -> subprocess.CompletedProcess:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


# What it writes.


def test_the_papers_variants_beside_the_original(dog, out, capsys):
    assert run(dog, out) == 0
    files = written(out)
    seconds = {"original": 1, "pitch=+2": 1, "pitch=-2": 1, "stretch=0.7": 1 / 0.7, "stretch=1.2": 1 / 1.2, "trim": 1}
    assert files.keys() == {f"dog__{name}.wav" for name in seconds}
    for name, expected in seconds.items():
        assert abs(len(files[f"dog__{name}.wav"]) - expected * SR) <= 1
    assert loudest_hz(files["dog__pitch=+2.wav"], SR) == pytest.approx(493.88, abs=0.1)
    assert loudest_hz(files["dog__pitch=-2.wav"], SR) == pytest.approx(391.99, abs=0.1)
    np.testing.assert_array_equal(files["dog__original.wav"], soundfile.read(dog, dtype="float32")[0])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Pitch and tempo by librosa 0.")
    assert lines[1] == f"{str(out / 'dog__original.wav')!r}  1.00 s"
    assert f"{str(out / 'dog__stretch=0.7.wav')!r}  1.43 s" in lines
    assert len(lines) == 7


def test_files_are_wav_of_16_bits_at_the_rate_of_the_file(tmp_path, out):
    flac = write_wav(tmp_path / "sea.flac", white(0.2, sr=48000), 48000, subtype="PCM_24")
    assert run(flac, out, "--variants", "gain=-6") == 0
    for path in out.iterdir():
        info = soundfile.info(path)
        assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", "PCM_16", 48000, 1)


def test_by_rubber_band(dog, out, rubberband, capsys):
    assert run(dog, out, "--variants", "pitch=+2", engine="rubberband-program") == 0
    assert loudest_hz(written(out)["dog__pitch=+2.wav"], SR) == pytest.approx(493.88, abs=0.1)
    assert capsys.readouterr().out.startswith("Pitch and tempo by Rubber Band ")


def test_several_files_and_variants(dog, tmp_path, out):
    cat = write_wav(tmp_path / "cat.wav", tone(880, seconds=0.5))
    assert run(dog, cat, out, "--variants", "gain=-6,trim", "gain=-20") == 0
    assert written(out).keys() == {
        f"{clip}__{name}.wav" for clip in ("dog", "cat") for name in ("original", "gain=-6", "trim", "gain=-20")
    }


def test_channels_are_averaged(tmp_path, out):
    left, right = tone(440, peak=0.8), tone(880, peak=0.4)
    stereo = write_wav(tmp_path / "stereo.wav", np.stack([left, right], axis=1), subtype="FLOAT")
    assert run(stereo, out, "--variants", "none") == 0
    np.testing.assert_allclose(written(out)["stereo__original.wav"], (left + right) / 2, atol=1e-4)


def test_what_is_too_loud_is_made_quieter_and_reported(dog, out, capsys):
    """0.5 raised by 20 dB is 5, 14 dB above full scale."""
    assert run(dog, out, "--variants", "gain=+20") == 0
    louder = written(out)["dog__gain=+20.wav"]
    np.testing.assert_allclose(louder, tone(440, peak=1.0), atol=2e-3)
    *_, before, last = capsys.readouterr().out.splitlines()
    assert last.endswith("1.00 s, made 14.0 dB quieter to fit")
    assert "quieter" not in before


def test_full_scale_is_not_too_loud(tmp_path, out, capsys):
    y = np.array([0.0, 1.0, -1.0, 0.5], np.float32)
    assert run(write_wav(tmp_path / "full.wav", y, subtype="FLOAT"), out, "--variants", "none") == 0
    np.testing.assert_allclose(written(out)["full__original.wav"], y, atol=1e-4)
    assert "quieter" not in capsys.readouterr().out


def test_silence_can_be_written(tmp_path, out):
    silent = write_wav(tmp_path / "silent.wav", np.zeros(SR, np.float32))
    assert run(silent, out, "--variants", "paper,noise=0") == 0
    assert len(written(out)) == 7
    assert not any(y.any() for y in written(out).values())


def test_the_seed_and_the_clip_decide_on_random_variants(dog, tmp_path):
    def noisy(folder, *options):
        assert run(dog, tmp_path / folder, "--variants", "noise=10", *options) == 0
        return (tmp_path / folder / "dog__noise=10.wav").read_bytes()

    assert noisy("a") == noisy("b") == noisy("c", "--seed", 0)
    assert noisy("d", "--seed", 1) != noisy("a")


def test_variants_of_the_users_own(dog, tmp_path, out, capsys):
    own = tmp_path / "own.py"
    own.write_text(
        "from augment_audio import Variant\n"
        "def reverse(sound):\n    return sound.y[::-1]\n"
        "VARIANTS = {'reverse': Variant(reverse)}\n"
    )
    assert "--variants must name a variant of" in refused(
        capsys, dog, out, "--variants", "trim", "--variants-file", own
    )
    assert run(dog, out, "--variants", "reverse", "gain=-6", "--variants-file", own) == 0
    files = written(out)
    np.testing.assert_array_equal(files["dog__reverse.wav"], files["dog__original.wav"][::-1])
    assert "dog__gain=-6.wav" in files


def test_a_second_run_replaces_the_files(dog, out):
    assert run(dog, out, "--variants", "none") == 0
    write_wav(dog, tone(880, seconds=0.5))
    assert run(dog, out, "--variants", "none") == 0
    assert len(written(out)["dog__original.wav"]) == SR // 2


# What it prints.


@pytest.mark.skipif(os.name != "posix", reason="Windows allows no such names")
def test_control_characters_in_names_are_escaped(tmp_path, out, capsys):
    path = write_wav(tmp_path / "a\x1b[2J\u202eb\n.wav", tone(440), SR)
    assert run(path, out, "--variants", "none") == 0
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 2 and not set(printed) & {"\x1b", "\u202e"}


def test_help_is_fast_and_lists_all_variants_and_presets():
    start = time.monotonic()
    done = python("-m", "augment_audio", "--help")
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - start < 5  # a second on a machine that does nothing else
    lines = [line.split() for line in done.stdout.splitlines()]
    for kind, variant in VARIANTS.items():
        assert [kind, *variant.summary.split()] in lines
    for preset, members in PRESETS.items():
        assert [preset, *(members or ("the", "original", "alone"))] in lines


def test_help_imports_no_heavy_library():
    script = (
        "import sys; from augment_audio.command_line import build_parser; build_parser().format_help()\n"
        "print(*({'librosa', 'numba', 'scipy', 'soundfile', 'soxr', 'tensorflow'} & set(sys.modules)))"
    )
    done = python("-c", script)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


# What it refuses.


def refused(capsys, *arguments, **options) -> str:
    assert run(*arguments, **options) == 1
    error = capsys.readouterr().err
    assert error.startswith("augment_audio: ")
    assert error.count("\n") == 1
    return error


def test_a_missing_file(dog, tmp_path, out, capsys):
    assert f"no audio file '{tmp_path / 'cat.wav'}'" in refused(capsys, tmp_path / "cat.wav", out)
    assert f"no audio file '{tmp_path}'" in refused(capsys, tmp_path, out)


def test_a_file_that_is_no_audio(tmp_path, out, capsys):
    text = tmp_path / "notes.wav"
    text.write_text("no sound")
    assert f"'{text}' is not readable as audio: " in refused(capsys, text, out)
    assert list(out.iterdir()) == []


def test_a_file_without_samples(tmp_path, out, capsys):
    empty = write_wav(tmp_path / "empty.wav", np.zeros(0))
    assert f"'{empty}' holds no samples" in refused(capsys, empty, out)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_samples_that_are_not_finite(tmp_path, out, capsys, value):
    y = tone(440)
    y[100] = value
    broken = write_wav(tmp_path / "broken.wav", y, subtype="FLOAT")
    assert f"'{broken}' is damaged: it holds NaN or infinity" in refused(capsys, broken, out, "--variants", "none")
    assert not out.exists() or list(out.iterdir()) == []


def test_two_files_with_one_name(dog, tmp_path, out, capsys):
    (tmp_path / "other").mkdir()
    other = write_wav(tmp_path / "other" / "dog.wav", tone(880, seconds=0.5))
    assert "dog" in refused(capsys, dog, other, out, "--variants", "none")
    assert not out.exists() or list(out.iterdir()) == []


def test_mistakes_are_found_before_anything_is_written(dog, tmp_path, out, capsys):
    assert "Got 'picth=2'" in refused(capsys, dog, out, "--variants", "trim", "picth=2")
    assert "'none' must be given alone" in refused(capsys, dog, out, "--variants", "none", "trim")
    assert "n_semitones must be from -24 to 24" in refused(capsys, dog, out, "--variants", "pitch=99")
    assert "Got 'sox'" in refused(capsys, dog, out, engine="sox")
    assert "no variants file" in refused(capsys, dog, out, "--variants-file", tmp_path / "own.py")
    assert not out.exists()


def test_an_output_that_is_a_file(dog, tmp_path, capsys):
    (tmp_path / "file").write_text("keep")
    assert str(tmp_path / "file") in refused(capsys, dog, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "keep"


def test_input_and_output_are_both_needed(dog, capsys):
    with pytest.raises(SystemExit) as caught:
        main([str(dog)])
    assert caught.value.code == 2
    assert "OUT" in capsys.readouterr().err


def test_without_the_program(dog, out, capsys, no_rubberband):
    assert "Install it" in refused(capsys, dog, out, engine="rubberband-program")
    assert not out.exists()
    assert run(dog, out, "--variants", "pitch=+2", engine="auto") == 0
    assert capsys.readouterr().out.startswith("Pitch and tempo by")


def test_a_program_that_hangs(dog, out, capsys, fake_rubberband, monkeypatch):
    monkeypatch.setattr(rubberband_program, "START_LIMIT_S", 0.5)
    monkeypatch.setattr(rubberband_program, "LIMIT_PER_SECOND", 0.1)
    fake_rubberband("exec /bin/sleep 60")
    assert "Rubber Band did not end within" in refused(
        capsys, dog, out, "--variants", "pitch=+2", engine="rubberband-program"
    )


@pytest.mark.parametrize("failing", ["soundfile.write", "os.replace"])
def test_a_failed_write_keeps_the_old_file(dog, out, capsys, monkeypatch, failing):
    assert run(dog, out, "--variants", "none") == 0
    before = (out / "dog__original.wav").read_bytes()
    write_wav(dog, tone(880, seconds=0.5))
    write = soundfile.write

    def full(path, *arguments, **options):
        if failing == "soundfile.write":
            write(path, *arguments, **options)
        raise OSError("the disk is full")

    monkeypatch.setattr(failing, full)
    assert "the disk is full" in refused(capsys, dog, out, "--variants", "none")
    monkeypatch.undo()
    assert [path.name for path in out.iterdir()] == ["dog__original.wav"]
    assert (out / "dog__original.wav").read_bytes() == before
