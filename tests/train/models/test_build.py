import keras
import numpy as np

from train.models.build import build_model
from train.models.features import feature_model


def test_from_scratch_a_model_is_tested_as_it_was_trained_after_few_steps():
    """With Keras's momentum of 0.99, an eighth of the moving statistics would still be what they began with."""
    x = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3)).astype(np.float32)
    x *= np.linspace(0.2, 1, 16, dtype=np.float32)[:, None, None, None]
    model = build_model("cnn7", n_classes=3, size=(32, 32))
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="categorical_crossentropy")
    model.fit(np.tile(x, (200, 1, 1, 1)), np.ones((3200, 3), np.float32) / 3, batch_size=16, shuffle=False, verbose=0)
    features = feature_model(model)
    in_training = keras.ops.convert_to_numpy(features(x, training=True))
    np.testing.assert_allclose(features.predict(x, verbose=0), in_training, atol=0.1 * in_training.std())


def test_from_scratch_this_holds_for_models_of_keras_applications_too():
    """`mobilenetv2` has a momentum of 0.999 there, and called all clips one class."""
    layers = build_model("mobilenetv2", n_classes=3, size=(32, 32), ensemble=2)._flatten_layers()
    momenta = [layer.momentum for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert momenta == [0.9] * 104
