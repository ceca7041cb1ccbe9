"""Time-frequency features of a waveform: one file a feature."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from generate.dataset.settings import Settings
from generate.features import gammatone, log, mel, mfcc


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
    """

    compute: Callable[[np.ndarray, Settings], np.ndarray]
    settings: frozenset[str] = frozenset()

    def __call__(self, y: np.ndarray, settings: Settings) -> np.ndarray:
        """See `compute`."""
        return self.compute(y, settings)


FEATURES: dict[str, Feature] = {
    "mel": Feature(mel.mel, frozenset({"n_bands"})),
    "log": Feature(log.log),
    "mfcc": Feature(mfcc.mfcc, frozenset({"n_bands", "n_mfcc"})),
    "gammatone": Feature(gammatone.gammatone, frozenset({"n_bands"})),
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
