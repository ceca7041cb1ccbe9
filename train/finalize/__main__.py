"""`python -m train.finalize`; see `train.finalize.command_line`."""

import sys

from train.finalize.command_line import main

if __name__ == "__main__":
    sys.exit(main())
