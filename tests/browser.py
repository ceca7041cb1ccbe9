"""A real browser for the tests of the pages: Debian's Chromium, without a window, driven by Selenium."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# What keeps Chromium from talking to anybody of its own accord, and lets it run as root in a container.
QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-audio-output",  # there is no device, and opening one may hang
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
    "--window-size=1280,900",
)
NOT_FILLED = r"""
const attributes = [...document.querySelectorAll("body *")].flatMap((one) => [...one.attributes].map(({ value }) => value));
return [document.body.innerText, ...attributes].filter((text) => /\b(NaN|undefined)\b/.test(text));"""
"""Texts and attributes of a page with a value that is not there."""


class Browser:
    """A page in Chromium, its console and its requests.

    Parameters
    ----------
    driver : selenium.webdriver.Chrome
    """

    def __init__(self, driver: object) -> None:
        self.driver = driver
        self.requests: list[str] = []
        self.console: list[str] = []

    def open(self, page: Path, *, fragment: str = "") -> None:
        """Open a file as by a double click, and wait until it has drawn itself."""
        from selenium.common.exceptions import TimeoutException

        for address in ("about:blank", page.resolve().as_uri() + fragment):
            try:
                self.driver.get(address)
            except TimeoutException:  # one in some hundred loads does not end while audio plays
                self.driver.get(address)

    def run(self, script: str, *arguments: object) -> object:
        """Run a function body in the page; what it returns."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, condition: str, *, seconds: float = 10.0) -> object:
        """Wait until an expression is true in the page; its value."""
        from selenium.webdriver.support.ui import WebDriverWait

        message = f"{condition} did not become true"
        return WebDriverWait(self.driver, seconds).until(lambda _: self.run(f"return {condition}"), message)

    def all(self, selector: str) -> list:
        """Elements by their CSS selector."""
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> object:
        """The first of them."""
        return self.driver.find_element("css selector", selector)

    def texts(self, selector: str) -> list[str]:
        """Texts of elements, shown or not."""
        return [element.get_property("textContent") for element in self.all(selector)]

    def choose(self, selector: str, text: str) -> None:
        """Choose an option of a select element by its text."""
        from selenium.webdriver.support.ui import Select

        Select(self.one(selector)).select_by_visible_text(text)

    def press(self, *keys: str) -> None:
        """Press keys where the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def resize(self, width: int, height: int = 800) -> None:
        """Make the page as wide as a telephone, or wide again."""
        shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)

    def dark(self, *, is_dark: bool) -> None:
        """Ask for dark or light pages, as a system's setting does."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def collect(self) -> None:
        """Take over what the console said and what was asked for since the last call."""
        self.console += [entry["message"] for entry in self.driver.get_log("browser")]
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

    def downloaded(self, folder: Path, press: Callable[[], object], *, seconds: float = 10.0) -> Path:
        """Press what saves a file, and wait until it is there whole: a file is empty at first."""
        folder.mkdir(exist_ok=True)
        before = set(folder.iterdir())
        allow = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", allow)
        press()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            new = set(folder.iterdir()) - before
            if len(new) == 1 and (path := next(iter(new))).suffix == ".csv" and path.stat().st_size:
                return path
            time.sleep(0.05)
        raise AssertionError(f"nothing was downloaded; in the folder: {sorted(path.name for path in folder.iterdir())}")

    def play(self, audio: object) -> None:
        """Press play and wait until it sounds."""
        self.run("arguments[0].play()", audio)
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 10).until(
            lambda _: self.run("return arguments[0].currentTime > 0.05 && !arguments[0].error", audio)
        )
        self.run("arguments[0].pause()", audio)


@contextmanager
def started(*switches: str) -> Iterator[Browser]:
    """Chromium without a window; skips where it, its driver or Selenium is not installed."""
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if absent := [name for name, path in programs.items() if path is None]:
        pytest.skip(f"{' and '.join(absent)} not installed; on Debian: apt install chromium chromium-driver")
    selenium = pytest.importorskip("selenium.webdriver", reason="Selenium is not installed")
    from selenium.webdriver.chrome.service import Service

    options = selenium.ChromeOptions()
    options.binary_location = programs["chromium"]
    for switch in (*QUIET, *switches):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=Service(programs["chromedriver"]))
    driver.set_page_load_timeout(30)
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for all tests of a module."""
    with started() as browser:
        yield browser


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The same, wide and light; afterwards its page must be filled, its console empty and no request to the network."""
    chromium.resize(1280, 900)
    chromium.dark(is_dark=False)
    chromium.collect()
    chromium.requests.clear()
    chromium.console.clear()
    yield chromium
    assert chromium.run(NOT_FILLED) == []
    chromium.collect()
    assert chromium.console == []
    assert [url for url in chromium.requests if not url.startswith(("file:", "data:", "about:", "blob:"))] == []
