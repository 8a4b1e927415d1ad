"""The situation somebody is in, two ways: as numbers for a linear model, and as words for a text encoder.

A context is a dict, or a row of a table, with some of `hour` (0 to 23), `weekday` (0 is Monday), `place`, `city`,
`company`, `purpose`, `since_last` (days), `recent` (titles just watched) and `query` (a sentence).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recsys_lessons._context_words import as_words, context_frame
from recsys_lessons.data.dataset import Dataset

__all__ = [
    "CYCLES",
    "ContextFeatures",
    "as_words",
    "context_frame",
    "cyclic",
    "shuffle_context",
    "since_last",
    "with_clock",
]

CYCLES = {"hour": 24.0, "weekday": 7.0, "month": 12.0}
"""Fields that come round again, and after how many units."""

_CATEGORIES = ("place", "city", "company", "purpose")
_FIELDS = ("hour", "weekday", *_CATEGORIES, "since_last")
_IDS = ("user_id", "item_id", "rating", "timestamp")
_DAY = 86_400


def cyclic(values: Iterable[float], period: float) -> Tensor:
    """Values on a circle, so that 23 h stands beside 0 h: (sin a, cos a) with a = 2 pi value / period.

    Args:
        values: n numbers. period: after how many units it comes round: 24 for hours, 7 for weekdays.

    Returns:
        (n, 2) float32: sine, cosine.

    Raises:
        ValueError: a period that is not above 0.
    """
    if not period > 0:
        raise ValueError(f"period is {period}; it must be above 0, such as 24 for hours.")
    angle = 2 * np.pi * np.asarray(list(values), dtype=np.float64) / period
    return torch.from_numpy(np.stack([np.sin(angle), np.cos(angle)], axis=1)).float()


def with_clock(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy with `hour` (0 to 23) and `weekday` (0 is Monday), read off `timestamp` (seconds since 1970, UTC).

    Raises:
        ValueError: no column `timestamp`, or a timestamp that is missing.
    """
    if "timestamp" not in frame.columns:
        raise ValueError(f"there is no column 'timestamp' to read the clock off; there are {list(frame.columns)}.")
    if frame["timestamp"].isna().any():
        row = int(np.flatnonzero(frame["timestamp"].isna())[0])
        raise ValueError(f"timestamp is missing in row {row}; fill it, or drop the row.")
    moment = pd.to_datetime(frame["timestamp"].astype("int64"), unit="s")
    return frame.assign(hour=moment.dt.hour, weekday=moment.dt.day_of_week)


def since_last(dataset: Dataset) -> Dataset:
    """Adds `since_last` to the interactions: days since the same person's previous event, NaN at the first.

    It looks backwards only, so that it may be computed before a split by time.

    Raises:
        ValueError: no column `timestamp`.
    """
    table = dataset.interactions
    if "timestamp" not in table.columns:
        raise ValueError(f"interactions has no column 'timestamp'; it has {list(table.columns)}.")
    in_time = table.sort_values("timestamp", kind="stable")
    gap = in_time.groupby("user_id", sort=False)["timestamp"].diff() / _DAY
    return dataset.with_interactions(table.assign(since_last=gap.reindex(table.index)))


def shuffle_context(dataset: Dataset, seed: int = 0) -> Dataset:
    """The placebo: contexts are handed to other events, whole, at random.

    Every context still occurs as often as before and its fields still go together; who met what, and when
    (`timestamp`), stays. What a model gains from such contexts it does not owe to them.
    """
    table = dataset.interactions.copy()
    columns = [column for column in table.columns if column not in _IDS]
    order = np.random.default_rng(seed).permutation(len(table))
    table[columns] = table[columns].iloc[order].set_axis(table.index)
    return dataset.with_interactions(table, f"contexts shuffled with seed {seed}: a placebo")


class ContextFeatures:
    """A context as numbers: a circle for what comes round, one column a value for what has names.

    - hour, weekday, month: `cyclic`, two columns each.
    - since_last: log(1 + days), with the mean taken away and divided by the deviation of the training contexts, and a
      column that is 1 at somebody's first event, of which `since_last` is NaN.
    - every other field of numbers: standardised; of names: one column per value seen by `fit`, 1 where it holds.

    Args:
        fields: which ones, in this order; None: those of hour, weekday, place, city, company, purpose, since_last that
            `fit` finds.
        unseen: "raise", or "ignore": a value that `fit` has not seen, a missing one and a missing field say nothing,
            and their columns are 0.

    Attributes:
        names: of the columns, such as "hour sin" and "place=home".

    Raises:
        ValueError: `unseen` is neither.
    """

    def __init__(self, fields: Sequence[str] | None = None, unseen: str = "raise"):
        if unseen not in ("raise", "ignore"):
            raise ValueError(f"unseen is {unseen!r}; use 'raise' or 'ignore'.")
        if isinstance(fields, str):
            raise ValueError(f"fields is {fields!r}; pass a list, such as [{fields!r}].")
        self.fields = None if fields is None else tuple(fields)
        self.unseen = unseen

    def fit(self, frame: pd.DataFrame) -> ContextFeatures:
        """Learn which values there are (and the scale of numbers), from training contexts.

        Raises:
            ValueError: a field that is not there, or none at all.
        """
        wanted = [name for name in _FIELDS if name in frame.columns] if self.fields is None else list(self.fields)
        missing = [name for name in wanted if name not in frame.columns]
        if missing or not wanted:
            what = f"no field {missing[0]!r}" if missing else "none of the fields " + ", ".join(_FIELDS)
            raise ValueError(f"the contexts have {what}; they have {list(frame.columns)}. Pass fields=[...] to choose.")
        self.known_: dict[str, list | tuple[float, float] | None] = {}
        self.names: list[str] = []
        for name in wanted:
            column = frame[name]
            if name in CYCLES:
                self.known_[name], columns = None, [f"{name} sin", f"{name} cos"]
            elif name not in _CATEGORIES and pd.api.types.is_numeric_dtype(column):
                numbers = _numbers(column)
                self.known_[name] = (float(np.nanmean(numbers)), float(np.nanstd(numbers)) or 1.0)
                columns = [name, f"{name}=none"]
            else:
                self.known_[name] = sorted(column.dropna().unique().tolist(), key=str)
                columns = [f"{name}={value}" for value in self.known_[name]]
            self.names += columns
        return self

    def transform(self, contexts: pd.DataFrame | Mapping | Sequence[Mapping]) -> Tensor:
        """(n, len(names)) float32.

        Raises:
            ValueError: not fitted; where `unseen` is "raise": a missing field or value, or an unseen one.
        """
        if not hasattr(self, "known_"):
            raise ValueError("ContextFeatures is not fitted yet; call fit(train.interactions) first.")
        frame = context_frame(contexts)
        return torch.cat([self._columns(name, known, frame) for name, known in self.known_.items()], dim=1)

    def _columns(self, name: str, known: list | tuple[float, float] | None, frame: pd.DataFrame) -> Tensor:
        if name not in frame.columns:
            if self.unseen == "raise":
                raise ValueError(
                    f"the context has no {name!r}; it has {list(frame.columns)}. Add it, or take unseen='ignore'."
                )
            frame = frame.assign(**{name: np.nan})
        column = frame[name]
        if isinstance(known, tuple):
            return self._scaled(name, column, *known)
        missing = column.isna().to_numpy()
        self._complain(missing, f"{name} is missing", "fill it")
        if known is None:
            angles = cyclic(pd.to_numeric(column.fillna(0)), CYCLES[name])
            angles[np.flatnonzero(missing)] = 0.0  # the middle of the circle: no time at all
            return angles
        places = pd.Index(known).get_indexer(column)
        unseen = (places < 0) & ~missing
        if unseen.any():
            value = column.tolist()[int(np.flatnonzero(unseen)[0])]
            self._complain(
                unseen, f"{name} {value!r} was not seen in training ({', '.join(map(str, known))})", "map it"
            )
        table = torch.zeros(len(column), len(known))
        rows = np.flatnonzero(places >= 0)
        table[rows, places[rows]] = 1.0
        return table

    def _scaled(self, name: str, column: pd.Series, mean: float, deviation: float) -> Tensor:
        numbers = (_numbers(column) - mean) / deviation
        missing = np.isnan(numbers)
        if name != "since_last":  # whose absence has a meaning: the first visit
            self._complain(missing, f"{name} is missing", "fill it")
        return torch.from_numpy(np.stack([np.where(missing, 0.0, numbers), missing], axis=1)).float()

    def _complain(self, rows: np.ndarray, what: str, mend: str) -> None:
        if self.unseen == "raise" and rows.any():
            where = np.flatnonzero(rows)
            raise ValueError(f"{what}, in row {where[0]} ({len(where)} in all); {mend}, or take unseen='ignore'.")


def _numbers(column: pd.Series) -> np.ndarray:
    """Days as log(1 + days), since one day and two differ more than 50 and 51; other numbers as they are."""
    numbers = column.to_numpy(dtype=np.float64)
    return np.log1p(numbers) if column.name == "since_last" else numbers
