"""`python -m generate AUDIO_FOLDER [OUTPUT]`: from an audio collection to a folder of spectrogram images."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from generate import command_line
from generate.runtime.exit_codes import ATTENTION, RESUMABLE, guarded
from generate.workers import fork_server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run stage one and return its exit status."""
    return guarded("generate", lambda: _generate(arguments), interrupted=RESUMABLE)


def _generate(arguments: Sequence[str] | None) -> int:
    parsed = command_line.parse(arguments)
    if not parsed.dry_run:
        fork_server.start()
    # Only now: these imports take a second, which `--help` need not wait for.
    from generate.gallery.make import page_of_run
    from generate.rendering.plan import make_plan
    from generate.rendering.plan_text import plan_text
    from generate.rendering.prepare import prepare
    from generate.rendering.run import execute
    from generate.rendering.summary import result_text

    prepared = prepare(command_line.options_from(parsed))
    print(plan_text(prepared, make_plan(prepared)), flush=True)
    if parsed.dry_run:
        print("Dry run: no image was written.")
        return 0
    result = execute(prepared, make_page=page_of_run, log=partial(print, flush=True))
    print(result_text(prepared, result))
    return ATTENTION if result.too_many_rejected() else 0


if __name__ == "__main__":
    sys.exit(main())
