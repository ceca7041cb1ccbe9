"""The main function: windows of new recordings, predicted, embedded, and ranked for labelling."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.runtime.safe_names import printable
from generate.workers import fork_server
from train.data.decode import colour
from train.predict.classifier import load_classifier
from train.predict.predict_recordings import check_any_read, find_inputs, predict_batch, quiet_level
from train.predict.predictions import WindowPrediction
from train.predict.recordings import Rejected, stream_windows
from train.runs.run_folder import Run
from train.suggest.choose import choose, scores, uncertainty
from train.training.embedding import embed, nearest
from train.training.frozen_run import check_run, prepare_frozen

ALIKE = 0.1
"""Two windows are alike if they are nearer than a tenth of the training clips are to any clip of another recording."""
BATCH_SIZE = 32
USEFUL, AT_RANDOM = "useful", "random"
COLUMNS = (
    *("rank", "chosen", "file", "start_s", "end_s", "top_1", "p_1", "top_2", "p_2", "distance", "unlike"),
    *("nearest_label", "nearest_clip"),
)


@dataclass(frozen=True)
class Suggestions:
    """Windows to label.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `COLUMNS`, one row a window: `rank` from 1, `chosen` (`useful` or `random`), `file`, `start_s`,
        `end_s`, `top_1`, `p_1`, `top_2`, `p_2`, `distance` to the nearest training clip, `unlike` (share of the
        training clips that are nearer to one of another recording, 0 to 1), `nearest_label`, `nearest_clip`.
    n_windows : int
        Of which they were chosen.
    n_skipped : int
        Silent, quiet, or of the run's own clips.
    rejected : tuple of Rejected
        Recordings, or the rest of one, that could not be read.
    rests_s : Mapping of str to float
        By recording: seconds at its end that are in no window.
    seconds : float
        Length of a window.
    skipped : Mapping of str to int
        Files in the folders that were not read, by kind.
    """

    table: pd.DataFrame
    n_windows: int
    n_skipped: int
    rejected: tuple[Rejected, ...]
    rests_s: Mapping[str, float]
    seconds: float
    skipped: Mapping[str, int] = field(default_factory=dict)


def suggest(
    run: Run,
    paths: Sequence[str | os.PathLike[str]],
    *,
    most: int = 40,
    n_random: int = 10,
    hop_s: float | None = None,
    folds: Sequence[str] | None = None,
    seed: int = 0,
) -> Suggestions:
    """Rank windows of new recordings by what their labels would teach: `python -m train.suggest`.

    Useful is what is uncertain (a small margin between the two most probable classes) and far from all training clips
    in the embedding of a pretrained model; of windows that are alike only one is chosen. The random ones stand for all
    windows, so that the share of them that is predicted rightly is an unbiased estimate for these recordings.

    Parameters
    ----------
    run : Run
        With a grouped split and one label a clip.
    paths : sequence of str or path
        Audio files, or folders of them.
    most, n_random : int
        How many useful ones, and how many at random.
    hop_s : float, optional
        From one window's start to the next; default: the length of a window.
    folds : sequence of str, optional
        Use only the models of these; see `train.predict.fold_models.folds_to_average`.
    seed : int
        Of what is random.

    Raises
    ------
    FileNotFoundError, ValueError
        If the run or its images cannot be used, or no recording could be read.
    """
    check_run(run)
    inputs = find_inputs(run, paths, folds=folds)
    check_any_read(inputs.recordings, inputs.rejected, "predicted")
    prepared = prepare_frozen(run)
    from train.training.frozen_features import frozen_features, frozen_model

    known = prepared.table[prepared.table["variant"] == ORIGINAL]
    fork_server.start()
    features = frozen_features(prepared, known.index.to_numpy())[known.index]
    references = embed(features)
    windows: list[WindowPrediction] = []
    vectors: list[np.ndarray] = []
    own, level, rejected = set(known["audio_sha256"]), quiet_level(run), inputs.rejected
    # How unlike they are is ranked below, by features that are the same for all folds.
    classifier = load_classifier(run, inputs.folds, inputs.calibration, any_sound=True)
    extractor = frozen_model(prepared.run.recipe, size=run.input_size)
    with stream_windows(inputs.recordings, inputs.front, hop_s=hop_s) as stream:
        while batch := list(itertools.islice(stream.windows, BATCH_SIZE)):
            named = [(printable(str(path)), window) for path, window in batch]
            windows += predict_batch(named, inputs.front, classifier, min_dbfs=level)
            pixels = colour(np.stack([window.pixels for _, window in batch]), inputs.front.palette)
            vectors.append(embed(extractor.predict_on_batch(pixels)).astype(np.float16))
    rejected = rejected + stream.rejected
    check_any_read(windows, rejected, "predicted")
    usable = [k for k, window in enumerate(windows) if window.probabilities is not None and window.sha256 not in own]
    if not usable:
        raise ValueError(
            "There must be a window that is neither silent, nor quiet, nor of the run's own clips. Got none of "
            f"{len(windows)}. Give other recordings."
        )
    table = _ranked(
        [windows[k] for k in usable],
        np.concatenate(vectors)[usable],
        references,
        known,
        run.classes,
        most=most,
        n_random=n_random,
        seed=seed,
    )
    return Suggestions(
        table,
        len(usable),
        len(windows) - len(usable),
        tuple(rejected),
        rests_s=stream.rests_s,
        seconds=inputs.front.settings.seconds,
        skipped=inputs.skipped,
    )


def _ranked(
    windows: Sequence[WindowPrediction],
    vectors: np.ndarray,
    references: np.ndarray,
    known: pd.DataFrame,
    classes: Sequence[str],
    *,
    most: int,
    n_random: int,
    seed: int,
) -> pd.DataFrame:
    """The table of `Suggestions`."""
    probabilities = np.stack([window.probabilities for window in windows])  # type: ignore[misc]
    distances, near = nearest(vectors.astype(np.float32), references, n=1)
    between = distances_between(references, known["source_id"].to_numpy())
    useful, at_random = choose(
        scores(uncertainty(probabilities), distances[:, 0]),
        vectors.astype(np.float32),
        most=most,
        n_random=n_random,
        least_distance=float(np.quantile(between, ALIKE)),
        seed=seed,
    )
    rows: list[dict[str, object]] = []
    for chosen, k in [*((USEFUL, k) for k in useful), *((AT_RANDOM, k) for k in at_random)]:
        window, (best, second) = windows[k], np.argsort(-probabilities[k], kind="stable")[:2]
        clip = known.iloc[near[k, 0]]
        rows.append(
            {
                "rank": len(rows) + 1,
                "chosen": chosen,
                "file": window.file,
                "start_s": window.start_s,
                "end_s": window.end_s,
                "top_1": classes[best],
                "p_1": probabilities[k, best],
                "top_2": classes[second],
                "p_2": probabilities[k, second],
                "distance": distances[k, 0],
                "unlike": float((between < distances[k, 0]).mean()),
                "nearest_label": clip["label"],
                "nearest_clip": clip["clip_id"],
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def distances_between(references: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Distance of each training clip to the nearest one of another recording, shape=(n,)."""
    found = np.empty(len(references))
    for source in np.unique(sources):
        own = sources == source
        found[own] = nearest(references[own], references[~own], n=1)[0][:, 0]
    return found
