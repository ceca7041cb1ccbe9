"""Versions of the packages that rendered the images."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "librosa",
    "numpy",
    "scipy",
    "numba",
    "opencv-python-headless",
    "soundfile",
    "av",
    "soxr",
    "pillow",
    "pedalboard",
    "pyrubberband",
    "noisereduce",
)
"""Those that a pixel can depend on."""


def versions() -> dict[str, str]:
    """Python and the packages that a pixel can depend on, with libsndfile."""
    import soundfile

    found = {"python": platform.python_version(), "libsndfile": soundfile.__libsndfile_version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
