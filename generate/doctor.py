"""Say what is installed, what is missing and how to mend it: `python -m generate.doctor`.

Needs nothing but Python itself, so that it can speak where everything else is missing; TensorFlow is never
imported.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_PYTHON = (3, 11)
INSTALL_ALL = "python -m pip install -r requirements.txt"
SOUND_FORMATS = ("WAV", "FLAC", "OGG", "MP3")
LIMIT_S = 20.0
"""Time that the Rubber Band program is given for one call; it takes 0.1 s."""
LITTLE_DISK_GB = 1.0
"""A picture takes about 34 KB: 1 GB holds ESC-50 with a dozen variants of each clip."""
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
"""Installer to look for, and its command: names from the distributions' package lists, 2026. dnf takes the
file's name, which holds however Fedora divides its packages."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Parameters
    ----------
    status : str
        `ok`, `missing` (needed, and not there) or `warning` (works without, or nearly).
    what : str
        What was looked at, and what was found.
    mend : str
        What to do about it, one line a step; empty where there is nothing to do.
    """

    status: str
    what: str
    mend: str = ""


def check_python() -> Finding:
    """Whether this Python is new enough."""
    found = f"Python {platform.python_version()}"
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Finding("ok", f"{found} ({sys.executable})")
    oldest = ".".join(map(str, OLDEST_PYTHON))
    mend = f"get a newer one from https://www.python.org/downloads/, then {INSTALL_ALL}"
    return Finding("missing", f"Python {oldest} or newer; this is {found}", mend)


def requirements(file: Path = ROOT / "requirements.txt") -> list[tuple[str, str]]:
    """Packages of a requirements file.

    Parameters
    ----------
    file : Path
        Lines such as `numpy==2.4.6  # why`; options such as `-r` are passed over.

    Returns
    -------
    list of (str, str)
        Name and pinned version, empty where none is pinned.
    """
    line = re.compile(r"^[ \t]*([A-Za-z0-9][\w.-]*)(?:\[.*?\])?(?:[ \t]*==[ \t]*([^\s;#,]+))?", re.MULTILINE)
    return line.findall(file.read_text(encoding="utf-8"))


def check_package(name: str, pinned: str) -> Finding:
    """Whether a package is installed, in the version that was tested; it is not imported.

    Parameters
    ----------
    name : str
        As in requirements.txt.
    pinned : str
        Version; empty: any will do.
    """
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding("missing", f"{name} {pinned}".rstrip(), INSTALL_ALL)
    if pinned and version != pinned:
        return Finding("warning", f"{name} {version}; tested with {pinned}", INSTALL_ALL)
    return Finding("ok", f"{name} {version}")


def check_sound_formats() -> Finding:
    """Whether libsndfile can be loaded and decodes the usual formats; ffmpeg is not needed."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        return Finding("missing", f"libsndfile, which decodes the sounds ({error})", INSTALL_ALL)
    version = f"libsndfile {soundfile.__libsndfile_version__}"
    absent = [name for name in SOUND_FORMATS if name not in soundfile.available_formats()]
    if absent:
        newer = "python -m pip install --force-reinstall --only-binary :all: soundfile"
        return Finding("warning", f"{version} does not decode {', '.join(absent)}", newer)
    return Finding("ok", f"{version} decodes {' '.join(SOUND_FORMATS)}; ffmpeg is not needed")


def check_rubber_band() -> Finding:
    """Whether the Rubber Band program is there, and really raises a tone by two semitones."""
    program = shutil.which("rubberband")
    if program is None and (library := _rubber_band_library()):
        return Finding("ok", f"{library}; its program is not needed")
    if program is None:
        mend = f"{how_to_get_rubber_band()}\nwithout it `--engine auto` takes librosa"
        return Finding("warning", "Rubber Band, for pitch and stretch: no `rubberband` on the PATH", mend)
    mend = f"install it anew: {how_to_get_rubber_band()}\nuntil then give `--engine librosa`; auto takes this"
    try:
        version = (_call([program, "--version"]).split() or ["silence"])[-1]
        if not version[0].isdigit():
            raise RuntimeError(f"it answers {version!r} when asked for its version")
        hertz = _raised_tone_hertz(program)
    except ImportError as error:
        return Finding("warning", f"Rubber Band {version} ({program}) was not tried: {error}", INSTALL_ALL)
    except (OSError, RuntimeError) as error:  # soundfile's own error is a RuntimeError
        return Finding("warning", f"Rubber Band ({program}) does not work: {error}", mend)
    tried = f"Rubber Band {version} ({program}), tried: 440 Hz + 2 semitones = {hertz:.1f} Hz"
    if abs(hertz - 493.9) > 5:
        return Finding("warning", f"{tried}, expected 493.9", mend)
    return Finding("ok", tried)


def _rubber_band_library() -> str:
    """Its version, empty where it cannot be loaded."""
    try:
        import pylibrb  # noqa: F401

        from augment_audio.rubberband_engine import RubberBandSound
    except (ImportError, OSError):
        return ""
    return RubberBandSound.version()


def how_to_get_rubber_band() -> str:
    """The command that installs Rubber Band here, by the installers that are found on the PATH."""
    ways = [command for installer, command in RUBBER_BAND_PACKAGES if shutil.which(installer)]
    if sys.platform == "win32":
        # conda-forge's build for Windows calls it rubberband-program.exe, which pyrubberband does not find.
        ways = [way for way in ways if not way.startswith("conda")]
    elif os.geteuid() == 0:
        ways = [way.replace("sudo ", "", 1) for way in ways]
    by_hand = "get the program from https://breakfastquay.com/rubberband/ and put it on the PATH"
    return "  or  ".join(ways) or by_hand


def check_cores() -> Finding:
    """How many CPU cores this process may use."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("ok", f"{n} CPU core{'s' if n > 1 else ''} to use")


def check_memory() -> Finding:
    """How much memory there is, where the system tells."""
    try:
        n_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return Finding("ok", "memory: this system does not tell")
    return Finding("ok", f"{n_bytes / 1e9:.1f} GB of memory")


def check_disk(folder: Path = ROOT / "outputs") -> Finding:
    """How much room there is where the pictures go."""
    free = shutil.disk_usage(_nearest(folder)).free / 1e9
    if free < LITTLE_DISK_GB:
        mend = "make room, or give another folder: python -m generate SOUNDS OUTPUT"
        return Finding("warning", f"{free:.1f} GB free for outputs/", mend)
    return Finding("ok", f"{free:.1f} GB free for outputs/")


def check_outputs(folder: Path = ROOT / "outputs") -> Finding:
    """Whether pictures and runs can be written to their usual place."""
    if why := _not_writable(folder):
        mend = f"make {folder} writable, or give another folder: python -m generate SOUNDS OUTPUT"
        return Finding("missing", f"an outputs/ that can be written to ({why})", mend)
    return Finding("ok", "outputs/ can be written to")


def check_datasets(folder: Path = ROOT / "datasets") -> Finding:
    """Whether collections can be downloaded to their usual place."""
    if why := _not_writable(folder):
        mend = f"only downloads need it: make {folder} writable, or give --to FOLDER"
        return Finding("warning", f"datasets/ cannot be written to ({why})", mend)
    return Finding("ok", "datasets/ can be written to")


CHECKS = (
    check_sound_formats,
    check_rubber_band,
    check_cores,
    check_memory,
    check_disk,
    check_outputs,
    check_datasets,
)


def main(arguments: list[str] | None = None) -> int:
    """Make every check and print what it finds.

    Parameters
    ----------
    arguments : list of str, optional
        The command line; default: `sys.argv[1:]`.

    Returns
    -------
    int
        Exit status: 0 if nothing needed is missing, else 1.
    """
    about = "Say what is installed, what is missing and how to mend it."
    argparse.ArgumentParser(prog="python -m generate.doctor", description=about).parse_args(arguments)
    n_missing = n_warnings = 0
    mend = ""
    for finding in _findings():
        # One command often mends several findings in a row: it stands once, below the last of them.
        if mend != finding.mend:
            _print_mend(mend)
        mend = finding.mend
        print(f"{finding.status:<9}{finding.what}", flush=True)
        n_missing += finding.status == "missing"
        n_warnings += finding.status == "warning"
    _print_mend(mend)
    warned = f"; {n_warnings} warning{'s' if n_warnings > 1 else ''}" if n_warnings else ""
    print(f"\n{f'{n_missing} missing' if n_missing else 'all that is needed is here'}{warned}")
    return 1 if n_missing else 0


def _findings() -> Iterator[Finding]:
    yield check_python()
    try:
        packages = requirements()
    except OSError as error:
        packages = []
        yield Finding("warning", f"packages were not checked: {error}", "put requirements.txt back")
    for name, pinned in packages:
        yield check_package(name, pinned)
    for check in CHECKS:
        try:
            finding = check()
        except Exception as error:  # half-installed packages raise anything, and the other checks must go on
            finding = Finding("warning", f"{check.__name__}: {type(error).__name__}: {error}", INSTALL_ALL)
        yield finding


def _print_mend(mend: str) -> None:
    for line in mend.splitlines():
        print(f"{'':<9}  -> {line}")


def _call(arguments: list[str]) -> str:
    """Run a program for at most `LIMIT_S` and give what it said; `RuntimeError` says why it failed."""
    # A session of its own, so that what a script started ends with it; a file, as a pipe would wait for that.
    with tempfile.TemporaryFile() as said:
        streams = {"stdin": subprocess.DEVNULL, "stdout": said, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(arguments, start_new_session=True, **streams)
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
        said.seek(0)
        return said.read().decode(errors="replace")


def _raised_tone_hertz(program: str) -> float:
    """Pitch of one second of 440 Hz after the program has raised it by two semitones."""
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
            raise RuntimeError("it wrote no sound")
        y, sr = soundfile.read(after)
    if len(y) == 0:
        raise RuntimeError("it wrote a sound of no length")
    # Padded to eight seconds: the bins lie an eighth of a hertz apart.
    return float(np.abs(np.fft.rfft(y * np.hanning(len(y)), n=8 * sr)).argmax() / 8)


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _not_writable(folder: Path) -> str:
    """Why nothing can be written there; empty if it can."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return ""
    except OSError as error:
        return error.strerror or str(error)


if __name__ == "__main__":
    sys.exit(main())
