"""Class predictions for new recordings, window by window."""
