"""`python -m augment_audio IN.wav... OUT`: write variants of audio files as WAV files, to listen to them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from augment_audio.engines import ENGINES, choose_engine
from augment_audio.request import parse_requests
from augment_audio.transforms import PRESETS, VARIANTS
from augment_audio.variants_file import load_variants_file

DESCRIPTION = "Write the variants of audio files as WAV files, to listen to what `python -m generate` renders."


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    variants = "\n".join(f"  {name:14} {variant.summary}" for name, variant in VARIANTS.items())
    presets = "\n".join(f"  {name:14} {' '.join(members) or 'the original alone'}" for name, members in PRESETS.items())
    parser = argparse.ArgumentParser(
        prog="python -m augment_audio",
        description=DESCRIPTION,
        epilog=f"variants:\n{variants}\n  {'a+b':14} First a, then b, in one variant: pitch=+2+stretch=0.7\n\n"
        f"presets:\n{presets}\n\n"
        "example:\n  python -m augment_audio dog.wav variants/ --variants pitch=+2 stretch=0.7 noise=20\n\n"
        "exit status: 0 success, 1 failure (the message says why), 2 wrong usage, 130 interrupted.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("audio_files", metavar="IN", nargs="+", type=Path, help="audio files")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder for the variants")
    parser.add_argument("--variants", nargs="+", default=["paper"], metavar="V", help="see below (default: paper)")
    parser.add_argument("--variants-file", type=Path, metavar="FILE.py", help="Python file that defines more variants")
    parser.add_argument("--engine", default="auto", help=f"{', '.join(ENGINES)} or auto (default)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random variants (default: 0)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the variants and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # file names may hold characters that the terminal lacks
    options = build_parser().parse_args(arguments)
    try:
        _write(options)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError) as error:
        print(f"augment_audio: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # a variant of the user's own may raise anything
        print(f"augment_audio: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _write(options: argparse.Namespace) -> None:
    own = load_variants_file(options.variants_file) if options.variants_file else {}
    variants = VARIANTS | own
    requests = parse_requests(options.variants, variants, PRESETS)
    if own and not any(step.kind in own for request in requests for step in request.steps):
        raise ValueError(
            f"--variants must name a variant of {str(options.variants_file)!r}. Got {' '.join(options.variants)}. "
            f"Add one of {', '.join(own)}, or leave --variants-file out."
        )
    engine = choose_engine(options.engine)
    print(f"Pitch and tempo by {ENGINES[engine].version()}.")
    from augment_audio.audio_files import expand, write_variants  # not for `--help`: soundfile takes time to load

    paths = expand(options.audio_files)
    for written in write_variants(paths, options.output, requests, variants=variants, engine=engine, seed=options.seed):
        quieter = f", made {written.attenuation_db:.1f} dB quieter to fit" if written.attenuation_db else ""
        # Quoted: a name may hold control characters.
        print(f"{str(written.path)!r}  {written.duration_s:.2f} s{quieter}")
