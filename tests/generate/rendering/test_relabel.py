"""A review is applied to a collection, from the command line to the tables."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from generate.__main__ import main
from generate.dataset import tables
from generate.readers.review import REVIEW_COLUMNS
from generate.rendering import run
from generate.rendering.options import options_by_name
from generate.rendering.prepare import prepare
from tests.conftest import SR, tone, white

QUICK = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--listen", "0"]


def generate(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def review(path: Path, *rows) -> Path:
    """Write a review of `(clip_id, file, start_s, label, new_label)`; an empty new label drops the clip."""
    values = [
        {
            "clip_id": clip_id,
            "file": file,
            "start_s": start_s,
            "end_s": start_s + 1,
            "label": label,
            "decision": "dropped" if not new else "confirmed" if new == label else "changed",
            "new_label": new,
        }
        for clip_id, file, start_s, label, new in rows
    ]
    pd.DataFrame(values).reindex(columns=list(REVIEW_COLUMNS)).to_csv(path, index=False)
    return path


@pytest.fixture
def recording(tmp_path):
    """A recording outside of the audio folder."""
    path = tmp_path / "new" / "a, night.wav"
    path.parent.mkdir()
    soundfile.write(path, tone(300, seconds=4), SR)
    return path


def test_a_review_is_applied_and_its_images_follow(audio_folder, recording, tmp_path, capsys):
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--variants", "noise=10") == 0
    before = {path.name: path.stat().st_mtime_ns for path in images.glob("*/*.png")}
    sounds = {path: path.stat().st_mtime_ns for path in audio_folder.rglob("*.wav")}
    file = review(
        tmp_path / "review.csv",
        ("low-0", "low/0.wav", 0, "low", "high"),
        ("low-1", "low/1.wav", 0, "low", ""),
        ("low-2", "low/2.wav", 0, "low", "low"),
        ("", recording, 0, "low", "low"),
        ("", recording, 2.5, "low", "owl"),
        ("", recording, 1, "high", ""),
        ("", recording, 1.5, "high", "high"),
        ("", recording, 1.5, "low", "low"),
        ("", recording, 0, "high", ""),
        ("", recording.with_name("gone.wav"), 0, "low", "low"),
        ("", audio_folder / "high" / "0.wav", 0, "high", "high"),
    )
    capsys.readouterr()
    assert generate(audio_folder, images, *QUICK, "--variants", "noise=10", "--labels-from", file) == 3
    out = capsys.readouterr().out
    assert f"reads 1 recording outside the collection, in {recording.parent}" in out
    assert "1 changed, 2 confirmed, 1 dropped, 2 windows added" in out and "'owl'" in out and "gone.wav" in out
    table = tables.read_metadata(images / "metadata.csv")
    assert len(table) == 2 * (8 - 1 + 2)
    of = table[table["variant"] == "original"].set_index("clip_id")
    assert of["label"].value_counts().to_dict() == {"high": 5, "low": 3, "owl": 1}
    assert of["reviewed"][["low-0", "low-2", "high-0", "low-3"]].tolist() == ["changed", "confirmed", "confirmed", ""]
    added = of[of["reviewed"] == "added"]
    assert set(added["audio_file"]) == {recording.as_posix()} and set(added["source_id"]) == {
        "a- night-" + added["source_id"].iloc[0][-8:]
    }
    assert sorted(added["start_s"]) == [0, 2.5] and set(added["seconds"]) == {1.0}
    assert {name: (images / name).is_file() for name in table["file_name"]} == dict.fromkeys(table["file_name"], True)
    assert not list(images.glob("*/low-1__*")) and not list((images / "low").glob("low-0__*"))
    kept = {path.name: path.stat().st_mtime_ns for path in (images / "low").glob("low-2__*")}
    assert kept == {name: before[name] for name in kept} and len(kept) == 2  # not rendered again
    log = pd.read_csv(images / "reviewed.csv", keep_default_na=False)
    assert list(log["outcome"]) == [
        "changed",
        "dropped",
        "confirmed",
        "added",
        "added",
        "not added",
        "two classes",
        "two classes",
        "not added",
        "not there",
        "confirmed",
    ]
    assert {path: path.stat().st_mtime_ns for path in audio_folder.rglob("*.wav")} == sounds

    # The review stays with the images; a second one is added to it, and a page of these images may ask again.
    again = [audio_folder, images, *QUICK, "--variants", "noise=10", "--max-rejected", "20"]
    assert generate(*again) == 0 and "0 to render" in capsys.readouterr().out
    owl = of[of["label"] == "owl"].index[0]
    second = review(
        tmp_path / "second.csv",
        ("low-2", "low/2.wav", 0, "low", "high"),
        (owl, recording.as_posix(), 2.5, "owl", "low"),
    )
    assert generate(*again, "--labels-from", second) == 0
    table = tables.read_metadata(images / "metadata.csv")
    of = table[table["variant"] == "original"].set_index("clip_id")
    assert of["label"].value_counts().to_dict() == {"high": 6, "low": 3}
    assert of["label"][["low-0", "low-2", owl]].tolist() == ["high", "high", "low"]
    log = pd.read_csv(images / "reviewed.csv", keep_default_na=False)
    assert log["outcome"].value_counts()[["added", "changed", "dropped"]].tolist() == [2, 2, 1]

    assert generate(*again, "--overwrite", "--seed", "3") == 0
    table = tables.read_metadata(images / "metadata.csv")
    assert table[table["variant"] == "original"]["label"].value_counts().to_dict() == {"high": 6, "low": 3}
    (images / "reviewed.csv").unlink()
    assert generate(*again, "--overwrite") == 0
    assert tables.read_metadata(images / "metadata.csv")["reviewed"].eq("").all()
    assert not (images / "reviewed.csv").exists()


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        ([("low-0", "low/0.wav", 0, "low", "high")], ["--limit", "4"], "a run of all clips"),
        ([("low-0", "low/0.wav", 0, "low", "high")], ["--classes", "low", "high"], "a run of all clips"),
        ([("low-0", "low/0.wav", 0, "low", "High")], [], "spelled as in the collection: 'high'. Got 'High'"),
        ([("low-0", "low/0.wav", 0.5, "low", "high")], [], "such as 'low-0' (low/0.wav, from 0.5 s)"),
    ],
)
def test_a_review_that_cannot_be_applied_is_refused(audio_folder, tmp_path, capsys, rows, options, words):
    file = review(tmp_path / "review.csv", *rows)
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--labels-from", file, *options) == 1
    assert words in capsys.readouterr().err and not (tmp_path / "images").exists()


def test_what_was_decided_of_a_clip_is_valid_before_what_was_decided_of_an_event_in_it(audio_folder, tmp_path, capsys):
    file = review(
        tmp_path / "review.csv",
        ("", audio_folder / "low" / "0.wav", 0, "high", "high"),
        ("low-0", "low/0.wav", 0, "low", "low"),
        ("", audio_folder / "low" / "1.wav", 0, "high", "high"),
    )
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--labels-from", file) == 0
    assert "1 changed, 1 confirmed" in capsys.readouterr().out
    table = tables.read_metadata(tmp_path / "images" / "metadata.csv").set_index("clip_id")
    assert table.loc[["low-0", "low-1"], "reviewed"].drop_duplicates().tolist() == ["confirmed", "changed"]
    assert set(table.loc["low-0", "label"]) == {"low"} and set(table.loc["low-1", "label"]) == {"high"}


def test_a_clip_in_which_events_confirm_two_classes_is_left_out(audio_folder, tmp_path, capsys):
    """It was of one class only, and a model would learn that."""
    file = review(
        tmp_path / "review.csv",
        ("", audio_folder / "low" / "0.wav", 0, "high", "high"),
        ("", audio_folder / "low" / "0.wav", 0, "low", "low"),
    )
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--variants", "none", "--labels-from", file) == 0
    assert "2 left out, of windows with two classes" in capsys.readouterr().out
    table = tables.read_metadata(tmp_path / "images" / "metadata.csv")
    assert len(table) == 8 - 1 and "low-0" not in set(table["clip_id"])


def test_a_recording_outside_the_collection_that_cannot_be_read_is_rejected(audio_folder, tmp_path, capsys):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "text.wav").write_text("no audio")
    file = review(tmp_path / "review.csv", ("", tmp_path / "new" / "text.wav", 0, "low", "low"))
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--variants", "none", "--labels-from", file) == 3
    out = capsys.readouterr().out
    assert f"1 file will be rejected: {tmp_path / 'new' / 'text.wav'} (not readable as audio" in out


def test_a_window_of_the_collections_own_recording_keeps_its_source(tmp_path, monkeypatch):
    sounds = tmp_path / "sounds"
    for label in ("low", "high"):
        for k in range(2):
            (sounds / label).mkdir(parents=True, exist_ok=True)
            soundfile.write(sounds / label / f"{label}-{k}.wav", tone(300, seconds=3), SR)
    monkeypatch.chdir(tmp_path)
    file = review(
        tmp_path / "review.csv",
        ("", "sounds/low/low-0.wav", 1.0, "low", "high"),  # that piece
        ("", "sounds/low/low-0.wav", 0.25, "low", "high"),  # no clip begins there
    )
    assert (
        generate(sounds, tmp_path / "images", *QUICK, "--variants", "none", "--long", "split", "--labels-from", file)
        == 0
    )
    table = tables.read_metadata(tmp_path / "images" / "metadata.csv")
    assert len(table) == 13 and table["recording"].nunique() == 4
    of_file = table[table["recording"] == "low-0"].sort_values("start_s")
    assert list(of_file["start_s"]) == [0, 0.25, 1, 2] and list(of_file["reviewed"]) == ["", "added", "changed", ""]
    assert list(of_file["label"]) == ["low", "high", "high", "low"]


def test_a_clip_moves_to_a_class_with_variants_of_its_own(audio_folder, tmp_path, capsys):
    """Its images of other variants are removed with its old class, and need not be requested."""
    config = tmp_path / "own.toml"
    config.write_text('variants = ["gain=-6"]\n[class-variants]\nhigh = "none"\n')
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--config", config) == 0
    file = review(tmp_path / "review.csv", ("low-0", "low/0.wav", 0, "low", "high"))
    assert generate(audio_folder, images, *QUICK, "--config", config, "--labels-from", file) == 0, capsys.readouterr()
    table = tables.read_metadata(images / "metadata.csv")
    assert table.loc[table["clip_id"] == "low-0", ["label", "variant"]].to_numpy().tolist() == [["high", "original"]]


def test_a_window_of_a_copy_of_a_recording_keeps_its_source(audio_folder, tmp_path):
    """It would be trained on while its recording is tested."""
    (tmp_path / "new").mkdir()
    copy = tmp_path / "new" / "20240501.wav"
    copy.write_bytes((audio_folder / "low" / "0.wav").read_bytes())
    file = review(tmp_path / "review.csv", ("", copy, 0.3, "low", "high"))
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--variants", "none", "--labels-from", file) == 0
    table = tables.read_metadata(tmp_path / "images" / "metadata.csv").set_index("clip_id")
    (added,) = table.index[table["reviewed"] == "added"]
    assert table["recording"][added] == table["recording"]["low-0"]


def test_a_window_of_a_recording_that_its_name_tells_keeps_its_source(audio_folder, tmp_path):
    (tmp_path / "new").mkdir()
    names = ("1_night.wav", "low-2.wav", "night.wav")  # more of two, the second called as the recording itself
    for name in names:
        soundfile.write(tmp_path / "new" / name, tone(300, seconds=4), SR)
    rows = [("", tmp_path / "new" / name, 0.5, "low", "high") for name in names]
    file = review(tmp_path / "review.csv", *rows)
    given = [*QUICK, "--variants", "none", "--labels-from", file, "--source-pattern", r"^([01])"]
    assert generate(audio_folder, tmp_path / "images", *given) == 0
    table = tables.read_metadata(tmp_path / "images" / "metadata.csv")
    added = table[table["reviewed"] == "added"].sort_values("audio_file")
    assert list(added["recording"]) == ["1", "low-2", "night"]
    assert (
        set(table["recording"]) == {"0", "1", "low-2", "low-3", "high-2", "high-3", "night"}
        and not table["clip_id"].duplicated().any()
    )


def test_a_variant_of_a_window_takes_no_audio_from_behind_it(audio_folder, recording, tmp_path):
    """What comes after the window was not reviewed."""
    file = review(tmp_path / "review.csv", ("", recording, 0.5, "low", "high"))
    given = [*QUICK, "--long", "first", "--variants", "gain=-6", "--labels-from", file]
    assert generate(audio_folder, tmp_path / "images", *given) == 0
    table = tables.read_metadata(tmp_path / "images" / "metadata.csv")
    added = table[table["reviewed"] == "added"]
    assert added["seconds"].tolist() == [1.0, 1.0] and set(added["variant"]) == {"original", "gain=-6"}


def test_the_clips_of_an_applied_review_may_go(audio_folder, tmp_path, capsys):
    file = review(tmp_path / "review.csv", ("low-0", "low/0.wav", 0, "low", ""))
    given = [audio_folder, tmp_path / "images", *QUICK, "--variants", "none"]
    assert generate(*given, "--labels-from", file) == 0
    (audio_folder / "low" / "0.wav").unlink()  # which the review dropped
    assert generate(*given) == 0
    assert "1 reviewed clip not in this collection, such as low-0: left out" in capsys.readouterr().out
    assert len(tables.read_metadata(tmp_path / "images" / "metadata.csv")) == 7


def test_a_window_that_was_added_within_the_audio_folder_can_be_reviewed_again(audio_folder, tmp_path):
    images, night = tmp_path / "images", audio_folder / "high" / "0.wav"
    soundfile.write(night, tone(300, seconds=4), SR)
    given = [audio_folder, images, *QUICK, "--variants", "none", "--long", "first"]
    assert generate(*given, "--labels-from", review(tmp_path / "1.csv", ("", night, 2.5, "low", "owl"))) == 0
    table = tables.read_metadata(images / "metadata.csv")
    (owl,) = table.index[table["label"] == "owl"]
    clip_id, file = table.loc[owl, ["clip_id", "audio_file"]]
    assert file == "high/0.wav"
    again = review(tmp_path / "2.csv", (clip_id, file, 2.5, "owl", "rain"))
    assert generate(*given, "--labels-from", again) == 0
    labels = tables.read_metadata(images / "metadata.csv").set_index("clip_id")["label"]
    assert labels[clip_id] == "rain" and "owl" not in set(labels) and len(labels) == 9


def test_a_review_of_annotated_windows_stays_when_the_project_is_moved(tmp_path, monkeypatch, capsys):
    project = tmp_path / "project"
    (project / "sounds").mkdir(parents=True)
    monkeypatch.chdir(project)
    for seed, name in enumerate(("a", "b")):
        soundfile.write(f"sounds/{name}.wav", white(6, seed=seed), SR)
        Path(f"sounds/{name}.txt").write_text("0.1\t0.9\twren\n2.1\t2.9\tcrow\n4.1\t4.9\tcrow\n")
    given = ["sounds", "images", "--annotations", "sounds", "--window-hop-s", "1", *QUICK, "--variants", "none"]
    given += ["--background", "none"]
    assert generate(*given) == 0
    before = tables.read_metadata(Path("images/metadata.csv"))
    crows = before[before["label"] == "crow"].sort_values(["audio_file", "start_s"])
    rows = [
        (row.clip_id, row.audio_file, row.start_s, "crow", new)
        for row, new in zip(crows.itertuples(), ("", "robin", "crow", "crow"), strict=True)
    ]
    assert generate(*given, "--labels-from", review(Path("review.csv"), *rows)) == 0
    reviewed = tables.read_metadata(Path("images/metadata.csv"))
    assert set(pd.read_csv("images/reviewed.csv")["clip_id"]) == set(crows["clip_id"])
    moved = project.rename(tmp_path / "moved")
    monkeypatch.chdir(moved)
    capsys.readouterr()
    assert generate(*given) == 0
    assert "Nothing to render" in capsys.readouterr().out
    after = tables.read_metadata(Path("images/metadata.csv"))
    columns = ["clip_id", "label", "reviewed"]
    assert after[columns].to_numpy().tolist() == reviewed[columns].to_numpy().tolist()
    assert after["label"].value_counts().to_dict() == {"wren": 2, "crow": 2, "robin": 1}


def test_overwrite_keeps_a_review_even_if_it_is_killed(audio_folder, tmp_path, monkeypatch):
    file = review(tmp_path / "review.csv", ("low-0", "low/0.wav", 0, "low", "high"))
    given = [audio_folder, tmp_path / "images", *QUICK, "--variants", "none"]
    assert generate(*given, "--labels-from", file) == 0
    file.unlink()

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "_render_jobs", killed)
        assert generate(*given, "--overwrite") == 130
    assert generate(*given) == 0
    table = tables.read_metadata(tmp_path / "images" / "metadata.csv")
    assert table["label"].value_counts().to_dict() == {"high": 5, "low": 3}


def test_overwrite_by_another_collection_does_not_lose_a_review(audio_folder, tmp_path, capsys):
    file = review(tmp_path / "review.csv", ("low-0", "low/0.wav", 0, "low", "high"))
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--variants", "none", "--labels-from", file) == 0
    other = shutil.copytree(audio_folder, tmp_path / "other")
    before = (images / "reviewed.csv").read_bytes()
    assert generate(other, images, *QUICK, "--variants", "none", "--overwrite") == 1
    assert "a review of another audio folder" in capsys.readouterr().err
    assert (images / "reviewed.csv").read_bytes() == before and len(tables.read_metadata(images / "metadata.csv")) == 8
    moved = (images / "reviewed.csv").rename(tmp_path / "mine.csv")
    assert generate(other, images, *QUICK, "--variants", "none", "--overwrite", "--labels-from", moved) == 0
    assert tables.read_metadata(images / "metadata.csv")["label"].value_counts().to_dict() == {"high": 5, "low": 3}


def test_a_review_of_another_collection(audio_folder, tmp_path, capsys):
    file = review(tmp_path / "review.csv", ("cat-0", "cat/cat-0.wav", 0, "cat", "dog"))
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--labels-from", file) == 1
    assert "must be a review of this collection. Got 1 clip, such as 'cat-0'" in capsys.readouterr().err
    file = review(
        tmp_path / "review.csv",
        ("cat-0", "cat/cat-0.wav", 0, "cat", "dog"),
        ("low-0", "low/0.wav", 0, "low", "high"),
    )
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--labels-from", file, "--dry-run") == 0
    assert "1 reviewed clip not in this collection, such as cat-0" in capsys.readouterr().out
    assert not (tmp_path / "images").exists()


def test_a_review_of_a_clip_that_is_called_otherwise_by_now(audio_folder, tmp_path, capsys):
    """Another file of the same name is added, and both clips get names of their own."""
    images, given = tmp_path / "images", [*QUICK, "--variants", "none"]
    soundfile.write(audio_folder / "low" / "bark.wav", tone(200), SR)
    file = review(tmp_path / "review.csv", ("bark", "low/bark.wav", 0, "low", ""))
    assert generate(audio_folder, images, *given, "--labels-from", file) == 0
    soundfile.write(audio_folder / "low" / "bark.flac", tone(210), SR)
    assert generate(audio_folder, images, *given) == 0
    table = tables.read_metadata(images / "metadata.csv")
    assert "low/bark.flac" in set(table["audio_file"]) and "low/bark.wav" not in set(table["audio_file"])
    assert "not in this collection" not in capsys.readouterr().out


def test_a_class_that_a_review_emptied(audio_folder, tmp_path, capsys):
    rows = [(f"low-{k}", f"low/{k}.wav", 0, "low", "high") for k in range(4)]
    given = [audio_folder, tmp_path / "images", *QUICK, "--variants", "none"]
    assert generate(*given, "--labels-from", review(tmp_path / "review.csv", *rows), "--classes", "low") == 1
    assert generate(*given, "--labels-from", tmp_path / "review.csv") == 0
    (tmp_path / "review.csv").unlink()
    capsys.readouterr()
    drop = review(tmp_path / "images" / "reviewed.csv", *((*row[:4], "") for row in rows))
    applied = pd.read_csv(drop).assign(outcome="dropped")
    applied.to_csv(drop, index=False)
    assert generate(*given, "--classes", "low") == 1
    assert (
        "A class must have a clip whose file is there, also after a review (reviewed.csv, --labels-from). Got none of"
        in (capsys.readouterr().err)
    )


def test_a_review_that_another_run_applies_meanwhile_is_not_lost(audio_folder, tmp_path):
    images = tmp_path / "images"
    files = [review(tmp_path / f"{k}.csv", (f"low-{k}", f"low/{k}.wav", 0, "low", "high")) for k in range(3)]
    settings = {"seconds": 1, "sr": SR, "engine": "librosa", "image_size": (32, 32), "variants": ["none"]}

    def prepared(**more):
        return prepare(options_by_name(audio_folder, images, {**settings, "workers": 1, "listen": 0, **more}))

    first, second, without = prepared(labels_from=files[0]), prepared(labels_from=files[1]), prepared()
    run.execute(first)
    for late in (second, without):
        with pytest.raises(ValueError, match=r"reviewed.csv.* must not change .* Run it again"):
            run.execute(late)
    run.execute(prepared(labels_from=files[1]))
    assert tables.read_metadata(images / "metadata.csv")["label"].value_counts().to_dict() == {"high": 6, "low": 2}
    assert len(pd.read_csv(images / "reviewed.csv")) == 2


def test_a_review_may_drop_most_clips(audio_folder, tmp_path):
    given = [audio_folder, tmp_path / "images", *QUICK, "--variants", "none"]
    assert generate(*given) == 0
    clips = tables.read_metadata(tmp_path / "images" / "metadata.csv")
    most = clips.groupby("label").head(3)
    rows = [(row.clip_id, row.audio_file, 0, row.label, "") for row in most.itertuples()]
    assert generate(*given, "--labels-from", review(tmp_path / "review.csv", *rows)) == 0
    assert len(tables.read_metadata(tmp_path / "images" / "metadata.csv")) == len(clips) - len(most) == 2
