"""Models whose scores a test chooses, and a world of a few pairs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders.base import Recommender


class Given(Recommender):
    """Scores by a table that the test chose: (n_users, n_items)."""

    def __init__(self, table):
        self.table = np.asarray(table, dtype=np.float32)

    def _fit(self, matrix):
        pass

    def _scores(self, histories, rows):
        return self.table[rows]


def oracle(test):
    return Given(test.matrix().toarray())


def noise(dataset, seed=0, levels=None):
    """Random scores; with `levels`, rounded to so many values, so that most are tied."""
    table = np.random.default_rng(seed).random((dataset.n_users, dataset.n_items))
    return Given(np.floor(table * levels) if levels else table)


def small(rows, n_items=5):
    """A Dataset of (user, item) pairs; ids that are no row numbers."""
    users = sorted({user for user, _ in rows})
    item_id = [10 * item for item in range(n_items)]
    items = pd.DataFrame({"item_id": item_id, "title": [f"Film {item}" for item in item_id]})
    pairs = pd.DataFrame([(user, 10 * item) for user, item in rows], columns=["user_id", "item_id"])
    return Dataset(items, pd.DataFrame({"user_id": users}), pairs)
