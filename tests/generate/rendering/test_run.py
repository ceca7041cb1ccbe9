"""Stage one as a user runs it, from the command line to the files."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from generate.__main__ import main
from generate.dataset import png, tables
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from tests.conftest import SR, tone, white

QUICK = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--listen", "0"]


def tree(folder: Path) -> dict[str, str]:
    """Every file, hidden ones too, with the digest of its bytes."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def generate(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def metadata(folder: Path) -> pd.DataFrame:
    return tables.read_metadata(folder / "metadata.csv")


def rejected(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "rejected.csv", dtype=str, keep_default_na=False)


def test_every_clip_and_variant_becomes_a_image(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--variants", "pitch=2", "noise=10") == 0
    table = metadata(images)
    assert len(table) == 8 * 3
    assert set(table["variant"]) == {"original", "pitch=+2", "noise=10"}
    assert sorted(os.listdir(images / "low")) == sorted(
        f"low-{n}__{variant}.png" for n in range(4) for variant in ("original", "pitch=+2", "noise=10")
    )
    for file_name in table["file_name"]:
        image, text = png.read(images / file_name)
        assert image.shape == (32, 32)
        assert text["settings"] == json.loads((images / "settings.json").read_text())["fingerprint"]
    assert len(rejected(images)) == 0
    out = capsys.readouterr().out
    assert "8 clips of 8 recordings, no folds" in out
    assert "2: high 4, low 4" in out
    assert "24 images" in out
    assert not list(images.glob("*.tmp"))
    assert not (images / "journal.csv").exists()


def test_a_image_is_its_clip_alone(audio_folder, tmp_path):
    """Another clip beside it, or none, changes no byte; and the image is what `spectrogram_image` draws."""
    generate(audio_folder, tmp_path / "crowd", *QUICK, "--variants", "noise=10", "shift=0.3")
    shutil.copytree(audio_folder / "low", tmp_path / "alone" / "low")
    for path in sorted((tmp_path / "alone" / "low").iterdir())[1:]:
        path.unlink()
    one = ["--layout", "folders", "--variants", "noise=10", "shift=0.3"]
    generate(tmp_path / "alone", tmp_path / "one", *QUICK, *one)
    for path in (tmp_path / "one" / "low").iterdir():
        assert path.read_bytes() == (tmp_path / "crowd" / "low" / path.name).read_bytes()
    y, _ = soundfile.read(audio_folder / "low" / "0.wav", dtype="float32")
    image, _ = png.read(tmp_path / "one" / "low" / "low-0__original.png")
    y -= y.mean(dtype=np.float64)
    assert np.array_equal(image, spectrogram_image(y, Settings(sr=SR, seconds=1, image_size=(32, 32))))


def test_second_run_renders_nothing(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    before = {path: path.stat().st_mtime_ns for path in images.rglob("*.png")}
    first = tree(images)
    capsys.readouterr()
    assert generate(audio_folder, images, *QUICK) == 0
    assert {path: path.stat().st_mtime_ns for path in images.rglob("*.png")} == before
    assert tree(images) == first
    assert "Nothing to render" in capsys.readouterr().out


def test_only_what_changed_is_rendered_again(audio_folder, tmp_path):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK, "--variants", "trim")
    before = {path.name: path.stat().st_mtime_ns for path in images.rglob("*.png")}
    soundfile.write(audio_folder / "low" / "1.wav", tone(500), SR)
    (images / "high" / "high-2__trim.png").unlink()
    generate(audio_folder, images, *QUICK, "--variants", "trim")
    after = {path.name: path.stat().st_mtime_ns for path in images.rglob("*.png")}
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"low-1__original.png", "low-1__trim.png", "high-2__trim.png"}
    generate(audio_folder, tmp_path / "fresh", *QUICK, "--variants", "trim")
    assert tree(images) == tree(tmp_path / "fresh")


def test_a_variant_can_be_added_and_not_forgotten(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK, "--variants", "trim")
    assert generate(audio_folder, images, *QUICK, "--variants", "trim", "gain=-6") == 0
    generate(audio_folder, tmp_path / "fresh", *QUICK, "--variants", "trim", "gain=-6")
    assert tree(images) == tree(tmp_path / "fresh")
    assert generate(audio_folder, images, *QUICK, "--variants", "gain=-6") == 1
    assert "trim" in capsys.readouterr().err
    assert tree(images) == tree(tmp_path / "fresh")


def test_short_clips_at_a_random_place(audio_folder, tmp_path):
    """The place is of the clip and the seed, not of the order or the workers, and the same for all variants."""
    more = ["--pad", "random", "--variants", "gain=-6", "pitch=+2", "--seconds", "3"]
    for name, options in {"a": [], "b": ["--workers", "2"], "c": ["--seed", "1"]}.items():
        assert generate(audio_folder, tmp_path / name, *QUICK, *more, *options) == 0
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    starts = {
        (run, clip): [
            int(np.flatnonzero(png.read(path)[0].max(axis=0) > 80)[0])
            for path in sorted((tmp_path / run / "low").glob(f"low-{clip}__*.png"))
        ]
        for run in "ac"
        for clip in range(4)
    }
    assert all(len(of_clip) == 3 and max(of_clip) - min(of_clip) <= 1 for of_clip in starts.values())
    assert len({of_clip[0] for of_clip in starts.values()}) > 4


def test_several_augmentations_are_one_image_and_the_original_only_where_all_are_gains(audio_folder, tmp_path):
    images = tmp_path / "images"
    soundfile.write(audio_folder / "low" / "faint.wav", tone(500, peak=0.05), SR)
    generate(audio_folder, images, *QUICK, "--variants", "gain=-6+gain=+3", "gain=-60+speed=2", "speed=2.0")
    is_original = metadata(images).set_index(["clip_id", "variant"])["duplicate"]
    assert is_original["low-0", "gain=-6+gain=+3"] and not is_original["low-0", "gain=-60+speed=2"]
    for clip in ("low-0", "low-faint"):  # the gain brings the second below the noise of 16 bits, and that noise too
        quieter, as_loud = (
            png.read(images / "low" / f"{clip}__{name}.png")[0].astype(int) for name in ("gain=-60+speed=2", "speed=2")
        )
        assert as_loud.max() > 150 and np.abs(quieter - as_loud).max() <= 1


def test_a_sound_that_is_gone_takes_its_images_with_it(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK, "--layout", "folders")
    shutil.rmtree(audio_folder / "high")
    (images / "low" / "mine.png").write_bytes(b"an image of the user's own")
    assert generate(audio_folder, images, *QUICK, "--layout", "folders") == 0
    assert not (images / "high").exists()
    assert (images / "low" / "mine.png").exists()
    assert set(metadata(images)["clip_id"]) == {"low-0", "low-1", "low-2", "low-3"}
    assert len(list((images / "low").iterdir())) == 4 * 6 + 1
    assert "24 images whose recordings are gone" in capsys.readouterr().out
    before = tree(images)
    for number in range(3):
        (audio_folder / "low" / f"{number}.wav").unlink()
    assert generate(audio_folder, images, *QUICK, "--layout", "folders") == 1, (
        "a disk that is not there must not empty the folder"
    )
    assert "3 of them" in capsys.readouterr().err
    assert tree(images) == before


def test_limit_takes_evenly_and_keeps_the_rest(audio_folder, tmp_path):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK, "--limit", "3")
    assert metadata(images).drop_duplicates("clip_id")["label"].value_counts().to_dict() == {"high": 2, "low": 1}
    generate(audio_folder, images, *QUICK)
    whole = tree(images)
    generate(audio_folder, images, *QUICK, "--limit", "2")
    assert tree(images) == whole


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("1,{k}", "2,{k}", "have another fold than in the folder ('2', there '1')"),
        ("1,{k}", "1,other{k}", "have another recording than in the folder ('other"),
    ],
)
def test_a_run_of_some_clips_leaves_no_rows_of_two_readings(audio_folder, tmp_path, capsys, before, now, words):
    table, images = audio_folder / "labels.csv", tmp_path / "images"
    given = [audio_folder, images, *QUICK, "--variants", "none", "--labels", table]
    for row, status, limit in ((before, 0, []), (now, 1, ["--limit", "4"]), (now, 0, []), (now, 0, ["--limit", "4"])):
        lines = [
            f"{label}/{k}.wav,{label},{row.format(k=label + str(k))}" for label in ("low", "high") for k in range(4)
        ]
        table.write_text("\n".join(["file,label,fold,recording", *lines]))
        assert generate(*given, *limit) == status
    assert words in (err := capsys.readouterr().err)
    assert "4 clips of others" in err and "Run it once without --limit" in err


def test_a_sound_that_is_rendered_again_keeps_no_older_audio_beside_it(audio_folder, tmp_path):
    images, heard = tmp_path / "images", [*QUICK[:-1], "2"]
    assert generate(audio_folder, images, *heard, "--variants", "none") == 0
    beside = sorted(path.name for path in images.rglob("*.flac"))
    assert "low-0__original.flac" in beside
    soundfile.write(audio_folder / "low" / "0.wav", tone(900), SR)
    assert generate(audio_folder, images, *QUICK, "--variants", "none") == 0
    assert sorted(path.name for path in images.rglob("*.flac")) == [n for n in beside if n != "low-0__original.flac"]
    assert generate(audio_folder, images, *heard, "--variants", "none") == 0
    assert sorted(path.name for path in images.rglob("*.flac")) == beside


def test_other_settings_are_refused_with_both_named(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    before = tree(images)
    assert generate(audio_folder, images, *QUICK, "--feature", "log", "--colormap", "gray") == 1
    message = capsys.readouterr().err
    for part in ("feature is mel there and log here", "colormap is magma there and gray here", "--overwrite"):
        assert part in message
    assert tree(images) == before
    assert generate(audio_folder, images, *QUICK, "--feature", "log", "--overwrite") == 0
    generate(audio_folder, tmp_path / "fresh", *QUICK, "--feature", "log")
    assert tree(images) == tree(tmp_path / "fresh")


def test_another_collection_is_refused(audio_folder, tmp_path, capsys):
    generate(audio_folder, tmp_path / "images", *QUICK)
    (tmp_path / "other" / "bells").mkdir(parents=True)
    soundfile.write(tmp_path / "other" / "bells" / "b.wav", tone(700), SR)
    before = tree(tmp_path / "images")
    assert generate(tmp_path / "other", tmp_path / "images", *QUICK, "--layout", "folders") == 1
    assert "another collection" in capsys.readouterr().err
    assert tree(tmp_path / "images") == before
    assert generate(tmp_path / "other", tmp_path / "images", *QUICK, "--layout", "folders", "--limit", "1") == 1


def test_a_folder_of_the_same_name_and_clips_does_not_replace_the_images_of_another(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK) == 0
    before = tree(images)
    other = shutil.copytree(audio_folder, tmp_path / "2024" / audio_folder.name)
    for path in other.rglob("*.wav"):
        os.utime(path)
    assert generate(other, images, *QUICK, "--dry-run") == 0, "a copy, with other times, is the same collection"
    for number, path in enumerate(sorted(other.rglob("*.wav"))):
        soundfile.write(path, tone(500 + number), SR)  # as many bytes
    assert generate(other, images, *QUICK) == 1
    assert "whose files have the same names and hold other audio, such as " in capsys.readouterr().err
    assert tree(images) == before
    audio_folder.rename(tmp_path / "old")
    assert generate(other, images, *QUICK) == 0, "a collection may be moved, and changed"
    assert tree(images) != before


def test_the_newest_digest_of_a_clip_is_that_of_all_its_images(audio_folder, tmp_path):
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--variants", "none") == 0
    table = metadata(images)
    digests = table.set_index("clip_id")["audio_sha256"].to_dict()
    table.loc[0, "audio_sha256"] = "0" * 64  # as another version of a decoder would give it
    tables.write_table(images / "metadata.csv", table)
    assert generate(audio_folder, images, *QUICK, "--variants", "trim") == 0
    table = metadata(images)
    assert table["audio_sha256"].tolist() == [digests[clip_id] for clip_id in table["clip_id"]]


def test_a_foreign_folder_gets_no_lock(audio_folder, tmp_path):
    import generate as api

    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "letter.txt").write_text("Dear")
    with pytest.raises(ValueError, match="letter.txt"):
        api.render(audio_folder, tmp_path / "documents", seconds=1, sr=SR, engine="librosa", workers=1)
    assert [path.name for path in (tmp_path / "documents").iterdir()] == ["letter.txt"]


def test_recordings_are_not_forgotten_by_a_run_without_the_pattern(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--source-pattern", "^(.)") == 0
    before = tree(images)
    assert generate(audio_folder, images, *QUICK) == 1
    assert "source_pattern is '^(.)' there and '' here" in capsys.readouterr().err
    assert tree(images) == before


def test_a_variant_that_fails_takes_no_good_image_with_it(audio_folder, tmp_path, capsys):
    own = tmp_path / "own.py"
    own.write_text(
        "from augment_audio import Variant\n"
        "def picky(sound):\n"
        "    if abs(sound.y[100] - sound.y[101]) < 1:\n        if len(sound.y) != sound.sr or sound.y.std() < 0.3536:\n"
        "            return sound.y\n"
        "    raise RuntimeError('a passing fault')\n"
        "VARIANTS = {'picky': Variant(picky)}\n"
    )
    images = tmp_path / "images"
    arguments = [*QUICK, "--variants-file", own]
    generate(audio_folder, images, *arguments, "--variants", "trim")
    assert f"no variant of {own} is used; add to --variants one of picky" in capsys.readouterr().out
    before = tree(images)
    assert generate(audio_folder, images, *arguments, "--variants", "trim", "picky") == 3
    after = tree(images)
    assert len(rejected(images)) > 0
    assert {name: digest for name, digest in after.items() if name in before and name.endswith(".png")} == {
        name: digest for name, digest in before.items() if name.endswith(".png")
    }


def test_a_corrected_label_moves_the_images(audio_folder, tmp_path):
    table = tmp_path / "audio_folder" / "labels.csv"
    rows = [f"{label}/{number}.wav,{label}" for label in ("low", "high") for number in range(4)]
    table.write_text("file,label\n" + "\n".join(rows) + "\n")
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    table.write_text(table.read_text().replace("low/0.wav,low", "low/0.wav,high"))
    assert generate(audio_folder, images, *QUICK) == 0
    generate(audio_folder, tmp_path / "fresh", *QUICK)
    assert tree(images) == tree(tmp_path / "fresh")


def test_files_of_the_users_own_are_never_touched(audio_folder, tmp_path, capsys):
    images = tmp_path / "images"
    (images / "notes").mkdir(parents=True)
    for name in ("settings.json", "metadata.csv", "rejected.csv", "thesis.tmp", "notes/a.tmp"):
        (images / name).write_text('{"editor.tabSize": 4}')
    before = tree(images)
    for more in ([], ["--overwrite"]):
        assert generate(audio_folder, images, *QUICK, *more) == 1
        assert "is not as `python -m generate` wrote it" in capsys.readouterr().err
        assert tree(images) == before
    (images / "settings.json").unlink()
    assert generate(audio_folder, images, *QUICK, "--overwrite") == 1
    assert "one that this command wrote before" in capsys.readouterr().err


def test_overwrite_that_is_killed_can_be_given_again(audio_folder, tmp_path, monkeypatch):
    from generate.dataset import own_files

    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(own_files, "remove_images", killed)
        assert generate(audio_folder, images, *QUICK, "--overwrite", "--feature", "log") == 130
    assert generate(audio_folder, images, *QUICK, "--overwrite", "--feature", "log") == 0
    generate(audio_folder, tmp_path / "fresh", *QUICK, "--feature", "log")
    assert tree(images) == tree(tmp_path / "fresh")


def test_a_sound_that_goes_while_a_run_is_stopped(audio_folder, tmp_path):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    rows = metadata(images).to_dict("records")
    with closing(tables.Journal(images / tables.JOURNAL)) as journal:  # as a run that was killed leaves it
        journal.append(rows[:30])
    for path in (images / "metadata.csv", *(images / row["file_name"] for row in rows[32:])):
        path.unlink()
    (audio_folder / "high" / "0.wav").unlink()
    assert rows[0]["clip_id"] == "high-0"
    assert generate(audio_folder, images, *QUICK) == 0
    generate(audio_folder, tmp_path / "fresh", *QUICK)
    assert tree(images) == tree(tmp_path / "fresh")


def test_a_image_too_large_to_open_stops_no_run(audio_folder, tmp_path, capsys):
    from PIL import Image

    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    Image.new("1", (20_000, 20_000)).save(images / "low" / "huge.png")
    assert generate(audio_folder, images, *QUICK) == 0
    assert "low/huge.png" in capsys.readouterr().out


def test_empty_images_of_a_power_cut_are_drawn_again(audio_folder, tmp_path):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    whole = tree(images)
    (images / "low" / "low-1__trim.png").write_bytes(b"")
    assert generate(audio_folder, images, *QUICK) == 0
    assert tree(images) == whole


def test_a_second_ctrl_c_ends_a_worker_that_hangs(tmp_path):
    audio_folder = many(tmp_path / "audio_folder", 2)
    (tmp_path / "own.py").write_text(
        "import time\nfrom pathlib import Path\nfrom augment_audio import Variant\n"
        "def hangs(sound):\n"
        "    if abs(float(sound.y.std()) - 0.3535) > 0.001:\n"
        "        (Path(__file__).parent / 'hangs').touch()\n"
        "        time.sleep(3600)\n"
        "    return sound.y\n"
        "VARIANTS = {'hangs': Variant(hangs)}\n"
    )
    images, said = tmp_path / "images", tmp_path / "said.txt"
    with said.open("w") as stderr:
        run = start(
            audio_folder,
            images,
            *(*QUICK, "--variants-file", tmp_path / "own.py", "--variants", "hangs"),
            stderr=stderr,
        )
    wait_for(lambda: (tmp_path / "hangs").exists())
    os.killpg(run.pid, signal.SIGINT)
    wait_for(lambda: "Stopping" in said.read_text())
    os.killpg(run.pid, signal.SIGINT)
    run.communicate(timeout=30)
    assert run.returncode == 130
    assert "Traceback" not in said.read_text()


def test_workers_and_the_order_of_files_change_nothing(audio_folder, tmp_path, monkeypatch):
    variants = ["--variants", "paper", "noise=10", "shift=0.2", "roll=0.5"]
    generate(audio_folder, tmp_path / "one", *QUICK, *variants, "--workers", "1")
    scandir = os.scandir

    class Backwards:
        def __init__(self, path):
            self.entries = iter(sorted(scandir(path), key=lambda entry: entry.name, reverse=True))

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def __iter__(self):
            return self

        def __next__(self):
            return next(self.entries)

        def close(self):
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    generate(audio_folder, tmp_path / "three", *QUICK, *variants, "--workers", "3")
    assert tree(tmp_path / "one") == tree(tmp_path / "three")


def test_seed_moves_random_variants_alone(audio_folder, tmp_path):
    for seed in (0, 1):
        generate(audio_folder, tmp_path / str(seed), *QUICK, "--variants", "noise=10", "pitch=1", "--seed", seed)
    for path in sorted((tmp_path / "0").rglob("*.png")):
        same = np.array_equal(png.read(path)[0], png.read(tmp_path / "1" / path.relative_to(tmp_path / "0"))[0])
        assert same == ("noise" not in path.name)


def test_bad_sounds_are_rejected_and_the_rest_rendered(audio_folder, tmp_path, capsys):
    clean = tmp_path / "clean"
    generate(audio_folder, clean, *QUICK)
    low = audio_folder / "low"
    (low / "text.wav").write_text("not a sound")
    (low / "empty.wav").touch()
    soundfile.write(low / "nothing.wav", np.zeros(0), SR)
    soundfile.write(low / "nan.wav", np.full(SR, np.nan), SR, subtype="FLOAT")
    soundfile.write(low / "whole.wav", tone(300), SR)
    content = (low / "whole.wav").read_bytes()
    (low / "whole.wav").unlink()
    (low / "cut.wav").write_bytes(content[: len(content) // 2])
    (low / "phone.m4a").write_bytes(b"\0" * 100)
    (low / "._0.wav").write_bytes(b"macOS")
    (low / "notes.txt").write_text("hello")
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK) == 3
    reasons = dict(zip(rejected(images)["clip_id"], rejected(images)["reason"], strict=True))
    assert "not readable as audio" in reasons["low-text"]
    assert "no bytes" in reasons["low-empty"]
    assert "empty" in reasons["low-nothing"]
    assert "NaN" in reasons["low-nan"]
    assert "truncated" in reasons["low-cut"]
    assert "neither audio nor video" in reasons["low-phone"]
    assert len(reasons) == 6
    assert {path: digest for path, digest in tree(images).items() if path.endswith(".png")} == {
        path: digest for path, digest in tree(clean).items() if path.endswith(".png")
    }
    assert (images / "metadata.csv").read_bytes() == (clean / "metadata.csv").read_bytes()
    out = capsys.readouterr().out
    assert "rejected: 6 of 14 clips" in out
    assert "1 .txt" in out
    assert generate(audio_folder, images, *QUICK, "--max-rejected", "50") == 0


def test_a_whole_class_lost_is_not_well(audio_folder, tmp_path, capsys):
    (audio_folder / "odd").mkdir()
    (audio_folder / "odd" / "a.wav").write_text("x")
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--max-rejected", "100") == 3
    assert "no clip could be rendered of: odd" in capsys.readouterr().out
    assert not (tmp_path / "images" / "odd").exists()


def test_a_clip_that_goes_bad_loses_its_old_images(audio_folder, tmp_path):
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    (audio_folder / "low" / "0.wav").write_text("overwritten by mistake")
    generate(audio_folder, images, *QUICK)
    assert not list((images / "low").glob("low-0__*"))
    assert "low-0" not in set(metadata(images)["clip_id"])


def test_silence_is_flagged_and_dark(audio_folder, tmp_path):
    soundfile.write(audio_folder / "low" / "quiet.wav", np.zeros(SR), SR)
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--variants", "paper", "noise=20") == 0
    rows = metadata(images).set_index("clip_id").loc["low-quiet"]
    assert rows["silent"].all()
    for file_name in rows["file_name"]:
        assert png.read(images / file_name)[0].max() == 0
    assert not metadata(images).set_index("clip_id").loc["low-0", "silent"].any()


def test_duplicates_are_marked(audio_folder, tmp_path):
    padded = np.concatenate([np.zeros(SR // 2), tone(500, seconds=0.4)])
    soundfile.write(audio_folder / "low" / "late.wav", padded, SR)
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK, "--variants", "trim", "gain=-6", "pitch=2")
    table = metadata(images).set_index(["clip_id", "variant"])["duplicate"]
    assert not table["low-late", "trim"]
    assert table["low-0", "trim"]
    assert table["low-late", "gain=-6"]
    assert not table[:, "pitch=+2"].any()
    assert not table[:, "original"].any()


def test_a_gain_shows_where_the_reference_is_full_scale(audio_folder, tmp_path):
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--reference", "full-scale", "--variants", "gain=-20") == 0
    table = metadata(images)
    assert len(table) == 16 and not table["duplicate"].any()
    quieter, original = (
        png.read(images / "low" / f"low-0__{name}.png")[0].astype(int) for name in ("gain=-20", "original")
    )
    assert original.max() - quieter.max() == pytest.approx(255 / 4, abs=3), "20 of 80 dB"
    assert (quieter <= original).all()


def test_the_noise_of_a_long_recording_is_as_loud_as_its_first_image_is(tmp_path):
    """What is behind the image is loud, and must not matter."""
    sounds = tmp_path / "sounds"
    for label in ("a", "b"):
        for number in range(2):
            y = np.concatenate([tone(500, peak=0.01), tone(500, seconds=2, peak=0.9)])
            (sounds / label).mkdir(parents=True, exist_ok=True)
            soundfile.write(sounds / label / f"{number}.wav", y + white(3, seed=number + len(label), rms=1e-4), SR)
    given = [*QUICK, "--long", "first", "--variants", "noise=20", "--workers", "1"]
    assert generate(sounds, tmp_path / "images", *given) == 0
    image = png.read(tmp_path / "images" / "a" / "a-0__noise=20.png")[0]
    assert np.median(image) < 150, "a tone over noise, not noise"


def test_equal_sounds_share_a_source(audio_folder, tmp_path):
    shutil.copy(audio_folder / "low" / "0.wav", audio_folder / "high" / "copy.wav")
    images = tmp_path / "images"
    generate(audio_folder, images, *QUICK)
    sources = metadata(images).drop_duplicates("clip_id").set_index("clip_id")["source_id"]
    assert sources["high-copy"] == sources["low-0"]
    assert sources.nunique() == 8


def test_class_variants(audio_folder, tmp_path):
    config = tmp_path / "recipe.toml"
    config.write_text('variants = ["pitch=+1"]\n[class-variants]\nlow = ["noise=20", "trim"]\n')
    generate(audio_folder, tmp_path / "images", *QUICK, "--config", config)
    by_class = metadata(tmp_path / "images").groupby("label")["variant"].agg(set)
    assert by_class["low"] == {"original", "noise=20", "trim"}
    assert by_class["high"] == {"original", "pitch=+1"}


def test_variants_of_the_users_own(audio_folder, tmp_path, capsys):
    own = tmp_path / "own.py"
    own.write_text(
        "from augment_audio import Variant\n"
        "def reverse(sound):\n    '''Backwards.'''\n    return sound.y[::-1]\n"
        "def broken(sound):\n    return sound.y * float('nan')\n"
        "VARIANTS = {'reverse': Variant(reverse), 'broken': Variant(broken), 'trim': Variant(broken)}\n"
    )
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK, "--variants-file", own, "--variants", "reverse") == 0
    assert set(metadata(images)["variant"]) == {"original", "reverse"}
    for broken in ("broken", "trim"):  # the second in the place of a built-in one
        assert generate(audio_folder, tmp_path / "b", *QUICK, "--variants-file", own, "--variants", broken) == 1
        assert "fails on a second of a tone" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
    own.write_text(own.read_text() + "# changed\n")
    assert generate(audio_folder, images, *QUICK, "--variants-file", own, "--variants", "reverse") == 1
    assert "variants file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope"], "There is no folder"),
        (["{audio_folder}/low/0.wav"], "It is a file"),
        (["{empty}"], "No class folders"),
        (["{audio_folder}", "{audio_folder}/out"], "outside of the audio folder"),
        (["{audio_folder}", "{foreign}"], "one that this command wrote before"),
        (["{audio_folder}", "{images}", "--variants", "picth=2"], "A variant must be one of"),
        (["{audio_folder}", "{images}", "--variants", "mp3=80", "--sr", "8000"], "kbit_s must be at most 64 at a"),
        (["{audio_folder}", "{images}", "--variants", "stretch=99"], "0.25 to 4"),
        (["{audio_folder}", "{images}", "--layout", "esc99"], "must be one of esc50"),
        (["{audio_folder}", "{images}", "--feature", "mels"], "mels"),
        (["{audio_folder}", "{images}", "--colormap", "magmma"], "magmma"),
        (["{audio_folder}", "{images}", "--engine", "sox"], "auto, rubberband, rubberband-program, librosa"),
        (["{audio_folder}", "{images}", "--subset", "esc10"], "esc50"),
        (["{audio_folder}", "{images}", "--variants-file", "nope.py"], "nope.py"),
        (["{audio_folder}", "{images}", "--config", "nope.toml"], "nope.toml"),
        (["{audio_folder}", "{images}", "--sr", "0"], "1,000 to 1,000,000"),
    ],
)
def test_what_cannot_start_writes_nothing_and_says_why(audio_folder, tmp_path, capsys, arguments, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.docx").touch()
    places = {name: tmp_path / name for name in ("audio_folder", "empty", "images", "foreign")}
    before = tree(tmp_path)
    assert generate(*(argument.format(**places) for argument in arguments)) == 1
    assert words in capsys.readouterr().err
    assert tree(tmp_path) == before
    assert not (tmp_path / "images").exists()


def test_dry_run_writes_nothing(audio_folder, tmp_path, capsys):
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--dry-run") == 0
    out = capsys.readouterr().out
    for part in ("8 clips", "2: high 4, low 4", "48 images", "librosa 0.", "MB"):
        assert part in out
    assert not (tmp_path / "images").exists()


def test_the_plan_names_files_that_will_be_rejected(audio_folder, tmp_path, capsys):
    for name in ("c.wav", "d.wav", "e.wav"):
        (audio_folder / "high" / name).write_text("no audio")
    (audio_folder / "low" / "empty.flac").touch()
    assert generate(audio_folder, tmp_path / "images", *QUICK, "--dry-run") == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "will be rejected" in line)
    named = [str(Path("high", name)) for name in ("c.wav", "d.wav", "e.wav")]
    assert line.startswith(f"  warning   4 files will be rejected: {named[0]} (not readable as audio")
    assert all(name in line for name in named) and line.endswith("and 1 more")


@pytest.mark.parametrize("listen", ["0", "1"])
def test_the_plan_says_how_much_disk_space_a_run_takes(esc10, tmp_path, capsys, listen):
    images = tmp_path / "images"
    options = ["--limit", "20", "--engine", "librosa", "--variants", "pitch=2", "--listen", listen]
    assert generate(esc10, images, *options) == 0
    said = float(re.search(r"about (\d+) MB", capsys.readouterr().out)[1])
    there = sum(path.stat().st_size for path in images.rglob("*__*") if path.suffix in (".png", ".flac")) / 1e6
    assert there / 1.5 < said < 1.5 * there


def test_two_runs_on_one_folder(audio_folder, tmp_path, capsys):
    from filelock import FileLock

    (tmp_path / "images").mkdir()
    with FileLock(tmp_path / "images" / ".lock"):
        assert generate(audio_folder, tmp_path / "images", *QUICK) == 1
    assert "is in use by another process" in capsys.readouterr().err
    assert generate(audio_folder, tmp_path / "images", *QUICK) == 0


UNHURRIED = """
import time
from pathlib import Path
from augment_audio import Variant
def unhurried(sound):
    '''So slow that Ctrl-C comes before the end on every machine, until there is a file `go`.'''
    if not (Path(__file__).parent / "go").exists():
        time.sleep(0.4)
    return sound.y * 0.5
VARIANTS = {"unhurried": Variant(unhurried)}
"""


def unhurried(folder: Path) -> tuple[object, ...]:
    """The options of a run that Ctrl-C can interrupt."""
    (folder / "own.py").write_text(UNHURRIED)
    return ("--variants-file", folder / "own.py", "--variants", "unhurried", "trim")


def many(folder: Path, n: int) -> Path:
    """A collection that takes a few seconds."""
    for label in ("a", "b"):
        (folder / label).mkdir(parents=True)
        for number in range(n):
            soundfile.write(folder / label / f"{number}.wav", white(1, seed=number), SR)
    return folder


def start(*arguments, stderr=subprocess.PIPE) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "generate", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
        # Tests that run in the background have Ctrl-C ignored, and what they start would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_images(images: Path, n: int) -> None:
    wait_for(lambda: len(list(images.rglob("*.png"))) >= n)


def processes_of(run: subprocess.Popen) -> list[str]:
    """The commands of a run and its workers that have not ended."""
    listing = subprocess.run(["ps", "-eo", "pgid,stat,args"], capture_output=True, text=True, check=True).stdout
    lines = [line.split(None, 2) for line in listing.splitlines()[1:]]
    return [fields[2] for fields in lines if fields[0] == str(run.pid) and not fields[1].startswith("Z")]


def test_a_run_that_is_killed_takes_its_workers_along_and_goes_on_to_the_same_bytes(tmp_path):
    audio_folder = many(tmp_path / "audio_folder", 15)
    generate(audio_folder, tmp_path / "never_killed", *QUICK)
    images = tmp_path / "killed"
    for n in (20, 90):
        run = start(audio_folder, images, *QUICK, "--workers", "2")
        wait_for_images(images, n)
        assert len(processes_of(run)) >= 3
        run.kill()
        run.communicate()
        wait_for(lambda run=run: not processes_of(run))
    # What a kill in the middle of writing leaves behind.
    (images / "a" / "a-0__original.png.123.tmp").write_bytes(b"half")
    (images / "settings.json.123.tmp").write_bytes(b"half")
    assert generate(audio_folder, images, *QUICK) == 0
    assert tree(images) == tree(tmp_path / "never_killed")


def test_ctrl_c_ends_with_130_and_the_next_run_goes_on(tmp_path):
    audio_folder = many(tmp_path / "audio_folder", 15)
    images, options = tmp_path / "images", (*QUICK, *unhurried(tmp_path))
    run = start(audio_folder, images, *options)
    wait_for_images(images, 8)
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "to resume" in err
    assert "Traceback" not in err
    (tmp_path / "go").touch()
    generate(audio_folder, tmp_path / "fresh", *options)
    assert generate(audio_folder, images, *options) == 0
    assert tree(images) == tree(tmp_path / "fresh")


DEADLY = """
import os, signal
from augment_audio import Variant
def deadly(sound):
    '''Kill the process on one clip.'''
    if len(sound.y) == 7777:
        os.kill(os.getpid(), signal.SIGKILL)
    return sound.y * 0.5 + 0.001
VARIANTS = {"deadly": Variant(deadly)}
"""


def test_a_clip_that_kills_its_worker_is_rejected_and_the_rest_rendered(tmp_path):
    audio_folder = many(tmp_path / "audio_folder", 6)
    soundfile.write(audio_folder / "a" / "killer.wav", white(1)[:7777], SR)
    (tmp_path / "own.py").write_text(DEADLY)
    arguments = [*QUICK, "--variants-file", tmp_path / "own.py", "--variants", "deadly"]
    assert generate(audio_folder, tmp_path / "images", *arguments, "--max-rejected", "20") == 0
    assert rejected(tmp_path / "images")["clip_id"].tolist() == ["a-killer"]
    assert "twice" in rejected(tmp_path / "images")["reason"].iloc[0]
    assert len(metadata(tmp_path / "images")) == 12 * 2


def test_a_clip_that_hangs_is_rejected_and_the_rest_rendered(tmp_path, monkeypatch):
    from generate.workers import processes

    monkeypatch.setattr(processes, "CLIP_LIMIT_S", 4.0)
    audio_folder = many(tmp_path / "audio_folder", 4)
    soundfile.write(audio_folder / "a" / "endless.wav", white(1)[:7777], SR)
    deadly = DEADLY.replace("os.kill(os.getpid(), signal.SIGKILL)", "import time; time.sleep(3600)")
    (tmp_path / "own.py").write_text(deadly)
    arguments = [*QUICK, "--variants-file", tmp_path / "own.py", "--variants", "deadly", "--workers", "2"]
    assert generate(audio_folder, tmp_path / "images", *arguments, "--max-rejected", "20") == 0
    assert rejected(tmp_path / "images")["clip_id"].tolist() == ["a-endless"]
    assert "hung" in rejected(tmp_path / "images")["reason"].iloc[0]
    assert len(metadata(tmp_path / "images")) == 8 * 2


def test_long_recordings(tmp_path):
    (tmp_path / "audio_folder" / "a").mkdir(parents=True)
    y = np.concatenate([tone(hz, seconds=1) for hz in (300, 900, 2700)])
    soundfile.write(tmp_path / "audio_folder" / "a" / "long.wav", y, SR)
    quick = [*QUICK, "--variants", "none", "--layout", "folders"]
    generate(tmp_path / "audio_folder", tmp_path / "split", *quick)
    generate(tmp_path / "audio_folder", tmp_path / "first", *quick, "--long", "first")
    pieces = metadata(tmp_path / "split")
    assert pieces["clip_id"].tolist() == [f"a-long-piece{n:03d}" for n in range(3)]
    assert pieces["source_id"].nunique() == 1
    tops = [int(png.read(tmp_path / "split" / name)[0][:, 16].argmax()) for name in pieces["file_name"]]
    assert tops[0] > tops[1] > tops[2]
    first, _ = png.read(tmp_path / "first" / "a" / "a-long__original.png")
    assert int(first[:, 16].argmax()) == tops[0]


def test_the_real_esc10(esc10, tmp_path):
    """Ten real clips, all variants, one and two workers."""
    arguments = ["--limit", "10", "--engine", "librosa", "--listen", "1"]
    assert generate(esc10, tmp_path / "one", *arguments, "--workers", "1") == 0
    assert generate(esc10, tmp_path / "two", *arguments, "--workers", "2") == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    table = metadata(tmp_path / "one")
    assert len(table) == 60
    assert table.drop_duplicates("clip_id")["label"].value_counts().eq(1).all()
    assert len(rejected(tmp_path / "one")) == 0


@pytest.mark.slow
def test_the_real_esc10_by_rubber_band(esc10, tmp_path):
    if not shutil.which("rubberband"):
        pytest.skip("Rubber Band's program is not on the PATH")
    assert generate(esc10, tmp_path / "images", "--limit", "10", "--engine", "rubberband") == 0
    assert len(metadata(tmp_path / "images")) == 60
    assert json.loads((tmp_path / "images" / "settings.json").read_text())["engine"].startswith("Rubber Band")


def test_gtzan_with_its_broken_track(tmp_path, capsys):
    for genre in ("jazz", "blues"):
        (tmp_path / "GTZAN" / genre).mkdir(parents=True)
        for number in (53, 55):
            y = white(2.7, seed=number + 100 * len(genre))
            soundfile.write(tmp_path / "GTZAN" / genre / f"{genre}.{number:05d}.wav", y, SR)
    (tmp_path / "GTZAN" / "jazz" / "jazz.00054.wav").write_bytes(b"no sound")
    images = tmp_path / "images"
    assert generate(tmp_path / "GTZAN", images, *QUICK, "--variants", "none", "--max-rejected", "20") == 0
    assert "GTZAN" in capsys.readouterr().out
    (reason,) = rejected(images)["reason"]
    assert "this track is broken" in reason
    table = metadata(images)
    # jazz.00053 and jazz.00055 are known to be copies of jazz.00034 and jazz.00035, and have the recordings of these.
    assert table.groupby("source_id").size().to_dict() == dict.fromkeys(
        ["blues.00053", "blues.00055", "jazz.00034", "jazz.00035"], 3
    )
    assert sorted(table["start_s"].unique()) == [0, 1, 2]


def test_files_that_a_table_names_in_vain(audio_folder, tmp_path, capsys):
    rows = [f"{label}/{number}.wav,{label},{1 + number % 2}" for label in ("low", "high") for number in range(5)]
    (audio_folder / "labels.csv").write_text("file,label,fold\n" + "\n".join(rows) + "\n")
    images = tmp_path / "images"
    assert generate(audio_folder, images, *QUICK) == 3
    out = capsys.readouterr().out
    assert "2 files named in labels.csv, but not there: low/4.wav, high/4.wav" in out
    assert rejected(images)["audio_file"].tolist() == ["high/4.wav", "low/4.wav"]
    assert set(metadata(images)["fold"]) == {"1", "2"}
    assert len(metadata(images)) == 48


def test_a_bar_on_a_terminal(audio_folder, tmp_path):
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "generate", str(audio_folder), str(tmp_path / "images"), *QUICK]
    with subprocess.Popen(command, stdout=slave, stderr=slave, env={**os.environ, "COLUMNS": "100"}) as run:
        os.close(slave)
        shown = b""
        while True:
            try:
                shown += os.read(master, 65536)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if run.poll() is not None and not shown:
                break
    assert run.returncode == 0
    text = shown.decode("utf-8", "replace")
    assert "100%" in text
    assert "8/8" in text
    assert "clip/s" in text or "s/clip" in text


def test_a_default_that_changed_in_a_variants_file_is_read_again(audio_folder, tmp_path):
    """In a notebook the process stays, and the file is edited between two calls."""
    own, images, brightness = tmp_path / "own.py", tmp_path / "images", []
    for share in (0.9, 0.3):
        own.write_text(
            "from augment_audio import Variant\n\n"
            "def beginning(sound, *, share):\n    return sound.y[: int(share * len(sound.y))]\n\n"
            f"VARIANTS = {{'beginning': Variant(beginning, 'share', low=0, high=1, default={share})}}\n"
        )
        arguments = [*QUICK, "--variants", "beginning", "--variants-file", own, "--overwrite"]
        assert generate(audio_folder, images, *arguments) == 0
        table = metadata(images)
        name = table.loc[table["variant"] == "beginning", "file_name"].iloc[0]
        brightness.append(png.read(images / name)[0].astype(float).mean())
    assert brightness[1] < brightness[0] - 5
