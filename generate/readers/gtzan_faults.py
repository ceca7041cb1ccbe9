"""Known faults of GTZAN: tracks that repeat others, and those that the "fault-filtered" set leaves out.

Sources:

- B. L. Sturm. "The GTZAN dataset: Its contents, its faults, their effects on evaluation, and its future use", 2013.
  https://arxiv.org/abs/1306.1461
- C. Kereliuk, B. L. Sturm, J. Larsen. "Deep Learning and Music Adversaries". IEEE Transactions on Multimedia 17(11),
  2015. https://arxiv.org/abs/1507.04761. Their lists of 443, 197 and 290 tracks are in torchaudio too.
- J. H. Foleis, T. F. Tavares. "Texture selection for automatic music genre classification". Applied Soft Computing 89,
  2020. https://github.com/julianofoleiss/gtzan_sturm_filter_3folds_stratified. Their split leaves out other copies.
- S. Doh. GTZAN-Bind, 2023. https://github.com/seungheondoh/gtzan-bind. Fingerprints: of which published recording each
  track is an excerpt, and from where in it.

Sturm's table of mislabelled tracks is not here: no list of them was found by which it could be checked.
"""

from __future__ import annotations

FAULT_FILTERED = "fault-filtered"
"""The subset of 930 tracks without repetitions and without the two most distorted ones."""

LEFT_OUT: dict[str, tuple[int, ...]] = {
    "classical": (42,),
    "country": (8, 52),
    "disco": (38, 50, 51, 55, 60, 71, 98),
    "hiphop": (1, 39, 46, 47, 48, 49, 50, 76),
    "jazz": (33, 34, 35, 36, 37, 38, 39, 40, 42, 43, 44, 45, 46),
    "metal": (4, 34, 40, 41, 42, 43, 44, 45, 58),
    "pop": (15, 21, 22, 30, 37, 45, 47, 48, 51, 52, 54, 56, 57, 67, 68, 87),
    "reggae": (3, 5, 7, 8, 10, 13, 33, 41, 73, 75, 80, 81, 86, 91),
}
"""The 70 tracks by genre that are in none of the three lists of Kereliuk, Sturm and Larsen: of each repetition all
copies or all but one, more excerpts of the same recordings, and pop 37 and reggae 86, the most distorted ones."""

REPETITIONS: tuple[tuple[str, ...], ...] = (
    *(("disco.00050", "disco.00051", "disco.00070"), ("disco.00055", "disco.00060", "disco.00089")),
    *(("disco.00071", "disco.00074"), ("disco.00098", "disco.00099"), ("hiphop.00039", "hiphop.00045")),
    *(("hiphop.00076", "hiphop.00078"), ("jazz.00033", "jazz.00051"), ("jazz.00034", "jazz.00053")),
    *(("jazz.00035", "jazz.00055"), ("jazz.00036", "jazz.00058"), ("jazz.00037", "jazz.00060")),
    *(("jazz.00038", "jazz.00062"), ("jazz.00039", "jazz.00065"), ("jazz.00040", "jazz.00067")),
    *(("jazz.00042", "jazz.00068"), ("jazz.00043", "jazz.00069"), ("jazz.00044", "jazz.00070")),
    *(("jazz.00045", "jazz.00071"), ("jazz.00046", "jazz.00072"), ("metal.00004", "metal.00013")),
    *(("metal.00034", "metal.00094"), ("metal.00040", "metal.00061"), ("metal.00041", "metal.00062")),
    *(("metal.00042", "metal.00063"), ("metal.00043", "metal.00064"), ("metal.00044", "metal.00065")),
    *(("metal.00045", "metal.00066"), ("metal.00058", "rock.00016"), ("pop.00015", "pop.00022")),
    *(("pop.00030", "pop.00031"), ("pop.00045", "pop.00046"), ("pop.00047", "pop.00080"), ("pop.00052", "pop.00057")),
    *(("pop.00054", "pop.00060"), ("pop.00056", "pop.00059"), ("pop.00067", "pop.00071"), ("pop.00087", "pop.00090")),
    *(("reggae.00003", "reggae.00054"), ("reggae.00005", "reggae.00056"), ("reggae.00008", "reggae.00057")),
    *(("reggae.00010", "reggae.00060"), ("reggae.00013", "reggae.00058"), ("reggae.00041", "reggae.00069")),
    *(("reggae.00073", "reggae.00074"), ("reggae.00080", "reggae.00081", "reggae.00082")),
    ("reggae.00075", "reggae.00091", "reggae.00092"),
)
"""Copies of one excerpt: 50 too many, as Sturm counts. The fault-filtered set keeps at most one of each, the split of
Foleis and Tavares one (but of reggae 3 and 54 both), and the fingerprints place them within a second of each other in
the same recording."""

SAME_RECORDING: tuple[tuple[str, ...], ...] = (
    *(("country.00008", "country.00051"), ("hiphop.00001", "hiphop.00042"), ("hiphop.00046", "hiphop.00065")),
    *(("hiphop.00047", "hiphop.00067"), ("hiphop.00048", "hiphop.00068"), ("hiphop.00049", "hiphop.00069")),
    *(("hiphop.00050", "hiphop.00072"), ("pop.00015", "pop.00037"), ("pop.00047", "pop.00051")),
    *(("pop.00068", "pop.00073"), ("reggae.00007", "reggae.00059"), ("reggae.00033", "reggae.00044")),
)
"""Other excerpts of one recording, where the fault-filtered set leaves out one and the fingerprints agree."""


def recording_of(track: str) -> str:
    """The track that stands for the recording of a track; itself where it is not known to be repeated.

    Parameters
    ----------
    track : str

    Examples
    --------
    >>> recording_of("disco.00089"), recording_of("blues.00000")
    ('disco.00055', 'blues.00000')
    """
    return _RECORDING.get(track, track)


def is_left_out(genre: str, number: int) -> bool:
    """Whether the fault-filtered set lacks a track.

    Examples
    --------
    >>> is_left_out("pop", 37), is_left_out("rock", 16)
    (True, False)
    """
    return number in LEFT_OUT.get(genre, ())


def _recordings() -> dict[str, str]:
    first: dict[str, str] = {}
    for one, *others in (*REPETITIONS, *SAME_RECORDING):
        first |= dict.fromkeys([one, *others], first.get(one, one))
    return first


_RECORDING = _recordings()
