"""`python -m generate AUDIO_FOLDER [OUTPUT]`: from a sound collection to a folder of spectrogram images."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from generate import command_line
from generate.runtime.os_compat import not_installed_message
from generate.runtime.terminal import escape_output
from generate.runtime.wording import what_failed
from generate.workers import fork_server

CANNOT_START = 1
TOO_MUCH_REJECTED = 3
INTERRUPTED = 130
KEPT = "What is done is kept; the same command goes on from there."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run stage one and return its exit status."""
    escape_output()
    is_at_work = False
    try:
        options = command_line.parse(arguments)
        if not options.dry_run:
            fork_server.start()
        # Only now: reading tables and sounds takes imports that `--help` need not wait for.
        from generate.gallery.make import page_of_run
        from generate.rendering import prepare, run, summary

        prepared = prepare.prepare(command_line.options_from(options))
        print(summary.plan_text(prepared, prepare.survey(prepared)), flush=True)
        if options.dry_run:
            print("Dry run: no image was written.")
            return 0
        is_at_work = True
        result = run.execute(prepared, make_page=page_of_run)
        print(summary.result_text(prepared, result))
        return TOO_MUCH_REJECTED if result.too_much_rejected(options.max_rejected) else 0
    except KeyboardInterrupt:
        print(f"\nInterrupted. {KEPT}", file=sys.stderr)
        return INTERRUPTED
    except ModuleNotFoundError as error:
        print(f"generate: {not_installed_message(error)}", file=sys.stderr)
        return CANNOT_START
    except ValueError as error:
        print(f"generate: {error}", file=sys.stderr)
        return CANNOT_START
    except OSError as error:
        print(f"generate: {what_failed(error)}" + (f"\n{KEPT}" if is_at_work else ""), file=sys.stderr)
        return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
