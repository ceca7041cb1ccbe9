"""Options of several command lines that are numbers, with what they must be."""

from __future__ import annotations

import argparse
import math


def whole_number(text: str) -> int:
    """Parse an option that is a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more. Got {text!r}.")
    return int(text)


def whole_number_or_zero(text: str) -> int:
    """Parse an option that is a whole number of 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of 0 or more. Got {text!r}.")
    return int(text)


def probability(text: str) -> float:
    """Parse an option that is a probability above 0."""
    value = _number(text)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0, at most 1, such as 0.8. Got {text!r}.")
    return value


def level_dbfs(text: str) -> float:
    """Parse an option that is a peak in dBFS, or `none`."""
    if text == "none":
        return -math.inf
    value = _number(text)
    if not -200 <= value <= 0:
        raise argparse.ArgumentTypeError(f"must be -200 to 0 dB of full scale, such as -50, or none. Got {text!r}.")
    return value


def gap_seconds(text: str) -> float:
    """Parse an option that is a length of 0 seconds or more."""
    value = _number(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"must be 0 seconds or more, such as 1. Got {text!r}.")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def hop_seconds(text: str) -> float:
    """Parse an option that is a length of 0.01 seconds or more."""
    seconds = _number(text)
    if not 0.01 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"must be 0.01 seconds or more, such as 1. Got {text!r}.")
    return seconds
