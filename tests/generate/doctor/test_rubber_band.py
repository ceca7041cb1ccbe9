"""The look at Rubber Band, against a PATH that is made up."""

import os
import shutil
import sys
import time

import pytest

from generate.doctor import rubber_band
from generate.doctor.rubber_band import check_rubber_band, how_to_get_rubber_band

posix = pytest.mark.skipif(os.name != "posix", reason="the made-up programs are shell scripts")

ANSWERS_VERSION = 'if [ "$1" = --version ]; then echo 3.3.0 >&2; exit 0; fi\n'
# `$4` and `$5` are the sounds in `rubberband -q --pitch 2 IN OUT`.
PROGRAMS = {
    "sleeps": ("/bin/sleep 30\n", "did not end within"),
    "fails": ("exit 1\n", "status 1"),
    "says nothing": ("exit 0\n", "its --version prints"),
    "sleeps at work": (ANSWERS_VERSION + "/bin/sleep 30\n", "did not end within"),
    "fails at work": (ANSWERS_VERSION + "exit 3\n", "status 3"),
    "writes nothing": (ANSWERS_VERSION + "exit 0\n", "wrote no file"),
    "writes rubbish": (ANSWERS_VERSION + 'echo rubbish > "$5"\n', "does not work"),
    "changes nothing": (ANSWERS_VERSION + '/bin/cp "$4" "$5"\n', "= 440.0 Hz, expected 493.9"),
}


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A PATH of one empty folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder, name, script="exit 0\n"):
    program = folder / name
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o755)


@posix
def test_the_library_of_rubber_band_is_enough(path):
    pytest.importorskip("pedalboard", reason="Rubber Band's library is not installed")
    finding = check_rubber_band()
    assert finding.status == "ok"
    assert "pedalboard" in finding.what


def test_no_rubber_band_is_a_warning_that_says_how_to_get_it(path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setitem(sys.modules, "pedalboard", None)
    put(path, "apt-get")
    finding = check_rubber_band()
    assert finding.status == "warning"
    assert finding.fix.splitlines()[0] == "sudo apt install rubberband-cli"
    assert "librosa" in finding.fix


@posix
@pytest.mark.parametrize(("script", "words"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_rubber_band_that_does_not_work(path, monkeypatch, script, words):
    monkeypatch.setattr(rubber_band, "LIMIT_S", 0.5 if "sleep" in script else 20.0)
    put(path, "rubberband", script)
    started = time.monotonic()
    finding = check_rubber_band()
    assert time.monotonic() - started < 10
    assert finding.status == "warning"
    assert words in finding.what
    assert "--engine" in finding.fix


@posix
def test_a_rubber_band_that_works_as_far_as_can_be_told(path, tmp_path):
    np, soundfile = pytest.importorskip("numpy"), pytest.importorskip("soundfile")
    raised = 0.5 * np.sin(2 * np.pi * 493.88 * np.arange(44100) / 44100)
    soundfile.write(tmp_path / "raised.wav", raised, 44100)
    put(path, "rubberband", ANSWERS_VERSION + f'/bin/cp "{tmp_path}/raised.wav" "$5"\n')
    finding = check_rubber_band()
    assert (finding.status, finding.fix) == ("ok", "")
    assert "Rubber Band 3.3.0" in finding.what and "493.9 Hz" in finding.what


@posix
def test_rubber_band_is_not_tried_without_soundfile(path, monkeypatch):
    put(path, "rubberband", ANSWERS_VERSION)
    monkeypatch.setitem(sys.modules, "soundfile", None)
    finding = check_rubber_band()
    assert finding.status == "warning" and "not tried" in finding.what


@posix
def test_how_to_get_rubber_band(path, monkeypatch):
    assert "breakfastquay.com" in how_to_get_rubber_band()
    put(path, "apk")
    put(path, "conda")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert how_to_get_rubber_band() == "apk add rubberband  or  conda install -c conda-forge rubberband"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert how_to_get_rubber_band().startswith("sudo apk add rubberband")
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(shutil, "which", lambda name: name if name in ("scoop", "conda") else None)
    assert how_to_get_rubber_band() == "scoop install rubberband"
