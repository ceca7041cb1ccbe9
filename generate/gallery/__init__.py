"""The page of an image folder, to look at and to listen to."""
