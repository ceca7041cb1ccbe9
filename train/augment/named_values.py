"""Texts such as `time_mask=0.3`, as options give them."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def named_values(texts: Iterable[str], *, known: Collection[str], what: str, example: str) -> dict[str, str]:
    """Part texts into names and values.

    Parameters
    ----------
    texts : iterable of str
        In names `-` stands for `_` too.
    known : collection of str
        Names there are.
    what, example : str
        For the message, such as `a spectrogram transform` and `time_mask=0.3`.

    Raises
    ------
    ValueError
        If a text has no `=`, or its name is not known or stands there twice.
    """
    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.replace("-", "_")
        if name not in known or not equals:
            raise ValueError(
                f"{text!r} is no value of {what}; write one of {', '.join(known)} with its value, such as {example}."
            )
        if name in values:
            raise ValueError(f"{name} is given twice, as {values[name]!r} and as {value!r}; leave one out.")
        values[name] = value
    return values
