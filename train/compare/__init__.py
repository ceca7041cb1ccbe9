"""Finished runs in one table, and whether they differ by more than chance."""
