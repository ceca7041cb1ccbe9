"""Classes that stand for the absence of all others."""

BACKGROUND = "_background"
"""Windows of annotated recordings in which nothing was marked."""
OTHER = "_other"
"""A user's folder of sounds that are none of the classes."""
NOT_EVENTS = frozenset({BACKGROUND, OTHER})
"""Predicted as one of these, a window holds no event."""
