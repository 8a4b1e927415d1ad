"""What widgets share: a table with every cell escaped, a box with a still picture beside it, what moved."""

from __future__ import annotations

import html
from collections.abc import Container, Mapping, Sequence
from typing import Any

import ipywidgets as ipw
import pandas as pd

from recsys_lessons.language import language, say

__all__ = ["WithStill", "bar", "moves", "places", "table_html", "titles_of"]


def table_html(table: pd.DataFrame, columns: Sequence[str], *, markup: Container[str] = ()) -> str:
    """An HTML table; every cell is escaped.

    Args:
        table: the cells. columns: what to write above them.
        markup: columns of `table` that hold HTML already, made here and never out of data.
    """
    left = 'style="text-align:left;padding:3px 14px 3px 0"'
    head = "".join(f"<th {left}>{html.escape(name)}</th>" for name in columns)
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td {left}>{value if name in markup else html.escape(str(value))}</td>"
            for name, value in zip(table.columns, row, strict=True)
        )
        + "</tr>"
        for row in table.itertuples(index=False)
    )
    return f'<table class="rl-recommendations"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def moves(now: Sequence, before: Mapping[Any, int]) -> list[str]:
    """How far each item has come: "↑ 3" three places up, "↓ 1" one down, "=" in its place.

    Args:
        now: item ids, best first. before: item id to the place, from 1, that it had; one that is missing had none, and
            is "new".
    """
    new = say({"en": "new", "zh": "新"})
    steps = [before[item] - place if item in before else None for place, item in enumerate(now, start=1)]
    return [new if step is None else f"↑ {step}" if step > 0 else f"↓ {-step}" if step < 0 else "=" for step in steps]


def titles_of(items: pd.DataFrame) -> dict:
    """Item id to what a reader calls it: `title_zh` for one of Chinese, where the table has it."""
    column = "title_zh" if language() == "zh" and "title_zh" in items.columns else "title"
    named = items[column].where(items[column].notna(), items["title"])
    return dict(zip(items["item_id"], named, strict=True))


def places(recommended: pd.DataFrame) -> dict:
    """Item id to its place, from 1, in a table of `recommend`; best first."""
    return dict(zip(recommended["item_id"], recommended["rank"], strict=True))


def bar(weight: float, widest: float) -> str:
    """A bar as long as the weight is beside the widest one, and the weight in words: HTML made of numbers alone."""
    style = f"display:inline-block;height:10px;width:{120 * weight / widest:.1f}px;background:#0072B2;margin-right:6px"
    return f'<span style="{style}"></span>{weight:.1%}'


class WithStill(ipw.VBox):
    """A box that also shows `still()`, plain HTML, where widgets do not run."""

    def still(self) -> str:
        return ""

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        return {**data, "text/html": self.still(), "text/plain": type(self).__name__}
