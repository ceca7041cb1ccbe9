"""Checks of a collection before it is trained on: near duplicates, leaks by length, level or codec."""
