import re
from dataclasses import replace

import pytest

from tests.train.fake_runs import SETTINGS, fake_run
from train.report.model_card import card_text
from train.report.results import build_report, read_predictions


def card(tmp_path, settings=SETTINGS, name="run", **options):
    run = fake_run(tmp_path / name, **options)
    return card_text(build_report(run, read_predictions(run)), settings)


def test_the_card_says_what_a_user_must_know(tmp_path):
    text = card(tmp_path, right=0.8)
    assert "trained on Small" in text
    assert "CC BY 3.0" in text and "A. Author, Small sounds, 2020" in text
    assert "72 clips of 36 recordings" in text
    assert "No recording is in both training and test" in text
    assert f"python -m train.predict {tmp_path / 'run'} file.wav" in text
    assert "audio clips of 5 s" in text
    assert len(re.findall(r"^\| (bird|rain|saw) \| .* \| 24 \| 12 \|$", text, re.M)) == 3


def test_a_folder_with_a_space_can_be_pasted(tmp_path):
    assert f"train.predict '{tmp_path / 'my run'}' file.wav" in card(tmp_path, name="my run")


def test_sounds_without_a_licence_say_so(tmp_path):
    text = card(tmp_path, SETTINGS | {"collection": SETTINGS["collection"] | {"licence": "", "citation": ""}})
    assert "none is stated" in text and "Please cite" not in text


def test_class_names_do_not_break_the_markdown(tmp_path):
    text = card(tmp_path, classes=('<&"', "a|b", "*c*_d_", "`e`"), right=0.4, recordings=2)
    table = [line for line in text.splitlines() if line.startswith("|") and line.endswith("| 8 | 4 |")]
    assert len(table) == 4
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 8 for line in table)
    assert '&lt;&amp;"' in text and "<&" not in text
    assert r"a\|b" in text and r"\*c\*\_d\_" in text


def test_fifty_classes_are_all_in_the_table_but_not_in_the_sentence(tmp_path):
    text = card(tmp_path, classes=[f"class {k}" for k in range(50)], recordings=1)
    assert "and 38 more" in text
    results = text[text.index("## Results by class") : text.index("## Thresholds")]
    assert len(re.findall(r"^\| class \d+ \|", results, re.M)) == 50


@pytest.mark.parametrize("protocol", ["paper", "random-clips"])
def test_a_leaky_card_warns_at_once(tmp_path, protocol):
    text = card(tmp_path, protocol=protocol, all_folds=("1",))
    title, _, banner = text.splitlines()[:3]
    assert title.endswith("(leaky)") and banner.startswith("> **LEAKY.")
    assert "36 of 36 test images have images of the same recording" in banner
    assert "Of 100 new clips" not in text
    assert "No recording is in both" not in text


def test_how_the_epoch_was_chosen_is_told(tmp_path):
    assert "fixed schedule" in card(tmp_path)
    assert "was selected on validation clips" in card(tmp_path, name="b", select="validation")


def test_a_pretrained_model_says_so(tmp_path):
    assert "ImageNet" in card(tmp_path, weights="imagenet")
    assert "from scratch" in card(tmp_path, name="b")


def test_the_card_knows_the_sample_rates_of_the_collection(tmp_path):
    run = fake_run(tmp_path / "run")
    trained_on = {"sample_rates_hz": {"8000": 72}, "seconds": [0.3, 0.4, 0.8]}
    report = replace(build_report(run, read_predictions(run)), trained_on=trained_on)
    text = card_text(report, SETTINGS)
    assert "have 8,000 Hz, and frequencies above 4,000 Hz were not in its training images" in text
    assert "44,100" not in text and "22,050" not in text
    assert "hears up to" not in card(tmp_path, name="old")


def test_classes_that_were_left_out_are_named(tmp_path):
    assert "Left out of the collection: wind, \\*sea\\*." in card(tmp_path, leave_out=("wind", "*sea*"))


def test_folds_of_our_own_are_not_called_the_collections(tmp_path):
    assert "the collection's own folds were ignored" in card(tmp_path, ignore_folds=True)


@pytest.mark.parametrize(
    "name", ["<img src=x>", "a` <img src=x> `b", "`<img src=x>`", "`\n\n<img src=x>\n\n`", "a\n# <b>"]
)
def test_no_name_of_a_strangers_becomes_html(tmp_path, name):
    settings = SETTINGS | {"collection": SETTINGS["collection"] | {"licence": name, "citation": name}}
    text = card(tmp_path, settings, classes=(name, "b", "c"), collection=name, model=name, recordings=2)
    assert "<img" not in text and "<b>" not in text and "\n# &lt;" not in text


PRETRAINED = {"model": "efficientnet_lite0", "weights": "imagenet"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {},
            ["each trained from scratch on the other folds.", "The weights of the last epoch of a fixed schedule are"],
        ),
        (PRETRAINED, ["The mean weights of the last steps of a fixed schedule are tested: nothing was selected."]),
        (PRETRAINED | {"views": 0}, ["The last layer is fitted in one step: nothing was selected."]),
        (
            PRETRAINED | {"select": "validation"},
            [
                "on the other folds but one, which selected the epoch",
                "trained on the others but one, the validation fold.",
            ],
        ),
    ],
)
def test_what_was_trained_on_and_which_weights_are_tested(tmp_path, options, words):
    text = card(tmp_path, **options)
    for sentence in words:
        assert sentence in text
    assert ("weights of the last epoch" in text) == (options == {})


def test_the_epoch_that_fits_the_last_layer_is_no_epoch_of_the_schedule(tmp_path):
    fitted = (
        "Training: the last layer fitted by logistic regression, then 4 epochs in batches of 32, learning rate with"
    )
    assert f"{fitted} warm-up and cosine decay to 0" in card(tmp_path, epochs=5, **PRETRAINED)
    text = card(tmp_path, epochs=5, name="scratch", warmup=0.0, learning_rate=0.01)
    assert "Training: 5 epochs in batches of 32, learning rate from 0.01 and cosine decay to 0, seed 0" in text
