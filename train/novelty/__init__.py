"""One class alone, such as a machine that runs well: how unlike it recordings are."""
