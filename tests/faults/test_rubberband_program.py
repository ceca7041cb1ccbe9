"""Row 6: programs named `rubberband` that hang, fail or write nonsense."""

import os
import tempfile
import time
import uuid

import numpy as np
import pandas as pd
import pytest

from augment_audio import open_audio
from augment_audio.engines import rubberband_program
from augment_audio.engines.rubberband_program import LIMIT_PER_SECOND, START_LIMIT_S
from tests.augment_audio.conftest import fake_rubberband, fresh_program_version  # noqa: F401
from tests.conftest import SR, tone
from tests.faults.real_runs import MARK, SILENT, Command, make_audio_folder, marked
from tests.faults.rows import IS_FULL, only_at_full_count
from tests.generate.rendering.test_run import tree

pytestmark = pytest.mark.fault(6)

GOOD = 'cp "$in" "$out"'
LIVES_ON = "/bin/sleep 300 >/dev/null 2>&1 &"
IN_TIME = {
    "exits 1": ("exit 1", "status 1"),
    "writes nothing": ("exit 0", "no readable audio"),
    "writes garbage": ('head -c 50000 /dev/urandom > "$out"', "no readable audio"),
    "is cut short": ('head -c 20000 "$in" > "$out"', "expected about 22050 finite samples"),
    "is cut a little short": ('head -c 43000 "$in" > "$out"', "expected about 22050 finite samples"),
    "dies by a signal": ('head -c 20000 "$in" > "$out"; kill -SEGV $$', "status -"),
    "removes its files": ('rm -f "$in" "$out"', "temporary file is gone"),
    "fails beside a child": (f"{LIVES_ON} exit 1", "status 1"),
}
HANGS = {
    "sleeps": "exec /bin/sleep 300",
    "sleeps and will not be ended": "trap '' TERM INT HUP; while :; do /bin/sleep 100; done",
    "floods its output": "exec yes 'all of the disk, all of the memory'",
    "floods beside a child": f"{LIVES_ON} yes >&2",
}
"""Until they are stopped."""

QUICK_LIMITS = """
from augment_audio import Variant
from augment_audio.engines import rubberband_program
rubberband_program.START_LIMIT_S = 1.0
rubberband_program.LIMIT_PER_SECOND = 0.1
VARIANTS = {"higher": Variant(lambda sound: sound.pitch_shift(n_semitones=2))}
"""
"""A file of the user's own, which workers load: the limits as they are would take 25 s a clip."""


@pytest.fixture
def mark(monkeypatch):
    """What all processes are marked with that this test starts."""
    mark = f"mark-{uuid.uuid4().hex}"
    monkeypatch.setenv(MARK, mark)
    yield mark
    for pid in marked(mark):
        os.kill(pid, 9)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A folder that takes the temporary files of this process and of all that it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def assert_nothing_left(mark, temporary):
    until = time.monotonic() + 5  # a kill takes its moment
    while marked(mark):
        assert time.monotonic() < until, "a process lives on"
        time.sleep(0.02)
    assert list(temporary.iterdir()) == []


def higher(y=None):
    return open_audio(tone(440) if y is None else y, SR, engine="rubberband-program").pitch_shift(n_semitones=2)


def test_a_program_that_does_wrong(fake_rubberband, mark, temporary, injected):  # noqa: F811
    for script, message in IN_TIME.values():
        fake_rubberband(script)
        with pytest.raises(RuntimeError, match=message):
            higher()
        assert_nothing_left(mark, temporary)
    injected(len(IN_TIME))


def test_a_program_that_does_right_beside_a_child_that_lives_on(fake_rubberband, mark, temporary, injected):  # noqa: F811
    fake_rubberband(f"{LIVES_ON} {GOOD}", version=f"echo 9.9.9; {LIVES_ON} exit 0")
    np.testing.assert_allclose(higher(), tone(440), atol=1e-3)
    assert_nothing_left(mark, temporary)
    injected(1)


def test_a_program_that_hangs(fake_rubberband, mark, temporary, monkeypatch, injected):  # noqa: F811
    monkeypatch.setattr(rubberband_program, "START_LIMIT_S", 0.5)
    monkeypatch.setattr(rubberband_program, "LIMIT_PER_SECOND", 0.1)
    for script in HANGS.values():
        fake_rubberband(script)
        began = time.monotonic()
        with pytest.raises(RuntimeError, match="did not end within 1 s"):
            higher()
        assert time.monotonic() - began < 6
        assert_nothing_left(mark, temporary)
    injected(len(HANGS))


@pytest.mark.skipif(not IS_FULL, reason="takes 25 s: the time limit as it is")
def test_the_time_limit_as_it_is(fake_rubberband, mark, temporary, injected):  # noqa: F811
    fake_rubberband(HANGS["sleeps"])
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="did not end within 25 s"):
        higher()
    limit_s = START_LIMIT_S + LIMIT_PER_SECOND
    assert limit_s <= time.monotonic() - began < limit_s + 5
    assert_nothing_left(mark, temporary)
    injected(1)


@pytest.mark.parametrize("version", ["exec yes 3.1.2", f"head -c 500 /dev/urandom; {LIVES_ON} exit 0"])
def test_a_program_that_floods_when_asked_for_its_version(fake_rubberband, mark, temporary, injected, version):  # noqa: F811
    fake_rubberband(GOOD, version=version)
    began = time.monotonic()
    with pytest.raises(FileNotFoundError, match="does not print its version"):
        rubberband_program.program_version()
    assert time.monotonic() - began < 6
    assert_nothing_left(mark, temporary)
    injected(1)


@only_at_full_count
def test_through_the_command(fake_rubberband, temporary, tmp_path, injected):  # noqa: F811
    """`python -m generate`: sounds for which it does right are drawn, the others named with the reason; no orphan."""
    kinds = {**IN_TIME, **{name: (script, "did not end within 1 s") for name, script in HANGS.items()}}
    chosen = [(name, kinds[name]) for name in (kinds if IS_FULL else ["sleeps"])]
    (tmp_path / "own.py").write_text(QUICK_LIMITS)
    audio_folder = make_audio_folder(tmp_path / "audio_folder", 3)
    # One of the six is so much longer that a script can tell it.
    import soundfile

    soundfile.write(audio_folder / "a" / "long.wav", tone(440, seconds=1.5), SR)
    arguments = [*SILENT, "--engine", "rubberband-program", "--long", "first", "--max-rejected", "50"]
    arguments += ["--variants-file", tmp_path / "own.py", "--variants", "higher"]
    fake_rubberband(GOOD)
    command = Command("generate", audio_folder, tmp_path / "clean", *arguments)
    assert command.end().status == 0
    clean = tree(tmp_path / "clean")
    for number, (name, (script, message)) in enumerate(chosen):
        message = message.replace("22050", "33075")
        fake_rubberband(f'if [ $(wc -c < "$in") -gt 60000 ]; then {script}\nelse {GOOD}; fi')
        images = tmp_path / f"images{number}"
        command = Command("generate", audio_folder, images, *arguments)
        ended = command.end(limit_s=60)
        assert ended.status == 0, (name, ended)
        rejected = pd.read_csv(images / "rejected.csv")
        assert rejected["clip_id"].tolist() == ["a-long"], (name, ended)
        assert message in rejected["reason"].iloc[0], name
        drawn = {path: digest for path, digest in tree(images).items() if path.endswith(".png")}
        assert drawn == {p: d for p, d in clean.items() if p.endswith(".png") and "a-long" not in p}
        command.assert_all_ended(limit_s=5)
        assert list(temporary.iterdir()) == [], name
        # The next run, with a program that does right, draws what is left.
        fake_rubberband(GOOD)
        assert Command("generate", audio_folder, images, *arguments).end().status == 0
        assert tree(images) == clean, name
    injected(len(chosen))


def test_the_main_process_is_killed_while_a_program_hangs(fake_rubberband, temporary, tmp_path, injected):  # noqa: F811
    """Neither the workers nor the programs that they started live on."""
    (tmp_path / "own.py").write_text(QUICK_LIMITS.replace("1.0", "300"))
    fake_rubberband('touch "$folder/started"; exec /bin/sleep 300')
    audio_folder = make_audio_folder(tmp_path / "audio_folder", 2)
    (tmp_path / "own.py").write_text(
        (tmp_path / "own.py").read_text().replace("lambda sound: sound.pitch", TONE_IS_GOOD)
    )
    arguments = ["--engine", "rubberband-program", "--variants-file", tmp_path / "own.py", "--variants", "higher"]
    command = Command("generate", audio_folder, tmp_path / "images", *SILENT, *arguments)
    until = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert time.monotonic() < until and command.process.poll() is None, command.end()
        time.sleep(0.02)
    command.process.kill()
    command.end()
    command.assert_all_ended(limit_s=10)
    injected(1)


TONE_IS_GOOD = "lambda sound: sound.y if abs(sound.y.std() - 0.3535) < 0.001 else sound.pitch"
"""The command tries a variant on a tone before it starts; that shall not hang."""
