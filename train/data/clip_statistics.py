"""Sample rates, durations and levels of the clips of a run, and what follows for its model card."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.runtime.wording import listed
from train.data.reviewed import FACT, review_counts

MOST_RATES = 4
"""Sample rates that are named, the most frequent first."""


def clip_statistics(table: pd.DataFrame) -> dict[str, object]:
    """Sample rates, durations and levels of the clips of a table, as in the `config.json` of a run.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image, as `generate.dataset.tables.read_metadata` gives it.

    Returns
    -------
    dict
        `sample_rates_hz`: sample rate of the audio file, in Hz, to number of clips, empty unless known for all clips;
        `seconds`: minimum, median and maximum duration; `peak_dbfs`: the same of the peaks of clips that are not
        silent, empty if there is none; `reviewed`, only where there was a review: see
        `train.data.reviewed.review_counts`.
    """
    originals = table[table["variant"] == ORIGINAL]
    rates = pd.to_numeric(originals["sample_rate_hz"], errors="coerce")
    known = bool((rates > 0).all())
    seconds = originals["seconds"].astype(float)
    peaks = pd.to_numeric(originals.loc[~originals["silent"].astype(bool), "peak_dbfs"], errors="coerce")
    peaks = peaks[np.isfinite(peaks)]
    return {
        "sample_rates_hz": {str(int(rate)): int(n) for rate, n in rates.value_counts().items()} if known else {},
        "seconds": [round(float(value), 3) for value in (seconds.min(), seconds.median(), seconds.max())],
        "peak_dbfs": [round(float(value), 2) for value in (peaks.min(), peaks.median(), peaks.max())]
        if len(peaks)
        else [],
        **({FACT: counts} if (counts := review_counts(table)) else {}),
    }


def limits_in_words(facts: object, *, highest_hz: float | None, seconds: float | None) -> list[str]:
    """Limits of what a model was trained on, a sentence or two each.

    Parameters
    ----------
    facts : object
        As `clip_statistics` returns them; anything else gives no sentence.
    highest_hz : float, optional
        The highest frequency in the images.
    seconds : float, optional
        The duration that an image shows.
    """
    facts = facts if isinstance(facts, Mapping) else {}
    return [
        *_of_frequencies(_rates(facts.get("sample_rates_hz")), highest_hz),
        *_of_lengths(facts.get("seconds"), seconds),
    ]


def quietest_dbfs(facts: object) -> float | None:
    """Peak of the quietest clip that is not silent, in dB of full scale; None where that is not known.

    Parameters
    ----------
    facts : object
        See `limits_in_words`.
    """
    peaks = facts.get("peak_dbfs") if isinstance(facts, Mapping) else None
    if not isinstance(peaks, list) or len(peaks) != 3 or not all(type(peak) in (int, float) for peak in peaks):
        return None
    return float(peaks[0])


def _of_frequencies(rates: dict[int, int], highest_hz: float | None) -> list[str]:
    if not rates:
        return [] if highest_hz is None else [f"Frequencies above {highest_hz:,.0f} Hz are not in its images."]
    most = max(rates) / 2 if highest_hz is None else min(highest_hz, max(rates) / 2)
    end = f"frequencies above {most:,.0f} Hz were not in its training images"
    if len(rates) == 1:
        return [
            f"The audio files that it was trained on have {max(rates):,} Hz, and {end}. Files with a lower sample "
            "rate lack frequencies that it may use."
        ]
    n_clips = sum(rates.values())
    parts = [f"{rate:,} Hz ({100 * n / n_clips:.0f} % of the clips)" for rate, n in rates.items()]
    typical = next(iter(rates)) / 2
    of_most = (
        f"; frequencies above {typical:,.0f} Hz were rare"
        if typical < most and 2 * next(iter(rates.values())) > n_clips
        else ""
    )
    return [
        f"The audio files that it was trained on have several sample rates: {listed(parts, most=MOST_RATES)}. "
        f"{end[0].upper()}{end[1:]}{of_most}."
    ]


def _of_lengths(lengths: object, seconds: float | None) -> list[str]:
    if not (isinstance(lengths, list) and len(lengths) == 3 and all(_is_number(value) for value in lengths)):
        return []
    shortest, median, longest = lengths
    image = "" if seconds is None else f"; an image shows {seconds:g} s"
    each = (
        f"{shortest:g} s"
        if shortest == longest
        else f"{shortest:g} to {longest:g} s, half of them {median:g} s or less"
    )
    return [f"The clips that it was trained on last {each}{image}. Other durations were not tested."]


def _rates(values: object) -> dict[int, int]:
    """Sample rate to number of clips, the most frequent first; empty if it is not as `clip_statistics` returns it."""
    if not isinstance(values, Mapping) or not all(
        str(rate).isdecimal() and _is_number(n) for rate, n in values.items()
    ):
        return {}
    rates = {int(rate): int(n) for rate, n in values.items() if int(rate) > 0 and n > 0}
    return dict(sorted(rates.items(), key=lambda item: -item[1]))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
