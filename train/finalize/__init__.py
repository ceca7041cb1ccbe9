"""One model on all recordings, after the folds."""
