"""A page for a long recording: a zoomable spectrogram with the events on it, which plays on click."""
