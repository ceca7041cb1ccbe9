"""The page that classifies recordings, in a real browser, without a network."""

import json

import numpy as np
import pytest
import soundfile

from tests.browser import browser, chromium  # noqa: F401
from tests.conftest import SR
from train.export.command_line import main
from train.export.web_runtime import web_runtime_file

pytestmark = pytest.mark.slow


def test_a_recording_is_classified_by_a_double_click(run_folder, images, browser, tmp_path):  # noqa: F811
    if not web_runtime_file().is_file():
        pytest.skip("onnxruntime-web is not on this machine: python -m train.export RUN --format html downloads it")
    recordings = images.parent / "audio_folder"
    assert main([str(run_folder), "--audio-folder", str(recordings), "--format", "html"]) == 0
    folder = run_folder / "export" / "html"
    about = json.loads((folder / "export.json").read_text())

    def state(text):
        browser.wait(f"document.getElementById('state').textContent.startsWith({text!r})", seconds=60)

    def give(file):
        browser.one("#file").send_keys(str(file))
        state(f"{file.name},")

    browser.open(folder / "index.html")
    state("Ready.")
    assert about["accuracy"] in browser.one("#accuracy").text and browser.texts("#result[hidden]")
    for clip in about["golden"]:
        give(folder / clip["file"])
        p = np.array(clip["probabilities"])
        label, shown = about["classes"][p.argmax()], browser.one("#answer").text
        assert (
            shown.startswith(label)
            and abs(float(shown.split()[-3 if "unsure" in shown else -2]) / 100 - p.max()) < 0.01
        )
        assert ("unsure" in shown) == (p.max() < about["thresholds"][label])
    assert browser.run("return document.getElementById('image').width") == 32
    widths = [browser.run("return arguments[0].style.width", bar) for bar in browser.all("#bars i")]
    assert abs(sum(float(width.rstrip("%")) for width in widths) - 100) < 0.1

    long = np.concatenate([soundfile.read(recordings / "low" / "low0_0.wav")[0], np.zeros(SR)])
    soundfile.write(tmp_path / "long.wav", np.stack([long, long], axis=1), SR)
    give(tmp_path / "long.wav")
    rows = browser.texts("#windows td")
    assert rows[0] == "0:00.0 - 0:01.0" and rows[2:] == ["0:01.0 - 0:02.0", "silent: nothing is predicted"]
    (tmp_path / "no.wav").write_text("no audio")
    browser.one("#file").send_keys(str(tmp_path / "no.wav"))
    state("no.wav must be audio that this browser decodes")
