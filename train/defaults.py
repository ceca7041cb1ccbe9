"""Defaults and choices of options that are not in a recipe, where `--help` need not wait for Keras."""

EXPLAINED_TESTS = 40
"""Test images for which the page of a run shows what the model attends to: half a second each with a small model."""
CACHES = ("auto", "memory", "disk")
"""Where the decoded images are held; see `train.data.disk_cache`."""
