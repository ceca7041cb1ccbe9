"""The page on which suggested windows are reviewed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generate.gallery.review.items import ReviewItem
from train.predict.review_page import absolute, write_windows_page
from train.predict.windows import front_end
from train.runs.run_folder import Run
from train.suggest.suggest import USEFUL, Suggestions
from train.wording import percent


def page_beside(table: Path) -> Path:
    """Where the page of a table of suggestions is: beside it, with the suffix `.html`.

    Parameters
    ----------
    table : Path

    Examples
    --------
    >>> page_beside(Path("new.csv")).name, page_beside(Path("new.html")).name
    ('new.html', 'new.html.html')
    """
    return table.with_name(table.name + ".html") if table.suffix.lower() == ".html" else table.with_suffix(".html")


def write_suggestions_page(page: Path, run: Run, suggestions: Suggestions) -> str:
    """Write the page, in the order of the table.

    Parameters
    ----------
    page : Path
    run : Run
        That suggested them.
    suggestions : Suggestions

    Returns
    -------
    str
        What is not on the page, in sentences; empty: all is.
    """
    items = [_item(row) for row in suggestions.table.itertuples()]
    return write_windows_page(page, items, run, front_end(run), title="What to label next", found_by="suggestions")


def _item(row: Any) -> ReviewItem:
    kind = USEFUL if row.chosen == USEFUL else "at random"
    return ReviewItem(
        clip_id="",
        file=absolute(row.file),
        start_s=float(row.start_s),
        end_s=float(row.end_s),
        label=row.top_1,
        image="",
        why=f"{kind.capitalize()}: {row.top_1} {percent(row.p_1)}, {row.top_2} {percent(row.p_2)}; nearest training "
        f"clip {row.nearest_clip} ({row.nearest_label}), farther from it than {percent(row.unlike)} of the training "
        "clips are from theirs",
        suggested=row.top_2,
        kinds=(kind,),
    )
