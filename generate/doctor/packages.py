"""The packages that the program needs: which of them are installed, in which versions.

Needs nothing but Python itself, as `generate.doctor.checks`.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from generate.runtime.findings import INSTALL_ALL, Finding

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTION = "spectrogram-image-classification"
"""Name in `pyproject.toml`."""


def needed() -> list[tuple[str, str]]:
    """Packages that the program needs, as `requirements` gives them.

    They come from the requirements file of this copy, or where pip installed the program from its metadata, which pins
    no versions.

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
    """Read a requirements file.

    Parameters
    ----------
    text : str
        Lines such as `numpy==2.4.6  # why`; options such as `-r` are skipped.

    Returns
    -------
    list of (str, str)
        Name and pinned version (empty: any) of the packages that this system needs.
    """
    line = re.compile(
        r"^[ \t]*([A-Za-z0-9][\w.-]*)(?:\[.*?\])?(?:[ \t]*==[ \t]*([^\s;#,]+))?[^;#\n]*;?([^#\n]*)", re.MULTILINE
    )
    found = line.findall(text)
    return [(name, pinned) for name, pinned, marker in found if _is_for_this_system(marker.strip())]


def _is_for_this_system(marker: str) -> bool:
    """Whether a requirement applies to this system; where `packaging` is not installed, every one does."""
    try:
        from packaging.markers import InvalidMarker, Marker
    except ImportError:
        return True
    try:
        return not marker or Marker(marker).evaluate()
    except InvalidMarker:
        return True


def check_package(name: str, pinned: str) -> Finding:
    """Check that a package is installed, in the version that was tested; it is not imported.

    Parameters
    ----------
    name : str
        As in requirements.txt.
    pinned : str
        Version; empty: any.
    """
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding("missing", f"{name} {pinned}".rstrip(), INSTALL_ALL)
    if pinned and version != pinned:
        return Finding("warning", f"{name} {version}; tested with {pinned}", INSTALL_ALL)
    return Finding("ok", f"{name} {version}")
