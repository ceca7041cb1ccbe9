"""`python -m train.export`; see `train.export.command_line`."""

import sys

from train.export.command_line import main

if __name__ == "__main__":
    sys.exit(main())
