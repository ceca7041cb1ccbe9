"""Names of the user's own in Markdown."""

from __future__ import annotations

import re


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: a class may be named `<b>`, `a|b` or `*`."""
    text = re.sub(r"[\r\n\t]+", " ", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|#~$])", r"\\\1", text)
