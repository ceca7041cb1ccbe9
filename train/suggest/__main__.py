"""`python -m train.suggest`; see `train.suggest.command_line`."""

import sys

from train.suggest.command_line import main

if __name__ == "__main__":
    sys.exit(main())
