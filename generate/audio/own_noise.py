"""What is silence: nothing but the noise of the file's own format.

A format holds numbers a step apart. Rounding to them, and the dither that is added before, move a sample by a few
steps; what never moves further holds no sound. Where the step is small, as with 24 bits and floating-point numbers, a
sound far below the noise of 16 bits is a sound like any other.
"""

from __future__ import annotations

import numpy as np

SILENCE = 1e-4
"""A 16-bit sound that never leaves its mean by more than this (-80 dB of full scale) is silent: three steps, which
dither with shaped noise may take, and a quarter of one that the mean may lie beside."""
MOST_BITS = 24
"""Floating-point numbers and 32 bits have smaller steps, and no converter that fills them: the best are quiet to about
-130 dB of full scale, where three steps of 24 bits are."""
FEWEST_BITS = 9
"""Of 8 bits half as many steps are silence, one and a half: nobody shapes the noise of their dither."""
BITS = {
    **dict.fromkeys(("PCM_S8", "PCM_U8", "DPCM_8"), 8),
    **dict.fromkeys(("ALAW", "VOX_ADPCM"), 12),
    **dict.fromkeys(("ULAW", "GSM610"), 13),
    "ALAC_20": 20,
    **dict.fromkeys(("PCM_24", "PCM_32", "ALAC_24", "ALAC_32", "FLOAT", "DOUBLE"), MOST_BITS),
}
"""By libsndfile's name of the encoding; of the two laws of ITU-T G.711 by the step around zero. All others, lossy ones
among them, are taken for 16 bits: that is what they are mostly made of, and an encoder keeps no more below."""
LOSSLESS = frozenset(("alac", "flac", "wavpack", "ape", "tta", "tak", "mlp", "truehd", "wmalossless"))
"""Codecs of FFmpeg that keep every bit."""
EARLY = 4096
"""Samples that settle it for nearly every file."""


def bits_of(subtype: str) -> int:
    """Bits of a sample by libsndfile's name of the encoding, such as `PCM_24`; 16 of those that are not known."""
    return BITS.get(subtype, 16)


def bits_of_codec(codec: str, sample_format: str) -> int:
    """Bits of a sample by FFmpeg's names of the codec and of what it gives, such as `alac` and `s32p`.

    Lossless codecs give 24 bits in 32; what a lossy one gives in floating-point numbers has no finer steps than those
    of 16 bits.
    """
    is_lossless = codec in LOSSLESS or codec.startswith("pcm_")
    return MOST_BITS if is_lossless and sample_format.rstrip("p") in ("s32", "s64", "flt", "dbl") else 16


def are_sixteen_bit_numbers(samples: np.ndarray, peak: float) -> bool:
    """Whether floating-point samples are 16-bit numbers as they are, from -32,768 to 32,767: whole, and beyond 1."""
    return peak > 1 and _are_multiples(samples, 1.0)


def own_noise(samples: np.ndarray, bits: int) -> float:
    """How far the noise of a file's own format may take a sample from the mean.

    Files of many bits are often made of samples of fewer: where all samples are multiples of a larger step, that one
    counts.

    Parameters
    ----------
    samples : np.ndarray, shape=(n,) or (n, channels), float32
        As decoded, finite.
    bits : int
        Of the file's encoding, as `bits_of` gives them.

    Returns
    -------
    float
        Full scale is 1.
    """
    for fewer in (8, 16):
        if bits > fewer and _are_multiples(samples, 2.0 ** (1 - fewer)):
            bits = fewer
    return SILENCE * 2.0 ** (16 - min(max(bits, FEWEST_BITS), MOST_BITS))


def is_silent(y: np.ndarray, noise: float = SILENCE) -> bool:
    """Whether there is no signal: no sample leaves the mean by more than the format's own noise.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), n > 0
    noise : float
        As `own_noise` gives it; default: of 16 bits.
    """
    highest, lowest = float(y.max()), float(y.min())
    if highest - lowest > 2 * noise:  # then one of them is far from any mean
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
