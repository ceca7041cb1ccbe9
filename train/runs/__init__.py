"""The run folder: its names, tables and files."""
