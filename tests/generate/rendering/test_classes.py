"""`--classes` and `--leave-out`, as a user gives them."""

from __future__ import annotations

import pytest

from generate.__main__ import main
from generate.audit.command_line import main as audit_main
from generate.dataset import tables
from tests.conftest import SR
from tests.generate.readers.conftest import write_audio

QUICK = ["--image-size", "32", "--sr", str(SR), "--seconds", "0.05", "--listen", "0", "--workers", "1"]
MORE = [*QUICK, "--variants", "none"]


@pytest.fixture
def animals(tmp_path):
    write_audio(tmp_path / "animals", *(f"{label}/{k}.wav" for label in ("cat", "dog", "owl") for k in range(2)))
    return tmp_path / "animals"


def generate(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def labels(images) -> dict[str, int]:
    return tables.read_metadata(images / "metadata.csv")["label"].value_counts().to_dict()


def test_images_of_classes_that_are_left_out_later_stay(animals, tmp_path, capsys):
    images = tmp_path / "images"
    assert generate(animals, images, *MORE, "--classes", "cat", "dog") == 0
    assert labels(images) == {"cat": 2, "dog": 2}
    assert "left out  2 clips of 1 class: owl 2" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in images.rglob("*.png")}
    assert generate(animals, images, *MORE, "--leave-out", "cat", "dog") == 0
    said = capsys.readouterr().out
    assert "left out  4 clips of 2 classes: cat 2, dog 2" in said
    assert "4 images of these classes from an earlier run stay in the folder, and training reads them too" in said
    assert labels(images) == {"cat": 2, "dog": 2, "owl": 2}
    assert before.items() <= {path: path.stat().st_mtime_ns for path in images.rglob("*.png")}.items()
    assert generate(animals, images, *MORE, "--classes", "owl", "--limit", "1") == 0
    assert labels(images) == {"cat": 2, "dog": 2, "owl": 2}


def test_names_are_those_of_a_run_of_all(tmp_path):
    write_audio(tmp_path / "s", "a/x.wav", "a/x.flac", "b/x.wav")
    for name, more in (("all", []), ("part", ["--classes", "a"])):
        assert generate(tmp_path / "s", tmp_path / name, *MORE, *more) == 0
    ids = [set(tables.read_metadata(tmp_path / name / "metadata.csv")["clip_id"]) for name in ("all", "part")]
    assert ids[1] < ids[0] and len(ids[1]) == 2


def test_a_class_that_the_collection_has_not_is_refused(animals, tmp_path, capsys):
    assert generate(animals, tmp_path / "images", *MORE, "--classes", "dgo") == 1
    assert "Got 'dgo'. Do you mean 'dog'? It has 'cat', 'dog', 'owl'." in capsys.readouterr().err
    assert not (tmp_path / "images").exists()


def test_the_config_file_and_the_audit_know_it(animals, tmp_path, capsys):
    (tmp_path / "c.toml").write_text('leave-out = ["owl"]\n')
    assert generate(animals, tmp_path / "images", *MORE, "--config", tmp_path / "c.toml") == 0
    assert labels(tmp_path / "images") == {"cat": 2, "dog": 2}
    capsys.readouterr()
    csv = tmp_path / "a.csv"
    audit_main([str(animals), *QUICK, "--config", str(tmp_path / "c.toml"), "--csv", str(csv)])
    said = capsys.readouterr().out
    assert "4 clips" in said and "read as   class from the folder; no folds; each file is its own recording" in said
    assert set(line.split(",")[0][:3] for line in csv.read_text().splitlines()[1:]) <= {"cat", "dog"}
    (tmp_path / "c.toml").write_text("classes = [7]\n")
    assert generate(animals, tmp_path / "images", *MORE, "--config", tmp_path / "c.toml") == 1
    assert "must be a list of texts, such as ['dog', '7']" in capsys.readouterr().err


def test_files_that_a_table_names_in_vain_count_for_their_class_alone(tmp_path):
    write_audio(tmp_path / "s", "a.wav", "b.wav", "c.wav")
    rows = ["a.wav,x", "b.wav,y", "c.wav,y", "gone.wav,x"]
    (tmp_path / "s" / "labels.csv").write_text("\n".join(["file,label", *rows, ""]))
    images = tmp_path / "images"
    assert generate(tmp_path / "s", images, *MORE, "--classes", "y") == 0
    assert len(tables.read_rejected(images / "rejected.csv")) == 0
    assert generate(tmp_path / "s", images, *MORE, "--classes", "x", "--max-rejected", "90") == 0
    assert generate(tmp_path / "s", images, *MORE, "--classes", "x", "--max-rejected", "90") == 0
    assert tables.read_rejected(images / "rejected.csv")["audio_file"].tolist() == ["gone.wav"]


def test_a_class_of_which_no_file_is_there_can_be_left_out(tmp_path, capsys):
    write_audio(tmp_path / "s", "a.wav", "b.wav")
    (tmp_path / "s" / "labels.csv").write_text("file,label\na.wav,cat\nb.wav,dog\nc.wav,cow\nd.wav,cow\n")
    for k, choice in enumerate((["--classes", "dog", "cat"], ["--leave-out", "cow"])):
        images = tmp_path / f"images{k}"
        assert generate(tmp_path / "s", images, *MORE, *choice) == 0
        assert len(tables.read_rejected(images / "rejected.csv")) == 0
        assert "left out  0 clips of 1 class: cow 0" in capsys.readouterr().out
    assert generate(tmp_path / "s", tmp_path / "all", *MORE, "--max-rejected", "90") == 3
    assert "no clip could be rendered of: cow" in capsys.readouterr().out
    assert generate(tmp_path / "s", tmp_path / "cows", *MORE, "--classes", "cow") == 1
    assert "Got none of 'cow'" in capsys.readouterr().err


def test_a_image_folder_one_folder_down_is_no_sound_folder(animals, tmp_path, capsys):
    assert generate(animals, tmp_path / "outputs" / "images", *MORE, "--listen", "all") == 0
    assert generate(tmp_path / "outputs", tmp_path / "again", *MORE) == 1
    assert "images', an image folder that this program made" in capsys.readouterr().err
