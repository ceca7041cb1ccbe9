"""Which windows of new recordings to label next."""
