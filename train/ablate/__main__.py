"""`python -m train.ablate`; see `train.ablate.command_line`."""

import sys

from train.ablate.command_line import main

if __name__ == "__main__":
    sys.exit(main())
