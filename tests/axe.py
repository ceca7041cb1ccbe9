"""axe-core, which finds what people with poor sight or without a mouse cannot use: run in a page of the browser."""

from __future__ import annotations

from importlib.resources import files

import pytest

from tests.browser import Browser

SERIOUS = ("serious", "critical")
PLAIN = ".scrolled { background: none !important; }"
"""The shade at the edges of what scrolls: over a gradient axe-core gives no contrast."""


def violations(browser: Browser) -> list[str]:
    """What axe-core finds serious or critical in the page as it is: rule, element, and what is wrong with it."""
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python, which ships axe-core, is not installed")
    # The file alone: the package drives another browser library, which is not imported.
    browser.run(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    browser.run(
        "document.head.append(Object.assign(document.createElement('style'), {textContent: arguments[0]}))", PLAIN
    )
    browser.driver.set_script_timeout(120)
    found = browser.driver.execute_async_script("axe.run(document).then(arguments[0])")
    assert len(found["passes"]) > 10, "the rules were run"
    return [
        f"{rule['id']}: {' '.join(node['target'])}: {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]
