"""How worker processes begin and end, seen from a user's own program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
from pathlib import Path
from generate.workers.processes import map_ordered

def places(folder):
    return list(map_ordered(len, [("one",), ("three",)], workers=1, temporary_folder=Path(folder)))

"""


def run_program(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A program of the user's in a process of its own."""
    program = folder / "program.py"
    program.write_text(text)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, program], cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )


def test_a_temporary_folder_that_is_gone_already_ends_no_run_with_a_traceback(tmp_path):
    lines = [
        "import multiprocessing, os, shutil",
        "from generate.workers import fork_server",
        "fork_server.start()",
        "folder = multiprocessing.current_process()._config['tempdir']",
        "assert os.path.isdir(folder)",
        "shutil.rmtree(folder)",
    ]
    done = run_program(tmp_path, "\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("call", ["print(places('.'))", "with open('x', 'w') as f:\n    print(places('.'))"])
def test_a_program_without_a_guard_is_told_so(tmp_path, call):
    done = run_program(tmp_path, PROGRAM + call)
    assert done.returncode == 1
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]
    assert "line " in done.stderr.splitlines()[-1] and "program.py" in done.stderr.splitlines()[-1]
    assert "died" not in done.stderr


def test_a_program_with_a_guard_works_and_leaves_no_temporary_folder(tmp_path):
    guarded = ["if __name__ == '__main__':", "print(places('.'))", "import multiprocessing"]
    guarded += ["print(multiprocessing.current_process()._config['tempdir'])"]
    done = run_program(tmp_path, PROGRAM + "\n    ".join(guarded) + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    outcomes, folder = done.stdout.splitlines()
    assert outcomes == "[(('one',), 3), (('three',), 5)]"
    assert not Path(folder).exists()
