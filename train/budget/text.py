"""A label budget in words."""

from __future__ import annotations

import textwrap

from generate.runtime.wording import count
from train.budget.learning_curve import Budget
from train.budget.results import UNCLEAR, Gain
from train.report.interval_text import clips_of_recordings, ends_in_words
from train.report.intervals import recordings_needed
from train.wording import percent, shortened

WIDTH = 110
RARELY_MORE = (
    "Another doubling is rarely worth more than the last one, and mostly less: of ESC-10's halves the second half was "
    "worth 4.8 points on average, and the other half of the collection then 1.7 more."
)
"""By `python -m benchmarks.budget`: 20 halves, last layer fitted, intervals held in 16."""
ONE_DRAW = (
    "Which half was drawn is chance too, which one draw does not show and the interval does not cover: give --draws 3."
)


def budget_text(budget: Budget) -> str:
    """The curve, and a line a class.

    Parameters
    ----------
    budget : Budget
    """
    whole, *classes = budget.gains
    lines = [
        f"With a part of the training recordings of each class ({budget.trained}; {count(budget.n_draws, 'draw')}):"
    ]
    for point in budget.points:
        if not point.label:
            spread = "" if point.std_of_draws is None else f", draws +- {100 * point.std_of_draws:.1f}"
            lines.append(
                f"  {100 * point.share:4.0f} %  {point.n_train:7.0f} recordings  accuracy {percent(point.accuracy):>7} "
                f"({ends_in_words(point)}{spread})"
            )
    tested = clips_of_recordings(whole.n_clips, whole.n_recordings)
    lines.append(f"The last doubling of the recordings was worth {gain_text(whole)} points ({tested}).")
    width = max(len(shortened(gain.label)) for gain in classes)
    for gain in classes:
        lines.append(
            f"  {shortened(gain.label):{width}}  {gain_text(gain)} points, to {percent(gain.all)} of "
            f"{clips_of_recordings(gain.n_clips, gain.n_recordings)}{_verdict(gain)}"
        )
    if all(gain.verdict == UNCLEAR for gain in classes):
        lines.append("No class's gain can be told from none: there are too few recordings of each for that.")
    if budget.n_draws == 1:
        lines += textwrap.wrap(ONE_DRAW, WIDTH)
    return "\n".join([*lines, *textwrap.wrap(RARELY_MORE, WIDTH)])


def gain_text(gain: Gain) -> str:
    """Such as `+4.0 (+1.1 to +7.0)`."""
    if gain.low is None or gain.high is None:
        return f"{100 * gain.gain:+.1f} (no interval: fewer than {recordings_needed()} recordings)"
    return f"{100 * gain.gain:+.1f} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"


def _verdict(gain: Gain) -> str:
    return "" if gain.verdict == UNCLEAR else f": {gain.verdict}"
