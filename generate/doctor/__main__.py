"""`python -m generate.doctor`; see `generate.doctor.command_line`."""

import sys

from generate.doctor.command_line import main

if __name__ == "__main__":
    sys.exit(main())
