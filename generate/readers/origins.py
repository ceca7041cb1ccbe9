"""What was understood of a collection, in one line: where the class, the fold and the recording of a clip come from."""

from __future__ import annotations

from generate.readers.collection import Collection, Reader, ReaderOptions


def origins_text(reader: Reader, collection: Collection, options: ReaderOptions) -> str:
    """Such as "class from the folder; no folds; each file is its own recording (...)".

    Parameters
    ----------
    reader : Reader
    collection : Collection
        As it was read, before recordings are cut into pieces.
    options : ReaderOptions
        That it was read with.
    """
    clips = collection.clips
    parts = [f"class from {reader.class_from}"]
    parts.append(f"fold from {reader.fold_from or 'the folder'}" if (clips["fold"] != "").any() else "no folds")
    if (clips["split"] != "").any():
        parts.append("split from the top folder")
    if (clips["source_id"] != clips["clip_id"]).any():
        told = "--source-pattern" if options.source_pattern else reader.recording_from
        parts.append(f"recording from {told}")
    elif reader.url:
        parts.append("each file is its own recording")
    else:
        parts.append("each file is its own recording (--source-pattern tells which belong together)")
    return "; ".join(parts)
