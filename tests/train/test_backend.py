import subprocess
import sys

import pytest

from tests.train.conftest import environment_of

CODE = """
from pathlib import Path
from train import backend

backend.set_up()
backend.has_gpu = lambda: True
backend.keep_compiled()
import jax

jax.jit(lambda x: x @ x.T + 1)(jax.numpy.ones((64, 64))).block_until_ready()
print(len(list(Path("cache", backend.COMPILED).glob("*"))), len(list(Path("own").glob("*"))))
"""


@pytest.mark.parametrize("own", ["", "own"])
def test_what_is_compiled_for_a_gpu_is_kept_where_the_user_wants_it(tmp_path, own):
    environment = environment_of("jax", tmp_path) | {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    environment["JAX_COMPILATION_CACHE_DIR"] = str(tmp_path / own) if own else ""
    done = subprocess.run([sys.executable, "-c", CODE], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [int(n) > 0 for n in done.stdout.split()] == [not own, bool(own)]
