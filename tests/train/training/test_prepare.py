import shutil
from dataclasses import replace

import numpy as np
import pytest

from generate.dataset.tables import read_metadata, write_table
from train.recipe import Recipe
from train.runs.run_folder import write_run
from train.training.plan import plan_text
from train.training.prepare import prepare, resume
from train.training.train_fold import fold_of

TINY = Recipe(model="cnn7", input_size=32)


@pytest.fixture
def own(images, tmp_path):
    """A copy of the images whose table may be changed, and how to change it."""
    folder = tmp_path / "own"
    shutil.copytree(images, folder)

    def change(**columns):
        table = read_metadata(folder / "metadata.csv")
        write_table(folder / "metadata.csv", table.assign(**{name: of(table) for name, of in columns.items()}))
        return folder

    return change


def test_rows_of_splits_are_rows_of_the_images_in_memory(images):
    """Only what is used is opened, and every row still leads to its own image."""
    whole = read_metadata(images / "metadata.csv").set_index("file_name")
    prepared = prepare(images, Recipe(model="cnn7", input_size=48, train_variants=("trim",)), folds=("2", "4"))
    assert set(prepared.table["variant"]) <= {"original", "trim"}
    assert len(prepared.images.pixels) == len(prepared.table) < len(whole)
    from generate.dataset import png

    for split in prepared.splits:
        train, test = prepared.table.iloc[split.train], prepared.table.iloc[split.test]
        assert fold_of(prepared, split).n_clips == train["clip_id"].nunique() < prepared.table["clip_id"].nunique()
        assert not set(train["source_id"]) & set(test["source_id"])
        assert not train["duplicate"].any() and set(test["variant"]) == {"original"}
        for row in [*split.train[:3], *split.test[:3]]:
            pixels, text = png.read(images / prepared.table["file_name"][row])
            np.testing.assert_array_equal(prepared.images.pixels[row], pixels)
            assert text["label"] == prepared.table["label"][row] == whole["label"][prepared.table["file_name"][row]]


def test_every_fold_of_every_seed_has_random_numbers_of_its_own(images, tmp_path):
    runs = [prepare(images, replace(TINY, seed=seed), runs=tmp_path) for seed in (0, 1)]
    assert len({fold_of(prepared, split).seed for prepared in runs for split in prepared.splits[:2]}) == 4


def test_folds_with_any_name_stay_in_the_runs_folder(own, tmp_path):
    names = np.array(["../up", "a/b", "spring 2024", "."])
    folder = own(fold=lambda t: names[t["source_id"].astype("category").cat.codes % 4])
    run = prepare(folder, TINY, runs=tmp_path / "runs").run
    folders = [run.fold_folder(fold) for fold in run.all_folds]
    assert len(set(folders)) == 4
    assert all(path.resolve().parent == run.folder.resolve() for path in folders)


def test_folds_that_would_share_a_folder(own):
    names = np.array(["A", "a", "b"])
    folder = own(fold=lambda t: names[t["source_id"].astype("category").cat.codes % 3])
    with pytest.raises(ValueError, match="'A' and 'a' would share a folder"):
        prepare(folder, TINY)


def test_a_class_that_cannot_be_learnt(own):
    folder = own(
        fold=lambda t: np.where(
            t["label"] == "low", "1", (t["source_id"].astype("category").cat.codes % 3 + 1).astype(str)
        )
    )
    with pytest.raises(ValueError, match="fold '1' as the test no image of the class 'low' is left"):
        prepare(folder, TINY)


@pytest.mark.parametrize(
    "change",
    [
        {"label": lambda t: t["label"].replace("low", "deep")},
        {"fold": lambda t: (t["source_id"].astype("category").cat.codes % 2 + 1).astype(str)},
        {"source_id": lambda t: t["clip_id"]},
    ],
    ids=["label", "fold", "source_id"],
)
def test_a_table_that_changed_is_no_resume(own, tmp_path, change):
    """What was trained on could be tested."""
    prepared = prepare(own(), TINY, runs=tmp_path / "runs")
    write_run(prepared.run, prepared.settings)
    assert resume(prepared.run.folder).run.folds == prepared.run.folds
    own(**change)
    with pytest.raises(ValueError, match="no longer those that the run began with"):
        resume(prepared.run.folder)


def test_the_order_of_rows_changes_nothing(own, tmp_path):
    prepared = prepare(own(), TINY, runs=tmp_path / "runs")
    write_run(prepared.run, prepared.settings)
    table = read_metadata(prepared.run.images / "metadata.csv")
    write_table(prepared.run.images / "metadata.csv", table.iloc[::-1])
    assert resume(prepared.run.folder).is_resumed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"label": lambda t: t["label"].where(t.index != 4, "")}, "line 6 has no label"),
        ({"label": lambda t: t["label"].where(t.index != 4, "other")}, "has more than one label"),
        ({"fold": lambda t: t["fold"].where(t.index != 4, "9")}, "has more than one fold"),
        ({"duplicate": lambda t: t["duplicate"].astype(object).where(t.index != 4, "")}, "`duplicate` must be"),
        ({"variant": lambda t: t["variant"].where(t["variant"] != "trim", "original")}, "has two rows"),
    ],
)
def test_tables_edited_by_hand(own, change, words):
    with pytest.raises(ValueError, match=words):
        prepare(own(**change), TINY)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (replace(TINY, model="alexnet"), "--input-size must be larger for .alexnet., such as its own, 224. Got 32"),
        (
            Recipe(model="alexnet", input_size=160),
            "--input-size must be 224 for the ImageNet weights of .alexnet.. Got",
        ),
        (replace(TINY, augment=("image",), image_values=("rotation_range=abc",)), "ImageDataGenerator"),
        (replace(TINY, augment=("image",), image_values=("fill_mode=foo",)), "ImageDataGenerator can do"),
    ],
)
def test_what_would_fail_later_fails_now(images, tmp_path, recipe, words):
    with pytest.raises(ValueError, match=words):
        prepare(images, recipe, runs=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_model_are_refused(images, tmp_path):
    from train.models.build import build_model

    build_model("cnn9", n_classes=3, size=(32, 32)).save(tmp_path / "other.keras")
    (tmp_path / "junk.keras").write_bytes(b"junk")
    (tmp_path / "junk.weights.h5").write_bytes(b"junk")
    for name, words in (("other.keras", "must be a file of weights of 'cnn7'"), ("junk.keras", "cannot be read")):
        with pytest.raises(ValueError, match=words):
            prepare(images, replace(TINY, weights=str(tmp_path / name)))
    with pytest.raises(ValueError, match="must be a file of weights of 'cnn7'"):
        prepare(images, replace(TINY, weights=str(tmp_path / "junk.weights.h5")))


def test_no_originals(own):
    folder = own(
        variant=lambda t: t["variant"].replace("original", "noise=20"),
        file_name=lambda t: t["file_name"].str.replace("__original", "__noise=20"),
    )
    with pytest.raises(ValueError, match="has no row for the original of 30 clips"):
        prepare(folder, TINY)


def test_a_folder_that_holds_no_images_says_what_it_holds(images, tmp_path):
    (tmp_path / "audio_folder" / "rain").mkdir(parents=True)
    (tmp_path / "audio_folder" / "rain" / "a.WAV").touch()
    with pytest.raises(FileNotFoundError, match=r"has audio files.*python -m generate \S*audio_folder$"):
        prepare(tmp_path / "audio_folder", TINY)
    (tmp_path / "all").mkdir()
    shutil.copytree(images, tmp_path / "all" / "mine")
    with pytest.raises(FileNotFoundError, match=r"has image folders in it \(mine\)"):
        prepare(tmp_path / "all", TINY)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        prepare(tmp_path / "nowhere", TINY)


@pytest.mark.parametrize("name", ["../../evil", "a/b", "a\\b", ".."])
def test_the_name_of_a_run_is_a_name(images, name):
    with pytest.raises(ValueError, match="--name must be"):
        prepare(images, TINY, name=name)


def test_what_is_left_to_the_program_is_settled(images, tmp_path):
    recipe = prepare(images, TINY, runs=tmp_path).run.recipe
    assert (recipe.ensemble, recipe.learning_rate) == (2, 0.001)


def test_variants_that_equal_their_original_are_counted(images, tmp_path):
    table = read_metadata(images / "metadata.csv")
    expected = table.loc[table["duplicate"], "variant"].value_counts().to_dict()
    assert prepare(images, TINY, runs=tmp_path).n_duplicates == expected


def test_some_classes_alone_and_the_run_keeps_them(images, tmp_path):
    recipe = replace(TINY, leave_out=("low",))
    prepared = prepare(images, recipe, runs=tmp_path / "runs")
    assert prepared.run.classes == ("high", "middle") == tuple(sorted(set(prepared.table["label"])))
    assert "2 classes (without low)" in plan_text(prepared)
    write_run(prepared.run, prepared.settings)
    again = resume(prepared.run.folder)
    assert again.run.classes == ("high", "middle") and again.run.recipe.leave_out == ("low",)
    assert again.run.trained_on == prepared.run.trained_on and again.run.trained_on["seconds"]
    with pytest.raises(ValueError, match="Got 'lwo'. Do you mean 'low'"):
        prepare(images, replace(TINY, leave_out=("lwo",)))


def test_a_class_of_one_fold_names_the_options_and_they_help(own, tmp_path):
    folder = own(
        fold=lambda t: np.where(
            t["label"] == "low", "1", (t["source_id"].astype("category").cat.codes % 3 + 1).astype(str)
        )
    )
    with pytest.raises(ValueError, match=r"\(--leave-out low\), make folds .*\(--ignore-folds\)"):
        prepare(folder, TINY)
    prepared = prepare(folder, replace(TINY, ignore_folds=True, n_folds=3), runs=tmp_path / "runs")
    assert prepared.run.all_folds == ("1", "2", "3")
    assert "3 folds of whole recordings, not the collection's own" in plan_text(prepared)
    assert len(prepare(folder, replace(TINY, leave_out=("low",)), runs=tmp_path / "runs").run.classes) == 2


def test_the_plan_says_which_class_made_the_folds_few_and_which_fold_does_not_test_it(own, tmp_path):
    folder = own(
        fold=lambda t: "",
        source_id=lambda t: t["source_id"].where(
            t["label"] != "low", "low-" + t["clip_id"].str[-3].isin(["0", "1"]).astype(str)
        ),
    )
    few = plan_text(prepare(folder, TINY, runs=tmp_path / "runs"))
    assert "2 folds, since the class 'low' has only 2 recordings. Leave it out (--leave-out low), or give" in few
    more = plan_text(prepare(folder, replace(TINY, n_folds=3), runs=tmp_path / "runs"))
    assert "3 folds, each the test set once" in more and "not tested: 'low' in fold" in more
