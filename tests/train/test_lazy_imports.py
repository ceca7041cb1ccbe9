"""What is wrong with the options is said before Keras is loaded, which takes seconds."""

import subprocess
import sys

CODE = """
import importlib, sys
for command in ("suspects", "budget", "suggest", "novelty", "rehearse", "finalize", "export", "explain", "predict"):
    main = importlib.import_module(f"train.{command}.command_line").main
    assert main(["nowhere", *(["new.wav"] if command in ("suggest", "explain", "predict") else [])]) == 1, command
    assert not {"keras", "tensorflow"} & set(sys.modules), command
"""


def test_no_command_loads_keras_to_look_for_a_folder():
    found = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    lines = found.stderr.splitlines()
    assert len(lines) == 9 and all("nowhere" in line for line in lines), found.stderr
