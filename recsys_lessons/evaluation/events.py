"""One ranking per event: what would have been shown to this person, at this moment, in this context."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.evaluation.arguments import check_data, check_scores, columns, cuts, names
from recsys_lessons.evaluation.measures import MEASURES
from recsys_lessons.recommenders.base import Recommender, top_k

__all__ = ["NothingToFind", "per_event"]

_CHUNK_BYTES = 1 << 26  # scores held at once
_NOT_CONTEXT = ["user_id", "item_id", "rating"]  # who is asked about, and what is to be found


class NothingToFind(ValueError):
    """Each item of the events was met before, or is no candidate."""


def per_event(
    model: Recommender,
    events: Dataset,
    *,
    k: int | Iterable[int] = 10,
    metrics: str | Sequence[str] = ("ndcg",),
    candidates: Iterable | None = None,
    growing: bool = False,
) -> pd.DataFrame:
    """The measures of every event of a test: one item is to be found, in that event's context.

    `evaluate` asks for one list per person. Where what somebody wants changes with the hour, the company or the month,
    every event is a question of its own: all items are ranked, less those the person has met before, and one of them
    is right. With one right item, NDCG@k is 1 / log2(1 + its place), or 0 beyond k.

    A model with `uses_context` is given the event's row without user_id, item_id and rating. No other model is given
    anything of the event, so that it ranks the same way in all of a person's contexts.

    Args:
        model: fitted.
        events: the held-out interactions, with a `timestamp`; item and user tables as in training.
        k, metrics: as for `per_user`; names in `metrics.METRICS` but "auc".
        candidates: rank only these item ids; None for all.
        growing: False: the history is what training holds, as when models and profiles are refreshed once. True: it
            also holds the person's events of `events` with an earlier timestamp, folded in; nothing is fitted again.
            Events of one moment do not see each other.

    Returns:
        DataFrame, one row per event in time order: `user_id`, `item_id`, `timestamp`, `history` (its length), and a
        column per metric and cut, such as "ndcg@10". Events whose item is no candidate, or was met before, can be found
        by nobody and are left out; `table.attrs["left_out"]` counts them. For an interval over people, average within
        each `user_id` first: the events of one person are not independent.

    Raises:
        ValueError: as `per_user`; no timestamps; NothingToFind where no event is left.
        KeyError: candidates that the catalogue lacks.
    """
    ks, metrics = cuts(k), names(metrics, tuple(MEASURES))
    check_data(model, events)
    if "timestamp" not in events.interactions.columns:
        raise ValueError("interactions has no column 'timestamp', and events are ranked in the order of time.")
    table = events.interactions.sort_values("timestamp", kind="stable").reset_index(drop=True)
    users, items = events.user_rows(table["user_id"]), events.item_rows(table["item_id"])
    candidates = None if candidates is None else list(candidates)
    allowed = _allowed(events, candidates)
    contexts = table.drop(columns=_NOT_CONTEXT, errors="ignore")
    values = _values(model, table)
    pasts = _Pasts(model.matrix_, users, items, values, table["timestamp"].to_numpy(), growing)
    kept, hits, length = [], [], []
    size = max(1, _CHUNK_BYTES // (4 * events.n_items))
    for start in range(0, len(table), size):
        some = np.arange(start, min(start + size, len(table)))
        histories = pasts.matrix(some)
        known = np.array([items[event] in pasts.seen(place) for place, event in enumerate(some)], dtype=bool)
        found = ~known & allowed[items[some]]
        if not found.any():
            continue
        some, histories = some[found], histories[found]
        here = contexts.iloc[some].reset_index(drop=True) if model.uses_context else None
        scores = model.raw_scores(histories, users[some], here)
        check_scores(model, events, users[some], scores)
        scores = scores.copy()
        model.mask(scores, histories, candidates)
        kept.append(some)
        length.append(np.diff(histories.indptr))
        hits.append(top_k(scores, max(ks)) == items[some][:, None])
    if not kept:
        raise NothingToFind("each item was met before, or is no candidate; was train passed as test?")
    kept, hits, length = np.concatenate(kept), np.concatenate(hits), np.concatenate(length)
    one = np.ones(len(kept), dtype=np.int64)
    result = table.loc[kept, ["user_id", "item_id", "timestamp"]].reset_index(drop=True).assign(history=length)
    for label, name, cut in columns(metrics, ks):
        result[label] = MEASURES[name](hits[:, :cut], one, cut)
    result.attrs["left_out"] = len(table) - len(kept)
    return result


def _allowed(events: Dataset, candidates: list | None) -> np.ndarray:
    if candidates is None:
        return np.ones(events.n_items, dtype=bool)
    if not candidates:
        raise ValueError("candidates is empty; pass the item ids to rank, or None for the whole catalogue.")
    allowed = np.zeros(events.n_items, dtype=bool)
    allowed[events.item_rows(candidates)] = True
    return allowed


def _values(model: Recommender, table: pd.DataFrame) -> np.ndarray:
    """What an event writes into a history, as in the model's own matrix."""
    if model.uses_times:
        return table["timestamp"].to_numpy(dtype=np.float64)
    if model.uses_ratings:
        return table["rating"].to_numpy(dtype=np.float32)
    return np.ones(len(table), dtype=np.float32)


class _Pasts:
    """What each event's person had met before it; made a piece at a time, in time order."""

    def __init__(self, matrix: sparse.csr_matrix, users, items, values, times, growing: bool):
        self.matrix_, self.users, self.items, self.values, self.times = matrix, users, items, values, times
        self.growing = growing
        self._past: dict[int, dict[int, float]] = {}  # user row: {item row: value}
        self._waiting: dict[int, list[int]] = {}  # user row: events of one moment, not yet part of the past
        self._rows: list[dict[int, float]] = []

    def matrix(self, events: np.ndarray) -> sparse.csr_matrix:
        self._rows = [self._before(event) for event in events]
        counts = [len(row) for row in self._rows]
        columns = np.fromiter((item for row in self._rows for item in row), dtype=np.int64, count=sum(counts))
        data = np.fromiter((value for row in self._rows for value in row.values()), self.matrix_.dtype, sum(counts))
        where = np.concatenate([[0], np.cumsum(counts)])
        return sparse.csr_matrix((data, columns, where), shape=(len(events), self.matrix_.shape[1]))

    def seen(self, place: int) -> dict[int, float]:
        """{item row: value} of the event at that place of the last piece."""
        return self._rows[place]

    def _before(self, event: int) -> dict[int, float]:
        user = int(self.users[event])
        if user not in self._past:
            row = self.matrix_[user]
            self._past[user] = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
        if not self.growing:
            return self._past[user]
        waiting = self._waiting.setdefault(user, [])
        if waiting and self.times[waiting[0]] < self.times[event]:
            # A new dictionary: pieces that were handed out keep theirs.
            told = {int(self.items[one]): self.values[one] for one in waiting}
            self._past[user] = {**self._past[user], **told}
            waiting.clear()
        waiting.append(event)
        return self._past[user]
