"""`python -m augment_audio IN.wav... OUT`: write the variants of a sound as sounds, to listen to them."""

from __future__ import annotations

import argparse
import glob
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import augment_audio
from augment_audio import ENGINES, ORIGINAL, PRESETS, VARIANTS

DESCRIPTION = "Write the variants of a sound as WAV files, to listen to what `python -m generate` draws."


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    variants = "\n".join(f"  {name:8} {variant.summary}" for name, variant in VARIANTS.items())
    presets = "\n".join(f"  {name:8} {' '.join(members) or 'the original alone'}" for name, members in PRESETS.items())
    parser = argparse.ArgumentParser(
        prog="python -m augment_audio",
        description=DESCRIPTION,
        epilog=f"variants:\n{variants}\n\npresets:\n{presets}\n\n"
        "example:\n  python -m augment_audio dog.wav heard/ --variants pitch=+2 stretch=0.7 noise=20",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("audio_folder", metavar="IN", nargs="+", type=Path, help="sound files")
    parser.add_argument("output", metavar="OUT", type=Path, help="folder for the variants")
    parser.add_argument("--variants", nargs="+", default=["paper"], metavar="V", help="see below (default: paper)")
    parser.add_argument("--variants-file", type=Path, metavar="FILE.py", help="variants of your own")
    parser.add_argument("--engine", default="auto", help=f"{', '.join(ENGINES)} or auto (default)")
    parser.add_argument("--seed", type=int, default=0, help="for random variants (default: 0)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the variants and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name in letters that the terminal lacks ends nothing
    options = build_parser().parse_args(arguments)
    try:
        own = augment_audio.load_variants_file(options.variants_file) if options.variants_file else {}
        variants = VARIANTS | own
        requests = augment_audio.parse_requests(options.variants, variants, PRESETS)
        if own and not any(request.kind in own for request in requests):
            raise ValueError(
                f"--variants asks for none of the variants in {str(options.variants_file)!r}; add one of "
                f"{', '.join(own)}, or leave the file out."
            )
        engine = augment_audio.choose_engine(options.engine)
        print(f"Pitch and tempo by {ENGINES[engine].version()}.")
        sounds = _expanded(options.sounds)
        _refuse_equal_names(sounds)
        if options.output.is_file():
            raise ValueError(f"{str(options.output)!r} is a file; the last argument is the folder to write into.")
        options.output.mkdir(parents=True, exist_ok=True)
        for path in sounds:
            y, sr = read_mono(path)
            sound = augment_audio.open_audio(y, sr, engine=engine)
            write_audio_file(options.output / f"{path.stem}__{ORIGINAL}.wav", sound.y, sr)
            for request in requests:
                y = augment_audio.make_variant(sound, request, variants, seed=options.seed, clip_id=path.stem)
                write_audio_file(options.output / f"{path.stem}__{request.name}.wav", y, sr)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"augment_audio: {error}", file=sys.stderr)
        return 1
    except Exception as error:  # a user's own variant may raise anything
        print(f"augment_audio: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _expanded(paths: Sequence[Path]) -> list[Path]:
    """Put what `*` and `?` stand for in their place, which the command line of Windows leaves to the program."""
    names = [[str(path)] if path.exists() else sorted(glob.glob(str(path))) or [str(path)] for path in paths]
    return [Path(name) for found in names for name in found]


def _refuse_equal_names(paths: Sequence[Path]) -> None:
    """The variants of one sound must not overwrite those of another."""
    stems = [path.stem.casefold() for path in paths]
    for path in paths:
        if stems.count(path.stem.casefold()) > 1:
            raise ValueError(f"Two sounds are called {path.stem!r}; write them into different folders.")


def read_mono(path: Path):
    """Decode a sound and average its channels.

    Returns
    -------
    y : np.ndarray, shape=(n,), float32
    sr : int

    Raises
    ------
    FileNotFoundError, ValueError
        If it is not there, cannot be decoded, or is empty.
    """
    import numpy as np
    import soundfile

    if not path.is_file():
        raise FileNotFoundError(f"There is no sound file {str(path)!r}.")
    try:
        channels, sr = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"{str(path)!r} is not readable as sound: {error.error_string.strip().rstrip('.')}. WAV, FLAC, Ogg and MP3 "
            "are read here; convert other audio (M4A, the sound of a video) to WAV first, with ffmpeg or Audacity."
        ) from None
    if len(channels) == 0:
        raise ValueError(f"{str(path)!r} holds no samples.")
    y = channels.mean(axis=1, dtype="float32")
    if not np.isfinite(y).all():
        raise ValueError(f"{str(path)!r} is damaged: it holds NaN or infinity.")
    return y, sr


def write_audio_file(path: Path, y, sr: int) -> None:
    """Write 16-bit WAV, whole or not at all, quieter where it would be cut off at full scale; print a line.

    Parameters
    ----------
    path : Path
        Replaced if it is there.
    y : np.ndarray, shape=(n,), float32
        1 is full scale; values beyond are allowed.
    sr : int
        Sample rate in hertz.
    """
    import numpy as np
    import soundfile

    peak = float(np.abs(y).max())
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    encoded = io.BytesIO()  # where the disk is full libsndfile does not say so
    soundfile.write(encoded, y / max(peak, 1.0), sr, format="WAV", subtype="PCM_16")
    try:
        temporary.write_bytes(encoded.getbuffer())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = str(path)  # of a write that fails, the system does not say it
        raise
    finally:
        temporary.unlink(missing_ok=True)
    quieter = f", made {20 * np.log10(peak):.1f} dB quieter to fit" if peak > 1 else ""
    print(f"{str(path)!r}  {len(y) / sr:.2f} s{quieter}")  # quoted: a name may hold what moves a terminal's cursor


if __name__ == "__main__":
    sys.exit(main())
