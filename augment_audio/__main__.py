"""`python -m augment_audio IN.wav... OUT`: see `augment_audio.command_line`."""

import sys

from augment_audio.command_line import main

if __name__ == "__main__":
    sys.exit(main())
