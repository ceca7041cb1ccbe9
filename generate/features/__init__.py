"""Time-frequency features of a waveform: one file a feature."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from generate.dataset.settings import Settings
from generate.features import cqt, gammatone, log, mel, mfcc, pcen


def half_window_s(settings: Settings) -> float:
    """Half the analysis window in seconds."""
    return settings.n_fft / settings.sr / 2


@dataclass(frozen=True)
class Feature:
    """One kind of spectrogram; call it as `feature(y, settings)`.

    Parameters
    ----------
    compute : callable
        `compute(y, settings) -> values`: y of shape=(n,) float32 at `settings.sr`; values of shape=(rows, frames)
        float32 from 0 (the palette's dark end) to 1, low frequencies first.
    settings : frozenset of str
        The settings that it uses and some other feature does not.
    is_db : bool
        Whether 1 is the reference and 0 is `range_db` below it.
    reach_s : callable
        `reach_s(settings)`: how far from a frame audio changes it, in seconds.
    """

    compute: Callable[[np.ndarray, Settings], np.ndarray]
    settings: frozenset[str]
    is_db: bool = True
    reach_s: Callable[[Settings], float] = half_window_s

    def __call__(self, y: np.ndarray, settings: Settings) -> np.ndarray:
        """See `compute`."""
        return self.compute(y, settings)


FEATURES: dict[str, Feature] = {
    "mel": Feature(mel.mel, frozenset({"n_fft", "n_bands"})),
    "log": Feature(log.log, frozenset({"n_fft"})),
    "mfcc": Feature(mfcc.mfcc, frozenset({"n_fft", "n_bands", "n_mfcc"}), is_db=False),
    "gammatone": Feature(gammatone.gammatone, frozenset({"n_fft", "n_bands"})),
    "pcen": Feature(
        pcen.pcen,
        frozenset({"n_fft", "n_bands"}),
        is_db=False,
        reach_s=lambda settings: half_window_s(settings) + pcen.WARM_UP_S,
    ),
    "cqt": Feature(cqt.cqt, frozenset({"bins_per_octave"}), reach_s=cqt.reach_s),
}
"""To add one, write its file and add its line, with the settings that not every feature uses."""


def check_feature(name: str, given: Collection[str]) -> None:
    """Check that a feature exists, and that it uses the settings that the user gave.

    Parameters
    ----------
    name : str
    given : collection of str
        Names of the given settings.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_feature("mfcc", given=["n_mfcc"])
    """
    if name not in FEATURES:
        raise ValueError(f"feature must be one of {', '.join(FEATURES)}. Got {name!r}.")
    for setting in sorted(set().union(*(feature.settings for feature in FEATURES.values())) - FEATURES[name].settings):
        if setting in given:
            option = "--" + setting.replace("_", "-")
            users = [other for other, feature in FEATURES.items() if setting in feature.settings]
            raise ValueError(
                f"{option} is not used by the feature {name!r}. It goes with {' or '.join(users)}. Leave it out, or "
                f"give --feature {users[0]}."
            )
