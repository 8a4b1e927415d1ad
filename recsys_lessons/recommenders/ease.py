"""EASE: one linear model from a history to all items, in closed form (Steck 2019)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import linalg, sparse

from recsys_lessons.recommenders.base import Recommender

__all__ = ["EASE"]

_MOST_ITEMS = 30_000


class EASE(Recommender):
    """Predict each item of a history from the others: min |X - X B|^2 + ridge |B|^2 with a zero diagonal of B.

    The constraint forbids the answer "because you like it". With P = (X'X + ridge I)^-1, the solution is
    B_ij = -P_ij / P_jj. It costs a matrix of items x items and its inverse, whatever the number of users.

    Args:
        ridge: strength of the pull towards zero, above 0; some hundreds for catalogues of thousands.

    Attributes:
        weights_: (n_active, n_active) float32, B over the items with interactions.
        active_: (n_active,) their rows in the item table; other items score 0.

    Raises:
        ValueError: `ridge` is not above 0, or more than 30,000 items have interactions.
    """

    def __init__(self, ridge: float = 300.0):
        if not ridge > 0:
            raise ValueError(f"ridge is {ridge}; it must be above 0, or the inverse may not exist.")
        self.ridge = ridge

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        # An item that nobody met has no row in X'X, hence none in B: leaving it out changes nothing and saves memory.
        self.active_ = np.flatnonzero(np.diff(matrix.tocsc().indptr))
        n = len(self.active_)
        if n > _MOST_ITEMS:
            raise ValueError(
                f"{n:,} items have interactions, and EASE inverts a matrix of items x items: {8e-9 * n * n:.0f} GB "
                f"and more. Keep the {_MOST_ITEMS:,} most popular items, or use ItemNeighbours or SVDRecommender."
            )
        known = matrix[:, self.active_].astype(np.float64)
        gram = (known.T @ known).toarray(order="F")
        gram[np.diag_indices(n)] += self.ridge
        # Positive definite by the ridge: Cholesky, then the inverse in place, of which LAPACK fills one triangle.
        factor = linalg.cholesky(gram, lower=True, overwrite_a=True)
        inverse, info = linalg.lapack.dpotri(factor, lower=True, overwrite_c=True)
        if info:
            raise ValueError(f"X'X + {self.ridge} I cannot be inverted (LAPACK says {info}); raise ridge.")
        inverse += np.tril(inverse, -1).T
        weights = inverse / -np.diag(inverse)
        weights[np.diag_indices(n)] = 0.0
        self.weights_ = weights.astype(np.float32)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        scores = np.zeros(histories.shape, dtype=np.float32)
        scores[:, self.active_] = histories[:, self.active_] @ self.weights_
        return scores

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        column = np.zeros(self.train_.n_items, dtype=np.float32)
        place = np.flatnonzero(self.active_ == item_row)
        if len(place):
            column[self.active_] = self.weights_[:, place[0]]
        return self._causes(histories, column[histories.indices])
