"""What the doctor checks: Python, packages, decoders, Rubber Band, memory, disk and folders.

Needs nothing but Python itself, so that it works where everything else is missing; TensorFlow is never imported.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from generate.doctor.packages import check_package, needed
from generate.doctor.rubber_band import check_rubber_band
from generate.runtime.findings import INSTALL_ALL, Finding

OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
AUDIO_FORMATS = ("WAV", "FLAC", "OGG")
FFMPEG_DECODERS = ("mp3float", "aac", "alac", "wmav2", "opus")
LITTLE_DISK_GB = 1.0
"""An image takes about 23 KB: 1 GB holds ESC-50 with twenty variants of each clip."""


def diagnose() -> Iterator[Finding]:
    """Make every check, and give each finding as soon as it is there.

    Examples
    --------
    >>> [finding.what for finding in diagnose() if finding.status == "missing"]  # doctest: +SKIP
    []
    """
    yield check_python()
    try:
        packages = needed()
    except (OSError, importlib.metadata.PackageNotFoundError) as error:
        packages = []
        yield Finding("warning", f"packages were not checked: {error}", "put requirements.txt back, or: pip install .")
    for name, pinned in packages:
        yield check_package(name, pinned)
    for check in CHECKS:
        try:
            finding = check()
        except Exception as error:  # half-installed packages raise anything, and the other checks are still of use
            finding = Finding("warning", f"{check.__name__}: {type(error).__name__}: {error}", INSTALL_ALL)
        yield finding


def check_python() -> Finding:
    """Check that this program is tested with this Python, and its packages are made for it."""
    found = f"Python {platform.python_version()}"
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return Finding("ok", f"{found} ({sys.executable})")
    oldest, newest = (".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
    fix = f"install one of these from https://www.python.org/downloads/, then {INSTALL_ALL}"
    return Finding("missing", f"Python {oldest} to {newest}; this is {found}", fix)


def check_audio_formats() -> Finding:
    """Check that libsndfile can be loaded and decodes the usual formats."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        return Finding("missing", f"libsndfile, which decodes audio files ({error})", INSTALL_ALL)
    version = f"libsndfile {soundfile.__libsndfile_version__}"
    absent = [name for name in AUDIO_FORMATS if name not in soundfile.available_formats()]
    if absent:
        newer = "python -m pip install --force-reinstall --only-binary :all: soundfile"
        return Finding("warning", f"{version} does not decode {', '.join(absent)}", newer)
    return Finding("ok", f"{version} decodes {' '.join(AUDIO_FORMATS)}")


def check_ffmpeg_libraries() -> Finding:
    """Check that FFmpeg's libraries can be loaded, which decode MP3, M4A and video; its program is not needed."""
    try:
        import av
    except (ImportError, OSError) as error:
        return Finding("missing", f"PyAV, which decodes MP3, M4A and video ({error})", INSTALL_ALL)
    absent = [name for name in FFMPEG_DECODERS if name not in av.codecs_available]
    if absent:
        return Finding("warning", f"PyAV {av.__version__} does not decode {', '.join(absent)}", INSTALL_ALL)
    version = ".".join(map(str, av.library_versions["libavcodec"]))
    return Finding("ok", f"libavcodec {version} decodes MP3, M4A and video; ffmpeg is not needed")


def check_cores() -> Finding:
    """Count the CPU cores that this process may use."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("ok", f"{n} CPU core{'s' if n > 1 else ''} to use")


def check_memory() -> Finding:
    """Measure the memory."""
    try:
        import psutil
    except ImportError:
        return Finding("ok", "memory: not known without psutil")
    return Finding("ok", f"{psutil.virtual_memory().total / 1e9:.1f} GB of memory")


def check_disk(folder: Path = Path("outputs")) -> Finding:
    """Check the disk space for the images."""
    free = shutil.disk_usage(_nearest(folder)).free / 1e9
    if free < LITTLE_DISK_GB:
        fix = "free some, or give another folder: python -m generate AUDIO_FOLDER OUTPUT"
        return Finding("warning", f"{free:.1f} GB free for outputs/", fix)
    return Finding("ok", f"{free:.1f} GB free for outputs/")


def check_outputs(folder: Path = Path("outputs")) -> Finding:
    """Check that images and runs can be written to `outputs`."""
    if why := _not_writable(folder):
        fix = f"make {folder} writable, or give another folder: python -m generate AUDIO_FOLDER OUTPUT"
        return Finding("missing", f"outputs/ cannot be written to ({why})", fix)
    return Finding("ok", "outputs/ can be written to")


def check_datasets(folder: Path = Path("datasets")) -> Finding:
    """Check that collections can be downloaded to `datasets`."""
    if why := _not_writable(folder):
        fix = f"only downloads need it: make {folder} writable, or give --to FOLDER"
        return Finding("warning", f"datasets/ cannot be written to ({why})", fix)
    return Finding("ok", "datasets/ can be written to")


CHECKS = (
    check_audio_formats,
    check_ffmpeg_libraries,
    check_rubber_band,
    check_cores,
    check_memory,
    check_disk,
    check_outputs,
    check_datasets,
)


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest parent that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def _not_writable(folder: Path) -> str:
    """Why a folder cannot be written to; empty if it can."""
    if folder.is_symlink() and not folder.exists():
        return f"it is a link to {str(folder.readlink())!r}, which is not there"
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return ""
    except OSError as error:
        return error.strerror or str(error)
