"""AudioSet's tables: lines as published, and files as usual downloaders name them."""

from __future__ import annotations

import json

import pytest
import soundfile

import generate
from generate.dataset.settings_file import read_settings
from generate.readers import ReaderOptions, find, read
from generate.readers.audioset_segments import Segment, find_files, read_segments
from tests.conftest import SR, tone, white
from tests.generate.readers.conftest import touch, write_text

# As published: https://research.google.com/audioset/download.html, and the first lines of balanced_train_segments.csv.
WEAK = """\
# Segments csv created Sun Mar  5 10:54:31 2017
# num_ytids=22160, num_segs=22160, num_unique_labels=527, num_positive_labels=52882
# YTID, start_seconds, end_seconds, positive_labels
--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/t/dd00088"
--ZhevVpy1s, 50.000, 60.000, "/m/012xff"
--aE2O5G5WE, 0.000, 10.000, "/m/03fwl,/m/04rlf,/m/09x0r"
--aO5cdqSAg, 30.000, 40.000, "/t/dd00003,/t/dd00005"
-0RWZT-miFs, 420.000, 430.000, "/m/03v3yw,/m/0k4j"
"""
# As published: https://research.google.com/audioset/download_strong.html.
STRONG = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\ns9d-2nhuJCQ_30000\t2.627\t7.237\t/m/053hz1\n"
NAMES = 'index,mid,display_name\n0,/m/09x0r,"Speech"\n1,/m/05zppz,"Male speech, man speaking"\n300,/m/0k4j,"Car"\n'


def test_weak_labels_as_published(tmp_path):
    write_text(tmp_path / "balanced_train_segments.csv", WEAK)
    write_text(tmp_path / "class_labels_indices.csv", NAMES)
    touch(tmp_path, "audio/--PJHxphWEs_30.000.wav", "audio/-0RWZT-miFs.wav", "audio/other.wav")
    assert find(tmp_path, ReaderOptions()).layout == "audioset"

    collection = read(tmp_path, "audioset", ReaderOptions())

    rows = collection.clips.set_index("source_id")[["path", "label", "split"]].to_dict("index")
    assert rows == {
        "--PJHxphWEs": {"path": "audio/--PJHxphWEs_30.000.wav", "label": "/t/dd00088;Speech", "split": "train"},
        "-0RWZT-miFs": {"path": "audio/-0RWZT-miFs.wav", "label": "/m/03v3yw;Car", "split": "train"},
    }
    assert collection.multilabel and collection.missing == []
    assert collection.skipped == {"audio files that are not certain to be of a segment": 1}
    notes = "\n".join(collection.notes)
    assert "no file of 3 of the 5 segments: --ZhevVpy1s_50000, --aE2O5G5WE_0, --aO5cdqSAg_30000" in notes
    assert "2 labels without a display name: /m/03v3yw, /t/dd00088" in notes
    assert "as its segment, not as the whole video" in notes


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("s9d-2nhuJCQ.flac", True),  # huggingface.co/datasets/agkphysics/AudioSet
        ("Ys9d-2nhuJCQ.wav", True),  # qiuqiangkong/audioset_tagging_cnn
        ("s9d-2nhuJCQ_30.000.wav", True),  # RicherMans/SAT
        ("s9d-2nhuJCQ_30.000_40.000.wav", True),
        ("Ys9d-2nhuJCQ_30.000_40.000.wav", True),  # DCASE 2019 task 4
        ("s9d-2nhuJCQ_30000_40000.flac", True),
        ("s9d-2nhuJCQ_30000.wav", True),  # the strong labels' own
        ("Ys9d-2nhuJCQ_30000.wav", True),
        ("s9d-2nhuJCQ_30.wav", True),
        ("[s9d-2nhuJCQ]-[30-40].webm", True),  # keunwoochoi/audioset-downloader
        ("s9d-2nhuJCQ_40.000.wav", False),
        ("S9d-2nhuJCQ.wav", False),
        ("xs9d-2nhuJCQ.wav", False),
        ("s9d-2nhuJCQ copy.wav", False),
    ],
)
def test_files_of_usual_downloaders(file, found):
    segment = Segment("s9d-2nhuJCQ", 30000)
    assert find_files([segment, Segment("Y0DtJdRFPmS", 30000)], ["x/" + file]) == (
        {segment: "x/" + file} if found else {},
        {},
    )


def test_a_file_that_several_segments_could_be_of_is_not_guessed():
    one, two = Segment("s9d-2nhuJCQ", 30000), Segment("s9d-2nhuJCQ", 70000)
    found, unclear = find_files([one, two], ["s9d-2nhuJCQ.wav", "s9d-2nhuJCQ_70.wav"])
    assert found == {two: "s9d-2nhuJCQ_70.wav"}
    assert unclear == {one: "'s9d-2nhuJCQ.wav' does not say which of 2 segments it is"}
    assert find_files([one], ["a/s9d-2nhuJCQ.wav", "b/s9d-2nhuJCQ.wav"])[1][one].startswith("2 files have its name")


def test_strong_labels_become_windows_with_several_labels(tmp_path):
    audio = tmp_path / "AudioSet"
    more = "s9d-2nhuJCQ_30000\t6.000\t10.000\t/m/09x0r\nb0RFKhbpFJA_30000\t0.000\t10.000\t/m/03m9d0z\n"
    write_text(audio / "meta/audioset_eval_strong.tsv", STRONG + more)
    write_text(audio / "meta/mid_to_display_name.tsv", "/m/053hz1\tCheering\n/m/09x0r\tSpeech\n")
    soundfile.write(audio / "Ys9d-2nhuJCQ_30.000_40.000.wav", tone(440, seconds=10) + white(10.0, rms=0.01), SR)
    options = {"layout": "audioset", "labels": audio / "meta/audioset_eval_strong.tsv", "overlapping": "multi"}

    result = generate.render(audio, tmp_path / "images", seconds=2.0, variants=["none"], listen=0, workers=1, **options)

    table = result.metadata.set_index("start_s")
    # Windows of 2 s every second: of the one from 6 s to 8 s, 1.237 s are cheering and all is speech.
    assert table.loc[3.0, "label"] == "Cheering" and table.loc[6.0, "label"] == "Cheering;Speech"
    assert table.loc[8.0, "label"] == "Speech"
    assert json.loads(table.loc[6.0, "events"])[0][:3] == [0.0, 1.237, "Cheering"]
    assert set(table["source_id"]) == {"s9d-2nhuJCQ"} and set(table["split"]) == {"test"}
    collection = read_settings(tmp_path / "images/settings.json")["collection"]
    assert collection["layout"] == "audioset" and collection["multilabel"] and collection["overlapping"] == "multi"
    with pytest.raises(ValueError, match="such as --overlapping, must be combined with annotations"):
        write_text(audio / "w.csv", WEAK.replace("-0RWZT-miFs, 420", "s9d-2nhuJCQ, 30"))
        generate.render(audio, tmp_path / "other", **(options | {"labels": audio / "w.csv"}))


def test_strong_labels_of_a_file_that_is_cut_short_cost_that_file_alone(tmp_path):
    audio, files = tmp_path / "AudioSet", {"s9d-2nhuJCQ_30000": 10, "b0RFKhbpFJA_30000": 3}
    rows = [f"{segment}\t{at}.000\t{at + 1}.000\t/m/053hz1\n" for segment in files for at in (1, 8)]
    unclear = "YYYYYYYYYYY_0\t1.000\t2.000\t/m/09x0r\nYYYYYYYYYYY_0\t3.000\t4.000\t/m/0k4j\n"
    write_text(audio / "audioset_eval_strong.tsv", STRONG.partition("\n")[0] + "\n" + "".join(rows) + unclear)
    for segment, seconds in files.items():
        soundfile.write(audio / f"{segment}.wav", tone(440, seconds=seconds) + white(float(seconds), rms=0.01), SR)
    touch(audio, "a/YYYYYYYYYYY_0.wav", "b/YYYYYYYYYYY_0.wav")

    result = generate.render(audio, tmp_path / "images", seconds=2.0, variants=["none"], listen=0, workers=1)

    assert set(result.metadata["source_id"]) == {"s9d-2nhuJCQ"}
    reasons = result.rejected.set_index("audio_file")["reason"]
    assert reasons["b0RFKhbpFJA_30000.wav"] == "is shorter than its events: 3 s, with one from 8 to 9 s"
    assert set(reasons.index) == {"b0RFKhbpFJA_30000.wav", "YYYYYYYYYYY_0"}
    assert result.lost_classes == [], "what a file that is not read may hold is no class"


def test_a_table_is_known_wherever_it_is(tmp_path):
    write_text(tmp_path / "tables/eval_segments.csv", WEAK)
    touch(tmp_path, "audio/--PJHxphWEs.wav")
    options = ReaderOptions(labels=tmp_path / "tables/eval_segments.csv")
    assert find(tmp_path / "audio", options).layout == "audioset"
    assert list(read(tmp_path / "audio", "audioset", options).clips["split"]) == ["test"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WEAK.replace("50.000, 60.000", "60.000, 50.000"), "line 5: the end must not be before the start"),
        (WEAK.replace('"/m/012xff"', '""'), "line 5: a segment must have a label"),
        (WEAK.replace("--aE2O5G5WE, 0.000, 10", "--PJHxphWEs, 30.000, 40"), "line 6: the segment .* has two rows"),
        (WEAK.replace(', "/m/012xff"', ""), "line 5 has 3 fields"),
        (STRONG.replace("_30000", ""), "line 2: a segment must be the video and its beginning"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, text, message):
    write_text(tmp_path / "t.csv", text)
    with pytest.raises(ValueError, match=message):
        read_segments(tmp_path / "t.csv")


def test_files_of_other_names_are_refused_with_what_to_do(tmp_path):
    write_text(tmp_path / "segments.csv", WEAK)
    touch(tmp_path, "blackbird/a.wav", "robin/b.wav")
    with pytest.raises(ValueError, match="of segments.csv, such as --PJHxphWEs_30000.wav. Got 2 .* --layout folders"):
        read(tmp_path, find(tmp_path, ReaderOptions()).layout, ReaderOptions())
    assert len(read(tmp_path, "folders", ReaderOptions(), is_explicit=True).clips) == 2


def test_tables_of_both_kinds_and_segments_in_two_tables(tmp_path):
    touch(tmp_path, "--PJHxphWEs.wav")
    write_text(tmp_path / "a.csv", WEAK)
    write_text(tmp_path / "b.csv", WEAK)
    with pytest.raises(ValueError, match="--PJHxphWEs_30000 is in another table too. Choose one with --labels"):
        read(tmp_path, "audioset", ReaderOptions())
    write_text(tmp_path / "b.csv", STRONG)
    with pytest.raises(ValueError, match="all in a folder the same. Got a.csv, b.csv"):
        read(tmp_path, "audioset", ReaderOptions())
