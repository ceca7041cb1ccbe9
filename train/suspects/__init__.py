"""Labels of a run's clips that are probably wrong, and why."""
