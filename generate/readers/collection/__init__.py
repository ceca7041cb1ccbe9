"""A collection: its clips table, its reader, and how its layout is found out."""
