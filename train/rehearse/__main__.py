"""`python -m train.rehearse`; see `train.rehearse.command_line`."""

import sys

from train.rehearse.command_line import main

if __name__ == "__main__":
    sys.exit(main())
