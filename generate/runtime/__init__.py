"""The toolbox: atomic writes, safe names, differences between systems, exit codes, wording, memory, progress."""
