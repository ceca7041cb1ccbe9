from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.audio import decode, length
from generate.readers.collection.clips import clips_table
from generate.rendering.segments import count_pieces, cut_into_pieces
from tests.conftest import white

SR = 8000


def cut(clips, folder, *, seconds):
    """The pieces, where all recordings can be used."""
    pieces, unusable, _ = cut_into_pieces(clips, folder, seconds=seconds, workers=2)
    assert unusable == {}
    return pieces


@pytest.fixture
def recordings(tmp_path):
    """Write recordings of given lengths and give their clips table: `recordings(long=17.0, short=3.0)`."""

    def write(endings: str = "wav", **seconds):
        for name, duration in seconds.items():
            y = np.round(white(duration, sr=SR, seed=len(name)) * 32768) / 32768
            soundfile.write(tmp_path / f"{name}.{endings}", y, SR)
        return clips_table(
            paths=[f"{name}.{endings}" for name in seconds],
            labels=["bird" if "b" in name else "frog" for name in seconds],
            folds=[str(number) for number in range(len(seconds))],
            sources=[f"tape {name}" for name in seconds],
        )

    return write


# How many


@pytest.mark.parametrize(
    ("duration", "n_pieces"),
    [
        (0.0, 1),
        (0.001, 1),
        (2.49, 1),
        (2.5, 1),
        (4.99, 1),
        (5.0, 1),
        (5.0001, 1),
        (7.49, 1),
        (7.5, 2),
        (9.999, 2),
        (10.0, 2),
        (12.4, 2),
        (12.5, 3),
        (30.0, 6),
        (30.02, 6),
        (29.99, 6),
        (3600.0, 720),
    ],
)
def test_a_last_piece_counts_from_half_its_length_on(duration, n_pieces):
    assert count_pieces(duration, 5.0) == n_pieces


@settings(deadline=None)
@given(st.floats(0, 1e5), st.floats(0.05, 60))
def test_all_of_a_recording_but_less_than_half_a_piece_is_used(duration, seconds):
    n_pieces = count_pieces(duration, seconds)
    assert n_pieces >= 1
    assert duration - n_pieces * seconds < seconds / 2 + 1e-6, "no more than that is lost"
    if n_pieces > 1:
        assert n_pieces * seconds - duration <= seconds / 2 + 1e-6, "no piece is more than half empty"


@settings(deadline=None)
@given(st.integers(1, 3000), st.sampled_from([0.1, 0.3, 0.7, 1.1, 2.0, 4.0, 5.0]))
def test_lengths_that_are_whole_multiples_give_that_many_in_spite_of_rounding(number, seconds):
    assert count_pieces(number * seconds, seconds) == number


# The table


def test_long_recordings_become_pieces_and_short_ones_stay(recordings, tmp_path):
    clips = recordings(long_b=17.5, short=3.0, exact=5.0, bit_long=7.0)
    pieces = cut(clips, tmp_path, seconds=5.0)

    assert list(zip(pieces["clip_id"], pieces["start_s"], strict=True)) == [
        ("bit_long", 0.0),
        ("long_b-piece000", 0.0),
        ("long_b-piece001", 5.0),
        ("long_b-piece002", 10.0),
        ("long_b-piece003", 15.0),
        ("exact", 0.0),
        ("short", 0.0),
    ]
    assert list(pieces.columns) == list(clips.columns)
    assert list(pieces.index) == list(range(7))
    assert pieces["start_s"].dtype == float


def test_pieces_keep_label_fold_and_recording(recordings, tmp_path):
    clips = recordings(a=20.0, b=20.0)
    pieces = cut(clips, tmp_path, seconds=4.0)

    assert len(pieces) == 10
    for clip in clips.itertuples():
        of_it = pieces[pieces["path"] == clip.path]
        assert len(of_it) == 5
        for column in ("label", "fold", "source_id"):
            assert set(of_it[column]) == {getattr(clip, column)}, column
    assert pieces.groupby("source_id")["fold"].nunique().eq(1).all()


def test_ids_are_unique_and_sort_in_the_order_of_time(recordings, tmp_path):
    pieces = cut(recordings(a=60.0, b=60.0), tmp_path, seconds=0.5)
    assert len(pieces) == 240
    assert pieces["clip_id"].is_unique
    for _, of_one in pieces.groupby("path"):
        by_id = of_one.sort_values("clip_id")
        assert list(by_id["start_s"]) == sorted(of_one["start_s"])
        np.testing.assert_allclose(np.diff(by_id["start_s"]), 0.5)


def test_a_thousand_pieces_and_more_have_ids_of_their_own(recordings, tmp_path):
    pieces = cut(recordings(a=101.0), tmp_path, seconds=0.1)
    assert len(pieces) == 1010
    assert pieces["clip_id"].is_unique
    assert pieces["clip_id"].iloc[-1] == "a-piece1009"


def test_pieces_of_other_lengths_are_other_pieces_with_the_same_recording(recordings, tmp_path):
    clips = recordings(a=12.0)
    assert [len(cut(clips, tmp_path, seconds=seconds)) for seconds in (1, 4, 8, 9, 12, 60)] == [*(12, 3, 2, 1, 1, 1)]


def test_what_cannot_be_read_stays_one_clip_for_the_renderer_to_reject(recordings, tmp_path):
    clips = recordings(bad=20.0, empty=20.0, gone=20.0, text=20.0, whole=20.0)
    (tmp_path / "bad.wav").write_bytes(b"RIFF" + bytes(100_000))
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "gone.wav").unlink()
    (tmp_path / "text.wav").write_text("no sound")

    pieces, unusable, _ = cut_into_pieces(clips, tmp_path, seconds=5.0, workers=2)

    assert sorted(unusable) == ["bad.wav", "empty.wav", "gone.wav", "text.wav"]
    counts = pieces.groupby("path").size()
    assert dict(counts) == {"bad.wav": 1, "empty.wav": 1, "gone.wav": 1, "text.wav": 1, "whole.wav": 4}
    assert {"bad", "empty", "gone", "text"} < set(pieces["clip_id"])


def test_the_table_that_was_given_stays_as_it_was(recordings, tmp_path):
    clips = recordings(a=20.0, b=1.0)
    before = clips.copy(deep=True)
    cut(clips, tmp_path, seconds=5.0)
    assert clips.equals(before)


def test_the_index_of_the_table_does_not_matter(recordings, tmp_path):
    clips = recordings(a=11.0, b=1.0, c=1.0)
    expected = cut(clips, tmp_path, seconds=5.0)
    clips.index = [7, 3, 5]
    assert cut(clips, tmp_path, seconds=5.0).equals(expected)


def test_pieces_are_not_called_as_another_recording(recordings, tmp_path):
    clips = recordings(**{"a": 20.0, "a-piece000": 1.0, "A-piece001": 1.0})
    pieces = cut(clips, tmp_path, seconds=5.0)
    assert len(pieces) == 6
    assert pieces["clip_id"].str.casefold().is_unique


def test_the_samples_of_a_recording_that_does_not_tell_its_length_are_counted(recordings, tmp_path):
    clips = recordings("flac", a=20.0)
    header = bytearray((tmp_path / "a.flac").read_bytes())
    header[21] &= 0xF0
    header[22:26] = bytes(4)
    (tmp_path / "a.flac").write_bytes(header)
    assert len(cut(clips, tmp_path, seconds=5.0)) == 4


# The samples


def samples_of(pieces, folder, *, seconds):
    """As the file holds them: `load` takes each piece's own offset away."""
    return [
        decode(folder / piece.path, start_s=piece.start_s, longest_s=seconds).channels[:, 0]
        for piece in pieces.itertuples()
    ]


@pytest.mark.parametrize("endings", ["wav", "flac"])
@pytest.mark.parametrize("seconds", [1.0, 2.5, 3.3, 0.001])
def test_consecutive_pieces_put_together_are_the_recording(recordings, tmp_path, seconds, endings):
    length = round(6 * seconds + 0.7 * seconds, 6)
    clips = recordings(endings, a=length)
    whole = decode(tmp_path / clips["path"][0]).channels[:, 0]

    parts = samples_of(cut(clips, tmp_path, seconds=seconds), tmp_path, seconds=seconds)

    assert len(parts) == 7
    assert {len(part) for part in parts[:-1]} == {round(seconds * SR)}
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_what_is_left_out_at_the_end_is_shorter_than_half_a_piece(recordings, tmp_path):
    clips = recordings(a=11.9)
    parts = samples_of(cut(clips, tmp_path, seconds=4.0), tmp_path, seconds=4.0)
    assert [len(part) for part in parts] == [4 * SR, 4 * SR, round(3.9 * SR)]
    clips = recordings(a=9.9)
    parts = samples_of(cut(clips, tmp_path, seconds=4.0), tmp_path, seconds=4.0)
    assert [len(part) for part in parts] == [4 * SR, 4 * SR]


@pytest.mark.parametrize("seconds", [0.33333, 1 / 7])
def test_pieces_of_no_whole_number_of_samples_miss_at_most_one_between_them(recordings, tmp_path, seconds):
    clips = recordings(a=2.0)
    whole = decode(tmp_path / "a.wav").channels[:, 0]
    pieces = cut(clips, tmp_path, seconds=seconds)
    for number, (piece, y) in enumerate(
        zip(pieces.itertuples(), samples_of(pieces, tmp_path, seconds=seconds), strict=True)
    ):
        begin = round(piece.start_s * SR)
        np.testing.assert_array_equal(y, whole[begin : begin + len(y)])
        assert begin == pytest.approx(number * seconds * SR, abs=0.5001)
        assert len(y) == pytest.approx(seconds * SR, abs=1) or number == len(pieces) - 1


def test_real_recordings_that_were_joined_come_apart_again(esc10, tmp_path):
    paths = sorted(esc10.glob("001*/*.ogg"))[:4]
    originals = []
    for path in paths:
        y, sr = soundfile.read(path, dtype="int16")
        originals.append(np.resize(y, 5 * sr))
    soundfile.write(tmp_path / "tape.flac", np.concatenate(originals), sr)
    clips = clips_table(paths=["tape.flac"], labels=["Dog bark"])

    pieces = cut(clips, tmp_path, seconds=5.0)
    parts = samples_of(pieces, tmp_path, seconds=5.0)

    assert length(tmp_path / "tape.flac").seconds == 20
    assert set(pieces["source_id"]) == {"tape"}
    assert len(parts) == 4
    for part, original in zip(parts, originals, strict=True):
        np.testing.assert_array_equal(np.round(part * 32768).astype(np.int16), original)
