"""`python -m generate.download`; see `generate.download.command_line`."""

import sys

from generate.download.command_line import main

if __name__ == "__main__":
    sys.exit(main())
