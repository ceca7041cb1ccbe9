"""Timings against the programs that people write today: `make bench`."""
