"""`python -m train.open_set`; see `train.open_set.command_line`."""

import sys

from train.open_set.command_line import main

if __name__ == "__main__":
    sys.exit(main())
