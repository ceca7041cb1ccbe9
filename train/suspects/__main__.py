"""`python -m train.suspects`; see `train.suspects.command_line`."""

import sys

from train.suspects.command_line import main

if __name__ == "__main__":
    sys.exit(main())
