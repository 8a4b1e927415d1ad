"""Test, then train: an evaluation that walks through time (Dawid 1984; Gama, Sebastiao and Rodrigues 2013)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.evaluation.events import NothingToFind, per_event
from recsys_lessons.recommenders.base import Recommender

__all__ = ["prequential"]

_DAY = 86_400


def prequential(
    make: Callable[[], Recommender],
    dataset: Dataset,
    *,
    start: int | str,
    every: float = 7.0,
    until: int | str | None = None,
    growing: bool = True,
    progress: bool = True,
    **options,
) -> pd.DataFrame:
    """Period by period: fit on everything before it, then be tested on it.

    Every number is one that could have been had on that day: the model of a period has seen nothing of it, and an
    event's history nothing of its own moment or later.

    Args:
        make: builds an unfitted model.
        dataset: with a `timestamp` column.
        start: when the first period begins: seconds since 1970, or a date such as "2024-05-01" (UTC).
        every: days between two fits.
        until: where it ends (not included); None for the last event.
        growing: whether a history grows within a period, as in `per_event`.
        progress: show a bar.
        options: handed to `per_event`: k, metrics, candidates.

    Returns:
        DataFrame as of `per_event`, with a column `period` (0, 1, ...) in front. A period without any event that can be
        found gives no row.

    Raises:
        ValueError: nothing before `start`, nothing after it, or `every` that is not above 0; NothingToFind where no
            event is left; and as `per_event`.
    """
    if not every > 0:
        raise ValueError(f"every is {every}; it is the number of days between two fits, above 0.")
    if "timestamp" not in dataset.interactions.columns:
        raise ValueError("interactions has no column 'timestamp', and there is no walking through time without one.")
    stamps = dataset.interactions["timestamp"].to_numpy()
    first = _seconds(start)
    last = _seconds(until) if until is not None else (stamps.max() + 1 if len(stamps) else first)
    if not (stamps < first).any() or not ((stamps >= first) & (stamps < last)).any():
        reach = f"from {_date(stamps.min())} to {_date(stamps.max())}" if len(stamps) else "nowhere: there are none"
        raise ValueError(
            f"start is {start!r}: there must be interactions before it and after it, and they run {reach}."
        )
    tables, left_out = [], 0
    moments = np.arange(first, last, every * _DAY)
    for period, moment in enumerate(tqdm(moments, desc="Walking through time", disable=not progress, leave=False)):
        inside = (stamps >= moment) & (stamps < min(moment + every * _DAY, last))
        if not inside.any():
            continue
        model = make().fit(dataset.with_interactions(dataset.interactions[stamps < moment]))
        events = dataset.with_interactions(dataset.interactions[inside])
        try:
            table = per_event(model, events, growing=growing, **options)
        except NothingToFind:
            left_out += int(inside.sum())
            continue
        left_out += table.attrs["left_out"]
        table.insert(0, "period", period)
        tables.append(table)
    if not tables:
        raise NothingToFind("in every period each item was met before, or is no candidate.")
    result = pd.concat(tables, ignore_index=True)
    result.attrs["left_out"] = left_out
    return result


def _seconds(moment: int | str) -> float:
    return pd.Timestamp(moment, tz="UTC").timestamp() if isinstance(moment, str) else float(moment)


def _date(stamp: float) -> str:
    return str(pd.to_datetime(stamp, unit="s").date())
