"""`python -m train.budget`; see `train.budget.command_line`."""

import sys

from train.budget.command_line import main

if __name__ == "__main__":
    sys.exit(main())
