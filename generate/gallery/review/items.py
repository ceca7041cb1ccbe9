"""What a person reviews: a clip of the collection, or a window of a new recording."""

from __future__ import annotations

from dataclasses import dataclass

FOUND_BY = ("gallery", "suspects", "suggestions", "events")


@dataclass(frozen=True, kw_only=True)
class ReviewItem:
    """What is shown, played and asked, one at a time.

    Parameters
    ----------
    clip_id : str
        Of a clip of the collection; empty for a window of a new recording.
    file : str
        Of a clip `audio_file` as in `metadata.csv`; of a new recording its absolute path, as
        `generate.runtime.safe_names.printable` gives it.
    start_s, end_s : float
        In the file.
    label : str
        The clip's class, or the one that was predicted.
    image, audio : str
        Addresses, relative to the page or with the data in them; no audio: empty. What ends in `#t=5,10` plays from
        second 5 to 10.
    before_s : float
        Seconds of padding in the image before the audio begins.
    why : str
        Why it is here, in words.
    suggested : str
        The class that it probably is if it is not `label`, or empty.
    kinds : tuple of str
        Words by which the page can be restricted, such as `flagged`.
    boxes : tuple of (float, float, float, float, str)
        Drawn over the image, as `generate.features.axes.event_boxes` gives them.
    """

    clip_id: str
    file: str
    start_s: float
    end_s: float
    label: str
    image: str
    audio: str = ""
    before_s: float = 0.0
    why: str = ""
    suggested: str = ""
    kinds: tuple[str, ...] = ()
    boxes: tuple[tuple[float, float, float, float, str], ...] = ()


def played_part(address: str, start_s: float, end_s: float) -> str:
    """The address of a part of a recording, as a media fragment: https://www.w3.org/TR/media-frags/#naming-time.

    Empty for a later part of an MP3 file: with a variable bit rate Chromium begins seconds beside the place (see
    `generate.dataset.mp3.long_writer`), and another sound would be reviewed.

    Parameters
    ----------
    address : str
        Of the recording.
    start_s, end_s : float

    Examples
    --------
    >>> played_part("./night.wav", 5, 7.5)
    './night.wav#t=5,7.5'
    >>> played_part("./night.MP3", 0, 2.5), played_part("./night.MP3", 5, 7.5)
    ('./night.MP3#t=0,2.5', '')
    """
    if start_s > 0 and address.lower().endswith(".mp3"):
        return ""
    return f"{address}#t={start_s:.10g},{end_s:.10g}"
