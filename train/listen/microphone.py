"""The microphone as a source of audio, by PortAudio (the package sounddevice)."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from datetime import datetime
from types import ModuleType
from typing import Any, Self

import numpy as np

from generate.runtime.safe_names import printable
from generate.runtime.wording import on_a_line
from train.listen.sources import BLOCK_S, Block

KEPT_S = 30.0
"""Audio that waits while a window is predicted; where it takes longer, the oldest is lost, counted and said."""
NOTHING_CAME_S = 5.0
"""A device that delivers nothing for so long was unplugged, or the system took it away."""
POLL_S = 0.2
"""Waiting without an end cannot be interrupted by Ctrl-C on Windows."""
FLOAT_BITS = 24
"""Of 32-bit floating-point samples; those of a 16-bit device are recognised (see `generate.audio.noise_floor`)."""
INSTALL = "`pip install sounddevice`"
"""Its wheels for Windows and macOS contain PortAudio."""
PORTAUDIO = "`sudo apt install libportaudio2` (Debian, Ubuntu) or `sudo dnf install portaudio` (Fedora)"
LIST_THEM = "`python -m train.listen --list-devices` lists them"


def load_sounddevice() -> ModuleType:
    """Import sounddevice.

    Raises
    ------
    ValueError
        If it or PortAudio is missing; the message says how to install it.
    """
    try:
        import sounddevice
    except (ModuleNotFoundError, OSError) as error:  # OSError: PortAudio is not there
        has_package = not isinstance(error, ModuleNotFoundError)
        on_linux = f", and PortAudio with {PORTAUDIO}" if sys.platform == "linux" else ""
        raise ValueError(
            f"The microphone needs {'PortAudio' if has_package else 'sounddevice'}, which is not installed. Install it "
            f"with {PORTAUDIO if has_package else INSTALL + on_linux}. Or give a recording with --file."
        ) from None
    return sounddevice


def list_devices() -> list[str]:
    """Each input device in a line: its number, name, channels and rate; the default one is marked with `>`.

    Raises
    ------
    ValueError
        If sounddevice or PortAudio is missing.
    """
    sounddevice = load_sounddevice()
    default = sounddevice.default.device[0]
    return [
        f"{'>' if number == default else ' '} {number:3}  {on_a_line(device['name'])}, "
        f"{device['max_input_channels']} in, {device['default_samplerate']:g} Hz"
        for number, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0
    ]


class Microphone:
    """A microphone, or another input device, at its own sample rate.

    Parameters
    ----------
    device : str, optional
        Its number or a part of its name; default: the system's.
    channels : str
        How they are combined, of `generate.dataset.settings.CHANNELS`: one is recorded for `left`, else two where the
        device has them.

    Raises
    ------
    ValueError
        If sounddevice or PortAudio is missing, there is no such device, or it has one channel for `stereo`.
    """

    def __init__(self, device: str | None = None, *, channels: str = "auto") -> None:
        self._sounddevice = load_sounddevice()
        wanted = int(device) if device is not None and device.isdecimal() else device
        try:
            found = self._sounddevice.query_devices(wanted, "input")
        except (ValueError, self._sounddevice.PortAudioError) as error:
            if device is None:
                raise ValueError(
                    f"No microphone was found ({error}). Connect one and allow this terminal to use it; {LIST_THEM}."
                ) from None
            raise ValueError(f"--device must be an input device. Got {device!r} ({error}). {LIST_THEM}.") from None
        self.name, self.sr = on_a_line(printable(found["name"])), round(found["default_samplerate"])
        if channels == "stereo" and found["max_input_channels"] < 2:
            raise ValueError(
                f"--device must have 2 channels for this run, whose images show left and right. Got {self.name}, which "
                f"has {found['max_input_channels']}. {LIST_THEM}."
            )
        self.bits, self.is_live = FLOAT_BITS, True
        self.began_at: datetime | None = None
        self.n_overflows = 0
        self._device, self._n_channels = wanted, 1 if channels == "left" else min(2, found["max_input_channels"])
        self._blocks: deque[Block] = deque(maxlen=round(KEPT_S / BLOCK_S))
        self._came = threading.Condition()
        self._n_samples = 0
        self._stream: Any = None

    def __enter__(self) -> Self:
        """Begin to record.

        Raises
        ------
        ValueError
            If the system does not give the device.
        """
        try:
            self._stream = self._sounddevice.InputStream(
                device=self._device,
                channels=self._n_channels,
                samplerate=self.sr,
                blocksize=round(BLOCK_S * self.sr),
                dtype="float32",
                callback=self._on_block,
            )
            self._stream.start()
            self.began_at = datetime.now().astimezone()
        except self._sounddevice.PortAudioError as error:
            raise ValueError(
                f"The microphone {self.name!r} could not be opened ({error}). Allow this terminal to use it (privacy "
                f"settings), close programs that have it, or choose another with --device; {LIST_THEM}."
            ) from None
        return self

    def __exit__(self, *error: object) -> None:
        """Stop recording."""
        if self._stream is not None:
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)

    def _on_block(self, samples: np.ndarray, n_samples: int, _: object, status: Any) -> None:
        """Keep a block; called in a thread of PortAudio, which must not wait."""
        with self._came:
            self.n_overflows += bool(status.input_overflow)
            self._blocks.append(Block(self._n_samples, samples.copy()))
            self._n_samples += n_samples
            self._came.notify()

    def read(self) -> Block:
        """Wait for samples, and return all that came since the last call.

        Raises
        ------
        OSError
            If none come any more.
        """
        began_s = time.monotonic()
        with self._came:
            while not self._blocks:
                self._came.wait(POLL_S)
                if time.monotonic() - began_s > NOTHING_CAME_S:
                    raise OSError(
                        f"The microphone {self.name!r} has delivered nothing for {NOTHING_CAME_S:g} s. Was it "
                        f"unplugged? {LIST_THEM}."
                    )
            blocks = list(self._blocks)
            self._blocks.clear()
        return Block(blocks[0].start, np.concatenate([block.channels for block in blocks]))
