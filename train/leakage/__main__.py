"""`python -m train.leakage`; see `train.leakage.command_line`."""

import sys

from train.leakage.command_line import main

if __name__ == "__main__":
    sys.exit(main())
