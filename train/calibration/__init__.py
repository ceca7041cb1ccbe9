"""Probabilities that mean what they say, and thresholds; fitted out of fold."""
