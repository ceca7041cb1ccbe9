"""The noise floor of audio formats: a clip that never exceeds it is silent.

Quantisation, and the dither that is added before, move a sample by a few steps of the format. With small steps, as of
24 bits or floating-point numbers, signals far below the noise of 16 bits are valid.
"""

from __future__ import annotations

import numpy as np

SILENCE = 1e-4
"""Noise floor of 16 bits (-80 dBFS): three steps, as of noise-shaped dither, and a quarter of a step for the mean."""
MOST_BITS = 24
"""Floating-point numbers and 32 bits have smaller steps, but the best converters have a noise of about -130 dBFS: three
steps of 24 bits."""
FEWEST_BITS = 9
"""For 8 bits the noise floor is half as many steps, one and a half: their dither has no shaped noise."""
BITS = {
    **dict.fromkeys(("PCM_S8", "PCM_U8", "DPCM_8"), 8),
    **dict.fromkeys(("ALAW", "VOX_ADPCM"), 12),
    **dict.fromkeys(("ULAW", "GSM610"), 13),
    "ALAC_20": 20,
    **dict.fromkeys(("PCM_24", "PCM_32", "ALAC_24", "ALAC_32", "FLOAT", "DOUBLE"), MOST_BITS),
}
"""Bit depth by libsndfile's name of the encoding; for A-law and mu-law (ITU-T G.711) by the step around zero. All
others, also lossy ones, count as 16 bits: most are made from 16 bits."""
LOSSLESS = frozenset(("alac", "flac", "wavpack", "ape", "tta", "tak", "mlp", "truehd", "wmalossless"))
"""FFmpeg's names of lossless codecs."""
EARLY = 4096
"""Samples that are tested first: they decide for nearly every file."""


def bits_of(subtype: str) -> int:
    """Bit depth by libsndfile's name of the encoding, such as `PCM_24`; 16 if it is not known.

    Examples
    --------
    >>> bits_of("PCM_24"), bits_of("VORBIS")
    (24, 16)
    """
    return BITS.get(subtype, 16)


def bits_of_codec(codec: str, sample_format: str) -> int:
    """Bit depth by FFmpeg's names of the codec and of its sample format, such as `alac` and `s32p`.

    Lossless codecs return 24 bits in 32. Lossy ones count as 16 bits, though they return floating-point numbers.
    """
    is_lossless = codec in LOSSLESS or codec.startswith("pcm_")
    return MOST_BITS if is_lossless and sample_format.rstrip("p") in ("s32", "s64", "flt", "dbl") else 16


def are_sixteen_bit_numbers(samples: np.ndarray, peak: float) -> bool:
    """Whether floating-point samples are unscaled 16-bit integers, from -32,768 to 32,767."""
    return peak > 1 and _are_multiples(samples, 1.0)


def noise_floor(samples: np.ndarray, bits: int) -> float:
    """How far the noise of a file's format can move a sample from the mean.

    Files of many bits are often made from fewer: if all samples are multiples of a larger step, that step counts.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,) or (n, channels), float32
        As decoded, finite.
    bits : int
        Bit depth of the encoding, as `bits_of` returns it.

    Returns
    -------
    float
        Full scale is 1.

    Examples
    --------
    >>> noise_floor(np.array([0.1, -0.3], dtype=np.float32), bits=16)
    0.0001
    """
    for fewer in (8, 16):
        if bits > fewer and _are_multiples(samples, 2.0 ** (1 - fewer)):
            bits = fewer
    return SILENCE * 2.0 ** (16 - min(max(bits, FEWEST_BITS), MOST_BITS))


def is_silent(y: np.ndarray, noise: float = SILENCE) -> bool:
    """Whether no sample differs from the mean by more than the noise floor.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), n > 0
    noise : float
        As `noise_floor` returns it; default: of 16 bits.

    Examples
    --------
    >>> is_silent(np.array([0.5, 0.50005])), is_silent(np.array([0.5, -0.5]))
    (True, False)
    """
    highest, lowest = float(y.max()), float(y.min())
    if highest - lowest > 2 * noise:
        return False
    mean = float(y.mean(dtype=np.float64))
    return max(highest - mean, mean - lowest) <= noise


def _are_multiples(samples: np.ndarray, step: float) -> bool:
    """Whether all samples are whole multiples of a power of two."""
    for part in (samples[:EARLY], samples):
        steps = part * np.float32(1 / step)
        if not np.array_equal(steps, np.rint(steps)):
            return False
    return True
