"""Defaults and choices of options that are not in a recipe, where `--help` need not wait for Keras."""

EXPLAINED_TESTS = 12
"""Test images for which the page of a run shows what the model attends to: a few seconds each with the default one."""
CACHES = ("auto", "memory", "disk")
"""Where the decoded images are held; see `train.data.disk_cache`."""
DEFAULT_THRESHOLD = 0.5
"""Probability from which on a window is predicted as a class: then it is more probable than all others together."""
EVENT_FORMATS = ("csv", "raven", "audacity", "html")
"""Files in which `train.predict --events` writes events."""
