"""The two libraries that decode audio files: libsndfile and FFmpeg."""
