"""`python -m generate SOUNDS [OUTPUT]`: from a sound collection to a folder of spectrogram pictures."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from generate import command_line

CANNOT_START = 1
TOO_MUCH_REJECTED = 3
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run stage one and return its exit status."""
    try:
        options = command_line.parse(arguments)
        # Only now: reading tables and sounds takes imports that `--help` need not wait for.
        from generate import run, summary

        prepared = run.prepare(options)
        print(summary.plan_text(prepared), flush=True)
        if options.dry_run:
            print("Dry run: nothing was written.")
            return 0
        result = run.execute(prepared)
        print(summary.result_text(prepared, result))
        return TOO_MUCH_REJECTED if result.too_much_rejected(options.max_rejected) else 0
    except KeyboardInterrupt:
        print("\nInterrupted. What is done is kept; the same command goes on from there.", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError) as error:
        print(f"generate: {error}", file=sys.stderr)
        return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
