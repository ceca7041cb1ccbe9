"""Fill a page: its template, styles, scripts and data in one HTML file, which opens by a double click."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import quote

PAGES = Path(__file__).resolve().parent / "pages"
STYLE = PAGES / "page.css"
"""Common to all pages."""
_PLACE = re.compile(
    r'<link rel="stylesheet" href="(?P<style>[^":]+)">|<script src="(?P<script>[^":]+)"></script>|'
    r'(?P<data><script type="application/json" id="data">.*?</script>)',
    re.DOTALL,
)
"""What is filled in: files beside the template, and the data."""


def fill(template: Path, data: object) -> str:
    """Insert the styles and scripts that a template refers to, and the data.

    Parameters
    ----------
    template : Path
        An HTML file with `<link rel="stylesheet" href="...">` and `<script src="...">` that name files relative to it,
        and one `<script type="application/json" id="data">...</script>`. As it is, it shows an empty page.
    data : object
        Values that JSON has.

    Returns
    -------
    str
        The page. No text in the data can end the element that holds it.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there, or the template does not have one place for the data.
    """
    page = template.read_text(encoding="utf-8")
    n_data = sum(place["data"] is not None for place in _PLACE.finditer(page))
    if n_data != 1:
        raise ValueError(f"{str(template)!r} must have one place for the data. Got {n_data} matches.")

    def part(place: re.Match[str]) -> str:
        if place["data"]:
            return f'<script type="application/json" id="data">{as_json(data)}</script>'
        kind = "style" if place["style"] else "script"
        return f"<{kind}>\n{(template.parent / place[kind]).read_text(encoding='utf-8')}</{kind}>"

    return _PLACE.sub(part, page)  # in one pass: what is filled in may hold anything


def as_json(data: object) -> str:
    """JSON that is safe inside a script element of HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # Escape what could end the element, and surrogates (parts of a file name that is not UTF-8).
    return text.replace("<", "\\u003c").encode("utf-8", "backslashreplace").decode()


def address(path: str) -> str:
    """A relative path as the address of a link."""
    # Without `./` a name with a colon before the first slash would count as a protocol.
    return "./" + quote(path.encode("utf-8", "surrogateescape"), safe="/")
