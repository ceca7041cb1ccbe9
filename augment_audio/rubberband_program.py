"""Tempo and pitch by the Rubber Band program, through pyrubberband, guarded: for systems that have no library of it.

This is the only caller of either. pyrubberband starts the program without a time limit, the program waits for
ever on an empty file, and what passes between them has 16 bits and is cut off at full scale. So: no sound
shorter than an analysis window is handed over, the sound is scaled to a quarter of full scale on the way in and back
on the way out, the program runs in a process group of its own that is killed when its time is up, and what comes
back is checked.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from augment_audio.sound import Sound

START_LIMIT_S = 20.0
"""Time that the program is given to start; on a loaded two-core machine it took 0.02 s."""
LIMIT_PER_SECOND = 5.0
"""Seconds that it may take for a second of sound; it took 0.03 to 0.06 on one core."""
HEADROOM = 0.25
"""Peak of what is handed over: new phases raise the peak of saturated noise threefold, and 16 bits end at 1."""
SHORTEST_OUTPUT = 0.99
"""What comes back must be at least this part of the length that was asked for; the real program gave at least 0.9997 of
it (10 to 110,250 samples, tempo 0.25 to 3.9, two octaves down to two up)."""
VERSION = re.compile(r"\d+\.\d+[\w.+-]{0,30}", re.ASCII)
"""Such as `3.1.2`."""
LONGEST_ANSWER = 10_000
"""Bytes; a program that says more of its version is not this one."""

HOW_TO_INSTALL = (
    "Install it (Debian and Ubuntu: `sudo apt install rubberband-cli`; macOS: `brew install rubberband`; "
    "others: `python -m generate.doctor` says how), or choose `--engine librosa`."
)

_running: set[subprocess.Popen] = set()
_starting = threading.Lock()
"""Held while a program is started, so that none runs which is not known here."""


class RubberBandProgramSound(Sound):
    """A sound whose tempo and pitch Rubber Band changes.

    References
    ----------
    https://breakfastquay.com/rubberband/ and https://pyrubberband.readthedocs.io.
    """

    @classmethod
    def version(cls) -> str:
        """Such as `Rubber Band 3.1.2`."""
        return f"Rubber Band {program_version()}"

    def _stretched(self, rate: float) -> np.ndarray:
        return self._call("time_stretch", rate, expected_length=len(self.padded) / rate)

    def _shifted(self, n_semitones: float) -> np.ndarray:
        return self._call("pitch_shift", n_semitones, expected_length=len(self.padded))

    def _call(self, function: str, value: float, *, expected_length: float) -> np.ndarray:
        peak = float(np.abs(self.y).max())
        if peak == 0:
            return np.zeros(round(expected_length), dtype=np.float32)
        limit_s = START_LIMIT_S + LIMIT_PER_SECOND * len(self.padded) / self.sr
        import soundfile

        program_version()  # says how to install it where it is not there
        pyrb = _guarded_pyrubberband(limit_s)
        scaled = self.padded / np.float32(peak) * np.float32(HEADROOM)
        try:
            # A dict of its own for each call: pyrubberband writes into the one that it is given.
            y = getattr(pyrb, function)(scaled, self.sr, value, rbargs={})
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"Rubber Band did not end within {limit_s:.0f} s and was stopped.") from None
        except subprocess.CalledProcessError as error:
            raise RuntimeError(f"Rubber Band ended with status {error.returncode}.") from None
        except soundfile.LibsndfileError as error:
            raise RuntimeError(f"Rubber Band wrote no sound that can be read ({error.error_string})") from None
        except FileNotFoundError as error:
            raise RuntimeError(f"Rubber Band's temporary file is gone: {error.filename}") from None
        y = np.atleast_1d(y)
        if y.ndim != 1 or len(y) < SHORTEST_OUTPUT * expected_length or not np.isfinite(y).all():
            raise RuntimeError(
                f"Rubber Band wrote an array of shape {y.shape}; expected about {expected_length:.0f} finite samples."
            )
        return y.astype(np.float32) * np.float32(peak / HEADROOM)


@lru_cache(maxsize=1)
def program_version() -> str:
    """Version of the Rubber Band program on the PATH, such as `3.1.2`.

    Raises
    ------
    FileNotFoundError
        If there is none, or what is there does not say its version; the message says how to get it.
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
        raise FileNotFoundError(f"{program} does not say its version, so it will not do. {HOW_TO_INSTALL}")
    return words[-1]


def _guarded_pyrubberband(limit_s: float) -> object:
    """Pyrubberband's module with its one call of `subprocess` replaced by one that ends."""
    from pyrubberband import pyrb

    pyrb.subprocess = SimpleNamespace(
        DEVNULL=subprocess.DEVNULL,
        check_call=lambda arguments, **streams: _run(arguments, limit_s=limit_s, **streams),
    )
    return pyrb


def _run(arguments: list[str], *, limit_s: float, **streams: object) -> None:
    """`subprocess.check_call` with a time limit that ends the program and all that it started."""
    # A session of its own keeps a Ctrl-C at the terminal for us: the clip in hand is finished, then the run ends.
    with _starting:
        process = subprocess.Popen(arguments, start_new_session=True, **streams)
        _running.add(process)
    with process:
        try:
            status = process.wait(limit_s)
        finally:
            _running.discard(process)
            _kill_group(process)  # after a good end too: what it started must not live on
    if status:
        raise subprocess.CalledProcessError(status, arguments)


def _answer(arguments: list[str]) -> tuple[int, str]:
    """Status and output of a program that must answer at once."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(arguments, start_new_session=True, **streams) as process:
        out_of_time = threading.Event()
        alarm = threading.Timer(START_LIMIT_S, lambda: (out_of_time.set(), _kill_group(process)))
        alarm.start()
        try:
            # Not `communicate`, which would keep all that a program says in its time, be it gigabytes.
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
    """End all programs that this process has started and that still run, and start no more: it ends without a word."""
    _starting.acquire(timeout=START_LIMIT_S)
    for process in list(_running):
        _kill_group(process)


def _kill_group(process: subprocess.Popen) -> None:
    """Kill a program and all that it started."""
    if hasattr(os, "killpg"):
        # It may have ended by itself just now; macOS then answers that it may not be killed.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
