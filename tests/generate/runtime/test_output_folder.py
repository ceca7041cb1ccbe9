"""An output folder is new, or of the same command."""

import json

import pytest

from generate.runtime.output_folder import check_nothing_lost, check_output_folder, files_listed


def check(folder):
    check_output_folder(folder, "--output", marker="table.csv", is_own={".lock"}.__contains__)


def test_new_interrupted_and_finished_folders_are_taken(tmp_path):
    check(tmp_path / "new")
    check(tmp_path)
    for name in (".lock", ".DS_Store"):
        (tmp_path / name).touch()
    check(tmp_path)
    (tmp_path / "table.csv").touch()
    (tmp_path / "notes.txt").touch()
    check(tmp_path)


def test_others_are_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        with pytest.raises(ValueError, match="--output must be a folder.*Give another one"):
            check(tmp_path / name)
    with pytest.raises(ValueError, match=r"which holds 'file' and no table\.csv"):
        check(tmp_path)


def test_only_what_the_manifest_names_is_replaced(tmp_path):
    manifest = tmp_path / "made.json"
    for content in ("no JSON", "[]", '{"files": 3}', "{}"):
        manifest.write_text(content)
        assert files_listed(manifest) == frozenset()
    manifest.write_text(json.dumps({"files": ["a.csv", 3]}))
    (tmp_path / "a.csv").touch()
    (tmp_path / "b.csv").touch()
    check_nothing_lost(tmp_path, "--output", ["a.csv", "new.csv"], manifest="made.json")
    with pytest.raises(ValueError, match=r"whose 'b\.csv' it did not write"):
        check_nothing_lost(tmp_path, "--output", ["a.csv", "b.csv"], manifest="made.json")
