"""The report of a run as a record: what `report.json` holds, and what the summary, model card, page and plots read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, cast

from generate.dataset.background_classes import counted
from generate.runtime.json_check import (
    OF_ANNOTATION,
    TABLE,
    TEXT,
    Kind,
    check,
    list_of,
    number,
    or_none,
    read_json,
    table_of,
)
from generate.runtime.os_compat import quoted
from train.recipe import Recipe
from train.report.interval_text import interval_in_words, tested
from train.report.label_quality import SuspectResult
from train.report.multilabel_records import LabelResult, MultilabelResult
from train.report.result_records import (
    CalibrationResult,
    ClassResult,
    Confusion,
    FalseAlarmResult,
    FinalModel,
    FoldResult,
    GroupResult,
    PooledResult,
    Protocol,
    ThresholdResult,
    Times,
)
from train.runs.run_folder import REPORT
from train.wording import percent

FORMAT = 2
_KINDS = OF_ANNOTATION | {
    "tuple[int, int]": list_of(number(1, 2**31, whole=True), least=2, most=2),
    "Mapping[str, str]": table_of(TEXT),
    "Mapping[str, object]": TABLE,
}
_RECORDS = list_of(TABLE)
_TABLE_OR_NONE = or_none(TABLE)
_NESTED: dict[str, Kind] = {
    "format": number(FORMAT, FORMAT, whole=True),
    "protocol": TABLE,
    "folds": list_of(TABLE, least=1),
    "pooled": TABLE,
    "classes": _RECORDS,
    "groups": _RECORDS,
    "calibration": _TABLE_OR_NONE,
    "confusions": _RECORDS,
    "times": TABLE,
    "recipe": TABLE,
}
_Record = TypeVar("_Record")


@dataclass(frozen=True, kw_only=True, repr=False)
class Report:
    """The results of a run.

    `train.report.summary.summary_text` gives the summary that `python -m train` prints.

    Parameters
    ----------
    run : str
        The run's folder.
    collection : str
    is_leaky : bool
        Whether, in any fold, images of one recording may be in both training and test.
    protocol : Protocol
    all_folds, folds_missing : tuple of str
        The folds of the split, and those that are not finished.
    folds : tuple of FoldResult
        The finished ones.
    pooled : PooledResult
    classes : tuple of ClassResult
    groups : tuple of GroupResult
        Of classes, where the collection's authors put them into groups, as those of ESC-50 did.
    calibration : CalibrationResult or None
        None with one fold, since nothing is fitted on the recordings that it is reported for; or if the run is leaky.
    multilabel : MultilabelResult or None
        Of a run whose clips may have several labels. An accuracy is the fraction of clips with all labels right then.
    false_alarms : FalseAlarmResult or None
        None without a class `_background` or `_other`, or if the run is leaky.
    final : FinalModel or None
        The model that is trained on all recordings, where the run has one.
    suspects : SuspectResult or None
        None if the run is leaky, or with several labels a clip.
    confusions : tuple of Confusion
        The most frequent errors, the most frequent first; none with several labels a clip.
    times : Times
    input_size : tuple of (int, int)
        Height and width of the images that the model sees.
    trained_on : Mapping
        See `train.data.clip_statistics.clip_statistics`.
    recipe : Recipe
    versions : Mapping of str to str
        Of Python and of the packages that trained.
    warnings : tuple of str
        See `train.report.warnings.warnings_of`.

    Examples
    --------
    >>> report = train.load_run("outputs/runs/ESC-10-cnn9").report  # doctest: +SKIP
    >>> report.pooled.accuracy, report.pooled.low, report.pooled.high  # doctest: +SKIP
    """

    run: str
    collection: str
    is_leaky: bool
    protocol: Protocol
    all_folds: tuple[str, ...]
    folds_missing: tuple[str, ...]
    folds: tuple[FoldResult, ...]
    pooled: PooledResult
    classes: tuple[ClassResult, ...]
    confusions: tuple[Confusion, ...]
    times: Times
    input_size: tuple[int, int]
    trained_on: Mapping[str, object]
    recipe: Recipe
    versions: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    groups: tuple[GroupResult, ...] = ()
    calibration: CalibrationResult | None = None
    multilabel: MultilabelResult | None = None
    false_alarms: FalseAlarmResult | None = None
    final: FinalModel | None = None
    suspects: SuspectResult | None = None

    @property
    def counted_classes(self) -> tuple[ClassResult, ...]:
        """`classes` without `_background` and `_other`, which the accuracy does not count."""
        counts = counted([row.label for row in self.classes])
        return tuple(row for row, is_counted in zip(self.classes, counts, strict=True) if is_counted)

    @property
    def without(self) -> str:
        """Which clips the accuracy does not count, such as `, without those of _background`; empty: it counts all."""
        if self.multilabel is not None:
            return ""
        left_out = [row.label for row in self.classes if row not in self.counted_classes]
        return f", without those of {' and '.join(left_out)}" if left_out else ""

    def __repr__(self) -> str:
        leaky = "leaky " if self.is_leaky else ""
        pooled = self.pooled
        size = tested(pooled) + self.without
        accuracy = f"{percent(pooled.accuracy)} ({interval_in_words(pooled, level=pooled.level)}; {size})"
        return f"<Report of {self.recipe.model} on {self.collection}: {leaky}accuracy {accuracy}>"

    def to_json(self) -> dict[str, object]:
        """The report as plain values; `from_json` reads them back."""
        values = {"format": FORMAT} | {name: _plain(value) for name, value in asdict(self).items()}
        for name in ("multilabel", "false_alarms", "final", "suspects"):
            if values[name] is None:
                del values[name]
        return values

    @classmethod
    def from_json(cls, values: object) -> Report:
        """Read what `to_json` gave.

        Raises
        ------
        ValueError
            If a value is missing, or is not of its kind.
        """
        check(values, _NESTED, optional=dict.fromkeys(("multilabel", "false_alarms", "final", "suspects"), TABLE))
        table = cast("dict[str, Any]", values)
        nested = {
            "protocol": record_of(Protocol, table["protocol"]),
            "folds": tuple(record_of(FoldResult, fold) for fold in table["folds"]),
            "pooled": record_of(PooledResult, table["pooled"]),
            "classes": tuple(record_of(ClassResult, row) for row in table["classes"]),
            "groups": tuple(record_of(GroupResult, row) for row in table["groups"]),
            "calibration": _calibration(table["calibration"]),
            "multilabel": _multilabel(table.get("multilabel")),
            "false_alarms": record_of(FalseAlarmResult, table["false_alarms"]) if "false_alarms" in table else None,
            "final": record_of(FinalModel, table["final"]) if "final" in table else None,
            "suspects": record_of(SuspectResult, table["suspects"]) if "suspects" in table else None,
            "confusions": tuple(record_of(Confusion, row) for row in table["confusions"]),
            "times": record_of(Times, table["times"]),
            "recipe": Recipe.from_json(table["recipe"]),
        }
        return record_of(cls, table, **nested)


def read_report(folder: Path) -> Report:
    """Read the report of a run.

    Parameters
    ----------
    folder : Path
        Of the run.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no `report.json`, or it is not as this program wrote it.
    """
    path, advice = folder / REPORT, f"`python -m train.report {quoted(folder)}` writes it again."
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {str(path)!r}. {advice}")
    try:
        return Report.from_json(read_json(path))
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not as this program wrote it ({error}). {advice}") from None


def _calibration(values: Mapping[str, object] | None) -> CalibrationResult | None:
    if values is None:
        return None
    check(values, {"thresholds": _RECORDS})
    thresholds = tuple(record_of(ThresholdResult, row) for row in cast(list, values["thresholds"]))
    return record_of(CalibrationResult, values, thresholds=thresholds)


def _multilabel(values: Mapping[str, object] | None) -> MultilabelResult | None:
    if values is None:
        return None
    check(values, {"labels": _RECORDS})
    labels = tuple(record_of(LabelResult, row) for row in cast(list, values["labels"]))
    return record_of(MultilabelResult, values, labels=labels)


def record_of(record: type[_Record], values: object, **nested: object) -> _Record:
    """Make a record of a table of JSON after checking its values; keys that are not among its fields are ignored.

    Parameters
    ----------
    record : type
        A dataclass, such as `FoldResult`.
    values : object
        As JSON gave it.
    **nested
        Values of fields that are records themselves.

    Raises
    ------
    ValueError
        If a value is missing, or is not of its kind.
    """
    flat = {field.name: field for field in fields(record) if field.name not in nested}  # type: ignore[arg-type]
    kinds = {name: _KINDS[str(field.type)] for name, field in flat.items()}
    required = {name: kind for name, kind in kinds.items() if flat[name].default is MISSING}
    check(values, required, optional=kinds)
    table = cast("dict[str, Any]", values)
    make: Callable[..., _Record] = record
    given = {
        name: tuple(table[name]) if isinstance(table[name], list) else table[name] for name in kinds if name in table
    }
    return make(**given, **nested)


def _plain(value: object) -> object:
    """The same with lists for tuples, as JSON has them."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
