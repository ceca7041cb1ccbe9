"""Stage one at work: render what is left, and write the tables."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset import folder, own_files, settings_file, source_ids, tables
from generate.rendering.clip import Job, render
from generate.rendering.plan import Plan
from generate.rendering.prepare import Prepared, survey
from generate.rendering.rejected import RejectedClip, behind_a_fault, one_line_a_file, table_of
from generate.runtime.lock import locked
from generate.runtime.progress import Progress
from generate.runtime.safe_names import printable
from generate.workers.processes import map_unordered

Outcome = list[dict[str, object]] | str
"""Rows of `metadata.csv`, or why there are none."""
RenderAll = Callable[[list[Job]], Iterator[tuple[Job, Outcome]]]


@dataclass(frozen=True)
class Result:
    """What a run did.

    Parameters
    ----------
    plan : Plan
        What it had to do.
    metadata, rejected : pandas.DataFrame
        As in `metadata.csv` and `rejected.csv`, of this run alone; but `rejected` has a row for each clip.
    lost_classes : list of str
        Classes of which no clip could be rendered.
    n_clips : int
        Clips that were wanted, files that a table names in vain included.
    n_rendered, n_removed : int
        Images.
    foreign : list of str
        PNG files in the folder that are not this program's: no row names them, or they lie behind a link.
    elapsed_s : float
    page_text : str
        What `make_page` said.
    """

    plan: Plan
    metadata: pd.DataFrame
    rejected: pd.DataFrame
    lost_classes: list[str]
    n_clips: int
    n_rendered: int
    n_removed: int
    foreign: list[str]
    elapsed_s: float
    page_text: str

    def too_much_rejected(self, max_percent: float) -> bool:
        """Whether more than a part of the clips, or a whole class, was rejected.

        Parameters
        ----------
        max_percent : float
            Of the clips that were wanted, 0 to 100.
        """
        return bool(self.lost_classes) or 100 * len(self.rejected) > max_percent * self.n_clips


def execute(prepared: Prepared, *, make_page: Callable[[Prepared], str] = lambda prepared: "") -> Result:
    """Render what is left, and write the tables.

    Parameters
    ----------
    prepared : Prepared
    make_page : callable
        Called where there are images, while no other run can be at work in the folder; what it returns is for the
        summary.

    Raises
    ------
    ValueError
        If another run is at work in the folder, or the folder does not fit.
    OSError
        If something cannot be written; what is done is kept.
    KeyboardInterrupt
        The same.
    """
    images = prepared.front.images
    started = time.monotonic()
    with locked(images), _renderer(prepared) as render_all:
        plan = survey(prepared)  # again: another run may have been at work since the plan was shown
        earlier = _earlier_rejected(prepared)
        known = folder.named_images(images)  # before a table is written
        if prepared.overwrite:
            own_files.clear(images, plan.removed)
        own_files.remove_temporary(images)
        _write_settings(prepared)
        rejected, lines = _render_all(prepared, plan, render_all)

        journal = tables.read_journal(images / tables.JOURNAL)
        new = journal[journal["file_name"].isin(plan.left) & ~journal["clip_id"].isin(rejected["clip_id"])]
        rows = pd.concat([plan.done, new], ignore_index=True).drop_duplicates("file_name", keep="last")
        metadata = _sorted(source_ids.unite_equal_audio(rows))
        n_removed, foreign = _remove_others(images, metadata, known | plan.left | set(journal["file_name"]))
        own_files.remove_temporary(images)
        tables.write_table(images / tables.REJECTED, _together(earlier, lines))
        tables.write_table(images / tables.METADATA, metadata)
        (images / tables.JOURNAL).unlink()
        if len(new) or n_removed:
            own_files.remove_cached_pixels(images)
        elapsed_s = time.monotonic() - started
        page_text = make_page(prepared) if len(metadata) else ""
    labels = pd.concat([prepared.clips["label"], rejected.loc[rejected["clip_id"] == "", "label"]])
    return Result(
        plan=plan,
        metadata=metadata,
        rejected=rejected,
        lost_classes=sorted(set(labels) - set(metadata["label"])),
        n_clips=len(labels),
        n_rendered=new["file_name"].nunique(),
        n_removed=n_removed,
        foreign=foreign,
        elapsed_s=elapsed_s,
        page_text=page_text,
    )


@contextmanager
def _renderer(prepared: Prepared) -> Iterator[RenderAll]:
    """What takes jobs and gives outcomes: processes of this machine, or a cluster's."""
    front = prepared.front
    if prepared.cluster:
        from generate.rendering import cluster

        with cluster.connected(prepared.cluster) as client:
            n_workers = cluster.check_workers(client, front, engine_version=prepared.engine_version)
            print(cluster.cluster_text(client, n_workers), flush=True)
            yield lambda jobs: cluster.cluster_outcomes(jobs, front, client, engine_version=prepared.engine_version)
        return
    with tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary:
        yield partial(map_unordered, render, front=front, workers=prepared.workers, temporary_folder=Path(temporary))


def _render_all(prepared: Prepared, plan: Plan, render_all: RenderAll) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Render all jobs and note each in the journal; the rejected clips, and these as `rejected.csv` names them."""
    front = prepared.front
    rejected = [RejectedClip(printable(path), "", label, reason) for path, label, reason in prepared.missing]
    drawn: list[RejectedClip] = []
    usable, given_up = prepared.usable(plan.jobs)
    journal = tables.Journal(front.images / tables.JOURNAL)
    with (
        closing(journal),
        Progress(len(plan.jobs)) as progress,
        closing(render_all(usable)) as jobs,
    ):
        for job, outcome in chain(given_up, jobs):
            clip = RejectedClip(printable(job.path), job.clip_id, job.label, "", job.start_s)
            if isinstance(outcome, str):
                hint = prepared.reader.known_broken.get(job.clip_id.partition("-piece")[0])
                reason = printable(f"{outcome} ({hint})" if hint else outcome)
                rejected.append(clip._replace(reason=type(outcome)(reason)))
            else:
                journal.append(outcome)
                drawn.append(clip)
            progress.step(n_rejected=len(rejected))
    rejected += behind_a_fault(drawn, rejected)
    columns = tables.REJECTED_COLUMNS
    return table_of(sorted(rejected), columns), table_of(one_line_a_file(rejected), columns)


def _write_settings(prepared: Prepared) -> None:
    """Write `settings.json`; the versions stay those that the folder was begun with."""
    path = prepared.front.images / settings_file.SETTINGS
    values = dict(prepared.settings_json)
    if path.exists() and not prepared.overwrite:
        values["versions"] = settings_file.read_settings(path).get("versions", values["versions"])
    settings_file.write_settings(path, values)


def _remove_others(images: Path, metadata: pd.DataFrame, known: Set[str]) -> tuple[int, list[str]]:
    """Remove known images that stand in no row any more; how many, and the other images, which are left alone."""
    # They differ from those of all rows even where case is ignored.
    wanted = {file_name.casefold() for file_name in metadata["file_name"]}
    others = (name for name in folder.list_images(images) if name.casefold() not in wanted)
    own, foreign = own_files.sort_out(images, others, known)
    own_files.remove_images(images, own)
    return len(own), foreign


def _earlier_rejected(prepared: Prepared) -> pd.DataFrame:
    """In a run of a part of the collection, the clips that earlier runs rejected and this one will not try."""
    path = prepared.front.images / tables.REJECTED
    if not prepared.is_limited or not path.exists():
        return pd.DataFrame(columns=list(tables.REJECTED_COLUMNS), dtype=object)
    earlier = tables.read_rejected(path)
    return earlier[~earlier["clip_id"].isin(prepared.clips["clip_id"])]


def _together(earlier: pd.DataFrame, rejected: pd.DataFrame) -> pd.DataFrame:
    """Rejected clips of earlier runs and of this one; what a table names in vain may stand in both."""
    both = pd.concat([earlier, rejected]).drop_duplicates(["audio_file", "clip_id"], keep="last")
    return both.sort_values(["audio_file", "clip_id"], ignore_index=True)


def _sorted(metadata: pd.DataFrame) -> pd.DataFrame:
    """By class and clip, each original before its variants."""
    is_variant = metadata["variant"] != ORIGINAL
    order = metadata.assign(is_variant=is_variant).sort_values(["label", "clip_id", "is_variant", "variant"])
    return order[list(tables.COLUMNS)].reset_index(drop=True)
