"""The house rules that a reader relies on: imports go one way, and files stay short."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("augment_audio", "generate", "train")
"""Each may import those before it."""
MOST_LINES = 300


def modules() -> dict[str, Path]:
    """All modules of the three packages by their dotted names."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = modules()


def imported(path: Path) -> Iterator[str]:
    """Modules of ours that a file imports anywhere: in functions and for type checkers too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                module = f"{node.module}.{name.name}"
                yield module if module in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


ARROWS = {
    name: sorted({other for other in imported(path) if other in MODULES} - {name}) for name, path in MODULES.items()
}


def circle(arrows: dict[str, list[str]]) -> list[str]:
    """Nodes of a circle, in their order; empty where there is none."""
    done: set[str] = set()

    def visit(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for other in arrows[node]:
            if found := visit(other, [*way, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(arrows) if (found := visit(node, []))), [])


def test_the_look_for_circles_finds_one():
    assert circle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert circle({"a": ["b", "c"], "b": ["c"], "c": []}) == []
    assert "augment_audio.variant" in ARROWS["augment_audio"], "arrows are seen"


def test_no_circle_of_imports():
    assert circle(ARROWS) == []


@pytest.mark.parametrize("depth", [2, 3])
def test_no_circle_of_packages(depth):
    """Of the folders in `generate` and `train`, and of the folders in these: no two import each other."""
    folders = {name: ".".join(name.split(".")[:depth]) for name in MODULES}
    arrows = {
        folder: sorted(
            {folders[other] for name in MODULES if folders[name] == folder for other in ARROWS[name]} - {folder}
        )
        for folder in set(folders.values())
    }
    assert circle(arrows) == []


def test_imports_go_one_way():
    rank = {package: number for number, package in enumerate(PACKAGES)}
    against = [
        (name, other)
        for name, others in ARROWS.items()
        for other in others
        if rank[other.split(".")[0]] > rank[name.split(".")[0]]
    ]
    assert against == []


def test_no_library_module_imports_a_command_line():
    ends = ("command_line", "__main__")
    against = [
        (name, other)
        for name, others in ARROWS.items()
        for other in others
        if other.endswith(ends) and not name.endswith(ends)
    ]
    assert against == []


def test_files_are_short():
    long = {name: n for name, path in MODULES.items() if (n := len(path.read_text("utf-8").splitlines())) > MOST_LINES}
    assert long == {}


def test_every_package_says_what_it_holds():
    silent = [name for name, path in MODULES.items() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []
