"""Work done in processes of its own, where a crash or a hang costs one file."""
