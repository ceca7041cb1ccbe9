"""The image folder, which stage one writes and stage two reads: settings, tables, names, PNG files, owned files."""
