"""What a run came to: metrics with their intervals, warnings, plots, model card, page."""
