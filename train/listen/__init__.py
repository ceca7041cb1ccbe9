"""Classify audio while it is recorded; see `train.listen.listen`."""
