"""A page of its own: a template, its style and its data in one file, which opens by a double click."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

PAGES = Path(__file__).resolve().parent / "pages"
STYLE = PAGES / "page.css"
SCRIPT = PAGES / "page.js"
"""What the pages have in common."""


def fill(template: Path, data: object) -> str:
    """Put the common style and script, and the data, into a template.

    Parameters
    ----------
    template : Path
        An HTML file with `<link rel="stylesheet" href=".../page.css">`, `<script src=".../page.js"></script>` and
        `<script type="application/json" id="data">...</script>`.
    data : object
        Plain values.

    Returns
    -------
    str
        The page. Whatever stands in the data stays data: no name ends the element that holds it.
    """
    page = template.read_text(encoding="utf-8")
    parts = {
        r'<link rel="stylesheet" href="[^"]*page\.css">': f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>",
        r'<script src="[^"]*page\.js"></script>': f"<script>\n{SCRIPT.read_text(encoding='utf-8')}</script>",
        r'<script type="application/json" id="data">.*?</script>': (
            f'<script type="application/json" id="data">{as_json(data)}</script>'
        ),
    }
    for pattern, part in parts.items():
        page, n = re.subn(pattern, lambda _, part=part: part, page, flags=re.DOTALL)
        if n != 1:
            raise ValueError(f"{str(template)!r} has {n} places that match {pattern!r}; expected one.")
    return page


def as_json(data: object) -> str:
    """JSON that can stand inside a script element of HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # What could end the element, and what is no character (a part of a name that is not UTF-8).
    return text.replace("<", "\\u003c").encode("utf-8", "backslashreplace").decode()


def address(path: str) -> str:
    """A relative path as a page's link to it."""
    # Else a name with a colon before the first slash would be taken for a protocol.
    return "./" + quote(path.encode("utf-8", "surrogateescape"), safe="/")
