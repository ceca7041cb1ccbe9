"""A trained run as one file for another program, a browser, a phone or a board, from samples to probabilities."""
