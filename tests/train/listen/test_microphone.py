"""The microphone, with a package in the place of sounddevice whose device plays what a test gives it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from generate.dataset.settings import CHANNELS
from train.listen import microphone
from train.listen.microphone import Microphone, list_devices

OK, OVERFLOW = SimpleNamespace(input_overflow=False), SimpleNamespace(input_overflow=True)


class PortAudioError(Exception):
    """As sounddevice's."""


class FakeSoundDevice:
    """What the program uses of sounddevice, with two devices."""

    PortAudioError = PortAudioError
    default = SimpleNamespace(device=(1, 0))

    def __init__(self):
        self.devices = [
            {"name": "Loudspeaker", "max_input_channels": 0, "default_samplerate": 44100.0},
            {"name": "Built-in\nmicrophone", "max_input_channels": 2, "default_samplerate": 48000.0},
        ]
        self.refusal, self.opened, self.closed = "", {}, False

    def query_devices(self, device=None, kind=None):
        if kind is None:
            return self.devices
        found = [d for k, d in enumerate(self.devices) if d["max_input_channels"] and device in (None, k, d["name"])]
        if not found:
            raise ValueError(f"No input device matching {device!r}") if device else PortAudioError("no default device")
        return found[0]

    def InputStream(self, **options):  # noqa: N802
        self.opened = options
        return self

    def start(self):
        if self.refusal:
            raise PortAudioError(self.refusal)

    def abort(self, ignore_errors):
        self.closed = True

    def close(self, ignore_errors):
        self.closed = True

    def play(self, value, n=4800, status=OK):
        samples = np.full((n, self.opened["channels"]), value, np.float32)
        self.opened["callback"](samples, n, None, status)
        samples[:] = 9  # PortAudio uses its memory again


@pytest.fixture
def device(monkeypatch):
    fake = FakeSoundDevice()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def test_all_samples_come_in_order_at_the_device_s_own_rate(device):
    with Microphone(channels="left") as source:
        assert (source.sr, source.is_live, device.opened["channels"]) == (48000, True, 1)
        assert source.began_at is not None and source.began_at.tzinfo is not None
        device.play(0.1)
        device.play(0.2, status=OVERFLOW)
        first = source.read()
        device.play(0.3)
        second = source.read()
    assert device.closed
    np.testing.assert_allclose(first.channels[::4800, 0], [0.1, 0.2])
    assert (first.start, second.start, second.channels.shape, source.n_overflows) == (0, 9600, (4800, 1), 1)


def test_what_waits_for_too_long_is_lost_and_the_clock_stays(device):
    with Microphone() as source:
        for k in range(310):  # 31 s
            device.play(k / 1000)
        block = source.read()
    assert (block.start, len(block.channels)) == (48000, 30 * 48000)
    assert block.channels[0, 0] == np.float32(0.01)


def test_devices_are_listed(device):
    assert list_devices() == [">   1  Built-in\\nmicrophone, 2 in, 48000 Hz"]


@pytest.mark.parametrize("wanted", ["0", "7", "Loudspeaker"])
def test_a_device_that_is_not_there(device, wanted):
    with pytest.raises(ValueError, match=f"--device must be an input device. Got '{wanted}'.*--list-devices"):
        Microphone(wanted)
    assert Microphone("1").sr == 48000


def test_no_microphone_at_all(device):
    del device.devices[1]
    with pytest.raises(ValueError, match="No microphone was found"):
        Microphone()


def test_a_device_that_the_system_does_not_give(device):
    device.refusal = "Device unavailable"
    with pytest.raises(ValueError, match="could not be opened.*Device unavailable.*Allow this terminal"), Microphone():
        pass


def test_an_unplugged_device(device, monkeypatch):
    monkeypatch.setattr(microphone, "NOTHING_CAME_S", 0.1)
    with Microphone() as source:
        device.play(0.1)
        source.read()
        with pytest.raises(OSError, match=r"'Built-in\\\\nmicrophone' has delivered nothing .* unplugged"):
            source.read()


def test_without_sounddevice_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ValueError, match="needs sounddevice.*`pip install sounddevice`.*--file"):
        Microphone()


def test_without_portaudio_the_message_says_so(monkeypatch, tmp_path):
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="needs PortAudio.*with `sudo apt install libportaudio2`"):
        Microphone()


@pytest.mark.parametrize("has", [1, 2, 18])
@pytest.mark.parametrize("channels", CHANNELS)
def test_as_many_channels_are_recorded_as_are_combined(device, channels, has):
    device.devices[1]["max_input_channels"] = has
    if channels == "stereo" and has == 1:
        with pytest.raises(ValueError, match=r"must have 2 channels .* Got Built-in.*microphone, which has 1"):
            Microphone("1", channels=channels)
        return
    with Microphone("1", channels=channels):
        assert device.opened["channels"] == (1 if channels == "left" else min(has, 2))
