"""What every reader returns: the clips table, and what was skipped or missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import printable, unique_ids

CLIP_COLUMNS = ("clip_id", "path", "label", "fold", "split", "source_id", "start_s", "salience")


@dataclass
class Collection:
    """An audio collection as a table.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row a clip, columns `CLIP_COLUMNS`, all text but `start_s` (seconds): `clip_id` is unique and
        safe as a file name; `path` is relative to the audio folder, with `/`; `label` is the class as the
        user wrote it, in NFC; `fold` may be empty, and `split` is `train`, `validation`, `test`
        or empty; `source_id` names the original recording; `salience` is as in `metadata.csv`.
    skipped : collections.Counter
        Number of files that are not audio, or not used, by kind ("hidden", ".txt").
    missing : list of (str, str, str)
        `(path, label, reason)` of files that a table names and that do not exist.
    notes : list of str
        Notes for the plan.
    recordings_from : str
        Where the original recordings come from, such as "the column 'fsID' of metadata/UrbanSound8K.csv"; empty where
        each clip is its own.
    events : pandas.DataFrame, optional
        Of recordings with annotations, one row an event: `path`, `start_s`, `end_s`, `label`, `low_hz`, `high_hz`.
        Each clip is a whole recording then, without a class.
    multilabel : bool
        Whether a clip may have several classes; `label` is as `generate.dataset.label_sets.join_labels` gives it then.
    """

    clips: pd.DataFrame
    skipped: Counter = field(default_factory=Counter)
    missing: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recordings_from: str = ""
    events: pd.DataFrame | None = None
    multilabel: bool = False


def clips_table(
    *,
    paths: Sequence[str],
    labels: Sequence[str],
    names: Sequence[str] | None = None,
    folds: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    salience: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Build a clips table, with ids that are unique and safe as file names.

    Parameters
    ----------
    paths, labels : sequence of str
        File, relative to the audio folder with `/`, and class of each clip.
    names : sequence of str, optional
        Name of each clip; by default its path without the suffix, and without folders that the next name begins with:
        `bell/bell-01.wav` is `bell-01`, and so is `bell/01.wav` alone.
    folds : sequence of str, optional
        Default: empty.
    sources : sequence of str, optional
        The original recording; default, and where empty: the clip itself.
    splits : sequence of str, optional
        `train`, `validation` or `test`; default: empty.
    salience : sequence of str, optional
        `1` (foreground) or `2` (background); default: empty.

    Returns
    -------
    pandas.DataFrame
        Columns `CLIP_COLUMNS`, sorted by label, then path, whatever the order of the arguments.

    Raises
    ------
    ValueError
        If a label is empty, or one file has two rows.
    """
    n = len(paths)
    clips = pd.DataFrame(
        {
            "name": list(names) if names is not None else [_name(path) for path in paths],
            "path": list(paths),
            "label": [nfc(printable(str(label).strip())) for label in labels],
            "fold": list(folds) if folds is not None else [""] * n,
            "split": list(splits) if splits is not None else [""] * n,
            "source_id": [nfc(printable(source)) for source in sources] if sources is not None else [""] * n,
            "salience": list(salience) if salience is not None else [""] * n,
        },
        dtype=object,  # pandas' own string type rejects names that are not UTF-8
    ).assign(start_s=0.0)
    if (clips["label"] == "").any():
        first = clips.loc[clips["label"] == "", "path"].iloc[0]
        raise ValueError(f"Each file must have a label. Got none for {first!r}. Give it one.")
    twice = clips.loc[clips["path"].duplicated(), "path"]
    if len(twice):
        raise ValueError(f"Each file must be named once. Got {len(twice)} more than once, such as {twice.iloc[0]!r}.")
    # Not by pandas, which may use pyarrow, and that allows only UTF-8.
    places = list(zip(clips["label"], clips["path"], strict=True))
    clips = clips.iloc[sorted(range(n), key=places.__getitem__)].reset_index(drop=True)
    clips["clip_id"] = pd.Series(unique_ids(clips["name"], clips["path"]), dtype=object)
    nameless = clips["source_id"] == ""
    clips.loc[nameless, "source_id"] = clips.loc[nameless, "clip_id"]
    return clips[list(CLIP_COLUMNS)]


def _name(path: str) -> str:
    """Name of a clip by its path."""
    parts = (path.rpartition(".")[0] or path).split("/")
    kept = [folder for folder, following in zip(parts, parts[1:], strict=False) if not following.startswith(folder)]
    return "/".join([*kept, parts[-1]])
