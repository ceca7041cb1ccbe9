"""A folder of images from a stranger: nothing that its tables name is run, and nothing outside is read or shown."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import soundfile

from generate.__main__ import main
from generate.dataset import tables
from generate.dataset.allowed_recordings import is_in_project, leads_out, recordings_of
from generate.gallery.command_line import main as gallery_main
from generate.runtime.terminal import EscapingStream, escape_control_characters, escape_output
from tests.conftest import SR, tone, white

SMALL = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
OWN = """
from pathlib import Path
from augment_audio import Variant
with (Path(__file__).parent / "ran").open("a") as file:
    file.write("x")

def backwards(sound):
    return sound.y[::-1]

VARIANTS = {"backwards": Variant(backwards)}
"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """A project of somebody's: sounds, a variants file, images of both, without a sound to hear."""
    here = tmp_path_factory.mktemp("project")
    for label, hz in (("low", 200), ("high", 3000)):
        (here / "audio_folder" / label).mkdir(parents=True)
        for number in range(2):
            y = tone(hz * (1 + 0.1 * number)) + white(seed=number, rms=0.01)
            soundfile.write(here / "audio_folder" / label / f"{number}.wav", y, SR)
    (here / "own.py").write_text(OWN)
    options = ["--variants", "backwards", "trim", "--variants-file", str(here / "own.py"), "--listen", "0"]
    assert main([str(here / "audio_folder"), str(here / "images"), *SMALL, *options]) == 0
    (here / "ran").unlink()
    return here


@pytest.fixture
def project(drawn, tmp_path, monkeypatch) -> Path:
    """A copy, in which the user works; `variants_file` still names the file of the one that was copied."""
    here = tmp_path / "here"
    shutil.copytree(drawn, here)
    monkeypatch.chdir(here)
    return here


def change_settings(images: Path, **collection: object) -> None:
    path = images / "settings.json"
    values = json.loads(path.read_text())
    values["collection"] |= collection
    path.write_text(json.dumps(values))


def page_data_of(images: Path) -> dict:
    page = (images / "index.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def heard(images: Path) -> list[str]:
    return sorted(path.name for path in images.rglob("*.flac"))


@pytest.mark.fault(25)
def test_a_variants_file_that_settings_name_is_never_run(project, drawn, capsys, injected):
    assert gallery_main(["images", "--listen", "all", "--workers", "1"]) == 0
    assert not (drawn / "ran").exists() and not (project / "ran").exists()
    said = capsys.readouterr().out
    assert "No audio of backwards was written: variants of your own need --variants-file" in said
    assert heard(project / "images") == sorted(
        f"{label}-{n}__{v}.flac" for label in ("high", "low") for n in (0, 1) for v in ("original", "trim")
    )
    assert gallery_main(["images", "--listen", "all", "--workers", "1", "--variants-file", "own.py"]) == 0
    assert (project / "ran").exists() and len(heard(project / "images")) == 12
    injected(1)


@pytest.mark.fault(25)
def test_another_variants_file_is_refused_before_it_is_run(project, capsys, injected):
    (project / "own.py").write_text(OWN + "\n# changed\n")
    assert gallery_main(["images", "--workers", "1", "--variants-file", "own.py"]) == 1
    assert "--variants-file must be the one that these images were rendered with" in capsys.readouterr().err
    assert not (project / "ran").exists()
    assert gallery_main(["images", "--workers", "1", "--variants-file", "nowhere.py"]) == 1
    injected(2)


@pytest.mark.fault(25)
@pytest.mark.parametrize("audio_folder", ["../../private", "{private}", "link", "../images/../../private"])
def test_recordings_elsewhere_are_not_read_without_being_told(project, capsys, audio_folder, injected):
    private = project.parent / "private"
    shutil.copytree(project / "audio_folder", private)
    (project / "link").symlink_to(private)
    named = audio_folder.format(private=private).replace("link", "../link")
    change_settings(project / "images", audio_folder=named)
    assert gallery_main(["images", "--listen", "1", "--workers", "1"]) == 0
    said = capsys.readouterr().out
    assert "by settings.json; to read them: --audio-folder " in said
    assert heard(project / "images") == []
    data = page_data_of(project / "images")
    assert set(data["clips"]["audio_address"]) == {""} and "private" not in json.dumps(data)
    assert gallery_main(["images", "--listen", "1", "--workers", "1", "--audio-folder", str(private)]) == 0
    assert len(heard(project / "images")) == 4
    injected(1)


@pytest.mark.fault(25)
@pytest.mark.parametrize("sound", ["../secret.wav", "{secret}", "low/../../secret.wav", "linked.wav", "out/secret.wav"])
def test_a_recording_that_leads_out_is_not_read_or_shown(project, capsys, sound, injected):
    secret = project / "secret.wav"
    soundfile.write(secret, tone(500), SR)
    (project / "audio_folder" / "linked.wav").symlink_to(secret)
    (project / "audio_folder" / "out").symlink_to(project)
    path = project / "images" / "metadata.csv"
    table = tables.read_metadata(path)
    sound = sound.format(secret=secret)
    table.loc[table["clip_id"] == "low-0", "audio_file"] = sound
    tables.write_table(path, table)
    capsys.readouterr()
    status = gallery_main(["images", "--listen", "all", "--workers", "1"])
    assert "low-0__original.flac" not in heard(project / "images")
    if status == 1:  # the table is refused
        assert "metadata.csv' is not as" in capsys.readouterr().err
    else:
        assert "leads out" in capsys.readouterr().out
        data = page_data_of(project / "images")
        assert not any("secret" in address or "linked" in address for address in data["clips"]["audio_address"])
    injected(1)


@pytest.mark.fault(25)
@pytest.mark.parametrize(
    "sound", ["/etc/a.wav", "C:\\a.wav", "\\\\host\\a.wav", "..", "a/../b.wav", "..\\a.wav", "c:a.wav"]
)
def test_paths_that_lead_out_on_any_system(tmp_path, sound, injected):
    assert leads_out(sound, tmp_path) and leads_out(sound, tmp_path, by_links=False)
    assert not leads_out("a/b..wav", tmp_path)
    injected(1)


def test_the_rule_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert is_in_project(tmp_path / "a") and is_in_project(tmp_path) and not is_in_project(tmp_path.parent)
    folder, why_not = recordings_of(tmp_path / "images", {"collection": {"audio_folder": "../audio_folder"}})
    assert (folder, why_not) == ((tmp_path / "audio_folder").resolve(), "")
    (tmp_path / "far" / "away").mkdir(parents=True)  # as of `outputs` on another disk
    (tmp_path / "link").symlink_to(tmp_path / "far" / "away")
    described = {"collection": {"audio_folder": "../../../audio_folder"}}
    assert recordings_of(tmp_path / "link" / "images", described) == ((tmp_path / "audio_folder").resolve(), "")
    with pytest.raises(FileNotFoundError, match="--audio-folder must be the folder"):
        recordings_of(tmp_path, {}, given=tmp_path / "nowhere")
    monkeypatch.chdir("/")
    assert not is_in_project(tmp_path)


COMMANDING = ("\x1b[31m", "\x1b]0;title\x07", "\u202e", "\u2066", "\x9b1m", "\x00", "\x08", "\u2028", "\x7f", "\u200f")


@pytest.mark.fault(25)
def test_names_do_nothing_to_a_terminal(capsys, injected):
    escape_output()
    for text in COMMANDING:
        print(f"a{text}b")
        out = capsys.readouterr().out
        assert not any(c in out for c in text if ord(c) < 32 or 127 <= ord(c) < 160 or ord(c) > 8000), repr(out)
        assert out.startswith("a\\") and out.endswith("b\n")
        escape_output()
    print("ab\rcd")
    assert capsys.readouterr().out == "ab\\rcd\n"
    assert escape_control_characters("Hündin 吠\t\n") == "Hündin 吠\t\n"
    injected(len(COMMANDING))


def test_a_progress_bar_still_moves(capsys):
    import sys

    from tqdm import tqdm

    escape_output()
    assert isinstance(sys.stderr, EscapingStream)
    with tqdm(total=2, file=sys.stderr, desc="a\x1bb", ncols=60) as bar:
        bar.update(2)
    err = capsys.readouterr().err
    assert err.startswith("\r") and "a\\x1bb: 100%" in err and "\x1b" not in err
