"""The audit of a collection: examine every clip, then judge them together."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from generate.audit import assess, examine
from generate.rendering.clip import Job
from generate.rendering.prepare import Prepared
from generate.rendering.rejected import RejectedClip, after_damage, one_line_a_file
from generate.runtime.findings import Finding
from generate.runtime.progress import Progress
from generate.runtime.safe_names import printable
from generate.runtime.wording import count, on_a_line
from generate.workers.processes import map_unordered

MOST_REJECTED = 10
"""Rejected files that are listed."""


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row a clip that can be rendered: the columns `generate.audit.assess.CLIP_COLUMNS` and `flags`.
    findings : list of Finding
        One a check.
    rejected : list of RejectedClip
        Clips that cannot be rendered, missing files that a table names included.
    """

    clips: pd.DataFrame
    findings: list[Finding]
    rejected: list[RejectedClip]

    @property
    def needs_attention(self) -> bool:
        """Whether anything is not as it should be."""
        return bool(self.rejected) or any(finding.status != "ok" for finding in self.findings)


def audit(prepared: Prepared) -> Audit:
    """Check a collection before it is rendered; nothing is written.

    Parameters
    ----------
    prepared : Prepared

    Examples
    --------
    >>> from generate.rendering.options import options_by_name  # doctest: +SKIP
    >>> from generate.rendering.prepare import prepare  # doctest: +SKIP
    >>> audit(prepare(options_by_name("datasets/ESC-10", None, {"seconds": 5}))).findings  # doctest: +SKIP
    """
    clips, small, rejected = examine_all(prepared)
    settings = prepared.front.settings.of_first_plane
    table, findings = assess.assess(clips, small, settings=settings, multilabel=prepared.collection.multilabel)
    return Audit(table, findings, rejected)


def examine_all(prepared: Prepared) -> tuple[pd.DataFrame, np.ndarray, list[RejectedClip]]:
    """Decode and measure every clip in worker processes; one that crashes costs only its own clip.

    Parameters
    ----------
    prepared : Prepared

    Returns
    -------
    clips : pandas.DataFrame
        Columns `generate.audit.assess.CLIP_COLUMNS`, by class and clip.
    small : np.ndarray, shape=(n, 32, columns), uint8
        Of each.
    rejected : list of RejectedClip
        One a clip, missing files that a table names included.
    """
    clips = prepared.clips if "reviewed" in prepared.clips else prepared.clips.assign(reviewed="")
    columns = clips[["clip_id", "path", "label", "fold", "source_id", "start_s", "reviewed"]]
    jobs = [
        Job(clip_id, path, label, "", fold, source_id, start_s, requests=(None,), reviewed=reviewed)
        for clip_id, path, label, fold, source_id, start_s, reviewed in columns.itertuples(index=False, name=None)
    ]
    rejected = [RejectedClip(printable(path), "", label, reason) for path, label, reason in prepared.missing]
    usable, given_up = prepared.usable(jobs)
    examined: list[RejectedClip] = []
    rows: list[dict[str, object]] = []
    with (
        tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary,
        Progress(len(jobs)) as progress,
        closing(
            map_unordered(
                examine.examine, usable, prepared.front, workers=prepared.workers, temporary_folder=Path(temporary)
            )
        ) as outcomes,
    ):
        for job, outcome in chain(given_up, outcomes):
            clip = RejectedClip(printable(job.path), job.clip_id, job.label, "", job.start_s)
            if isinstance(outcome, str):
                rejected.append(clip._replace(reason=outcome))
            else:
                rows += outcome
                examined.append(clip)
            progress.step(n_rejected=len(rejected))
    rejected += after_damage(examined, rejected)
    table = pd.DataFrame(rows, columns=[*assess.CLIP_COLUMNS, "small"])
    table = table[~table["clip_id"].isin([clip.clip_id for clip in rejected])]
    clips = assess.sorted_clips(table) if len(table) else table
    return clips.drop(columns="small"), assess.stacked(list(clips["small"])), rejected


def rejected_text(rejected: Sequence[RejectedClip], n_clips: int) -> str:
    """The files that cannot be rendered, with their reasons.

    Parameters
    ----------
    rejected : sequence of RejectedClip
        One a clip; those of a damaged file are merged into one line.
    n_clips : int
        Of all that were wanted.
    """
    if not rejected:
        return f"{'ok':<9}every clip can be decoded"
    by_file = one_line_a_file(rejected)
    lines = [f"{'warning':<9}{len(rejected):,} of {count(n_clips, 'clip')} cannot be rendered"]
    lines += [f"{'':<9}  {on_a_line(clip.audio_file)}: {on_a_line(clip.reason)}" for clip in by_file[:MOST_REJECTED]]
    if len(by_file) > MOST_REJECTED:
        lines.append(f"{'':<9}  and {len(by_file) - MOST_REJECTED:,} more")
    lines.append(f"{'':<9}  -> fix these files or remove them; python -m generate skips them")
    return "\n".join(lines)
