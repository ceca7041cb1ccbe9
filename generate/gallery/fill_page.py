"""Fill a page: its template, style, script and data in one HTML file, which opens by a double click."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

PAGES = Path(__file__).resolve().parent / "pages"
STYLE = PAGES / "page.css"
SCRIPT = PAGES / "page.js"
"""Common to the pages of both stages."""


def fill(template: Path, data: object) -> str:
    """Insert the common style and script, and the data, into a template.

    Parameters
    ----------
    template : Path
        An HTML file with `<link rel="stylesheet" href=".../page.css">`, `<script src=".../page.js"></script>` and
        `<script type="application/json" id="data">...</script>`.
    data : object
        Values that JSON has.

    Returns
    -------
    str
        The page. No text in the data can end the element that holds it.
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
        places = list(re.finditer(pattern, page, flags=re.DOTALL))
        if len(places) != 1:
            raise ValueError(f"{str(template)!r} must match {pattern!r} once. Got {len(places)} matches.")
        page = page[: places[0].start()] + part + page[places[0].end() :]
    return page


def as_json(data: object) -> str:
    """JSON that is safe inside a script element of HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Escape what could end the element, and surrogates (parts of a file name that is not UTF-8).
    return text.replace("<", "\\u003c").encode("utf-8", "backslashreplace").decode()


def address(path: str) -> str:
    """A relative path as the address of a link."""
    # Without `./` a name with a colon before the first slash would count as a protocol.
    return "./" + quote(path.encode("utf-8", "surrogateescape"), safe="/")
