"""`python -m train.novelty`; see `train.novelty.command_line`."""

import sys

from train.novelty.command_line import main

if __name__ == "__main__":
    sys.exit(main())
