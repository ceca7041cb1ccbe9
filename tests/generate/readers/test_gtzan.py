from __future__ import annotations

import pytest

from generate.audio import BadAudio, load
from generate.readers import READERS, ReaderOptions, find, read
from generate.readers.gtzan import GENRES
from generate.readers.gtzan_faults import LEFT_OUT, REPETITIONS
from generate.rendering.segments import cut_into_pieces
from tests.generate.readers.conftest import touch, write_audio

TRACKS = ("jazz/jazz.00053.wav", "jazz/jazz.00054.wav", "hiphop/hiphop.00000.wav", "rock/rock.00099.wav")


@pytest.mark.parametrize("inner", ["", "genres/", "genres_original/", "Data/genres_original/"])
def test_wherever_the_genres_stand_in_the_copies_that_go_about(tmp_path, inner):
    touch(tmp_path, *(inner + track for track in TRACKS), "Data/images_original/jazz/jazz00053.png", "readme.txt")

    assert find(tmp_path, ReaderOptions()).layout == "gtzan"
    clips = read(tmp_path, "gtzan", ReaderOptions()).clips

    assert list(clips["path"]) == sorted(inner + track for track in TRACKS)
    assert list(clips["clip_id"]) == ["hiphop.00000", "jazz.00053", "jazz.00054", "rock.00099"]
    # Each track is a recording of its own, but for one that is known to repeat another.
    assert list(clips["source_id"]) == ["hiphop.00000", "jazz.00034", "jazz.00054", "rock.00099"]
    assert list(clips["label"]) == ["hiphop", "jazz", "jazz", "rock"]
    assert set(clips["fold"]) == {""}


def test_the_tracks_of_the_first_release_are_au_files(tmp_path):
    touch(tmp_path, "genres/blues/blues.00000.au", "genres/blues/blues.00001.au", "genres/bextract_single.mf")
    assert find(tmp_path, ReaderOptions()).layout == "gtzan"
    collection = read(tmp_path, "gtzan", ReaderOptions())
    assert list(collection.clips["clip_id"]) == ["blues.00000", "blues.00001"]
    assert collection.skipped == {".mf": 1}


def test_the_broken_track_stays_a_clip_that_is_rejected_with_a_reason(tmp_path):
    write_audio(tmp_path, *TRACKS)
    broken = tmp_path / "jazz/jazz.00054.wav"
    broken.write_bytes(bytes(range(256)) * 400)

    clips = read(tmp_path, "gtzan", ReaderOptions()).clips
    clips, _, _ = cut_into_pieces(clips, tmp_path, seconds=5.0, workers=1)

    row = clips[clips["path"] == "jazz/jazz.00054.wav"]
    assert list(row["clip_id"]) == ["jazz.00054"]
    assert "broken in the published copies" in READERS["gtzan"].known_broken[row["clip_id"].item()]
    with pytest.raises(BadAudio, match="not readable as audio"):
        load(broken, 22050)


@pytest.mark.parametrize(
    "wrong",
    [
        *("jazz/take five.wav", "jazz/jazz.54.wav", "jazz/jazz.00054.extra.wav", "jazz/jazz.00001.m4a"),
        *("rock/jazz.00001.wav", "jazz/deeper/jazz.00001.wav", "jazz.00001.wav"),
    ],
)
def test_a_sound_that_is_not_named_as_a_track(tmp_path, wrong):
    touch(tmp_path, *TRACKS, wrong)
    with pytest.raises(ValueError) as caught:
        read(tmp_path, "gtzan", ReaderOptions())
    assert repr(wrong) in str(caught.value)
    assert "<genre>/<genre>.NNNNN.wav" in str(caught.value)
    assert "--layout folders" in str(caught.value)


def test_genres_of_a_user_are_class_folders(tmp_path):
    touch(tmp_path, "jazz/take five.wav", "rock/a.wav")
    assert find(tmp_path, ReaderOptions()).layout == "folders"
    with pytest.raises(ValueError, match="no genre folders with tracks such as 'jazz/jazz.00054.wav'"):
        read(tmp_path, "gtzan", ReaderOptions())


def test_files_where_genre_folders_are_expected(tmp_path):
    touch(tmp_path, "jazz", "genres", "rock/rock.00001.wav")
    assert find(tmp_path, ReaderOptions()).layout == "gtzan"


@pytest.fixture(scope="module")
def gtzan(tmp_path_factory):
    """All 1,000 tracks, empty."""
    folder = tmp_path_factory.mktemp("GTZAN")
    touch(folder, *(f"genres/{genre}/{genre}.{number:05d}.wav" for genre in GENRES for number in range(100)))
    return folder


def test_known_repetitions_share_a_recording_and_nothing_else_does(gtzan):
    collection = read(gtzan, "gtzan", ReaderOptions())
    recording = collection.clips.set_index("clip_id")["source_id"]
    assert len(recording) == 1000
    for group in REPETITIONS:
        assert recording[list(group)].nunique() == 1, group
    # Of Sturm 2013: "50 exact replicas", one of them in two genres; and tracks that no list names.
    assert sum(len(group) - 1 for group in REPETITIONS) == 50
    assert recording["metal.00058"] == recording["rock.00016"]
    assert recording["pop.00015"] == recording["pop.00022"] == recording["pop.00037"]
    untouched = recording[recording.index.str.startswith(("blues.", "classical."))]
    assert (untouched == untouched.index).all()
    assert "kept together in every split (--subset fault-filtered leaves them out)" in collection.notes[0]


def test_the_fault_filtered_subset_is_the_one_of_the_literature(gtzan):
    """443 + 197 + 290 tracks, by Kereliuk, Sturm and Larsen 2015 and in torchaudio."""
    collection = read(gtzan, "gtzan", ReaderOptions(subset="fault-filtered"))
    clips = set(collection.clips["clip_id"])
    assert len(clips) == 443 + 197 + 290
    assert collection.skipped == {"tracks with a known fault": 70}
    assert collection.clips["source_id"].is_unique and not collection.notes
    # As their lists have it: the one copy that stays of a pair, and what is left out.
    assert {"blues.00029", "disco.00089", "jazz.00051", "rock.00016", "pop.00031", "reggae.00054"} <= clips
    assert not {"disco.00055", "jazz.00033", "metal.00058", "pop.00030", "reggae.00003", "reggae.00086"} & clips
    assert sum(map(len, LEFT_OUT.values())) == 70


def test_a_subset_of_gtzan_that_there_is_not(gtzan):
    with pytest.raises(ValueError, match="must be fault-filtered for GTZAN. Got 'esc10'"):
        read(gtzan, "gtzan", ReaderOptions(subset="esc10"))
