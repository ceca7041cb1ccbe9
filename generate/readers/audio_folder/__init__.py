"""A folder of audio files: what is in it, and what the names of its folders and files mean."""
