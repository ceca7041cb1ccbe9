"""Stage one: a sound collection becomes a folder of spectrogram pictures."""
