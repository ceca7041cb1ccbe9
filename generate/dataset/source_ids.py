"""One `source_id` for recordings that share audio, so that no split separates them."""

from __future__ import annotations

import pandas as pd


def unite_equal_audio(metadata: pd.DataFrame) -> pd.DataFrame:
    """Give recordings that share equal audio one `source_id`, so that no split separates them.

    Recordings are connected where a clip of one has the same samples as a clip of the other, or as the beginning of a
    background recording. All recordings of a connected component get the name that sorts first.

    Parameters
    ----------
    metadata : pandas.DataFrame
        With the columns `recording`, `audio_sha256`, `silent`, and where backgrounds may be mixed in
        `background_source_id`, `background_sha256`. Silent clips are ignored: all silence is equal.

    Returns
    -------
    pandas.DataFrame
        A copy with the columns `source_id`, and where it is there `background_source_id`, filled in.
    """
    has_backgrounds = "background_source_id" in metadata
    backgrounds = metadata["background_source_id"] if has_backgrounds else pd.Series("", metadata.index)
    leader = {source: source for source in {*metadata["recording"], *backgrounds} - {""}}

    def find(source: str) -> str:
        while leader[source] != source:
            leader[source] = leader[leader[source]]
            source = leader[source]
        return source

    audible = metadata.loc[~metadata["silent"].astype(bool), ["recording", "audio_sha256"]]
    if has_backgrounds:
        mixed = metadata.loc[backgrounds != "", ["background_source_id", "background_sha256"]]
        audible = pd.concat([audible, mixed.set_axis(audible.columns, axis=1)])
    audible = audible.drop_duplicates()
    shared = audible[audible["audio_sha256"].duplicated(keep=False)]
    for _, sources in shared.groupby("audio_sha256")["recording"]:
        first, *others = sorted({find(source) for source in sources})
        leader.update(dict.fromkeys(others, first))
    united = metadata.assign(source_id=metadata["recording"].map(find))
    if has_backgrounds:
        united["background_source_id"] = backgrounds.map(lambda source: source and find(source))
    return united
