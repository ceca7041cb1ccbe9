"""New recordings to predictions, window by window."""
