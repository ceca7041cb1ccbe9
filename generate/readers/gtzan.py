"""GTZAN: 1,000 tracks of 30 s in ten musical genres, without folds."""

from __future__ import annotations

import re
from pathlib import Path

from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.clips import Collection, clips_table
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.gtzan_faults import FAULT_FILTERED, is_left_out, recording_of
from generate.runtime.wording import count

GENRES = frozenset({"blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"})
TRACK = re.compile(r"(?P<genre>[a-z]+)\.(?P<number>\d{5})\.(wav|au|mp3|flac|ogg)")
REPEATED = "the list of known repetitions"
INNER_FOLDERS = ("", "genres", "genres_original", "Data/genres_original")
"""Parents of the genre folders in the copies that exist."""


def _genre_root(folder: Path) -> Path | None:
    for inner in INNER_FOLDERS:
        root = folder / inner
        if not root.is_dir():
            continue
        genres = [child for child in root.iterdir() if child.name in GENRES and child.is_dir()]
        if any(TRACK.fullmatch(file.name) for genre in genres for file in genre.iterdir()):
            return root
    return None


def recognises(folder: Path) -> bool:
    """Whether there are genre folders with tracks named `<genre>.NNNNN.wav` or `.au`."""
    return _genre_root(folder) is not None


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read genre folders of tracks, which are split into pieces later; repetitions of a track share its recording.

    The subset `fault-filtered` leaves out 70 tracks; see `generate.readers.gtzan_faults`.

    Raises
    ------
    ValueError
        If there are no genre folders, an audio file is not named like a track, or the subset is unknown.
    """
    if options.subset not in ("", FAULT_FILTERED):
        raise ValueError(f"--subset must be {FAULT_FILTERED} for GTZAN. Got {options.subset!r}.")
    root = _genre_root(folder)
    if root is None:
        raise ValueError(f"{str(folder)!r} has no genre folders with tracks such as 'jazz/jazz.00054.wav'.")
    prefix = root.relative_to(folder).as_posix()
    prefix = "" if prefix == "." else prefix + "/"
    paths, skipped = find_audio_files(root)
    tracks, kept = [], []
    for path in paths:
        track = TRACK.fullmatch(path.rpartition("/")[2])
        if track is None or path != f"{track['genre']}/{track[0]}":
            raise ValueError(
                f"In GTZAN each path must be '<genre>/<genre>.NNNNN.wav'. Got {path!r}. For audio files of your own in "
                "class folders use --layout folders."
            )
        if options.subset and is_left_out(track["genre"], int(track["number"])):
            skipped["tracks with a known fault"] += 1
            continue
        tracks.append(track)
        kept.append(prefix + path)
    names = [f"{track['genre']}.{track['number']}" for track in tracks]
    recordings = [recording_of(name) for name in names]
    n_repeated = len(set(names)) - len(set(recordings))
    clips = clips_table(
        paths=kept,
        labels=[track["genre"] for track in tracks],
        names=names,
        sources=recordings,
    )
    return Collection(clips, skipped, notes=_notes(n_repeated), recordings_from=REPEATED)


def _notes(n_repeated: int) -> list[str]:
    if not n_repeated:
        return []
    return [
        f"{count(n_repeated, 'track')} known to repeat others, or to be of the same recording: kept together in every "
        f"split (--subset {FAULT_FILTERED} leaves them out)"
    ]


READER = Reader(
    title="GTZAN",
    recognises=recognises,
    read=read,
    options=frozenset({"subset"}),
    defaults={"seconds": 5.0, "long": "split"},
    citation=(
        'G. Tzanetakis, P. Cook. "Musical genre classification of audio signals". IEEE Transactions on Speech and '
        "Audio Processing 10(5), 2002. https://doi.org/10.1109/TSA.2002.800560"
    ),
    licence="none was ever stated; for research only",
    url="https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
    md5=("5b3d6dddb579ab49814ab86dba69e7c7",),
    archive_folder="genres",
    download_size_mb=1230,
    known_broken={"jazz.00054": "this track is broken in the published copies of GTZAN"},
    class_from="the folder",
    recording_from=REPEATED,
)
