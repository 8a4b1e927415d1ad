"""What every recommender answers to: `fit`, `scores`, `recommend`, `explain`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.data.dataset import Dataset

__all__ = ["NotFittedError", "Recommender", "top_k"]


class NotFittedError(RuntimeError):
    """A model was asked before it was fitted."""


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k highest scores of each row, best first.

    Equal scores are put in a fixed shuffled order, the same on every run and machine. Column order would be simpler and
    would leak: catalogues are often listed by popularity or age, and a model that scores all items alike would then be
    credited with knowing it. A score of -inf means "not a candidate" and is never returned; rows that run out of
    candidates are filled with -1.

    Args:
        scores: (n, n_items).
        k: places.

    Returns:
        (n, min(k, n_items)) int64.

    Raises:
        ValueError: `k` is below 1, or a score is NaN.
    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for 1 or more.")
    scores = np.asarray(scores)
    if np.isnan(scores).any():
        row, column = np.argwhere(np.isnan(scores))[0]
        raise ValueError(f"scores[{row}, {column}] is NaN, which has no place in an order.")
    shuffle = np.random.default_rng(0).permutation(scores.shape[1])
    order = shuffle[np.argsort(-scores[:, shuffle], axis=1, kind="stable")[:, :k]]
    return np.where(np.take_along_axis(scores, order, axis=1) == -np.inf, -1, order)


class Recommender:
    """The part that models share: who is asked about, what they have seen, and the table that comes back.

    A model implements `_fit(matrix)` and `_scores(histories, rows)`, both on sparse matrices.

    Attributes:
        train_: the Dataset the model was fitted on.
        matrix_: (n_users, n_items) sparse, 1 where a user interacted with an item in training.
    """

    uses_context = False

    def fit(self, train: Dataset) -> Recommender:
        """Learn from the interactions of `train`, and return self.

        Raises:
            ValueError: there is no interaction to learn from.
        """
        if train.interactions.empty:
            raise ValueError("the training data has no interactions; nothing can be learned from it.")
        self.train_ = train
        self.matrix_ = train.matrix()
        self._fit(self.matrix_)
        return self

    def scores(self, users: Any = None, *, history: Sequence | None = None, context: Any = None) -> np.ndarray:
        """How well each item suits each user; only the order within a row has a meaning.

        Args:
            users: one user id, several, or None for all training users (when no history is given).
            history: instead of users: the item ids somebody liked, or a list of such lists. Nobody needs to have been
                in training for that.
            context: for models that use one; others refuse it.

        Returns:
            (n, n_items) float32, columns in the item table's order; seen items are scored too.
        """
        rows, histories = self._who(users, history, context)
        return np.ascontiguousarray(self._scores(histories, rows), dtype=np.float32)

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
            were asked for (`history`, 0, 1, ..., for several histories).
        """
        rows, histories = self._who(users, history, context)
        scores = np.array(self._scores(histories, rows), dtype=np.float32)
        self.mask(scores, histories if exclude_seen else None, candidates)
        order = top_k(scores, k)
        who, place = np.nonzero(order >= 0)
        chosen = order[who, place]
        table = pd.DataFrame(
            {
                "rank": place + 1,
                "item_id": self.train_.items["item_id"].to_numpy()[chosen],
                "title": self.train_.items["title"].to_numpy()[chosen],
                "score": scores[who, chosen],
            }
        )
        if rows is None and _is_list_of_lists(history):
            table.insert(0, "history", who)
        elif rows is not None and (users is None or _is_many(users)):
            table.insert(0, "user_id", self.train_.users["user_id"].to_numpy()[rows[who]])
        return table

    def mask(self, scores: np.ndarray, seen: sparse.csr_matrix | None, candidates: Iterable | None = None) -> None:
        """Write -inf, in place, where an item must not be recommended: seen, or not among the candidates."""
        if candidates is not None:
            out = np.ones(scores.shape[1], dtype=bool)
            out[self.train_.item_rows(candidates)] = False
            scores[:, out] = -np.inf
        if seen is not None:
            scores[seen.nonzero()] = -np.inf

    def explain(self, user: Any = None, *, history: Sequence | None = None, item: Any) -> pd.DataFrame:
        """Why this item: the causes of its score, largest first; their contributions add up to the score.

        Returns:
            DataFrame with `item_id` and `title` of the cause, `contribution`, and `share` of the score.
        """
        if user is not None and _is_many(user):
            raise ValueError(f"explain takes one user and got {user!r}.")
        if user is None and (history is None or _is_list_of_lists(history)):
            raise ValueError("explain takes one user id, or history=[...], the item ids of one person.")
        rows, histories = self._who(user, history, None)
        item_row = int(self.train_.item_rows([item])[0])
        table = self._explain(histories, rows, item_row)
        total = table["contribution"].sum()
        table["share"] = table["contribution"] / total if total else 0.0
        return table.sort_values("contribution", ascending=False, kind="stable").reset_index(drop=True)

    def _who(self, users: Any, history: Sequence | None, context: Any) -> tuple[np.ndarray | None, sparse.csr_matrix]:
        """Rows of training users (None for histories), and what each has interacted with, (n, n_items)."""
        if not hasattr(self, "train_"):
            raise NotFittedError(f"{type(self).__name__} is not fitted yet; call fit(train) first.")
        if context is not None and not self.uses_context:
            raise ValueError(
                f"{type(self).__name__} makes no use of a context; leave it out, or take a contextual model."
            )
        if users is not None and history is not None:
            raise ValueError("pass users or history, not both: a history stands for somebody who was not in training.")
        if history is not None:
            many = list(history) if _is_list_of_lists(history) else [history]
            return None, self._histories(many)
        if users is None:
            return np.arange(self.train_.n_users), self.matrix_
        rows = self.train_.user_rows(list(users) if _is_many(users) else [users])
        return rows, self.matrix_[rows]

    def _histories(self, many: Sequence[Sequence]) -> sparse.csr_matrix:
        item_rows = [np.unique(self.train_.item_rows(one)) for one in many]
        sizes = [len(one) for one in item_rows]
        columns = np.concatenate(item_rows) if item_rows else np.array([], dtype=np.int64)
        pointer = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return sparse.csr_matrix(
            (np.ones(len(columns), dtype=np.float32), columns, pointer), shape=(len(many), self.train_.n_items)
        )

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        raise TypeError(
            f"{type(self).__name__} has no _fit; write _fit(matrix), _scores(histories, rows) and _explain."
        )

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        raise TypeError(f"{type(self).__name__} has no _scores(histories, rows).")

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        raise TypeError(f"{type(self).__name__} does not explain its scores.")


def _is_many(users: Any) -> bool:
    return isinstance(users, Iterable) and not isinstance(users, (str, bytes))


def _is_list_of_lists(history: Sequence | None) -> bool:
    return history is not None and len(history) > 0 and _is_many(list(history)[0])
