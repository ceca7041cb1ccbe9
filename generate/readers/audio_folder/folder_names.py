"""Folder names that are not classes: splits, folds, speakers, dates, and words for audio in general."""

from __future__ import annotations

import re

SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "development": "validation",
}
"""Words of published collections, and the split that each of them means."""
AUDIO_WORDS = re.compile(
    r"audios?|wave?s?|flac|mp3s?|ogg|sounds?|clips?|data(set)?s?|recordings?|files?|soundscapes?|samples?|segments?|raw|"
    r"unlabell?ed|(16|22|44|48)khz|16k|16000|22050|44100|48000"
)
"""Words for audio files of any class."""
SPEAKER = re.compile(
    r"(actor|speaker|spk|session|subject|person|participant|patient|user|part|batch|chunk|dis[ck]|cd|folder)[ _.-]*\d+",
    re.IGNORECASE,
)
"""Speakers, sessions and parts of a download."""
DATE = re.compile(
    r"(19|20)\d\d([ _.-]?(0[1-9]|1[0-2])([ _.-]?[0-3]\d)?)?([ _T-]?\d{4,6})?|jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|"
    r"may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?",
    re.IGNORECASE,
)
FOLD = re.compile(r"(?:fold|folds|cv)[ _.-]*0*(\d+)", re.IGNORECASE)


def split_of(name: str) -> str:
    """The split that a folder's name means: `train`, `test` or `validation`; else empty.

    `train`, `Training`, `audio_train`, `FSDKaggle2018.audio_test` and `test_soundscapes` are; `training dog`, `test
    tone` and `train whistle` are not.

    Parameters
    ----------
    name : str
        Of a folder.
    """
    words = _words(name)
    of_a_split = [SPLITS[word] for word in words if word in SPLITS]
    others = [word for word in words if word not in SPLITS]
    return of_a_split[0] if len(of_a_split) == 1 and all(map(AUDIO_WORDS.fullmatch, others)) else ""


def fold_of(name: str) -> str:
    """The number of the fold that a folder's name means (`fold1`, `Fold 01`, `fold_1`, `cv3`); else empty.

    Parameters
    ----------
    name : str
        Of a folder.
    """
    found = FOLD.fullmatch(name.strip())
    return found[1] if found else ""


def is_audio_word(name: str) -> bool:
    """Whether a folder's name means audio of any class: `audio`, `wavs`, `MyData.audio`, `raw data`.

    Parameters
    ----------
    name : str
        Of a folder.
    """
    words = _words(name)
    return bool(words) and all(map(AUDIO_WORDS.fullmatch, words))


def is_speaker(name: str) -> bool:
    """Whether a folder's name means a speaker, a session or a part of a download: `Actor_01`, `session 3`, `part2`.

    Parameters
    ----------
    name : str
        Of a folder.
    """
    return bool(SPEAKER.fullmatch(name.strip()))


def is_date(name: str) -> bool:
    """Whether a folder's name is a day, a month or a year: `2021-05-01`, `20210501_0600`, `May`, `2021`.

    Parameters
    ----------
    name : str
        Of a folder.
    """
    return bool(DATE.fullmatch(name.strip()))


def is_not_a_class(name: str) -> bool:
    """Whether a folder's name means something else than a class.

    Parameters
    ----------
    name : str
        Of a folder.
    """
    return bool(split_of(name) or fold_of(name)) or is_audio_word(name) or is_speaker(name) or is_date(name)


def _words(name: str) -> list[str]:
    """The words of a name, after a dot: the name of the collection is before it."""
    return [word for word in re.split(r"[ _-]+", name.strip().casefold().rpartition(".")[2]) if word]
