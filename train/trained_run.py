"""A finished run as an object: its report, its test predictions, and predictions for new recordings."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from train.label_methods import LabelMethods
from train.report.report import Report, read_report
from train.report.results import read_predictions
from train.runs.run_folder import Run, read_run

if TYPE_CHECKING:
    from train.export.export import Exported
    from train.listen.listen import ListenOptions
    from train.predict.events import DetectedEvent

logger = logging.getLogger(__name__)  # without a handler, so that Python prints warnings


class TrainedRun(LabelMethods):
    """A run of which at least one fold is finished.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    FileNotFoundError, ValueError
        If it is not a run.
    """

    def __init__(self, folder: Path) -> None:
        self._run: Run = read_run(folder)

    def __repr__(self) -> str:
        """Model, collection and folder."""
        return f"<TrainedRun {self._run.recipe.model} on {self._run.collection}: {str(self.folder)!r}>"

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self._run.folder

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the model's outputs."""
        return self._run.classes

    @property
    def report(self) -> Report:
        """The run's `report.json`: all metrics, and how they were measured."""
        return read_report(self.folder)

    @property
    def test_predictions(self) -> pd.DataFrame:
        """One row a test image: `clip_id`, `source_id`, `label`, `predicted` and a column of probabilities a class."""
        return read_predictions(self._run)

    def finalize(self) -> None:
        """Train one model on all recordings, which `predict` then uses: `python -m train.finalize`.

        Raises
        ------
        FileNotFoundError, ValueError
            If no fold is finished, the images are not there any more, the accuracy of the run is leaky, or its weights
            are of a file outside the working directory.
        """
        from train import backend
        from train.runs.allowed_weights import check_weights_file

        check_weights_file(self._run)
        backend.set_up()
        from train.training.final_model import train_final

        train_final(self.folder)

    def predict(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        hop_s: float | None = None,
        min_dbfs: float | None = None,
        any_sound: bool = False,
        folds: Sequence[str] | None = None,
        top: int = 3,
        batch_size: int = 32,
    ) -> pd.DataFrame:
        """Classify recordings by the final model, or the mean of the models of all folds: `python -m train.predict`.

        Parameters
        ----------
        paths : str, path, or sequence of them
            Audio files, or folders of them.
        hop_s : float, optional
            One row a window, one every `hop_s` seconds; default: one row a recording, the mean of its windows.
        min_dbfs, any_sound
            See `train.predict.predict_recordings.predict_recordings`.
        folds : sequence of str, optional
            Whose models are averaged; `["all"]`: of all; default: the final model, or all folds.
        top : int
            How many of the most probable classes have columns of their own.
        batch_size : int
            Images per batch.

        Returns
        -------
        pandas.DataFrame
            `file`, `start_s`, `end_s`, `silent`, `quiet`, `unlike`, `peak_dbfs`, `top_1`, `p_1`, ..., and a column
            `p:<class>` for each class. What could not be read is logged as a warning, and is in `.attrs["rejected"]`:
            file, from which second, why.

        Raises
        ------
        ValueError
            If nothing could be read, or a fold is not finished.
        """
        from train.predict.predict_recordings import predict_recordings

        if top < 1:
            raise ValueError(f"top must be 1 or more. Got {top}. Give such as 3.")
        predictions = predict_recordings(
            self._run, paths, hop_s=hop_s, min_dbfs=min_dbfs, any_sound=any_sound, folds=folds, batch_size=batch_size
        )
        for entry in predictions.rejected:
            logger.warning("%s, from %g s on: %s", *entry)
        table = predictions.table(top=top)
        table.attrs["rejected"] = [tuple(entry) for entry in predictions.rejected]
        return table

    def rehearse(
        self,
        *,
        audio_folder: str | os.PathLike[str] | None = None,
        background_folder: str | os.PathLike[str] | None = None,
        n_recordings: int | None = None,
        seed: int = 0,
        batch_size: int = 32,
    ) -> pd.DataFrame:
        """Predict the test clips again after noise, distance, MP3 and more: `python -m train.rehearse`.

        Parameters
        ----------
        audio_folder : str or path, optional
            The recordings; default: where they were rendered from, if that is in the working directory.
        background_folder : str or path, optional
            Recordings that are mixed with the clips.
        n_recordings : int, optional
            A random sample of so many recordings; default: all.
        seed : int
            Of the sample, the noise and the parts of the background.
        batch_size : int
            Images per batch.

        Returns
        -------
        pandas.DataFrame
            One row a condition, the first is `clean`: see `train.rehearse.results.Condition`. The prediction of each
            clip under each is in `.attrs["predictions"]`.

        Raises
        ------
        FileNotFoundError, ValueError
            If the run is leaky or not finished, or its audio or images are missing or not those that it tested.
        """
        from train.rehearse.output import table
        from train.rehearse.plan import plan_rehearsal
        from train.rehearse.rehearsal import rehearse

        plan = plan_rehearsal(
            self._run,
            audio_folder=None if audio_folder is None else Path(audio_folder),
            background_folder=None if background_folder is None else Path(background_folder),
            n_recordings=n_recordings,
            seed=seed,
        )
        rehearsal = rehearse(plan, batch_size=batch_size)
        conditions = table(rehearsal)
        conditions.attrs["predictions"] = rehearsal.predictions
        return conditions

    def export(
        self,
        *,
        formats: Sequence[str] = ("onnx",),
        input: str = "audio",
        quantize: str = "none",
        folds: Sequence[str] | None = None,
        output: str | os.PathLike[str] | None = None,
        audio_folder: str | os.PathLike[str] | None = None,
        force: bool = False,
    ) -> list[Exported]:
        """Write the run as files for other programs, each checked against this one: `python -m train.export`.

        Parameters are those of `train.export.export.export_run`.

        Returns
        -------
        list of Exported
            `format`, `file`, `parity` and whether it `is_kept`, of each.

        Raises
        ------
        FileNotFoundError, ValueError
            If a package, a model, the images or the recordings are missing, or the run cannot be exported so.
        """
        from train.export.export import export_run

        return export_run(
            self._run,
            formats=formats,
            input=input,
            quantize=quantize,
            folds=folds,
            output=None if output is None else Path(output),
            audio_folder=None if audio_folder is None else Path(audio_folder),
            force=force,
        )

    def events(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        hop_s: float | None = None,
        min_dbfs: float | None = None,
        any_sound: bool = False,
        folds: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
        min_probability: float | None = None,
        min_gap_s: float | None = None,
        batch_size: int = 32,
    ) -> pd.DataFrame:
        """Find when which class is heard in long recordings: `python -m train.predict --events`.

        Parameters
        ----------
        paths, min_dbfs, any_sound, folds, batch_size
            See `predict`.
        hop_s : float, optional
            From one window to the next; default: half a window.
        classes, min_probability, min_gap_s
            See `train.predict.predict_events.EventOptions`.

        Returns
        -------
        pandas.DataFrame
            One row an event: see `train.predict.event_files.event_table`. What could not be read is in
            `.attrs["rejected"]`.

        Raises
        ------
        ValueError
            If nothing could be read, or there is no such class.
        """
        from train.predict.predict_events import EventOptions, event_table_of

        options = EventOptions(classes=classes, min_probability=min_probability, min_gap_s=min_gap_s)
        how = {"hop_s": hop_s, "min_dbfs": min_dbfs, "any_sound": any_sound, "folds": folds, "batch_size": batch_size}
        return event_table_of(self._run, paths, options, **how)

    def listen(
        self,
        *,
        file: str | os.PathLike[str] | None = None,
        device: str | None = None,
        options: ListenOptions | None = None,
        on_event: Callable[[DetectedEvent], None] = lambda event: None,
    ) -> pd.DataFrame:
        """Hear events until the time is over or the kernel is interrupted: `python -m train.listen`.

        Parameters
        ----------
        file, device, options, on_event
            See `train.listen.event_table.heard_events`.

        Returns
        -------
        pandas.DataFrame
            One row an event. How many windows were skipped is in `.attrs["heard"]`, a `train.listen.listen.Heard`.

        Raises
        ------
        OSError, ValueError
            If the device, the recording or an option cannot be used.
        """
        from train.listen.event_table import heard_events

        return heard_events(self._run, file=file, device=device, options=options, on_event=on_event)
