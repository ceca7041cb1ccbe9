"""Container formats: whether all of the audio is in a file, and what its header contains."""
