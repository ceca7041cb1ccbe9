"""Annotation files: which parts of recordings hold which sounds."""
