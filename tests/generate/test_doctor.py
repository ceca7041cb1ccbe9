"""The checks against a PATH and packages that are made up."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import time
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from generate import doctor
from generate.doctor import Finding, check_package, check_rubber_band, how_to_get_rubber_band, main

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="the made-up programs are shell scripts")

ANSWERS_VERSION = 'if [ "$1" = --version ]; then echo 3.3.0 >&2; exit 0; fi\n'
# `$4` and `$5` are the sounds in `rubberband -q --pitch 2 IN OUT`.
PROGRAMS = {
    "sleeps": ("/bin/sleep 30\n", "did not end within"),
    "fails": ("exit 1\n", "status 1"),
    "says nothing": ("exit 0\n", "asked for its version"),
    "sleeps at work": (ANSWERS_VERSION + "/bin/sleep 30\n", "did not end within"),
    "fails at work": (ANSWERS_VERSION + "exit 3\n", "status 3"),
    "writes nothing": (ANSWERS_VERSION + "exit 0\n", "wrote no sound"),
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


def test_findings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Finding("ok", "this").status = "missing"


def test_a_good_installation_ends_with_0(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "requirements", lambda: [("pytest", "")])
    finding = Finding("warning", "that", "so\nor so")
    monkeypatch.setattr(doctor, "CHECKS", (doctor.check_cores, lambda: finding))
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok       Python 3.")
    assert lines[1] == f"ok       pytest {importlib.metadata.version('pytest')}"
    assert lines[3:] == [
        "warning  that",
        "           -> so",
        "           -> or so",
        "",
        "all that is needed is here; 1 warning",
    ]


def test_a_missing_package_ends_with_1_and_the_mending_line_stands_once(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "requirements", lambda: [("no-such-one", "1.0"), ("no-such-other", "2.0")])
    monkeypatch.setattr(doctor, "CHECKS", ())
    assert main([]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "missing  no-such-one 1.0",
        "missing  no-such-other 2.0",
        "           -> python -m pip install -r requirements.txt",
        "",
        "2 missing",
    ]


def test_a_check_that_breaks_does_not_end_the_others(monkeypatch, capsys):
    def check_broken():
        raise AttributeError("half installed")

    monkeypatch.setattr(doctor, "requirements", lambda: [])
    monkeypatch.setattr(doctor, "CHECKS", (check_broken, doctor.check_cores))
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "half installed" in out and "CPU core" in out


def test_requirements_that_are_not_there(monkeypatch, capsys):
    def gone():
        raise FileNotFoundError("requirements.txt")

    monkeypatch.setattr(doctor, "requirements", gone)
    monkeypatch.setattr(doctor, "CHECKS", ())
    assert main([]) == 0
    assert "packages were not checked" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("installed", "status", "what"),
    [("1.2", "ok", "toy 1.2"), ("1.3", "warning", "toy 1.3; tested with 1.2"), (None, "missing", "toy 1.2")],
)
def test_packages(monkeypatch, installed, status, what):
    def version(name):
        if installed is None:
            raise importlib.metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(importlib.metadata, "version", version)
    finding = check_package("toy", "1.2")
    assert (finding.status, finding.what) == (status, what)
    assert finding.mend == ("" if status == "ok" else "python -m pip install -r requirements.txt")


def test_requirements_are_parsed(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# why\n-r other.txt\nnumpy==2.4.6  # pinned\n\nany\nx-y[z] == 1.9 ; os_name\nold>=3\n")
    assert doctor.requirements(file) == [("numpy", "2.4.6"), ("any", ""), ("x-y", "1.9"), ("old", "")]
    ours = dict(doctor.requirements())
    assert {"librosa", "tensorflow", "pooch"} <= ours.keys() and all(ours.values())


def test_an_old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))
    finding = doctor.check_python()
    assert finding.status == "missing" and "3.11 or newer" in finding.what and finding.mend


def test_sound_formats(monkeypatch):
    soundfile = pytest.importorskip("soundfile")
    assert doctor.check_sound_formats().status == "ok"
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "", "FLAC": "", "OGG": ""})
    finding = doctor.check_sound_formats()
    assert finding.status == "warning" and "MP3" in finding.what and "soundfile" in finding.mend
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert doctor.check_sound_formats().status == "missing"


@posix
def test_the_library_of_rubber_band_is_enough(path):
    pytest.importorskip("pylibrb", reason="Rubber Band's library is not installed")
    finding = check_rubber_band()
    assert finding.status == "ok"
    assert "pylibrb" in finding.what


def test_no_rubber_band_is_a_warning_that_says_how_to_get_it(path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setitem(sys.modules, "pylibrb", None)
    put(path, "apt-get")
    finding = check_rubber_band()
    assert finding.status == "warning"
    assert finding.mend.splitlines()[0] == "sudo apt install rubberband-cli"
    assert "librosa" in finding.mend


@posix
@pytest.mark.parametrize(("script", "words"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_rubber_band_that_does_not_work(path, monkeypatch, script, words):
    monkeypatch.setattr(doctor, "LIMIT_S", 0.5 if "sleep" in script else 20.0)
    put(path, "rubberband", script)
    started = time.monotonic()
    finding = check_rubber_band()
    assert time.monotonic() - started < 10
    assert finding.status == "warning"
    assert words in finding.what
    assert "--engine librosa" in finding.mend


@posix
def test_a_rubber_band_that_works_as_far_as_can_be_told(path, tmp_path):
    np, soundfile = pytest.importorskip("numpy"), pytest.importorskip("soundfile")
    raised = 0.5 * np.sin(2 * np.pi * 493.88 * np.arange(44100) / 44100)
    soundfile.write(tmp_path / "raised.wav", raised, 44100)
    put(path, "rubberband", ANSWERS_VERSION + f'/bin/cp "{tmp_path}/raised.wav" "$5"\n')
    finding = check_rubber_band()
    assert (finding.status, finding.mend) == ("ok", "")
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


def test_folders(tmp_path):
    assert doctor.check_outputs(tmp_path / "outputs").status == "ok"
    assert doctor.check_datasets(tmp_path).status == "ok"
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert doctor.check_outputs(file).status == "missing"
    assert doctor.check_datasets(file / "datasets").status == "warning"


def test_disk(tmp_path, monkeypatch):
    assert "GB free" in doctor.check_disk(tmp_path / "a" / "b").what
    monkeypatch.setattr(doctor, "LITTLE_DISK_GB", 1e9)
    assert doctor.check_disk(tmp_path).status == "warning"


def test_memory_and_cores(monkeypatch):
    assert doctor.check_cores().status == doctor.check_memory().status == "ok"
    monkeypatch.delattr(os, "sysconf", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert "does not tell" in doctor.check_memory().what
    assert doctor.check_cores().what[0].isdigit()


def test_help_and_packages_need_no_package_at_all():
    # -S hides every installed package: what the doctor sees on a bare machine.
    for arguments, status in (["--help"], 0), ([], 1):
        answer = subprocess.run(
            [sys.executable, "-S", "-m", "generate.doctor", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (answer.returncode, answer.stderr) == (status, "")
    assert "missing  librosa" in answer.stdout
