"""`python -m train.compare`; see `train.compare.command_line`."""

import sys

from train.compare.command_line import main

if __name__ == "__main__":
    sys.exit(main())
