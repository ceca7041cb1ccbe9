"""Parsing options such as `time_mask=0.3`."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def named_values(texts: Iterable[str], *, known: Collection[str], option: str, example: str) -> dict[str, str]:
    """Split texts into names and values.

    Parameters
    ----------
    texts : iterable of str
        Such as `time_mask=0.3`; `time-mask=0.3` is the same.
    known : collection of str
        Valid names.
    option, example : str
        For messages, such as `--spectrogram-values` and `time_mask=0.3`.

    Raises
    ------
    ValueError
        If a text has no `=`, or its name is unknown or repeated.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.replace("-", "_")
        if name not in known or not equals:
            raise ValueError(
                f"{option} must be names with values, such as {example}. Got {text!r}. Names: {', '.join(known)}."
            )
        if name in values:
            raise ValueError(f"{option} must name each transform once. Got {name} twice. Leave one of them out.")
        values[name] = value
    return values
