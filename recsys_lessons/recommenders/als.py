"""Implicit feedback by alternating least squares (Hu, Koren and Volinsky 2008)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recsys_lessons.encoders.base import token_budget_batches
from recsys_lessons.recommenders.base import Recommender

__all__ = ["ALS"]


class ALS(Recommender):
    """Every cell of the matrix counts, the filled ones more: min sum c_ui (p_ui - x_u y_i)^2 + reg (|x|^2 + |y|^2).

    p_ui is 1 where user u met item i and 0 elsewhere; the confidence c_ui is 1 + alpha there and 1 elsewhere. With one
    side fixed, each row of the other is the solution of a small linear system, so the two sides take turns. Somebody
    new is one such system (fold-in).

    Args:
        rank: length of a factor.
        alpha: how much more a filled cell counts than an empty one.
        reg: strength of the pull towards zero, above 0.
        iterations: turns of users and items.
        seed: of the first item factors.

    Attributes:
        user_factors_: (n_users, rank) float32. item_factors_: (n_items, rank) float32; a row without data is zero.

    Raises:
        ValueError: an argument outside its range.
    """

    def __init__(self, rank: int = 32, *, alpha: float = 1.0, reg: float = 1.0, iterations: int = 15, seed: int = 0):
        for name, value, least in (("rank", rank, 1), ("iterations", iterations, 1)):
            if value < least:
                raise ValueError(f"{name} is {value}; it must be {least} or more.")
        if not (alpha > 0 and reg > 0):
            raise ValueError(f"alpha is {alpha} and reg is {reg}; both must be above 0.")
        self.rank = rank
        self.alpha = alpha
        self.reg = reg
        self.iterations = iterations
        self.seed = seed

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        by_item = matrix.T.tocsr()
        random = np.random.default_rng(self.seed)
        items = torch.from_numpy(random.standard_normal((matrix.shape[1], self.rank), dtype=np.float32) * 0.1)
        for _ in range(self.iterations):
            users = self._solve(matrix, items)
            items = self._solve(by_item, users)
        self.user_factors_, self.item_factors_ = self._solve(matrix, items).numpy(), items.numpy()

    def _solve(self, rows: sparse.csr_matrix, other: Tensor) -> Tensor:
        """The best factor of every row while the other side, (n_columns, rank), stays: (n_rows, rank)."""
        result = torch.zeros(rows.shape[0], self.rank)
        everything = other.T @ other + self.reg * torch.eye(self.rank)
        filled = np.flatnonzero(np.diff(rows.indptr))
        # Rows of like length are solved together; padding points at an extra row of zeros.
        padded = torch.cat([other, torch.zeros(1, self.rank)])
        lengths = np.diff(rows.indptr)[filled]
        for batch in token_budget_batches(lengths, budget=200_000):
            members = filled[batch]
            columns = np.full((len(members), lengths[batch].max()), len(other))
            for line, row in enumerate(members):
                columns[line, : lengths[batch[line]]] = rows.indices[rows.indptr[row] : rows.indptr[row + 1]]
            known = padded[torch.from_numpy(columns)]
            left = everything + self.alpha * known.mT @ known
            right = (1 + self.alpha) * known.sum(dim=1)
            result[torch.from_numpy(members)] = torch.linalg.solve(left, right)
        return result

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        users = self.user_factors_[rows] if rows is not None else self._fold_in(histories)
        return users @ self.item_factors_.T

    def _fold_in(self, histories: sparse.csr_matrix) -> np.ndarray:
        return self._solve(histories, torch.from_numpy(self.item_factors_)).numpy()

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        # x_u solves W x = (1 + alpha) sum of y_i over the history, so the score y_j x is a sum over the history too.
        items = self.item_factors_.astype(np.float64)
        known = items[histories.indices]
        left = items.T @ items + self.reg * np.eye(self.rank) + self.alpha * known.T @ known
        return self._causes(histories, (1 + self.alpha) * known @ np.linalg.solve(left, items[item_row]))
