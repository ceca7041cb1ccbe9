"""Packages that only some augmentations need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec

from augment_audio.request import Request
from augment_audio.variant import Variant


def check_packages(requests: Iterable[Request], variants: Mapping[str, Variant]) -> None:
    """Check that the packages that some variants need are installed.

    Parameters
    ----------
    requests : iterable of Request
    variants : Mapping of str to Variant

    Raises
    ------
    FileNotFoundError
        If one is not; the message says how to get it.
    """
    for step in (step for request in requests for step in request.steps):
        check_package(variants[step.kind].package, needed_by=f"The variant {step.kind!r}")


def check_package(package: str, *, needed_by: str) -> None:
    """Check that a package is installed.

    Parameters
    ----------
    package : str
        Its name, to install and to import; empty: none is needed.
    needed_by : str
        For the message.

    Raises
    ------
    FileNotFoundError
        If it is not.
    """
    if package and find_spec(package) is None:
        raise FileNotFoundError(f"{needed_by} needs {package}. Install it with `pip install {package}`.")
