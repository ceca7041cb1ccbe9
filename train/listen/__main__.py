"""`python -m train.listen`; see `train.listen.command_line`."""

import sys

from train.listen.command_line import main

if __name__ == "__main__":
    sys.exit(main())
