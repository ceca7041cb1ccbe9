"""Defaults of options that are no settings of an image; here, because `--help` must not wait for pandas."""

LISTEN = 4
"""Clips of each class whose variants can be heard on the page."""
MAX_REJECTED_PERCENT = 5.0
"""Of the clips of a run; with more the exit status is 3."""
