import json
import os
import re
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generate.gallery.fill_page import address, as_json, fill
from generate.gallery.make import TEMPLATE
from generate.gallery.page_data import recording_address
from generate.runtime.safe_names import printable


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_data_comes_out_as_it_went_in(data):
    text = as_json(data)
    assert "<" not in text
    assert json.loads(text) == data


def test_bytes_that_are_no_text_do_not_stop_a_page():
    assert json.loads(as_json(["b\udcff"])) == ["b\\udcff"] or json.loads(as_json(["b\udcff"])) == ["b\udcff"]
    as_json(["b\udcff"]).encode()


def test_a_page_is_whole():
    page = fill(TEMPLATE, {"name": "</script><script>alert(1)</script>"})
    assert '<link rel="stylesheet"' not in page and "<script src=" not in page
    assert page.count("<script") == TEMPLATE.read_text().count("<script")
    assert "</script><script>alert" not in page
    assert not re.search(r'(src|href)="https?:', page)


def test_a_template_without_a_place_for_the_data(tmp_path):
    (tmp_path / "a.html").write_text("<html></html>")
    with pytest.raises(ValueError, match="Got 0 matches"):
        fill(tmp_path / "a.html", {})


def test_addresses():
    assert address("a b/c#1?.png") == "./a%20b/c%231%3F.png"
    assert address("c:d.wav") == "./c%3Ad.wav"
    assert address("../x/é.wav") == "./../x/%C3%A9.wav"
    assert address("b\udcff.wav") == "./b%FF.wav"


def test_the_address_of_a_recording_leads_there_as_a_browser_reads_it(tmp_path):
    """Which follows no link before `..`; and names need not be UTF-8."""
    (tmp_path / "project" / "audio").mkdir(parents=True)
    (tmp_path / "disk" / "outputs").mkdir(parents=True)
    (tmp_path / "project" / "outputs").symlink_to(tmp_path / "disk" / "outputs")
    recording = tmp_path / "project" / "audio" / "bad\udcff.wav"
    recording.touch()
    page = tmp_path / "project" / "outputs" / "images"
    found = recording_address(printable("bad\udcff.wav"), page, audio_folder=recording.parent, follow_links=False)
    there = os.path.normpath(page / unquote_to_bytes(found).decode("utf-8", "surrogateescape"))
    assert there == str(recording)
