"""What every recommender answers to: `fit`, `scores`, `recommend`, `explain`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders.asked import context_table, history_matrix, is_list_of_lists, is_many
from recsys_lessons.recommenders.ranking import top_k

__all__ = ["NotFittedError", "Recommender", "checked_features", "top_k"]

_CHUNK_BYTES = 1 << 27  # scores held at once while lists are made for many users


class NotFittedError(RuntimeError):
    """A model was asked before it was fitted."""


def checked_features(features: Tensor | np.ndarray, n_items: int) -> Tensor:
    """Item features as a tensor (n_items, dim).

    Raises:
        ValueError: not one row per item, or a value that is not finite.
    """
    if isinstance(features, np.ndarray) and not features.flags.writeable:
        features = features.copy()  # pandas hands out read-only arrays, of which torch warns
    features = torch.as_tensor(features)
    if features.ndim != 2 or len(features) != n_items:
        raise ValueError(
            f"item_features is {tuple(features.shape)}, and there are {n_items} items; pass one row "
            "per item, in the item table's order."
        )
    if not torch.isfinite(features).all():
        row = int((~torch.isfinite(features)).any(dim=1).nonzero()[0])
        raise ValueError(
            f"item_features has a value that is not finite in row {row}; drop the item, "
            "or fuse its modalities with their masks (MultimodalRecommender)."
        )
    return features


class Recommender:
    """The part that models share: who is asked about, what they have seen, and the table that comes back.

    A model implements `_fit(matrix)` and `_scores(histories, rows)`, both on sparse matrices; where `uses_context`,
    `_scores(histories, rows, contexts)` with a DataFrame of one row per history, or None.

    Attributes:
        train_: the Dataset the model was fitted on.
        matrix_: (n_users, n_items) sparse, 1 where a user interacted with an item in training; the rating where
            `uses_ratings`, the timestamp in seconds where `uses_times`.
    """

    uses_context = False
    uses_ratings = False  # True: learns from ratings, and a history is {item_id: rating}
    uses_times: str | None = None  # "order": what came after what matters; "days": how long ago; {item_id: timestamp}

    def fit(self, train: Dataset) -> Recommender:
        """Learn from the interactions of `train`, and return self.

        Raises:
            ValueError: there is no interaction to learn from.
        """
        if train.interactions.empty:
            raise ValueError("the training data has no interactions; nothing can be learned from it.")
        self.train_ = train
        if self.uses_ratings and "rating" not in train.interactions.columns:
            raise ValueError(
                f"{type(self).__name__} learns from ratings, and interactions has no column 'rating'; it has "
                f"{list(train.interactions.columns)}. Take a model of likes, such as SVDRecommender or ALS."
            )
        if self.uses_times and "timestamp" not in train.interactions.columns:
            raise ValueError(
                f"{type(self).__name__} learns from what came when, and interactions has no column 'timestamp'; it has "
                f"{list(train.interactions.columns)}."
            )
        if self.uses_times:
            self.matrix_ = train.matrix("timestamp", dtype=np.float64)
        else:
            self.matrix_ = train.matrix("rating" if self.uses_ratings else None)
        self._fit(self.matrix_)
        return self

    def scores(self, users: Any = None, *, history: Sequence | None = None, context: Any = None) -> np.ndarray:
        """How well each item suits each user; only the order within a row has a meaning.

        Args:
            users: one user id, several, or None for all training users (when no history is given).
            history: instead of users: the item ids somebody liked, or a list of such lists ({item_id: rating}, or a
                list of such dicts, for a model of ratings; {item_id: timestamp} for a model of time, where the order
                alone matters also the ids from the oldest on). Nobody needs to have been in training for that.
            context: for models that use one; others refuse it. A dict, the same for all; a list of dicts; or a
                DataFrame with one row each.

        Returns:
            (n, n_items) float32, columns in the item table's order; seen items are scored too. For many users of a
            large catalogue that is a large array; `recommend` and `evaluate` go through it in pieces.

        Raises:
            KeyError: an id that training does not know. ValueError: users and history together, a context for a model
            that uses none, or another number of contexts than of lists. NotFittedError: `fit` comes first.
        """
        rows, histories = self._who(users, history)
        return self.raw_scores(histories, rows, self._contexts(context, histories.shape[0]))

    def raw_scores(
        self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts: pd.DataFrame | None = None
    ) -> np.ndarray:
        """What `scores` does once ids are rows, for an evaluation whose histories grow.

        Args:
            histories: (n, n_items), with values as in `matrix_`.
            rows: (n,) rows of the user table, or None for people who were not in training.
            contexts: n rows, or None; only for a model that uses one.

        Returns:
            (n, n_items) float32.
        """
        found = self._scores(histories, rows, contexts) if self.uses_context else self._scores(histories, rows)
        return np.ascontiguousarray(found, dtype=np.float32)

    def recommend(
        self,
        users: Any = None,
        *,
        history: Sequence | None = None,
        context: Any = None,
        k: int = 10,
        candidates: Iterable | None = None,
        exclude_seen: bool = True,
    ) -> pd.DataFrame:
        """The k best items.

        Args:
            users, history, context: as for `scores`.
            k: how many; fewer come back when there are fewer candidates.
            candidates: item ids to choose from; None for the whole catalogue.
            exclude_seen: leave out what the history or the user's training interactions hold.

        Returns:
            DataFrame with `rank` (from 1), `item_id`, `title`, `score`; and first a column `user_id` when several users
            were asked for (`history`, 0, 1, ..., for several histories). Somebody without any history, or who scores
            all items alike, gets a list all the same, in the fixed shuffled order of `top_k`. A user with no candidate
            left gets no row.

        Raises:
            as `scores`; KeyError also for candidates that are not in the catalogue; ValueError for `k` below 1.
        """
        if k < 1:
            raise ValueError(f"k is {k}; ask for 1 or more.")
        rows, histories = self._who(users, history)
        contexts = self._contexts(context, histories.shape[0])
        candidates = None if candidates is None else list(candidates)
        n = histories.shape[0]
        order, best = [np.empty((0, 0), dtype=np.int64)], [np.empty(0, dtype=np.float32)]
        size = max(1, _CHUNK_BYTES // (4 * self.train_.n_items))
        for start in range(0, n, size):
            piece = slice(start, start + size)
            some = None if rows is None else rows[piece]
            here = None if contexts is None else contexts.iloc[piece].reset_index(drop=True)
            scores = np.array(self.raw_scores(histories[piece], some, here))
            self.mask(scores, histories[piece] if exclude_seen else None, candidates)
            order.append(top_k(scores, k))
            best.append(np.take_along_axis(scores, np.maximum(order[-1], 0), axis=1)[order[-1] >= 0])
        order, best = (np.concatenate(order[1:]) if n else order[0]), np.concatenate(best)
        who, place = np.nonzero(order >= 0)
        chosen = order[who, place]
        table = pd.DataFrame(
            {
                "rank": place + 1,
                "item_id": self.train_.items["item_id"].to_numpy()[chosen],
                "title": self.train_.items["title"].to_numpy()[chosen],
                "score": best,
            }
        )
        if rows is None and is_list_of_lists(history):
            table.insert(0, "history", who)
        elif rows is not None and (users is None or is_many(users)):
            table.insert(0, "user_id", self.train_.users["user_id"].to_numpy()[rows[who]])
        return table

    def mask(self, scores: np.ndarray, seen: sparse.csr_matrix | None, candidates: Iterable | None = None) -> None:
        """Write -inf, in place, where an item must not be recommended: seen, or not among the candidates."""
        if candidates is not None:
            out = np.ones(scores.shape[1], dtype=bool)
            out[self.train_.item_rows(candidates)] = False
            scores[:, out] = -np.inf
        if seen is not None:
            scores[np.repeat(np.arange(seen.shape[0]), np.diff(seen.indptr)), seen.indices] = -np.inf

    def explain(
        self, user: Any = None, *, history: Sequence | None = None, context: Any = None, item: Any
    ) -> pd.DataFrame:
        """Why this item: the causes of its score, largest first; their contributions add up to the score.

        Returns:
            DataFrame with `item_id` and `title` of the cause, `contribution`, and `share` of the score.
        """
        if user is not None and is_many(user):
            raise ValueError(f"explain takes one user and got {user!r}.")
        if user is None and (history is None or is_list_of_lists(history)):
            raise ValueError("explain takes one user id, or history=[...], the item ids of one person.")
        rows, histories = self._who(user, history)
        contexts = self._contexts(context, 1)
        item_row = int(self.train_.item_rows([item])[0])
        table = self._explain(histories, rows, item_row, *([contexts] if self.uses_context else []))
        total = table["contribution"].sum()
        table["share"] = table["contribution"] / total if total else 0.0
        return table.sort_values("contribution", ascending=False, kind="stable").reset_index(drop=True)

    def _who(self, users: Any, history: Sequence | None) -> tuple[np.ndarray | None, sparse.csr_matrix]:
        """Rows of training users (None for histories), and what each has interacted with, (n, n_items)."""
        if not hasattr(self, "train_"):
            raise NotFittedError(f"{type(self).__name__} is not fitted yet; call fit(train) first.")
        if users is not None and history is not None:
            raise ValueError("pass users or history, not both: a history stands for somebody who was not in training.")
        if history is not None:
            many = list(history) if is_list_of_lists(history) else [history]
            kind = "ratings" if self.uses_ratings else self.uses_times or "likes"
            return None, history_matrix(many, self.train_, kind, type(self).__name__)
        if users is None:
            return np.arange(self.train_.n_users), self.matrix_
        rows = self.train_.user_rows(list(users) if is_many(users) else [users])
        return rows, self.matrix_[rows]

    def _contexts(self, context: Any, n: int) -> pd.DataFrame | None:
        if context is not None and not self.uses_context:
            raise ValueError(
                f"{type(self).__name__} makes no use of a context; leave it out, or take a contextual model."
            )
        return context_table(context, n, type(self).__name__)

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        raise TypeError(
            f"{type(self).__name__} has no _fit; write _fit(matrix), _scores(histories, rows) and _explain."
        )

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} has no _scores(histories, rows).")

    def _causes(self, histories: sparse.csr_matrix, contributions: np.ndarray) -> pd.DataFrame:
        """The table of an explanation whose causes are the items of one history."""
        items = self.train_.items.iloc[histories.indices]
        return items[["item_id", "title"]].reset_index(drop=True).assign(contribution=contributions)

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        raise TypeError(f"{type(self).__name__} does not explain its scores.")
