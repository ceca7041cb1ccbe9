"""What was heard, as a table: `train.load_run(RUN).listen()`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from train.listen.listen import Listener, ListenOptions, listen
from train.listen.microphone import Microphone
from train.listen.sources import RecordingSource
from train.predict.event_files import event_table
from train.predict.events import DetectedEvent
from train.predict.windows import front_end
from train.runs.run_folder import Run


def heard_events(
    run: Run,
    *,
    file: str | os.PathLike[str] | None = None,
    device: str | None = None,
    real_time: bool = False,
    options: ListenOptions | None = None,
    on_event: Callable[[DetectedEvent], None] = lambda event: None,
) -> pd.DataFrame:
    """Listen, and return the events.

    Parameters
    ----------
    run : Run
    file : str or path, optional
        A recording that is heard in the place of a microphone.
    device : str, optional
        Number or a part of the name of an input device; default: the system's.
    real_time : bool
        Whether the recording is heard at its own pace.
    options : ListenOptions, optional
    on_event : callable
        Called with each event when it is over.

    Returns
    -------
    pandas.DataFrame
        See `train.predict.event_files.event_table`; `.attrs["heard"]` is a `train.listen.listen.Heard`.

    Raises
    ------
    OSError, ValueError
        If the device, the recording or an option cannot be used.
    """
    source = (
        Microphone(device, channels=front_end(run).settings.channels)
        if file is None
        else RecordingSource(Path(file), real_time=real_time)
    )
    listener = Listener(run, source, options or ListenOptions())
    listener.load()
    events: list[DetectedEvent] = []

    def add(event: DetectedEvent) -> None:
        events.append(event)
        on_event(event)

    heard = listen(listener, on_event=add)
    table = event_table(events, {} if source.began_at is None else {source.name: source.began_at})
    table.attrs["heard"] = heard
    return table
