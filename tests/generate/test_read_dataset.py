"""Class names that look like numbers, truth or nothing stay what they are, from the folders to the reports."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import generate
from generate.dataset import settings_file
from generate.gallery import page_data
from tests.conftest import SR, tone
from tests.train.conftest import draw
from tests.train.fake_runs import fake_run
from train.data.image_folder import read_images
from train.data.split import make_splits

CLASSES = ("007", "1e5", "NA", "True", "nan")
ROOT = Path(__file__).parents[2]
(SNIPPET,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/accuracy.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Five recordings of each class, two variants of each."""
    here = tmp_path_factory.mktemp("names")
    for number in range(5):
        for k, label in enumerate(CLASSES):
            path = here / "my_sounds" / label / f"{label}_{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tone(300 + 200 * k + 10 * number, seconds=0.2), SR)
    draw(here / "my_sounds", here / "outputs/images/my_sounds", "--variants", "gain=-6", "--listen", "0")
    return here / "outputs/images/my_sounds"


def test_the_table_has_text_as_text(images):
    for path in (images, str(images), images / "metadata.csv"):
        table = generate.read_dataset(path)
        assert dict(table["label"].value_counts()) == dict.fromkeys(CLASSES, 10)
    assert all(isinstance(label, str) for label in table["label"])
    assert set(pd.read_csv(images / "metadata.csv")["label"]) != set(CLASSES), "what pandas alone makes of them"
    assert table["duplicate"].dtype == bool


def test_the_snippet_of_the_documentation(images, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.chdir(images.parents[2])
    tested = []
    exec(SNIPPET.replace("    ...  #", "    tested += list(table['label'][test])\n    #"), {"tested": tested})
    assert sorted(tested) == sorted(CLASSES * 5), "each class and each recording was tested once, under its own name"


def test_a_table_that_is_not_there(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match="no table .*python -m generate"):
            generate.read_dataset(path)


def test_a_column_that_is_named_twice(images, tmp_path):
    first, *rows = (images / "metadata.csv").read_text().splitlines()
    (tmp_path / "metadata.csv").write_text("\n".join([f"{first},label", *(f"{row},dog" for row in rows), ""]))
    with pytest.raises(ValueError, match="first line names the column label twice"):
        generate.read_dataset(tmp_path)


def test_importing_the_package_stays_cheap():
    code = "import sys, generate; sys.exit(bool({'numpy', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_gallery_and_the_trainer_keep_them(images):
    settings, table = read_images(images)
    assert sorted(table["label"].unique()) == list(CLASSES)
    for split in make_splits(table):
        assert set(table["label"].iloc[split.test]) <= set(CLASSES)
    data = page_data.page_data(images, settings_file.read_settings(images / "settings.json"), table)
    assert data["classes"] == list(CLASSES)


def test_the_audit_keeps_them(images, capsys):
    from generate.audit.command_line import main

    csv = images.parents[2] / "audit.csv"
    main([str(images.parents[2] / "my_sounds"), "--csv", str(csv), "--workers", "1", "--seconds", "1"])
    table = pd.read_csv(csv, dtype=object, keep_default_na=False)
    assert dict(table["label"].value_counts()) == dict.fromkeys(CLASSES, 5)


def test_reports_and_comparisons_keep_them(tmp_path, capsys):
    from train.compare.command_line import main
    from train.report.make_report import make_report
    from train.runs.run_folder import read_predictions, read_run

    for name, right in (("one", 0.9), ("two", 0.6)):
        run = fake_run(tmp_path / name, classes=CLASSES, right=right)
        report = make_report(run)
        assert read_run(tmp_path / name).classes == CLASSES
        predictions = read_predictions(tmp_path / name / "predictions.csv")
        assert set(predictions["label"]) == set(predictions["predicted"]) == set(CLASSES)
        assert [row.label for row in report.classes] == list(CLASSES)
    matrix = pd.read_csv(tmp_path / "one/confusion_matrix.csv", dtype=object, keep_default_na=False)
    assert list(matrix.columns[1:]) == list(matrix.iloc[:, 0]) == list(CLASSES)
    assert np.sum(matrix.iloc[:, 1:].astype(int).to_numpy()) == len(predictions)
    assert main([str(tmp_path / "one"), str(tmp_path / "two"), "--csv", str(tmp_path / "runs.csv")]) == 0
