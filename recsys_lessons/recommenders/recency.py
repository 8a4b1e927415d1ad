"""Histories in which the latest counts more: exponential forgetting (Ding and Li 2005), long and short interest."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import rankdata

from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.svd import SVDRecommender

__all__ = ["LongShort", "Recency", "RecencySVD", "ages", "recency_weights"]

_DAY = 86_400.0
_UNITS = {"days": "days", "positions": "order"}  # what an age is counted in: what a model must know of time


def recency_weights(age: np.ndarray, half_life: float | None) -> np.ndarray:
    """2^(-age / half_life): 1 for the latest, a half after one half-life; None forgets nothing, and gives ones.

    Raises:
        ValueError: a half-life that is not above 0.
    """
    if half_life is not None and not half_life > 0:
        raise ValueError(f"half_life is {half_life}; it must be above 0, or None to forget nothing.")
    age = np.asarray(age, dtype=np.float64)
    return np.ones_like(age) if half_life is None else np.exp2(-age / half_life)


def ages(histories: sparse.csr_matrix, unit: str) -> np.ndarray:
    """How old each entry of each history is, counted from the history's own latest: (nnz,), in the order of `.data`.

    It need not be counted from today: the time since the latest event multiplies all weights of a history by one
    number, and no order changes.

    Args:
        histories: (n, n_items), the values are times.
        unit: "days", or "positions": the latest is 0, the one before it 1. Entries of one moment have no order, and
            share their mean position.
    """
    found = np.zeros(histories.nnz)
    for start, stop in zip(histories.indptr[:-1], histories.indptr[1:], strict=True):
        if start < stop:
            times = histories.data[start:stop]
            found[start:stop] = (times.max() - times) / _DAY if unit == "days" else rankdata(-times) - 1
    return found


class _Weighted(Recommender):
    """Another model of likes, asked about histories whose entries weigh more or less than 1.

    The base is fitted as it always is: what forgets is the profile of a person, not the catalogue's structure.

    Attributes:
        base_: a fitted copy of `base`.
    """

    base: Recommender

    def _check_base(self, base: Recommender) -> Recommender:
        if not isinstance(base, Recommender) or base.uses_times or base.uses_ratings or base.uses_context:
            raise ValueError(
                f"base is a {type(base).__name__}; pass a model of likes whose scores follow from the history, such as "
                "SVDRecommender(32) or ContentProfile(features)."
            )
        return base

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.base_ = copy.copy(self.base).fit(self.train_)

    def _weights(self, histories: sparse.csr_matrix) -> np.ndarray:
        """What replaces the times: (nnz,), in the order of `.data`."""
        raise TypeError(f"{type(self).__name__} has no _weights(histories).")

    def weigh(self, histories: sparse.csr_matrix) -> sparse.csr_matrix:
        """The histories with weights in place of times: (n, n_items) float32, like a matrix of likes."""
        weights = self._weights(histories).astype(np.float32)
        return sparse.csr_matrix((weights, histories.indices, histories.indptr), shape=histories.shape)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return self.base_._scores(self.weigh(histories), None)

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        return self.base_._explain(self.weigh(histories), None, item_row)


class Recency(_Weighted):
    """A base model that is told 2^(-age / half_life) where it would have been told 1.

    Args:
        base: a model of likes that scores from the history, such as `ContentProfile(features)`.
        half_life: after how many days, or positions, an interaction counts half; None counts all alike.
        unit: "days", or "positions", which knows no calendar and works on a plain list of ids.

    Raises:
        ValueError: a half-life that is not above 0, an unknown unit, a base that is no model of likes.
    """

    def __init__(self, base: Recommender, half_life: float | None = 30.0, *, unit: str = "days"):
        recency_weights(np.zeros(1), half_life)
        if unit not in _UNITS:
            raise ValueError(f"unit is {unit!r}; use {' or '.join(map(repr, _UNITS))}.")
        self.base = self._check_base(base)
        self.half_life = half_life
        self.unit = unit
        self.uses_times = _UNITS[unit]

    def _weights(self, histories: sparse.csr_matrix) -> np.ndarray:
        return recency_weights(ages(histories, self.unit), self.half_life)


class RecencySVD(Recency):
    """PureSVD with a profile that forgets: s = h V V', where h holds 2^(-age / half_life).

    Args:
        rank: as of `SVDRecommender`. half_life, unit: as of `Recency`; None gives SVDRecommender's scores.
        options: handed to `SVDRecommender`: item_features, ridge, seed, device.

    Attributes:
        base_: the fitted SVDRecommender.
    """

    def __init__(self, rank: int = 32, half_life: float | None = 30.0, *, unit: str = "days", **options):
        super().__init__(SVDRecommender(rank, **options), half_life, unit=unit)
        self.rank = rank


class LongShort(_Weighted):
    """A convex mix of what somebody has always liked and what they like now (Jannach, Lerche and Jugovac 2015).

    profile = (1 - weight) x mean of the whole history + weight x mean of its latest part. Both means are of the base's
    item vectors, so that a long history does not drown a short interest, and the mix is one history with two levels of
    weight: the split of a score into its causes stays exact.

    Args:
        base: a model of likes that scores from the history: `SVDRecommender(32)` mixes in factors,
            `ContentProfile(text)` in meanings.
        weight: of the short interest, from 0 (none) to 1 (nothing else).
        last: the short interest is the latest `last` items; or, with
        days: what came at most so many days before the history's latest. Give one of the two; the latest moment is
            always part of it.

    Raises:
        ValueError: a weight outside [0, 1], `last` and `days` both, or neither, or not above 0, a base that is no model
            of likes.
    """

    def __init__(self, base: Recommender, weight: float = 0.5, *, last: int | None = None, days: float | None = None):
        if not 0 <= weight <= 1:
            raise ValueError(f"weight is {weight}; it is the share of the short interest, from 0 to 1.")
        if (last is None) == (days is None) or not (last if days is None else days) > 0:
            raise ValueError(f"last is {last} and days is {days}; give one of them, above 0.")
        self.base = self._check_base(base)
        self.weight = weight
        self.last = last
        self.days = days
        self.uses_times = "order" if days is None else "days"

    def _weights(self, histories: sparse.csr_matrix) -> np.ndarray:
        age = ages(histories, "positions" if self.days is None else "days")
        length = np.diff(histories.indptr)
        who = np.repeat(np.arange(len(length)), length)
        youngest = np.full(len(length), np.inf)
        np.minimum.at(youngest, who, age)
        is_short = (age < self.last if self.days is None else age <= self.days) | (age == youngest[who])
        short = np.bincount(who, is_short, minlength=len(length))
        return (1 - self.weight) / length[who] + self.weight * is_short / short[who]
