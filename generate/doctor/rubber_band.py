"""Check Rubber Band, which changes pitch and tempo: its library, its program, and how to install it.

Needs nothing but Python itself, as `generate.doctor.checks`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from generate.runtime.findings import INSTALL_ALL, Finding

LIMIT_S = 20.0
"""Time limit for one call of the Rubber Band program, which takes 0.1 s."""
RUBBER_BAND_PACKAGES = (
    ("apt-get", "sudo apt install rubberband-cli"),
    ("dnf", "sudo dnf install /usr/bin/rubberband"),
    ("pacman", "sudo pacman -S rubberband"),
    ("zypper", "sudo zypper install rubberband-cli"),
    ("apk", "sudo apk add rubberband"),
    ("brew", "brew install rubberband"),
    ("scoop", "scoop install rubberband"),
    ("conda", "conda install -c conda-forge rubberband"),
)
"""Installers and their commands, by the package lists of 2026. dnf gets the name of the file, which holds however
Fedora splits its packages."""


def check_rubber_band() -> Finding:
    """Check that Rubber Band's library or its program is installed; the program is tried: two semitones up."""
    program, library = shutil.which("rubberband"), _rubber_band_library()
    if program is None and library:
        return Finding("ok", f"{library}; its program is not needed")
    if program is None:
        fix = f"{how_to_get_rubber_band()}\nwithout it `--engine auto` uses librosa"
        return Finding("warning", "Rubber Band, for pitch and stretch: no `rubberband` on the PATH", fix)
    until_then = "only `--engine rubberband-program` needs it" if library else "until then use `--engine librosa`"
    fix = f"install it again: {how_to_get_rubber_band()}\n{until_then}"
    try:
        version = (_call([program, "--version"]).split() or ["nothing"])[-1]
        if not re.match(r"\d+\.\d", version):
            raise RuntimeError(f"its --version prints {version!r}")
        hertz = _raised_tone_hertz(program)
    except ImportError as error:
        return Finding("warning", f"Rubber Band {version} ({program}) was not tried: {error}", INSTALL_ALL)
    except (OSError, RuntimeError) as error:  # soundfile's own error is a RuntimeError
        return Finding("warning", f"Rubber Band ({program}) does not work: {error}", fix)
    tried = f"Rubber Band {version} ({program}), tried: 440 Hz + 2 semitones = {hertz:.1f} Hz"
    if abs(hertz - 493.9) > 5:
        return Finding("warning", f"{tried}, expected 493.9", fix)
    return Finding("ok", f"{library}; the program too: {tried}" if library else tried)


def _rubber_band_library() -> str:
    """Version of the library, empty where it cannot be loaded."""
    try:
        import pedalboard  # noqa: F401

        from augment_audio.engines.rubberband import RubberBandSound
    except (ImportError, OSError):
        return ""
    return RubberBandSound.version()


def how_to_get_rubber_band() -> str:
    """Commands that install Rubber Band on this system, by the installers on the PATH."""
    ways = [command for installer, command in RUBBER_BAND_PACKAGES if shutil.which(installer)]
    if sys.platform == "win32":
        # conda-forge's build for Windows calls it rubberband-program.exe, which pyrubberband does not find.
        ways = [way for way in ways if not way.startswith("conda")]
    elif os.geteuid() == 0:
        ways = [way.replace("sudo ", "", 1) for way in ways]
    by_hand = "get the program from https://breakfastquay.com/rubberband/ and put it on the PATH"
    return "  or  ".join(ways) or by_hand


def _call(arguments: list[str]) -> str:
    """Run a program for at most `LIMIT_S` and return its output; a `RuntimeError` has the reason of a failure."""
    # A session of its own, so that the children of a script end with it; a file, since a pipe would wait for them.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            arguments, start_new_session=True, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            status = process.wait(LIMIT_S)
        except BaseException as error:
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
            if isinstance(error, subprocess.TimeoutExpired):
                raise RuntimeError(f"it did not end within {LIMIT_S:g} s and was stopped") from None
            raise
        if status:
            raise RuntimeError(f"it ended with status {status}")
        output.seek(0)
        return output.read().decode(errors="replace")


def _raised_tone_hertz(program: str) -> float:
    """Pitch in Hz of one second of 440 Hz that the program has raised by two semitones."""
    try:
        import numpy as np
        import soundfile
    except OSError as error:
        raise ImportError(error) from None
    sr = 44100
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(sr) / sr)
    with tempfile.TemporaryDirectory() as folder:
        before, after = os.path.join(folder, "before.wav"), os.path.join(folder, "after.wav")
        soundfile.write(before, tone, sr)
        _call([program, "-q", "--pitch", "2", before, after])
        if not os.path.exists(after):
            raise RuntimeError("it wrote no file")
        y, sr = soundfile.read(after)
    if len(y) == 0:
        raise RuntimeError("it wrote an empty file")
    # Padded to eight seconds: the bins are an eighth of a hertz apart.
    return float(np.abs(np.fft.rfft(y * np.hanning(len(y)), n=8 * sr)).argmax() / 8)
