"""The checks against packages and folders that are made up."""

import importlib.metadata
import os
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from generate.doctor import checks, packages
from generate.doctor.command_line import main
from generate.doctor.packages import check_package
from generate.runtime.findings import Finding

ROOT = Path(__file__).parents[3]


def test_findings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Finding("ok", "this").status = "missing"


def test_a_good_installation_ends_with_0(monkeypatch, capsys):
    monkeypatch.setattr(checks, "needed", lambda: [("pytest", "")])
    finding = Finding("warning", "that", "so\nor so")
    monkeypatch.setattr(checks, "CHECKS", (checks.check_cores, lambda: finding))
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok       Python 3.")
    assert lines[1] == f"ok       pytest {importlib.metadata.version('pytest')}"
    assert lines[3:] == [
        "warning  that",
        "           -> so",
        "           -> or so",
        "",
        "nothing is missing; 1 warning",
    ]


def test_a_missing_package_ends_with_1_and_the_mending_line_stands_once(monkeypatch, capsys):
    monkeypatch.setattr(checks, "needed", lambda: [("no-such-one", "1.0"), ("no-such-other", "2.0")])
    monkeypatch.setattr(checks, "CHECKS", ())
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

    monkeypatch.setattr(checks, "needed", lambda: [])
    monkeypatch.setattr(checks, "CHECKS", (check_broken, checks.check_cores))
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "half installed" in out and "CPU core" in out


def test_requirements_that_are_not_there(monkeypatch, capsys):
    def gone():
        raise FileNotFoundError("requirements.txt")

    monkeypatch.setattr(checks, "needed", gone)
    monkeypatch.setattr(checks, "CHECKS", ())
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
    assert finding.fix == ("" if status == "ok" else "python -m pip install -r requirements.txt")


def test_requirements_are_parsed(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text(
        "# why\n-r other.txt\nnumpy==2.4.6  # pinned\n\nany\nx-y[z] == 1.9 ; os_name\nold>=3\n"
        "other==1.0 ; sys_platform == 'amiga'  # why\nours==2.0 ; python_version > '3'\n"
    )
    assert packages.requirements(file.read_text()) == [
        ("numpy", "2.4.6"),
        ("any", ""),
        ("x-y", "1.9"),
        ("old", ""),
        ("ours", "2.0"),
    ]
    ours = dict(packages.needed())
    assert {"librosa", "tensorflow", "pooch"} <= ours.keys() and all(ours.values())


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 14, 0)])
def test_a_python_that_is_too_old_or_too_new(monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    finding = checks.check_python()
    assert finding.status == "missing" and "Python 3.11 to 3.13" in finding.what and finding.fix


def test_sound_formats(monkeypatch):
    soundfile = pytest.importorskip("soundfile")
    assert checks.check_audio_formats().status == "ok"
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "", "FLAC": ""})
    finding = checks.check_audio_formats()
    assert finding.status == "warning" and "OGG" in finding.what and "soundfile" in finding.fix
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert checks.check_audio_formats().status == "missing"


def test_the_libraries_of_ffmpeg(monkeypatch):
    av = pytest.importorskip("av")
    assert checks.check_ffmpeg_libraries().status == "ok"
    monkeypatch.setattr(av, "codecs_available", {"aac"})
    finding = checks.check_ffmpeg_libraries()
    assert finding.status == "warning" and "mp3float" in finding.what
    monkeypatch.setitem(sys.modules, "av", None)
    assert checks.check_ffmpeg_libraries().status == "missing"


def test_folders(tmp_path):
    assert checks.check_outputs(tmp_path / "outputs").status == "ok"
    assert checks.check_datasets(tmp_path).status == "ok"
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "file"
    file.write_bytes(b"")
    assert checks.check_outputs(file).status == "missing"
    assert checks.check_datasets(file / "datasets").status == "warning"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a disk that is not there")
    found = checks.check_outputs(link)
    assert found.status == "missing" and "a disk that is not there', which is not there" in found.what


def test_disk(tmp_path, monkeypatch):
    assert "GB free" in checks.check_disk(tmp_path / "a" / "b").what
    monkeypatch.setattr(checks, "LITTLE_DISK_GB", 1e9)
    assert checks.check_disk(tmp_path).status == "warning"


def test_memory_and_cores(monkeypatch):
    assert checks.check_cores().status == checks.check_memory().status == "ok"
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert "not known" in checks.check_memory().what
    assert checks.check_cores().what[0].isdigit()


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
