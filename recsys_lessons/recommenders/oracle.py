"""The ceiling: a recommender that is told how the world was made. For worlds with known truth, such as TinyLens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.recommenders.base import Recommender

__all__ = ["Oracle"]


class Oracle(Recommender):
    """Rank by the probability with which the world itself chooses, so that no model can do better on average.

    Args:
        truth: `TinyLens.truth`: `users`, `utility`, `probability`, `moved`, `log_exposure`, `causes`.
        context: True: it knows the context that it is given. False: it looks at the context's timestamp alone, and
            expects each of the contexts that the person had in training with the same probability: the ceiling of
            models without context. (Leaving the effects of all contexts away would not be one: somebody who is with
            children every evening watches more for children, and any model of clicks learns that.)

    Where no timestamp is given, each change of interest has happened.

    Raises:
        ValueError: at `fit`, where the items are not those of the truth; for a history, since truth is about people who
            exist.
    """

    uses_context = True

    def __init__(self, truth: Any, *, context: bool = True):
        self.truth = truth
        self.context = context

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        mine = self.truth.items["item_id"].to_numpy()
        if not np.array_equal(mine, self.train_.items["item_id"].to_numpy()):
            raise ValueError(
                f"truth is about {len(mine)} items, and training about {matrix.shape[1]} others, or in another order. "
                "Pass the truth of the same world: Oracle(world.truth).fit(train), with train from world.data."
            )
        self._users = self.train_.users["user_id"].to_numpy()
        known = [name for name in self.train_.interactions.columns if name not in ("user_id", "item_id", "timestamp")]
        self._pasts = {user: past[known] for user, past in self.train_.interactions.groupby("user_id")}
        self._expected: dict[tuple, np.ndarray] = {}

    def _scores(
        self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts: pd.DataFrame | None = None
    ) -> np.ndarray:
        users = self._asked(rows)
        if self.context:
            return self.truth.utility(users, contexts) + self.truth.log_exposure
        given = contexts is not None and "timestamp" in contexts
        stamps = contexts["timestamp"].to_numpy(dtype=float) if given else np.full(len(users), np.nan)
        moved = self.truth.moved(users, stamps)
        answers = [self._without(*one) for one in zip(users, stamps, moved, strict=True)]
        return np.array(answers, dtype=np.float32).reshape(len(users), self.train_.n_items)

    def _without(self, user: Any, stamp: float, moved: float) -> np.ndarray:
        """(n_items,) log of the probability, averaged over the contexts of the user's training events."""
        key = (user, moved)  # the date itself matters only through the interest that holds on it
        if key not in self._expected:
            past = self._pasts.get(user, pd.DataFrame(index=[0])).assign(timestamp=stamp)
            self._expected[key] = np.log(self.truth.probability([user] * len(past), past).mean(axis=0) + 1e-30)
        return self._expected[key]

    def _explain(
        self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int, contexts: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Columns `cause` ("taste for topic food", "company children: topic family"), `contribution`."""
        user = self._asked(rows)[0]
        if not self.context:
            raise ValueError("an average over contexts has no single cause; ask Oracle(truth, context=True).")
        return self.truth.causes(user, self.train_.items["item_id"].iloc[item_row], contexts)

    def _asked(self, rows: np.ndarray | None) -> np.ndarray:
        if rows is None:
            raise ValueError("the oracle knows the people of its world, and no others; pass users, not history.")
        return self._users[rows]
