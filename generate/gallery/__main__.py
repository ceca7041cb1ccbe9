"""`python -m generate.gallery`; see `generate.gallery.command_line`."""

import sys

from generate.gallery.command_line import main

if __name__ == "__main__":
    sys.exit(main())
