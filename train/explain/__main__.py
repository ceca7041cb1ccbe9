"""`python -m train.explain`; see `train.explain.command_line`."""

import sys

from train.explain.command_line import main

if __name__ == "__main__":
    sys.exit(main())
