"""Leaving sites out: the table of sites, and what a last layer that never heard the site gets right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from train.recipe import Recipe
from train.rehearse.leave_one_site_out import leave_one_site_out, read_sites
from train.rehearse.site_table import sites_of
from train.rehearse.text import sites_text
from train.runs.run_folder import write_run
from train.training.prepare import prepare

RECIPE = Recipe(model="efficientnet_lite0", views=0, input_size=64, batch_size=16)


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    """Begun, and not trained: of a run nothing but its images and its recipe is used."""
    prepared = prepare(images, RECIPE, runs=tmp_path_factory.mktemp("runs"))
    write_run(prepared.run, prepared.settings)
    return prepared.run


@pytest.fixture
def sites(run, tmp_path):
    """Recordings 0 to 2 of each class are at the river, 3 and 4 in the town."""
    table = pd.DataFrame(
        [
            {"File": f"{label}/{label}{number}_{take}.wav", "site": "river" if number < 3 else "town"}
            for label in ("low", "middle", "high")
            for number in range(5)
            for take in range(2)
        ]
    )
    table.to_csv(tmp_path / "sites.csv", index=False)
    return read_sites(run, tmp_path / "sites.csv", "site")


@pytest.fixture
def features(monkeypatch):
    """Features of a class and a site, instead of those of a model."""

    def of(vector_of):
        def made(prepared, rows):
            recordings = prepared.table["source_id"].str[-1].astype(int)
            sites = np.where(recordings < 3, "river", "town")
            return np.array([vector_of(*key) for key in zip(prepared.table["label"], sites, strict=True)], np.float32)

        monkeypatch.setattr("train.training.frozen_features.frozen_features", made)

    return of


def one_hot(label):
    return np.eye(3)[["low", "middle", "high"].index(label)]


def test_what_holds_at_one_site_only_is_found_out(run, sites, features):
    """In town the classes have each other's features: grouped folds know that, and a model of the river alone not."""
    turned = {"river": 0, "town": 1}
    features(
        lambda label, site: np.concatenate([np.roll(one_hot(label), turned[site]), 3 * turned[site] * one_hot(label)])
    )
    overall, *by_site = leave_one_site_out(run, sites)
    assert (overall.accuracy, overall.grouped_accuracy, overall.difference) == (0, 1, -1)
    assert (overall.n_clips, overall.n_recordings) == (30, 15)
    assert {row.site: row.n_clips for row in by_site} == {"river": 18, "town": 12}
    assert overall.share_trained == pytest.approx((18 * 0.4 + 12 * 0.6) / 30)
    assert overall.share_trained_grouped == pytest.approx(0.8)


def test_background_is_trained_on_and_not_counted(run, sites, features, monkeypatch):
    features(lambda label, site: one_hot(label))
    monkeypatch.setattr(
        "train.rehearse.leave_one_site_out.counted", lambda labels: np.asarray([label != "low" for label in labels])
    )
    overall, *by_site = leave_one_site_out(run, sites)
    assert (overall.n_clips, overall.accuracy) == (20, 1)
    assert {row.site: row.n_clips for row in by_site} == {"river": 12, "town": 8}


def test_clips_that_a_review_added_have_no_site_and_no_part(run, tmp_path, sites, features, monkeypatch):
    features(lambda label, site: one_hot(label))
    added = "low4_1"
    without = {clip: site for clip, site in sites.items() if clip != added}
    assert len(without) == 29
    for module in ("train.rehearse.leave_one_site_out", "train.data.split"):
        monkeypatch.setattr(f"{module}.is_added", lambda table: (table["clip_id"] == added).to_numpy())
    table = pd.read_csv(tmp_path / "sites.csv")
    table[~table["File"].str.contains(added)].to_csv(tmp_path / "sites.csv", index=False)
    assert read_sites(run, tmp_path / "sites.csv", "site") == without
    overall, *_ = leave_one_site_out(run, without)
    assert overall.n_clips == 29 and overall.accuracy == overall.grouped_accuracy == 1


def test_what_holds_at_all_sites_is_kept(run, sites, features):
    features(lambda label, site: one_hot(label))
    overall, *by_site = leave_one_site_out(run, sites)
    assert overall.accuracy == overall.grouped_accuracy == 1 and overall.difference == 0
    text = sites_text([overall, *by_site], model="efficientnet_lite0")
    assert "all 2          30     15          100.0 %" in text
    assert overall.n_sites == 2 and overall.low is None and overall.difference_low is None, "two sites tell nothing"
    assert by_site[0].n_recordings == 9 and by_site[0].low is not None
    assert "Intervals of a site are over its recordings, that of all is over sites." in text
    assert "Fitted to 48.0 % of the clips in the mean, in grouped folds to 80.0 %" in text


def test_a_class_of_one_site_is_counted_apart_and_a_recording_of_two_trained_on_for_neither(run, sites, features):
    features(lambda label, site: one_hot(label))
    only_river = {clip: "river" if clip.startswith("high") else site for clip, site in sites.items()}
    overall, *by_site = leave_one_site_out(run, {**only_river, "low0_1": "town"})
    assert overall.n_new_class == 10 and overall.n_clips == 20 and overall.accuracy == 1
    assert {row.site: row.share_trained for row in by_site} == pytest.approx({"river": 8 / 30, "town": 20 / 30})
    assert "10 clips of classes that no other site has: left out" in sites_text([overall, *by_site], model="m")


def test_files_are_found_by_path_or_name(tmp_path):
    files = pd.Series(["a/1.wav", "b/1.wav", "b/2.wav", "c/3.flac"], index=list("wxyz"))
    (tmp_path / "t.csv").write_text("filename;place\na/1.wav;N\nb\\1.wav;S\n2.wav;S\n3;N\nother.wav;X\n")
    assert sites_of(tmp_path / "t.csv", "place", files).to_dict() == {"w": "N", "x": "S", "y": "S", "z": "N"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("file,site\nlow0_0.wav,a\n", r"29 files in no row: high/high0_0\.wav"),
        ("file,site\nlow0_0.wav,a\nlow/low0_0.wav,b\n", "in no row"),
        ("file,place\nlow0_0.wav,a\n", "no column 'site'"),
        ("name,site\nlow0_0.wav,a\n", "must have a column for the audio file"),
        ("file,site\nlow0_0.wav,\n", "is empty in line 2"),
    ],
)
def test_a_table_that_does_not_say_it_is_refused(run, tmp_path, rows, message):
    (tmp_path / "t.csv").write_text(rows)
    with pytest.raises(ValueError, match=message):
        read_sites(run, tmp_path / "t.csv", "site")


def test_two_sites_of_one_file_and_one_site_of_all_are_refused(run, images, tmp_path):
    names = [path.name for path in (images.parent / "audio_folder").glob("*/*.wav")]
    (tmp_path / "t.csv").write_text("file,site\n" + "".join(f"{name},a\n" for name in names))
    with pytest.raises(ValueError, match="must hold two sites or more. Got 'a' for all"):
        read_sites(run, tmp_path / "t.csv", "site")
    with (tmp_path / "t.csv").open("a") as file:
        file.write(f"{names[0]},b\n")
    with pytest.raises(ValueError, match="1 file in rows of two sites"):
        read_sites(run, tmp_path / "t.csv", "site")


def test_a_model_from_scratch_has_no_last_layer_to_fit_alone(images, tmp_path):
    run = prepare(images, Recipe(model="cnn7", epochs=1)).run
    with pytest.raises(ValueError, match="needs a run with pretrained weights"):
        read_sites(run, tmp_path / "gone.csv", "site")
