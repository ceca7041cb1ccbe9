"""`python -m train.report`; see `train.report.command_line`."""

import sys

from train.report.command_line import main

if __name__ == "__main__":
    sys.exit(main())
