"""Windows of annotated recordings: labelled by the rule that is printed, and nothing else."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import generate
from generate.__main__ import main
from generate.dataset.background_classes import BACKGROUND
from generate.readers import annotated
from generate.readers.annotated import EVENT_COLUMNS
from generate.readers.collection.clips import clips_table
from generate.readers.collection.reader import ReaderOptions
from generate.rendering.options import WindowOptions
from generate.rendering.windows import cut_into_windows
from tests.conftest import SR, tone, white


def cut(folder, durations_s, events, *, paths=(), seconds=2.0, reject_short=False, **options):
    for name, duration_s in durations_s.items():
        soundfile.write(folder / name, white(duration_s, seed=len(name)), SR)
    table = pd.DataFrame([(*event, np.nan, np.nan) for event in events], columns=list(EVENT_COLUMNS))
    paths = [*durations_s, *paths]
    clips = clips_table(paths=paths, labels=["(annotated)"] * len(paths))
    options = WindowOptions(**{"window_hop_s": seconds, **options})
    return cut_into_windows(
        clips, table, folder, seconds=seconds, options=options, workers=1, reject_short=reject_short
    )


def labels(windows):
    return {start: label for start, label in zip(windows.clips["start_s"], windows.clips["label"], strict=True)}


def test_each_window_by_hand(tmp_path):
    events = [
        ("a.wav", 0.5, 1.0, "wren"),  # within the first
        ("a.wav", 3.7, 4.1, "robin"),  # three quarters in the second, a quarter in the third
        ("a.wav", 6.9, 11.0, "wren"),  # over half of the fourth, all of the fifth, half of the sixth
        ("a.wav", 12.0, 12.0, "robin"),  # a point
    ]
    windows = cut(tmp_path, {"a.wav": 20.0}, events, background=1)
    expected = {0: "wren", 2: "robin", 6: "wren", 8: "wren", 10: "wren", 12: "robin"}
    found = labels(windows)
    assert {start: label for start, label in found.items() if label != BACKGROUND} == expected
    assert {start for start, label in found.items() if label == BACKGROUND} == {14, 16, 18}
    assert "left out: 1 with a part of an event" in windows.notes


def test_one_file_under_two_names_is_one_recording(tmp_path):
    """Annotated for other birds each time: no two windows are equal, and one would be trained on and one tested."""
    events = [("monday.wav", 0.5, 1.0, "wren"), ("robins.wav", 8.5, 9.0, "robin"), ("other.wav", 0.5, 1.0, "wren")]
    for name, seed in (("monday", 1), ("other", 2)):
        soundfile.write(tmp_path / f"{name}.wav", white(20.0, seed=seed), SR)
    (tmp_path / "robins.wav").write_bytes((tmp_path / "monday.wav").read_bytes())
    windows = cut(tmp_path, {}, events, paths=["monday.wav", "other.wav", "robins.wav"], background=0)
    source_of = dict(zip(windows.clips["path"], windows.clips["source_id"], strict=True))
    assert source_of["monday.wav"] == source_of["robins.wav"] != source_of["other.wav"]
    note = "the same file under two names, which counts as one recording: robins.wav and monday.wav"
    assert note in windows.notes


def test_two_classes_in_a_window(tmp_path):
    events = [
        ("a.wav", 0.2, 0.6, "wren"),
        ("a.wav", 0.5, 1.0, "robin"),
        ("a.wav", 2.5, 3, "robin"),
        ("a.wav", 3, 3.5, "robin"),
    ]
    assert labels(cut(tmp_path, {"a.wav": 4.0}, events, overlapping="drop", background=0)) == {2: "robin"}
    assert labels(cut(tmp_path, {"a.wav": 4.0}, events, overlapping="first", background=0)) == {0: "wren", 2: "robin"}


def test_what_somebody_marked_without_a_label_is_neither_class_nor_background(tmp_path):
    windows = cut(tmp_path, {"a.wav": 6.0}, [("a.wav", 0.2, 0.6, ""), ("a.wav", 2.2, 2.6, "wren")], background=10)
    assert labels(windows) == {2: "wren", 4: BACKGROUND}


def test_background_is_taken_evenly_from_all_recordings(tmp_path):
    events = [("a.wav", 1.0, 1.5, "wren")] * 1 + [("b.wav", 1.0, 1.5, "wren")] * 9
    events = [(path, start + 0.01 * k, end, label) for k, (path, start, end, label) in enumerate(events)]
    windows = cut(tmp_path, {"a.wav": 62.0, "b.wav": 62.0}, events, background=2)
    background = windows.clips[windows.clips["label"] == BACKGROUND]
    assert dict(background["path"].value_counts()) == {"a.wav": 10, "b.wav": 10}
    assert np.diff(np.sort(background.loc[background["path"] == "a.wav", "start_s"])).min() >= 4


def test_events_beyond_the_recording_are_another_recordings(tmp_path):
    events = [(f"{name}.wav", 9.0, 9.5, "wren") for name in "abcde"] + [("a.wav", 12.0, 13.0, "wren")]
    lengths_s = dict.fromkeys(["a.wav", "b.wav", "c.wav", "d.wav"], 4.0) | {"e.wav": 10.0}
    with pytest.raises(
        ValueError, match=r"'a.wav' .*: 4 s, with one from 9 to 9.5 s, and 1 more, 'b.wav' .* and 1 more"
    ):
        cut(tmp_path, lengths_s, events)
    windows = cut(tmp_path, lengths_s, events, reject_short=True)
    assert set(windows.clips["path"]) == {"e.wav"} == set(windows.known)
    assert windows.unusable["d.wav"] == "is shorter than its events: 4 s, with one from 9 to 9.5 s"


def test_the_rule_holds_for_any_events(tmp_path):
    """Checked window by window, on samples of a thousandth of a second."""
    n_compared = 0
    soundfile.write(tmp_path / "a.wav", white(20.0), SR)

    @settings(max_examples=40)
    @given(
        events=st.lists(
            st.tuples(st.floats(0, 18), st.floats(0.01, 6), st.sampled_from(["wren", "robin"])), min_size=1, max_size=5
        ),
        hop=st.sampled_from([0.5, 1.0, 2.0]),
        share=st.floats(0.05, 1),
    )
    def holds(events, hop, share):
        nonlocal n_compared
        rows = [("a.wav", round(start, 3), round(min(start + length, 20), 3), label) for start, length, label in events]
        is_labelled = True
        try:
            found = labels(
                cut(tmp_path, {}, rows, paths=["a.wav"], min_overlap=share, window_hop_s=hop, background=1000)
            )
        except ValueError as error:
            assert str(error).startswith("No window of 2 s has a label.")
            is_labelled = False
        for start in np.arange(0, 18 + hop / 2, hop):
            covered = {row: max(0, min(row[2], start + 2) - max(row[1], start)) for row in rows}
            shares = {row: max(c / (row[2] - row[1]), c / 2) for row, c in covered.items()}
            if any(abs(value - share) < 1e-6 for value in shares.values()):
                continue  # rounding decides
            named = {row[3] for row, value in shares.items() if value > share}
            if not is_labelled:
                assert len(named) != 1
                continue
            touched = any(c > 1e-9 for c in covered.values())
            expected = named.pop() if len(named) == 1 else None if touched else BACKGROUND
            assert found.get(start) == expected
            n_compared += 1

    holds()
    assert n_compared > 100


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Two recordings with tones where Raven and Audacity say that they are, and one that nobody annotated."""
    folder = tmp_path_factory.mktemp("field")
    for name in ("dawn", "dusk", "noon"):
        y = white(12, seed=ord(name[1]), rms=0.001)
        for start, hz in ((1.0, 500), (5.5, 3000)):
            y[int(start * SR) : int((start + 1) * SR)] += tone(hz, seconds=1)[: int(SR)]
        soundfile.write(folder / f"{name}.wav", y, SR)
    (folder / "dawn.txt").write_text("1.0\t2.0\tlow\n\\\t400\t600\n5.5\t6.5\thigh\n")
    raven = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tSpecies\n"
    (folder / "dusk.Table.1.selections.txt").write_text(
        f"{raven}1\tSpectrogram 1\t1\t1\t2\t0\t9000\tlow\n2\tS\t1\t5.5\t6.5\t0\t9000\thigh\n"
    )
    result = generate.render(folder, folder.parent / "images", annotations=folder, seconds=2, sr=SR, variants="none")
    return folder, result


def test_images_of_windows(rendered):
    folder, result = rendered
    table = result.metadata
    assert set(table["label"]) == {"low", "high", BACKGROUND} and result.rejected.empty
    assert set(table["audio_file"]) == {"dawn.wav", "dusk.wav"}, "what nobody annotated may hold anything"
    assert set(table["source_id"]) == {"dawn", "dusk"}
    window = table[(table["audio_file"] == "dawn.wav") & (table["start_s"] == 1.0)].iloc[0]
    assert window["label"] == "low" and json.loads(window["events"]) == [[0.0, 1.0, "low", 400.0, 600.0]]
    assert set(table.loc[table["label"] == BACKGROUND, "events"]) == {"[]"}


def test_a_second_run_renders_nothing_and_brings_events_up_to_date(rendered):
    folder, result = rendered
    (folder / "dawn.txt").write_text("1.0\t2.0\tlow\n5.5\t6.5\thigh\n")
    again = generate.render(folder, folder.parent / "images", annotations=folder, seconds=2, sr=SR, variants="none")
    assert list(again.metadata["audio_sha256"]) == list(result.metadata["audio_sha256"])
    window = again.metadata[(again.metadata["audio_file"] == "dawn.wav") & (again.metadata["start_s"] == 1.0)].iloc[0]
    assert json.loads(window["events"]) == [[0.0, 1.0, "low", None, None]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_overlap": 0.3}, "--min-overlap must be combined with --annotations"),
        ({"annotations": ".", "min_overlap": 0.0}, "min_overlap must be a fraction above 0"),
        ({"annotations": ".", "overlapping": "both"}, "overlapping must be one of drop, first"),
        ({"annotations": ".", "background": -1}, "background must be windows for each event"),
        ({"annotations": ".", "long": "first"}, "--long must be split with --annotations"),
        ({"annotations": ".", "labels": "x.csv"}, "--labels x.csv is not used by the layout annotations"),
        ({"layout": "annotations"}, "--layout annotations must be combined with --annotations PATH"),
    ],
)
def test_what_would_not_be_used_is_refused(rendered, options, message):
    folder, _ = rendered
    if "annotations" in options:
        options = options | {"annotations": folder}
    with pytest.raises(ValueError, match=message):
        generate.render(folder, folder.parent / "others", **options)


def test_recordings_with_annotations_beside_them_name_the_option(rendered):
    folder, _ = rendered
    with pytest.raises(ValueError, match="With --annotations PATH"):
        generate.render(folder, folder.parent / "others")


def test_a_window_may_have_the_labels_of_all_its_events(tmp_path):
    events = [("a.wav", 0.2, 1.0, "wren"), ("a.wav", 0.5, 1.8, "robin"), ("a.wav", 4.5, 5.0, "wren")]
    windows = cut(tmp_path, {"a.wav": 20.0}, events, background=1, overlapping="multi")
    assert {start: label for start, label in labels(windows).items() if label != BACKGROUND} == {
        0: "robin;wren",
        4: "wren",
    }


def test_events_and_classes_in_no_window_are_counted(tmp_path):
    events = [("a.wav", 1.0, 2.0, "wren"), ("a.wav", 18.2, 19.9, "owl"), ("a.wav", 18.5, 18.5, "owl")]
    windows = cut(tmp_path, {"a.wav": 20.0}, events, seconds=6.0)
    assert labels(windows) == {0: "wren", 6: BACKGROUND, 12: BACKGROUND}
    assert "2 events in no window: between two, or after the last one (lower --window-hop-s)" in windows.notes
    assert "1 class in no window: owl" in windows.notes
    assert not any("in no window" in note for note in cut(tmp_path, {"a.wav": 20.0}, events, window_hop_s=1).notes)


def test_a_recording_that_cannot_be_read_is_rejected_by_name(rendered, tmp_path, capsys):
    folder, _ = rendered
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    for name in ("dawn.wav", "dawn.txt"):
        (damaged / name).write_bytes((folder / name).read_bytes())
    (damaged / "late.wav").write_bytes((folder / "noon.wav").read_bytes()[:50_000])
    (damaged / "late.txt").write_text("1.0\t2.0\towl\n")
    given = ["--annotations", damaged, "--seconds", "2", "--sr", SR, "--variants", "none", "--listen", "0"]
    main([str(argument) for argument in (damaged, tmp_path / "images", *given)])
    said = capsys.readouterr().out
    assert "1 class in no window: owl" in said and "1 file will be rejected: late.wav" in said
    rejected = pd.read_csv(tmp_path / "images" / "rejected.csv")
    assert list(rejected["audio_file"]) == ["late.wav"] and "truncated" in rejected["reason"].iloc[0]
    assert "no clip could be rendered of" not in said


def test_other_texts_among_the_recordings_are_counted_though_annotations_lie_elsewhere(tmp_path):
    (tmp_path / "sounds").mkdir()
    (tmp_path / "labels").mkdir()
    for name in ("a", "b"):
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", white(4, seed=ord(name)), SR)
        (tmp_path / "labels" / f"{name}.txt").write_text("0.5\t1.5\twren\n2.5\t3.5\trobin\n")
        (tmp_path / "sounds" / f"{name}.txt").write_text("notes of the day")
    options = ReaderOptions(annotations=tmp_path / "labels")
    assert annotated.read(tmp_path / "sounds", options).skipped[".txt"] == 2
