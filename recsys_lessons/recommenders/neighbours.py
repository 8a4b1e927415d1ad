"""Item neighbours: people who liked this also liked that (Sarwar et al. 2001; Deshpande and Karypis 2004)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.ranking import tie_order

__all__ = ["ItemNeighbours"]

_CHUNK = 512  # items compared with the whole catalogue at once


class ItemNeighbours(Recommender):
    """Score an item by its similarity to the items of a history, summed.

    Two items are similar when the same people liked both: cos(i, j) = n_ij / (sqrt(n_i) sqrt(n_j)), with n_ij the
    people who liked both. Items that few people know are similar by accident, so `shrink` is added to the denominator.

    Args:
        k: neighbours kept per item; the others count 0.
        shrink: added to the denominator; 0 gives the plain cosine.

    Attributes:
        similarity_: (n_items, n_items) sparse; column j holds what is added to the score of item j by each item of a
            history. The diagonal is empty.

    Raises:
        ValueError: `k` is below 1, or `shrink` is negative.
    """

    def __init__(self, k: int = 50, *, shrink: float = 10.0):
        if k < 1:
            raise ValueError(f"k is {k}; keep at least 1 neighbour.")
        if not shrink >= 0:
            raise ValueError(f"shrink is {shrink}; it must be 0 or more.")
        self.k = k
        self.shrink = shrink

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        by_item = matrix.T.tocsr()
        n_items = len(by_item.indptr) - 1
        length = np.sqrt(np.diff(by_item.indptr)).astype(np.float32)
        place = tie_order(n_items)
        sources, targets, values = [], [], []
        for start in range(0, n_items, _CHUNK):
            together = by_item[start : start + _CHUNK] @ matrix  # (chunk, n_items) sparse: people who liked both
            for target, (low, high) in enumerate(zip(together.indptr[:-1], together.indptr[1:], strict=True), start):
                others = together.indices[low:high]
                similar = together.data[low:high] / (length[target] * length[others] + self.shrink)
                others, similar = others[others != target], similar[others != target]
                if len(others) > self.k:  # sort only what can be among the k best
                    bar = np.partition(similar, len(similar) - self.k)[len(similar) - self.k]
                    others, similar = others[similar >= bar], similar[similar >= bar]
                    best = np.lexsort((place[others], -similar))[: self.k]
                    others, similar = others[best], similar[best]
                sources.append(others)
                targets.append(np.full(len(others), target))
                values.append(similar)
        at = np.concatenate(sources), np.concatenate(targets)
        self.similarity_ = sparse.csr_matrix((np.concatenate(values), at), shape=(n_items, n_items), dtype=np.float32)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return (histories @ self.similarity_).toarray()

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        return self._causes(histories, self.similarity_[histories.indices, item_row].toarray().ravel())
