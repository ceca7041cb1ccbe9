"""How much accuracy a leaky split adds: the same model under a grouped and under a random split."""
