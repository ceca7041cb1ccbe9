"""`calibration.json` of a run: the temperature and the thresholds that predictions for new recordings use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from generate.runtime.atomic_write import write_json
from generate.runtime.json_check import check, number, or_none, read_json, table_of
from generate.runtime.os_compat import quoted
from train.calibration.temperature import COLDEST, HOTTEST
from train.calibration.thresholds import NEVER, TARGET_PRECISION
from train.defaults import DEFAULT_THRESHOLD

FILE = "calibration.json"
_KINDS = {
    "format": number(1, 1, whole=True),
    "temperature": number(COLDEST / 2, HOTTEST * 2),
    "thresholds": table_of(number(0, 1)),
}
_ALSO = {"most_distance": or_none(number(0, 1e30))}


@dataclass(frozen=True)
class SavedCalibration:
    """The temperature and the thresholds of a run; of one that has none, probabilities are as the models give them.

    Parameters
    ----------
    temperature : float
    thresholds : Mapping of str to float
        By class.
    most_distance : float or None
        Beyond this a sound is unlike the training clips; see `train.calibration.distance`. None: there is no limit.
    """

    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    most_distance: float | None = None

    def threshold(self, label: str) -> float:
        """From which probability on a prediction as this class counts; see `train.calibration.thresholds.reaches`."""
        return self.thresholds.get(label, DEFAULT_THRESHOLD)


def write_calibration(
    folder: Path, *, temperature: float, thresholds: Mapping[str, float | None], most_distance: float | None = None
) -> None:
    """Write the calibration of a run; a threshold of None, that no probability is high enough, is written as 1."""
    # Rounded down, so that the probability that gave a threshold still reaches it.
    plain = {name: NEVER if t is None else math.floor(t * 1e6) / 1e6 for name, t in thresholds.items()}
    content = {"format": 1, "temperature": temperature, "target_precision": TARGET_PRECISION, "thresholds": plain}
    if most_distance is not None:
        content["most_distance"] = most_distance
    write_json(folder / FILE, content)


def read_calibration(folder: Path, classes: Sequence[str]) -> SavedCalibration:
    """Read the calibration of a run; a run of one fold, or a leaky one, has none.

    Raises
    ------
    ValueError
        If the file is not as this program wrote it.
    """
    path = folder / FILE
    if not path.is_file():
        return SavedCalibration()
    try:
        values = cast(dict, read_json(path))
        check(values, _KINDS, optional=_ALSO)
        if set(values["thresholds"]) != set(classes):
            raise ValueError("its classes are not those of the run")
    except ValueError as error:
        raise ValueError(
            f"{str(path)!r} is not as this program wrote it ({error}). `python -m train.report {quoted(folder)}` "
            "writes it again."
        ) from None
    return SavedCalibration(values["temperature"], values["thresholds"], values.get("most_distance"))
