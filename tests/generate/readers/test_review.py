import csv

import pandas as pd
import pytest

from generate.readers.review import REVIEW_COLUMNS, read_reviews

HEADER = ",".join(REVIEW_COLUMNS)
ROW = "1-a,dog/1-a.wav,0,5,dog,confirmed,dog,suspects,run,2026-11-28T14:00:00Z"


def write(path, *rows):
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


def test_a_later_review_is_valid(tmp_path):
    first = write(tmp_path / "1.csv", ROW, ',"/new/a, b.wav",2.5,7.5,dog,dropped,,events,run,')
    second = write(tmp_path / "2.csv", "1-a,dog/1-a.wav,0,5,dog,changed, cat ,suspects,run,")
    table = read_reviews([first, second], tmp_path)
    assert list(table["new_label"]) == ["", "cat"] and list(table["start_s"]) == [2.5, 0.0]
    assert table["file"][0] == "/new/a, b.wav"
    assert list(read_reviews([second, first], tmp_path)["decision"]) == ["confirmed", "dropped"]
    assert list(table["path"]) == ["/new/a, b.wav", ""]
    empty = read_reviews([], tmp_path)
    assert empty.empty and list(empty.columns) == [*REVIEW_COLUMNS, "path"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("1-a,dog/1-a.wav,0,5,dog,yes,dog,,,", "decision must be one of confirmed, changed, dropped"),
        ("1-a,dog/1-a.wav,-1,5,dog,dropped,,,,", "start_s must be seconds"),
        ("1-a,dog/1-a.wav,x,5,dog,dropped,,,,", "start_s must be seconds"),
        (",,0,5,dog,dropped,,,,", "file must name the recording"),
        ("1-a,dog/1-a.wav,0,5,dog,dropped,cat,,,", "new_label must be empty"),
        ("1-a,dog/1-a.wav,0,5,dog,changed,dog,,,", "must be another class"),
        ("1-a,dog/1-a.wav,0,5,dog,confirmed,cat,,,", "must be label where it is confirmed"),
        (ROW, "a clip must have one row"),
        ("1-a,dog/1-a.wav,0,5", "fields"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(tmp_path, row, words):
    with pytest.raises(ValueError, match="line") as error:
        read_reviews([write(tmp_path / "review.csv", ROW, row)], tmp_path)
    assert words in str(error.value) and "3" in str(error.value)


def test_no_such_review(tmp_path):
    with pytest.raises(FileNotFoundError, match="no review"):
        read_reviews([tmp_path / "review.csv"], tmp_path)
    pd.DataFrame({"file": ["a"]}).to_csv(tmp_path / "review.csv", index=False)
    with pytest.raises(ValueError, match="has no column 'clip_id'"):
        read_reviews([tmp_path / "review.csv"], tmp_path)


def test_a_review_that_a_spreadsheet_saved(tmp_path):
    rows = [HEADER, ROW, '"",/new/a.wav,"2,5","7,5",dog,changed,"cat, old",events,run,']
    text = "\r\n".join(";".join(next(csv.reader([row]))) for row in rows) + "\r\n"
    (tmp_path / "review.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    table = read_reviews([tmp_path / "review.csv"], tmp_path)
    assert list(table["start_s"]) == [0.0, 2.5] and list(table["new_label"]) == ["dog", "cat, old"]


def test_a_page_that_was_made_after_a_review_asks_for_the_class_that_it_gave(tmp_path):
    first = write(tmp_path / "1.csv", ",/new/a.wav,2.5,7.5,dog,changed,owl,,,", ",/new/a.wav,2.5,7.5,cat,dropped,,,,")
    second = write(tmp_path / "2.csv", "a-at00002.500s,/new/a.wav,2.50,7.5,owl,changed,rain,gallery,,")
    table = read_reviews([first, second], tmp_path)
    assert list(zip(table["label"], table["new_label"], strict=True)) == [("cat", ""), ("owl", "rain")]


@pytest.mark.parametrize("clip_id", ["a-at00002.500s", "a-at00002.500s-0123abcd"])
@pytest.mark.parametrize("is_relative", [False, True])
def test_a_window_within_the_audio_folder_that_was_added_before(tmp_path, clip_id, is_relative, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = "nights/a.wav" if is_relative else (tmp_path / "nights" / "a.wav").as_posix()
    first = write(tmp_path / "1.csv", f",{file},2.5,7.5,dog,changed,owl,,,")
    second = write(tmp_path / "2.csv", f"{clip_id},nights/a.wav,2.500,7.5,owl,dropped,,gallery,,")
    table = read_reviews([first, second], tmp_path)
    expected = [[(tmp_path / "nights" / "a.wav").as_posix(), "dropped"]]
    assert table[["path", "decision"]].to_numpy().tolist() == expected
