"""The health of a labelled collection: what each clip measures, what that says of all, and what to do about it."""
