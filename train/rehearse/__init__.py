"""The accuracy out of fold again, after what happens to audio on its way: noise, distance, recorders, MP3, rooms."""
