"""The engine for systems without Rubber Band's library: its program, called through pyrubberband with a time limit.

pyrubberband starts the program without a time limit, the program hangs on an empty file, and the files between them
have 16 bits and clip at full scale. So the input is at least one analysis window long and scaled to a quarter of full
scale, the program runs in a process group of its own that is killed after a time limit, and its output is checked.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from functools import lru_cache, partial
from types import ModuleType, SimpleNamespace

import numpy as np

from augment_audio.sound import Sound

START_LIMIT_S = 20.0
"""Time limit for starting; on a loaded two-core machine it took 0.02 s."""
LIMIT_PER_SECOND = 5.0
"""Time limit for a second of audio; it took 0.03 to 0.06 s on one core."""
HEADROOM = 0.25
"""Peak of the input: new phases raise the peak of clipped noise threefold, and 16 bits clip at 1."""
SHORTEST_OUTPUT = 0.99
"""Least length of the output, as a fraction of the expected one; the real program gave at least 0.9997 (10 to 110,250
samples, tempo 0.25 to 3.9, two octaves down to two up)."""
VERSION = re.compile(r"\d+\.\d+[\w.+-]{0,30}", re.ASCII)
"""Such as `3.1.2`."""
LONGEST_ANSWER = 10_000
"""Bytes of `--version` that are read."""

HOW_TO_INSTALL = (
    "Install it (Debian and Ubuntu: `sudo apt install rubberband-cli`; macOS: `brew install rubberband`; "
    "others: `python -m generate.doctor` says how), or choose `--engine librosa`."
)

_running: set[subprocess.Popen[bytes]] = set()
_starting = threading.Lock()
"""Locked while a program starts, so that every running program is in `_running`."""


class RubberBandProgramSound(Sound):
    """A waveform whose tempo and pitch Rubber Band's program changes.

    References
    ----------
    https://breakfastquay.com/rubberband/ and https://pyrubberband.readthedocs.io.
    """

    @classmethod
    def version(cls) -> str:
        """Such as `Rubber Band 3.1.2`."""
        return f"Rubber Band {program_version()}"

    def _process(self, *, rate: float, n_semitones: float) -> np.ndarray:
        expected_length = self.padded.shape[-1] / rate
        peak = float(np.abs(self.y).max())
        if peak == 0:
            return np.zeros((*self.y.shape[:-1], round(expected_length)), dtype=np.float32)
        limit_s = START_LIMIT_S + LIMIT_PER_SECOND * self.padded.size / self.sr
        import soundfile

        program_version()  # if it is not installed, the error says how to install it
        pyrb = _pyrubberband_with_limit(limit_s)
        scaled = (self.padded / np.float32(peak) * np.float32(HEADROOM)).T  # channels last, as in files
        try:
            # A new dict for each call: pyrubberband modifies it.
            if n_semitones == 0:
                y = pyrb.time_stretch(scaled, self.sr, rate, rbargs={})
            else:
                y = pyrb.pitch_shift(scaled, self.sr, n_semitones, rbargs={} if rate == 1 else {"--tempo": rate})
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"Rubber Band did not end within {limit_s:.0f} s and was stopped.") from None
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"Rubber Band ended with status {error.returncode}.") from None
        except soundfile.LibsndfileError as error:
            raise RuntimeError(f"Rubber Band wrote no readable audio ({error.error_string})") from None
        except FileNotFoundError as error:
            raise RuntimeError(f"Rubber Band's temporary file is gone: {error.filename}") from None
        y = np.atleast_1d(y).T
        is_long = y.shape[-1] >= SHORTEST_OUTPUT * expected_length
        if y.shape[:-1] != self.y.shape[:-1] or not is_long or not np.isfinite(y).all():
            raise RuntimeError(
                f"Rubber Band wrote an array of shape {y.shape}; expected about {expected_length:.0f} finite samples."
            )
        return np.ascontiguousarray(y, np.float32) * np.float32(peak / HEADROOM)


@lru_cache(maxsize=1)
def program_version() -> str:
    """Version of the Rubber Band program on the PATH, such as `3.1.2`.

    Raises
    ------
    FileNotFoundError
        If there is none, or it does not print its version; the message says how to install it.
    """
    program = shutil.which("rubberband")
    if program is None:
        raise FileNotFoundError("Rubber Band's program `rubberband` is not on the PATH. " + HOW_TO_INSTALL)
    try:
        status, answer = _answer([program, "--version"])
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FileNotFoundError(f"{program} does not answer to --version ({error}). {HOW_TO_INSTALL}") from None
    words = answer.split()
    if status != 0 or not words or not VERSION.fullmatch(words[-1]):
        raise FileNotFoundError(f"{program} does not print its version. {HOW_TO_INSTALL}")
    return words[-1]


def _pyrubberband_with_limit(limit_s: float) -> ModuleType:
    """Pyrubberband's module, whose one call of `subprocess` gets a time limit."""
    from pyrubberband import pyrb

    pyrb.subprocess = SimpleNamespace(
        DEVNULL=subprocess.DEVNULL,
        check_call=partial(_run, limit_s=limit_s),
    )
    return pyrb


def _run(arguments: list[str], *, limit_s: float, stdout: int, stderr: int) -> None:
    """`subprocess.check_call` with a time limit, after which the program and its child processes are killed."""
    # In a session of its own, so that a Ctrl-C at the terminal does not end it: the current clip is finished first.
    with _starting:
        process = subprocess.Popen(arguments, start_new_session=True, stdout=stdout, stderr=stderr)
        _running.add(process)
    with process:
        try:
            status = process.wait(limit_s)
        finally:
            _running.discard(process)
            _kill_group(process)  # after success too, for its child processes
    if status:
        raise subprocess.CalledProcessError(status, arguments)


def _answer(arguments: list[str]) -> tuple[int, str]:
    """Status and output of a program that must end within `START_LIMIT_S`."""
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        out_of_time = threading.Event()

        def stop() -> None:
            out_of_time.set()
            _kill_group(process)

        alarm = threading.Timer(START_LIMIT_S, stop)
        alarm.start()
        try:
            # Not `communicate`, which would keep output of any length in memory.
            assert process.stdout is not None
            answer = process.stdout.read(LONGEST_ANSWER)
            if len(answer) < LONGEST_ANSWER:
                process.wait(START_LIMIT_S)
        finally:
            alarm.cancel()
            _kill_group(process)
    if out_of_time.is_set():
        raise subprocess.TimeoutExpired(arguments, START_LIMIT_S)
    return process.returncode, answer.decode(errors="replace")


def end_programs() -> None:
    """Kill all programs that this process has started, and start no more: for a process that is about to exit."""
    _starting.acquire(timeout=START_LIMIT_S)
    for process in list(_running):
        _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and its child processes."""
    if hasattr(os, "killpg"):
        # It may just have ended; macOS then raises PermissionError.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
