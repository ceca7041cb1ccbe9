"""Defaults and choices of options that are no part of a recipe; here, because `--help` must not wait for Keras."""

EXPLAINED_TESTS = 40
"""Tests for which the page of a run shows where the model looked: a clip takes half a second with a small model."""
CACHES = ("auto", "memory", "disk")
"""Where the decoded images are held; see `train.data.disk_cache`."""
