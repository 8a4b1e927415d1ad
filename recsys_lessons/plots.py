"""Pictures of data and results: fixed size, a palette that colour-blind readers can tell apart, no global state."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

__all__ = ["Picture", "intervals", "item_map"]

# Okabe and Ito (2008)
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442")
_REST = "#c8c8c8"


class Picture(Figure):
    """A figure of its own, outside pyplot: nothing global is changed, and a notebook shows it once."""

    def __init__(self, width: float, height: float):
        super().__init__(figsize=(width, height), dpi=100, layout="constrained")

    def _repr_png_(self) -> bytes:
        # Without the library's version in it, the same picture is the same bytes.
        buffer = BytesIO()
        self.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()


def item_map(
    points: np.ndarray,
    groups: Sequence[str],
    shown: Sequence[str],
    *,
    labels: Sequence[tuple[int, str]] = (),
    title: str = "",
) -> Picture:
    """Items as dots in the plane, some groups in colour, some dots named.

    Args:
        points: (n, 2). groups: (n,) one group a dot. shown: groups to colour, at most 7; the others are grey.
        labels: pairs (row, name) to write beside a dot. title: above the picture.

    Raises:
        ValueError: more than 7 groups to colour, or lengths that differ.
    """
    if len(shown) > len(PALETTE):
        raise ValueError(f"{len(shown)} groups to colour; eyes tell about {len(PALETTE)} apart. Show fewer.")
    if len(points) != len(groups):
        raise ValueError(f"there are {len(points)} points and {len(groups)} groups; pass one group a point.")
    figure = Picture(9, 6.5)
    axes = figure.add_subplot()
    groups = np.asarray(groups)
    rest = ~np.isin(groups, list(shown))
    axes.scatter(*points[rest].T, s=3, color=_REST, linewidths=0)
    for colour, name in zip(PALETTE, shown, strict=False):
        axes.scatter(*points[groups == name].T, s=6, color=colour, linewidths=0, label=name)
    for row, name in labels:
        axes.annotate(
            name,
            points[row],
            xytext=(4, 4),
            textcoords="offset points",
            fontsize=8,
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.75},
        )
        axes.scatter(*points[row], s=14, color="black", zorder=3)
    axes.set(xticks=[], yticks=[], title=title)
    axes.spines[:].set_visible(False)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), markerscale=3, frameon=False)
    return figure


def intervals(table: pd.DataFrame, *, label: str, title: str = "", xlabel: str = "") -> Picture:
    """Values with their intervals, one line a row, first row on top.

    Args:
        table: columns `value`, `low`, `high`, and the one named by `label`.
    """
    figure = Picture(7, 0.9 + 0.45 * len(table))
    axes = figure.add_subplot()
    y = np.arange(len(table))[::-1]
    reach = np.stack([table["value"] - table["low"], table["high"] - table["value"]])
    axes.errorbar(table["value"], y, xerr=reach, fmt="o", color=PALETTE[0], capsize=3)
    for value, place in zip(table["value"], y, strict=True):
        axes.annotate(
            f"{value:.3f}", (value, place), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8
        )
    axes.set(
        yticks=y, yticklabels=table[label], title=title, xlabel=xlabel, xlim=(0, None), ylim=(-0.6, len(table) - 0.3)
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e6e6e6")
    return figure
