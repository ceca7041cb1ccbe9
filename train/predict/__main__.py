"""`python -m train.predict`; see `train.predict.command_line`."""

import sys

from train.predict.command_line import main

if __name__ == "__main__":
    sys.exit(main())
