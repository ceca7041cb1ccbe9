"""The page that classifies recordings, in a real browser, without a network."""

import json
import time

import numpy as np
import pytest
import soundfile

from tests.browser import browser, chromium, started  # noqa: F401
from tests.conftest import SR
from train.data.decode import colour
from train.export.command_line import main
from train.export.web_runtime import web_runtime_file
from train.predict.predict_recordings import predict_recordings
from train.predict.windows import front_end, read_window
from train.runs.run_folder import read_run

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(run_folder, images):
    """Of the page."""
    if not web_runtime_file().is_file():
        pytest.skip("onnxruntime-web is not on this machine: python -m train.export RUN --format html downloads it")
    assert main([str(run_folder), "--audio-folder", str(images.parent / "audio_folder"), "--format", "html"]) == 0
    return run_folder / "export" / "html"


def test_a_recording_is_classified_by_a_double_click(folder, images, browser, tmp_path):  # noqa: F811
    recordings = images.parent / "audio_folder"
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

    # Channels that cancel each other, and sound in one channel only, whose mean is quieter than any clip.
    y = soundfile.read(recordings / "low" / "low0_0.wav")[0]
    give(recordings / "low" / "low0_0.wav")
    alone = browser.one("#answer").text
    soundfile.write(tmp_path / "cancel.wav", np.stack([0.5 * y, -y], axis=1), SR, subtype="FLOAT")
    give(tmp_path / "cancel.wav")
    assert browser.one("#answer").text.split()[0] == alone.split()[0] and "silent" not in alone
    faint = y / np.abs(y).max() * 10 ** ((about["min_dbfs"] + 3) / 20)
    soundfile.write(tmp_path / "one.wav", np.stack([faint, 0 * y], axis=1), SR, subtype="FLOAT")
    give(tmp_path / "one.wav")
    assert "quiet" not in browser.one("#answer").text
    soundfile.write(tmp_path / "quiet.wav", np.stack([faint, faint], axis=1) / 2, SR, subtype="FLOAT")
    give(tmp_path / "quiet.wav")
    assert "quiet" in browser.one("#answer").text


def test_what_was_given_last_is_shown(folder, images, browser):  # noqa: F811
    recordings = images.parent / "audio_folder"
    state = "document.getElementById('state').textContent"
    # Chosen before the model is there: it waits. The same file again is read again.
    browser.open(folder / "index.html")
    for _ in range(2):
        browser.one("#file").send_keys(str(recordings / "low" / "low0_0.wav"))
        browser.wait(f"{state}.startsWith('low0_0.wav,')", seconds=60)
        browser.run("document.getElementById('state').textContent = ''")
    # One that takes long to read, and then cannot be read, changes nothing of what came after it.
    late = """const late = new File([], 'late.wav'), content = Promise.withResolvers();
      late.arrayBuffer = () => content.promise; window.arrive = content.resolve; open(late);"""
    for is_audio in (True, False):
        browser.run(late)
        browser.wait(f"{state}.startsWith('Reading late.wav')")
        browser.one("#file").send_keys(str(recordings / "high" / "high0_0.wav"))
        browser.wait(f"{state}.startsWith('high0_0.wav,')")
        shown = "return document.getElementById('player').src + document.getElementById('result').textContent"
        before = browser.run(shown)
        wav = list((recordings / "low" / "low0_0.wav").read_bytes() if is_audio else b"no audio")
        browser.run("arrive(Uint8Array.from(arguments[0]).buffer)", wav)
        time.sleep(1)
        assert browser.run(shown) == before and browser.one("#state").text.startswith("high0_0.wav,")
    # A browser resamples to 8,000 to 96,000 Hz for sure: lower rates are made of these, and of others it is said.
    browser.run("about.sample_rate_hz = 2000")
    n = "return channelsOf(new File([Uint8Array.from(arguments[0])], 'a.wav')).then((found) => found.map((y) => y.length))"
    assert browser.run(n, list((recordings / "low" / "low0_0.wav").read_bytes())) == [2000]
    browser.run("about.sample_rate_hz = 1e6")
    browser.one("#file").send_keys(str(recordings / "low" / "low0_0.wav"))
    browser.wait(f"{state}.startsWith('This browser does not decode audio at 1,000,000 Hz')")


def test_the_microphone_is_heard_as_a_recording_is(folder, run_folder, images, tmp_path):
    import soxr

    # 48 kHz, as most microphones, and an image has 22.05 kHz: two seconds, and two much quieter than any clip.
    loud = np.tile(soundfile.read(images.parent / "audio_folder" / "high" / "high0_0.wav", dtype="float32")[0], 2)
    heard, sr = soxr.resample(np.concatenate([loud, loud * np.float32(0.01)]), SR, 48000), 48000
    soundfile.write(tmp_path / "heard.wav", heard, sr, subtype="PCM_16")
    run = read_run(run_folder)
    expected = predict_recordings(run, [tmp_path / "heard.wav"], hop_s=0.5).windows
    front = front_end(run)
    microphone = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
    with started(*microphone, f"--use-file-for-fake-audio-capture={tmp_path / 'heard.wav'}") as page:
        page.open(folder / "index.html")
        page.wait("!document.getElementById('microphone').disabled", seconds=60)
        page.one("#microphone").click()
        page.wait("document.getElementById('windows').rows.length >= 7", seconds=60)
        page.one("#microphone").click()
        assert page.one("#state").text == "Stopped." and "dB of full scale" in page.one("#level").text
        rows = page.run(
            "return [...document.querySelectorAll('#windows tr')].reverse()"
            ".map((row) => [row.cells[0].textContent, row.cells[1].textContent, Array.from(row.window.rgb)])"
        )
        assert "quiet: nothing is predicted" in [answer for _, answer, _ in rows] and expected[5].is_quiet
        starts_s = [float(place.split()[0].removeprefix("0:")) for place, _, _ in rows]
        assert all(2 * start_s == round(2 * start_s) for start_s in starts_s), "half a window apart"
        # One of the loud windows: a slow machine skips some, and the recording is heard again and again.
        _, answer, drawn = rows[[start_s % 4 in (0.5, 1.0) for start_s in starts_s].index(True)]
        label, p = answer.split()[:2]
        assert abs(float(p) / 100 - expected[2].probabilities[run.classes.index(label)]) < 0.02
        own = colour(read_window(tmp_path / "heard.wav", 1.0, front).pixels, front.palette)
        assert np.abs(np.reshape(drawn, own.shape) - own.astype(float)).mean() < 5
        drawn = "const c = document.getElementById('live'); return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        assert max(page.run(drawn)[::4]) > 200, "the spectrogram scrolls"

        # Its resampling against soxr: below the edge of the band alike, and nothing from above it.
        for hz, passes in ((1000, True), (9900, True), (12500, False)):
            tone = np.sin(2 * np.pi * hz * np.arange(sr) / sr).astype(np.float32)
            script = f"return Array.from(resampler({sr}, {SR})(Float32Array.from(arguments[0])))"
            y = np.array(page.run(script, tone.tolist()))[2000:-2000]
            wanted = soxr.resample(tone, sr, SR)[2000:-2000] if passes else np.zeros(SR - 4000)
            np.testing.assert_allclose(y, wanted, atol=0.003)
        page.collect()
        assert page.console == []
