"""Networks, their registry, and their weights on disk.

Importing this package registers its layers, so that plain Keras reads a trained model:

>>> import keras, train.models
>>> model = keras.models.load_model("outputs/runs/my_sounds-cnn9/fold-1/last.keras")  # doctest: +SKIP
"""

from train.models import ensemble, preprocess

__all__ = ["ensemble", "preprocess"]
