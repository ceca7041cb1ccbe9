"""Tables of strangers: strict CSV parsing, and which tables tell classes or label parts of recordings."""
