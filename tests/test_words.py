"""One word for one thing: retired words of `shared/GLOSSARY.md` are in no help, message, docstring, page or document."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.test_structure import MODULES, ROOT

RETIRED = {
    "picture": "image",
    "pictures": "images",
    "net": "model",
    "nets": "models",
    "from nothing": "from scratch",
    "learnt elsewhere": "pretrained",
    "taken for": "predicted as",
    "meter": "nearest-neighbour baseline",
    "relatives": "images of the same recording",
    "honest": "grouped",
    "side by side": "ensemble, with equal budget",
    "keeper": "callbacks",
    "familiar": "training overlap",
    "doubts": "warnings",
    "passed over": "skipped",
    "mend": "fix",
    "mended": "fixed",
    "anew": "again",
    "stands in": "is in",
    "see that": "check that",
    "goes on": "resumes",
    "go on": "resume",
    "whole or not at all": "atomically",
}
"""What the program used to say, and what it says now."""
WORDS = re.compile(rf"\b({'|'.join(map(re.escape, RETIRED))})\b", re.IGNORECASE)
DOCUMENTS = [
    *(path for path in ROOT.glob("*.md") if path.name != "CHANGELOG.md"),  # which tells of the past
    *ROOT.glob("docs/*.md"),
    *(path for folder in ("generate", "train") for path in (ROOT / folder).rglob("pages/*")),
    ROOT / "Makefile",
    ROOT / "datasets" / "README.md",
    ROOT / "outputs" / "README.md",
]


def texts(path: Path) -> Iterator[str]:
    """Docstrings, messages and names of a module, and its comments."""
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Name | ast.FunctionDef | ast.ClassDef | ast.arg):
            name = node.id if isinstance(node, ast.Name) else node.arg if isinstance(node, ast.arg) else node.name
            yield name.replace("_", " ")
    yield from re.findall(r"#[^\n]*", source)


def retired(text: str) -> list[str]:
    """Retired words in a text, as they are written there."""
    return WORDS.findall(" ".join(text.split()))


def test_the_search_finds_them():
    assert retired("A net\nsays so, from\n   nothing.") == ["net", "from nothing"]
    assert retired("network, internet, mental, figure") == []


def test_no_retired_word_in_a_module_or_a_document():
    of_modules = {str(path.relative_to(ROOT)): texts(path) for path in MODULES.values()}
    of_documents = {str(path.relative_to(ROOT)): [path.read_text(encoding="utf-8")] for path in DOCUMENTS}
    assert len(of_modules) > 300 and len(of_documents) > 30
    found = {
        f"{name}: {word.lower()}, write {RETIRED[word.lower()]}"
        for name, parts in (of_modules | of_documents).items()
        for text in parts
        for word in retired(text)
    }
    assert sorted(found) == []
