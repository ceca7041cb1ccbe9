import numpy as np
import pytest

from tests.train.fake_runs import fake_run
from train.models import checkpoint
from train.models.build import build_model
from train.predict.fold_models import folds_to_average, load_models, models_in_turn

SIZE = (32, 32)


@pytest.fixture
def run(tmp_path):
    run = fake_run(tmp_path / "run", model="cnn7", ensemble=1, input_size=SIZE[0])
    for fold in run.folds:
        checkpoint.save(build_model("cnn7", n_classes=3, size=run.input_size), run.model_file(fold), [])
    return run


def test_models_in_turn_are_those_of_their_folds(run):
    images = np.random.default_rng(0).integers(0, 256, (4, *run.input_size, 3)).astype(np.uint8)
    alone = [model.predict_on_batch(images) for model in load_models(run, ["1", "2"])]
    assert not np.allclose(*alone)
    in_turn = [(fold, model.predict_on_batch(images)) for fold, model in models_in_turn(run, ["1", "2"])]
    assert [fold for fold, _ in in_turn] == ["1", "2"]
    np.testing.assert_allclose([predicted for _, predicted in in_turn], alone, atol=1e-6)


def test_no_fold_is_no_model(run):
    with pytest.raises(ValueError, match="folds must name one finished fold or more. Got none"):
        folds_to_average(run, [])


def test_a_model_that_is_not_there_is_said(run):
    run.model_file("2").unlink()
    with pytest.raises(FileNotFoundError, match="fold-2.*does not exist. Delete the folder"):
        list(models_in_turn(run, ["1", "2"]))
