"""`python -m generate.audit`; see `generate.audit.command_line`."""

import sys

from generate.audit.command_line import main

if __name__ == "__main__":
    sys.exit(main())
