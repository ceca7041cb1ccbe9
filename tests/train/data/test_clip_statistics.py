import json

import numpy as np
import pandas as pd
import pytest

from train.data.clip_statistics import clip_statistics, limits_in_words, quietest_dbfs


def table(rates, seconds=(0.3, 0.5, 0.8, 0.4)):
    rows = {"variant": "original", "seconds": list(seconds), "sample_rate_hz": rates}
    return pd.DataFrame(rows | {"silent": False, "peak_dbfs": np.nan, "reviewed": ""})


def words(rates, *, highest_hz=22050.0, shown_s=5.0):
    facts = json.loads(json.dumps(clip_statistics(table(rates))))
    return " ".join(limits_in_words(facts, highest_hz=highest_hz, seconds=shown_s))


def test_eight_kilohertz_are_called_so():
    text = words([8000] * 4)
    assert "have 8,000 Hz, and frequencies above 4,000 Hz were not in its training images" in text
    assert "44,100" not in text and "22,050" not in text
    assert "last 0.3 to 0.8 s, half of them 0.45 s or less; an image shows 5 s" in text


def test_the_images_may_end_below_half_the_rate():
    assert "frequencies above 16,000 Hz were not" in words([44100] * 4, highest_hz=16000.0)


def test_mixed_rates_are_all_named_the_most_frequent_first():
    text = words([8000, 8000, 8000, 44100])
    assert "8,000 Hz (75 % of the clips), 44,100 Hz (25 % of the clips)" in text
    assert "Frequencies above 22,050 Hz were not in its training images; frequencies above 4,000 Hz were rare." in text


@pytest.mark.parametrize("rates", [[np.nan] * 4, [44100, np.nan, 44100, 44100]])
def test_what_is_not_known_is_not_said(rates):
    assert words(rates).startswith("Frequencies above 22,050 Hz are not in its images. The clips")


@pytest.mark.parametrize(
    "facts",
    [None, [], {}, {"sample_rates_hz": [8000]}, {"sample_rates_hz": {"x": 1}, "seconds": "5"}, {"seconds": [1]}],
)
def test_what_is_not_as_this_program_wrote_it_is_skipped(facts):
    assert limits_in_words(facts, highest_hz=None, seconds=None) == []


def test_variants_do_not_count():
    variants = table([8000] * 4).assign(variant=["original", "pitch=+2", "original", "trim"])
    expected = {"sample_rates_hz": {"8000": 2}, "seconds": [0.3, 0.55, 0.8]}
    assert clip_statistics(variants) == expected | {"peak_dbfs": []}
    loud = clip_statistics(variants.assign(peak_dbfs=[-3.0, -90.0, -9.5, -90.0]))
    assert loud == expected | {"peak_dbfs": [-9.5, -6.25, -3.0]}
    assert quietest_dbfs(loud) == -9.5 and quietest_dbfs(expected) is None
    silent = clip_statistics(variants.assign(peak_dbfs=[-np.inf, 0.0, -9.5, 0.0]))
    assert quietest_dbfs(silent) == -9.5, "silent clips are none"
    nearly = variants.assign(peak_dbfs=[-90.3, 0.0, -9.5, 0.0], silent=[True, False, False, False])
    assert quietest_dbfs(clip_statistics(nearly)) == -9.5, "nor one whose samples are zeros and ones of 16 bits"
