"""The baseline that every other model has to beat: what most people liked."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.recommenders.base import Recommender

__all__ = ["Popularity"]


class Popularity(Recommender):
    """Score an item by the number of people who interacted with it, the same for everybody.

    Attributes:
        counts_: (n_items,) people per item in training.
    """

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.counts_ = np.asarray(matrix.sum(axis=0), dtype=np.float32).ravel()

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return np.tile(self.counts_, (histories.shape[0], 1))

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        item = self.train_.items.iloc[[item_row]]
        return item[["item_id", "title"]].assign(contribution=self.counts_[item_row]).reset_index(drop=True)
