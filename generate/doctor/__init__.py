"""What is missing on a system, and how to get it."""
