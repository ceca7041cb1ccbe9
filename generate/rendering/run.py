"""Stage one at work: render what is left, and write the tables."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import FileReason
from generate.dataset import folder, own_files, settings_file, source_ids, tables
from generate.dataset.label_sets import classes_of
from generate.rendering.clip import Job, render
from generate.rendering.plan import Plan, make_plan
from generate.rendering.prepare import Prepared
from generate.rendering.rejected import RejectedClip, after_damage, one_line_a_file, table_of
from generate.runtime.atomic_write import write_json
from generate.runtime.exit_codes import RESUMABLE
from generate.runtime.lock import locked
from generate.runtime.progress import Progress
from generate.runtime.safe_names import printable
from generate.workers.processes import map_unordered

Outcome = list[dict[str, object]] | str
"""Rows of `metadata.csv`, or why there are none."""
Outcomes = Generator[tuple[Job, Outcome], None, None]
RenderAll = Callable[[list[Job]], Outcomes]


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
        Clips that were wanted, missing files that a table names included.
    n_rendered, n_removed : int
        Images.
    foreign : list of str
        PNG files in the folder that are not this program's: no row names them, or they are behind a link.
    elapsed_s : float
    page_text : str
        What `make_page` returned.
    max_rejected : float
        Percentage of the clips that were wanted, 0 to 100; see `too_many_rejected`.
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
    max_rejected: float

    def too_many_rejected(self) -> bool:
        """Whether more than `max_rejected` of the clips, or a whole class, was rejected: exit status 3."""
        return bool(self.lost_classes) or 100 * len(self.rejected) > self.max_rejected * self.n_clips


def execute(
    prepared: Prepared,
    *,
    make_page: Callable[[Prepared], str] = lambda prepared: "",
    log: Callable[[str], None] = lambda text: None,
) -> Result:
    """Render what is left, and write the tables.

    Parameters
    ----------
    prepared : Prepared
    make_page : callable
        Called where there are images, while the folder is locked; what it returns is for the summary.
    log : callable
        Called with a line on the workers of a cluster.

    Raises
    ------
    ValueError
        If another run has locked the folder, or the folder does not fit.
    OSError
        If something cannot be written; what is done is kept.
    KeyboardInterrupt
        The same.
    """
    images = prepared.front.images
    folder.check_ours(images)  # before the lock is written into it
    started = time.monotonic()
    try:
        with locked(images), _renderer(prepared, log) as render_all:
            folder.check_review(images, prepared.applied_review)
            plan = make_plan(prepared)  # again: another run may have changed the folder since the plan was shown
            earlier = _earlier_rejected(prepared)
            named = _clear_folder(prepared, plan)
            _write_settings(prepared)
            rejected, lines, given_up = _render_jobs(prepared, plan, render_all)
            plan = replace(plan, done=plan.done[~plan.done["clip_id"].isin(given_up)])
            metadata, n_rendered, n_removed, foreign = _write_tables(
                prepared, plan, named=named, rejected=rejected, rejected_lines=_together(earlier, lines)
            )
            elapsed_s = time.monotonic() - started
            page_text = make_page(prepared) if len(metadata) else ""
    except OSError as error:
        error.add_note(RESUMABLE)
        raise
    labels = pd.concat([prepared.clips["label"], rejected.loc[rejected["clip_id"] == "", "label"]])
    return Result(
        plan=plan,
        metadata=metadata,
        rejected=rejected,
        lost_classes=_lost_classes(labels, metadata["label"], multilabel=prepared.collection.multilabel),
        n_clips=len(labels),
        n_rendered=n_rendered,
        n_removed=n_removed,
        foreign=foreign,
        elapsed_s=elapsed_s,
        page_text=page_text,
        max_rejected=prepared.options.max_rejected,
    )


def _lost_classes(wanted: pd.Series, rendered: pd.Series, *, multilabel: bool) -> list[str]:
    """Classes without a clip that could be rendered; a rejected clip may have no label."""
    before, after = (classes_of(labels, multilabel=multilabel) for labels in (wanted, rendered))
    return sorted(set(before) - {""} - set(after))


@contextmanager
def _renderer(prepared: Prepared, log: Callable[[str], None]) -> Iterator[RenderAll]:
    """What renders jobs: processes of this machine, or the workers of a cluster."""
    front = prepared.front
    if prepared.options.cluster:
        from generate.rendering import cluster

        with cluster.connected(prepared.options.cluster) as client:
            n_workers = cluster.check_workers(client, front, engine_version=prepared.engine_version)
            log(cluster.cluster_text(client, n_workers))

            def on_cluster(jobs: list[Job]) -> Outcomes:
                yield from cluster.cluster_outcomes(jobs, front, client, engine_version=prepared.engine_version)

            yield on_cluster
        return
    with tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary:
        yield partial(map_unordered, render, front=front, workers=prepared.workers, temporary_folder=Path(temporary))


def _clear_folder(prepared: Prepared, plan: Plan) -> Set[str]:
    """Remove what `--overwrite` replaces and what a killed run left; gives the images that the folder's tables name."""
    images = prepared.front.images
    named = folder.named_images(images)
    if prepared.options.overwrite:
        own_files.clear(images, plan.removed)
    own_files.remove_temporary(images)
    folder.respell_folders(images, plan.left | set(plan.done["file_name"]))
    return named


def _write_settings(prepared: Prepared) -> None:
    """Write `settings.json`; the versions stay those of the first run in the folder."""
    path = prepared.front.images / settings_file.SETTINGS
    values = prepared.settings_json.copy()
    if path.exists() and not prepared.options.overwrite:
        values["versions"] = settings_file.read_settings(path)["versions"]
    write_json(path, values)


def _render_jobs(prepared: Prepared, plan: Plan, render_all: RenderAll) -> tuple[pd.DataFrame, pd.DataFrame, Set[str]]:
    """Render all jobs and note each in the journal.

    Returns
    -------
    rejected, lines : pandas.DataFrame
        The rejected clips, and the lines of `rejected.csv`.
    given_up : set of str
        Clips of an earlier run that was stopped, from the first unreadable clip of their file on. Those of a run that
        ended stay: what cannot be read now may be a passing fault.
    """
    rejected = [RejectedClip(printable(path), "", label, reason) for path, label, reason in prepared.missing]
    rendered: list[RejectedClip] = []
    usable, given_up = prepared.usable(plan.jobs)
    path = prepared.front.images / tables.JOURNAL
    stopped = set(tables.read_journal(path)["file_name"]) if path.exists() else set()
    journal = tables.Journal(path)
    with closing(journal), Progress(len(plan.jobs)) as progress, closing(render_all(usable)) as outcomes:
        for job, outcome in chain(given_up, outcomes):
            clip = RejectedClip(printable(job.path), job.clip_id, job.label, "", job.start_s)
            if isinstance(outcome, str):
                hint = prepared.reader.known_broken.get(job.clip_id.partition("-piece")[0])
                reason = printable(f"{outcome} ({hint})" if hint else outcome)
                rejected.append(clip._replace(reason=type(outcome)(reason)))
            else:
                journal.append(outcome)
                rendered.append(clip)
            progress.step(n_rejected=len(rejected))
    done = plan.done[plan.done["file_name"].isin(stopped)].drop_duplicates("clip_id")
    earlier = [
        RejectedClip(file, clip_id, label, "", start_s)
        for file, clip_id, label, start_s in zip(
            *(done[name] for name in ("audio_file", "clip_id", "label", "start_s")), strict=True
        )
    ]
    faulty = {clip.clip_id for clip in rejected if isinstance(clip.reason, FileReason)}
    behind = {clip.clip_id: clip for clip in after_damage([*earlier, *rendered], rejected)}
    rejected += [clip for clip_id, clip in behind.items() if clip_id not in {clip.clip_id for clip in rejected}]
    given_up_of_earlier = {clip.clip_id for clip in earlier} & (behind.keys() | faulty)
    columns = tables.REJECTED_COLUMNS
    return table_of(sorted(rejected), columns), table_of(one_line_a_file(rejected), columns), given_up_of_earlier


def _write_tables(
    prepared: Prepared, plan: Plan, *, named: Set[str], rejected: pd.DataFrame, rejected_lines: pd.DataFrame
) -> tuple[pd.DataFrame, int, int, list[str]]:
    """Write `metadata.csv` and `rejected.csv`, and remove images that neither names.

    Returns
    -------
    metadata : pandas.DataFrame
    n_rendered, n_removed : int
    foreign : list of str
        Images that are not this program's.
    """
    images = prepared.front.images
    journal = tables.read_journal(images / tables.JOURNAL)
    new = journal[journal["file_name"].isin(plan.left) & ~journal["clip_id"].isin(rejected["clip_id"])]
    rows = pd.concat([plan.done, new], ignore_index=True).drop_duplicates("file_name", keep="last")
    # Of one clip the newest is valid: another version of a decoder may round a sample otherwise.
    rows["audio_sha256"] = rows.groupby("clip_id")["audio_sha256"].transform("last")
    metadata = _sorted(source_ids.unite_equal_audio(rows))
    n_removed, foreign = _remove_others(images, metadata, named | plan.left | set(journal["file_name"]))
    own_files.remove_old_audio(images)
    own_files.remove_temporary(images)
    tables.write_table(images / tables.REJECTED, rejected_lines)
    if prepared.review is not None:
        tables.write_table(images / tables.REVIEWED, prepared.review)
    tables.write_table(images / tables.METADATA, metadata)
    (images / tables.JOURNAL).unlink()
    if len(new) or n_removed:
        own_files.remove_cached_pixels(images)
    return metadata, new["file_name"].nunique(), n_removed, foreign


def _remove_others(images: Path, metadata: pd.DataFrame, named: Set[str]) -> tuple[int, list[str]]:
    """Remove this program's images that have no row any more; how many, and the images that are not this program's."""
    # They differ from those of all rows even where case is ignored.
    wanted = {file_name.casefold() for file_name in metadata["file_name"]}
    others = (name for name in folder.list_images(images) if name.casefold() not in wanted)
    own, foreign = own_files.sort_out(images, others, named)
    own_files.remove_images(images, own)
    return len(own), foreign


def _earlier_rejected(prepared: Prepared) -> pd.DataFrame:
    """In a run of some clips only, the clips that earlier runs rejected and this one does not try."""
    path = prepared.front.images / tables.REJECTED
    if not prepared.is_limited or not path.exists():
        return pd.DataFrame(columns=list(tables.REJECTED_COLUMNS), dtype=object)
    earlier = tables.read_rejected(path)
    return earlier[~earlier["clip_id"].isin(prepared.clips["clip_id"])]


def _together(earlier: pd.DataFrame, rejected: pd.DataFrame) -> pd.DataFrame:
    """Rejected clips of earlier runs and of this one; missing files that a table names may be in both."""
    both = pd.concat([earlier, rejected]).drop_duplicates(["audio_file", "clip_id"], keep="last")
    return both.sort_values(["audio_file", "clip_id"], ignore_index=True)


def _sorted(metadata: pd.DataFrame) -> pd.DataFrame:
    """By class and clip, each original before its variants."""
    is_variant = metadata["variant"] != ORIGINAL
    order = metadata.assign(is_variant=is_variant).sort_values(["label", "clip_id", "is_variant", "variant"])
    return order[list(tables.COLUMNS)].reset_index(drop=True)
