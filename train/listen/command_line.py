"""`python -m train.listen RUN`: options, and what is printed."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import guarded
from generate.runtime.number_options import hop_seconds
from train.command_line import folds_of
from train.predict.command_line import add_event_rules, add_level_option

if TYPE_CHECKING:
    from train.listen.listen import Listener

DESCRIPTION = """\
Listen to the microphone and predict what is heard, with the models of a run: the same windows, thresholds and events as
`python -m train.predict RUN AUDIO --events`. A line shows the level and the last prediction; each event is
printed and appended to --csv when it is over. Ctrl-C ends. Nothing is recorded.

The microphone needs the package sounddevice (`pip install sounddevice`), and on Linux PortAudio. With --file, a
recording is heard in its place."""

EXAMPLES = """\
examples:
  python -m train.listen outputs/runs/my_sounds-efficientnet_lite0
  python -m train.listen outputs/runs/my_sounds-efficientnet_lite0 --csv heard.csv --seconds 3600
  python -m train.listen outputs/runs/my_sounds-efficientnet_lite0 --file garden.wav --real-time
  python -m train.listen --list-devices

exit status: 0 success (also after Ctrl-C), 1 failure (the message says why), 2 wrong usage."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.listen",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "run",
        metavar="RUN",
        type=Path,
        nargs="?",
        help="folder of a run, such as outputs/runs/my_sounds-efficientnet_lite0",
    )
    add("--device", metavar="NAME", help="number or a part of the name of an input device (default: the system's)")
    add("--list-devices", action="store_true", help="list the input devices and end")
    add("--file", metavar="RECORDING", type=Path, help="hear this recording in the place of a microphone")
    add("--real-time", action="store_true", help="play --file in real time, not as fast as possible")
    add("--seconds", type=hop_seconds, metavar="N", help="end after N seconds")
    add("--csv", metavar="FILE", type=Path, help="append events to this table, each when it is over")
    add(
        "--folds",
        type=folds_of,
        metavar="1,3",
        help="the models of these folds; all: of all (default: the final model, if there is one, else all)",
    )
    add("--hop-seconds", type=hop_seconds, metavar="S", help="a window every S seconds (default: half a window)")
    add_level_option(parser)
    add_event_rules(parser.add_argument_group("events"))
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Listen and return the exit status."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.run is None and not options.list_devices:
        parser.error("the following arguments are required: RUN")
    if options.real_time and options.file is None:
        parser.error("--real-time must be combined with --file RECORDING")
    if options.device is not None and options.file is not None:
        parser.error("--device and --file must not be combined: the recording is heard in the place of a microphone")
    return guarded("train.listen", lambda: _listen(options), out_of_memory="Use fewer models with --folds.")


def _listen(options: argparse.Namespace) -> int:
    from train.listen.microphone import Microphone, list_devices

    if options.list_devices:
        print("\n".join(list_devices()) or "no input device")
        return 0
    from generate.runtime.wording import count
    from train.listen.event_log import EventLog
    from train.listen.listen import Listener, ListenOptions, listen
    from train.listen.sources import RecordingSource
    from train.listen.terminal_text import StatusLine, event_text, heard_text, start_text
    from train.predict.events import DetectedEvent
    from train.predict.predict_events import EventOptions
    from train.predict.windows import front_end
    from train.runs.run_folder import read_run

    run = read_run(options.run)
    if options.file is None:
        source: Microphone | RecordingSource = Microphone(options.device, channels=front_end(run).settings.channels)
    else:
        source = RecordingSource(options.file, real_time=options.real_time)
    rules = EventOptions(classes=options.classes, min_probability=options.min_probability, min_gap_s=options.min_gap_s)
    listener = Listener(
        run,
        source,
        ListenOptions(options.hop_seconds, options.folds, options.min_dbfs, rules, options.seconds, options.any_sound),
    )
    log = None if options.csv is None else EventLog(options.csv)
    window_s = listener.load()
    print(start_text(listener, window_s) + "\n", flush=True)
    line = StatusLine(listener)

    def on_event(event: DetectedEvent) -> None:
        line.print(event_text(event, listener))
        if log is not None:
            why_not = log.add(event, {} if source.began_at is None else {source.name: source.began_at})
            if why_not and log.n_waiting == 1:
                line.print(
                    f"  note      --csv cannot be written ({why_not}); tried again with the next event and at the end"
                )

    with _stopped_by_interrupt(listener):
        try:
            heard = listen(listener, on_block=line.on_block, on_window=line.on_window, on_event=on_event)
        finally:
            line.end()
            why_not = "" if log is None else log.write()
    print("\n" + heard_text(heard, listener))
    if log is not None and why_not:
        raise OSError(
            f"--csv must be a file that can be written. Got {str(options.csv)!r}, which has no row of "
            f"{count(log.n_waiting, 'event')} of those above ({why_not})."
        )
    if options.csv is not None:
        print(f"written: {options.csv}")
    return 0


@contextmanager
def _stopped_by_interrupt(listener: Listener) -> Iterator[None]:
    """Let the first Ctrl-C end after the window that is being predicted, and the second one at once."""

    def stop(*_: object) -> None:
        listener.stop()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
