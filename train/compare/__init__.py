"""Finished runs in a table for each collection, and whether they differ by more than chance."""
