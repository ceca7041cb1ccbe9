"""Say what is installed, what is missing and how to fix it: `python -m generate.doctor`.

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
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from generate.audit.finding import INSTALL_ALL, Finding
from generate.doctor.rubber_band import check_rubber_band
from generate.runtime.terminal import escape_output

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTION = "spectrogram-image-classification"
"""As `pyproject.toml` calls it."""
OLDEST_PYTHON = (3, 11)
AUDIO_FORMATS = ("WAV", "FLAC", "OGG")
FFMPEG_DECODERS = ("mp3float", "aac", "alac", "wmav2", "opus")
LITTLE_DISK_GB = 1.0
"""An image takes about 23 KB: 1 GB holds ESC-50 with twenty variants of each clip."""


def check_python() -> Finding:
    """Whether this Python is new enough."""
    found = f"Python {platform.python_version()}"
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Finding("ok", f"{found} ({sys.executable})")
    oldest = ".".join(map(str, OLDEST_PYTHON))
    fix = f"get a newer one from https://www.python.org/downloads/, then {INSTALL_ALL}"
    return Finding("missing", f"Python {oldest} or newer; this is {found}", fix)


def needed() -> list[tuple[str, str]]:
    """Packages that the program needs: those of the requirements file beside it, or where it was installed by pip, of
    its metadata, which pins no versions; see `requirements`.

    Raises
    ------
    OSError, importlib.metadata.PackageNotFoundError
        If there is neither.
    """
    file = ROOT / "requirements.txt"
    if file.is_file():
        return requirements(file.read_text(encoding="utf-8"))
    named = importlib.metadata.requires(DISTRIBUTION) or []
    return requirements("\n".join(line for line in named if "extra ==" not in line))


def requirements(text: str) -> list[tuple[str, str]]:
    """Packages that a requirements file names.

    Parameters
    ----------
    text : str
        Lines such as `numpy==2.4.6  # why`; options such as `-r` are skipped.

    Returns
    -------
    list of (str, str)
        Name and pinned version, empty where none is pinned, of those that this system needs.
    """
    line = re.compile(
        r"^[ \t]*([A-Za-z0-9][\w.-]*)(?:\[.*?\])?(?:[ \t]*==[ \t]*([^\s;#,]+))?[^;#\n]*;?([^#\n]*)", re.MULTILINE
    )
    found = line.findall(text)
    return [(name, pinned) for name, pinned, marker in found if _is_for_this_system(marker.strip())]


def _is_for_this_system(marker: str) -> bool:
    """What a requirement says of the systems that it is for; of all where there is nothing to understand it with."""
    try:
        from packaging.markers import InvalidMarker, Marker
    except ImportError:
        return True
    try:
        return not marker or Marker(marker).evaluate()
    except InvalidMarker:
        return True


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


def check_audio_formats() -> Finding:
    """Whether libsndfile can be loaded and decodes the usual formats; ffmpeg is not needed."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        return Finding("missing", f"libsndfile, which decodes the sounds ({error})", INSTALL_ALL)
    version = f"libsndfile {soundfile.__libsndfile_version__}"
    absent = [name for name in AUDIO_FORMATS if name not in soundfile.available_formats()]
    if absent:
        newer = "python -m pip install --force-reinstall --only-binary :all: soundfile"
        return Finding("warning", f"{version} does not decode {', '.join(absent)}", newer)
    return Finding("ok", f"{version} decodes {' '.join(AUDIO_FORMATS)}")


def check_ffmpeg_libraries() -> Finding:
    """Whether FFmpeg's libraries can be loaded, which decode MP3, M4A and video; the program ffmpeg is not needed."""
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
    """How many CPU cores this process may use."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Finding("ok", f"{n} CPU core{'s' if n > 1 else ''} to use")


def check_memory() -> Finding:
    """How much memory there is."""
    try:
        import psutil
    except ImportError:
        return Finding("ok", "memory: not known without psutil")
    return Finding("ok", f"{psutil.virtual_memory().total / 1e9:.1f} GB of memory")


def check_disk(folder: Path = Path("outputs")) -> Finding:
    """How much room there is where the images go."""
    free = shutil.disk_usage(_nearest(folder)).free / 1e9
    if free < LITTLE_DISK_GB:
        fix = "make room, or give another folder: python -m generate AUDIO_FOLDER OUTPUT"
        return Finding("warning", f"{free:.1f} GB free for outputs/", fix)
    return Finding("ok", f"{free:.1f} GB free for outputs/")


def check_outputs(folder: Path = Path("outputs")) -> Finding:
    """Whether images and runs can be written to their usual place."""
    if why := _not_writable(folder):
        fix = f"make {folder} writable, or give another folder: python -m generate AUDIO_FOLDER OUTPUT"
        return Finding("missing", f"an outputs/ that can be written to ({why})", fix)
    return Finding("ok", "outputs/ can be written to")


def check_datasets(folder: Path = Path("datasets")) -> Finding:
    """Whether collections can be downloaded to their usual place."""
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
    escape_output()
    about = "Say what is installed, what is missing and how to fix it."
    argparse.ArgumentParser(prog="python -m generate.doctor", description=about).parse_args(arguments)
    n_missing = n_warnings = 0
    fix = ""
    for finding in _findings():
        # One command often fixes several findings in a row: it stands once, below the last of them.
        if fix != finding.fix:
            _print_mend(fix)
        fix = finding.fix
        print(f"{finding.status:<9}{finding.what}", flush=True)
        n_missing += finding.status == "missing"
        n_warnings += finding.status == "warning"
    _print_mend(fix)
    warned = f"; {n_warnings} warning{'s' if n_warnings > 1 else ''}" if n_warnings else ""
    print(f"\n{f'{n_missing} missing' if n_missing else 'all that is needed is here'}{warned}")
    return 1 if n_missing else 0


def _findings() -> Iterator[Finding]:
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
        except Exception as error:  # half-installed packages raise anything, and the other checks must go on
            finding = Finding("warning", f"{check.__name__}: {type(error).__name__}: {error}", INSTALL_ALL)
        yield finding


def _print_mend(fix: str) -> None:
    for line in fix.splitlines():
        print(f"{'':<9}  -> {line}")


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def _not_writable(folder: Path) -> str:
    """Why nothing can be written there; empty if it can."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return ""
    except OSError as error:
        return error.strerror or str(error)
