"""The examples in docstrings run, and print what they show."""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import pytest

from tests.test_structure import MODULES

SLOW_TO_IMPORT = frozenset(("tensorflow", "keras", "jax", "torch"))
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
WITHOUT_FILES = ("augment_audio", "augment_audio.augmentation", "augment_audio.engines", "generate.features.mel")
"""Modules whose examples need no files, so that at least one of them runs."""


def backends(path: Path) -> set[str]:
    """Backends that a module imports at its top level."""
    imports = (
        node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)
    )
    names = (
        name
        for node in imports
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    )
    return {name.split(".")[0] for name in names} & SLOW_TO_IMPORT


WITH_EXAMPLES = sorted(
    name for name, path in MODULES.items() if ">>>" in path.read_text("utf-8") and not backends(path)
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_print_what_they_show(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    failed, n_run = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert failed == 0
    assert n_run > 0 or name not in WITHOUT_FILES


def test_examples_are_found():
    assert set(WITHOUT_FILES) <= set(WITH_EXAMPLES)
