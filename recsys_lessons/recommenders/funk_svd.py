"""FunkSVD: biased matrix factorisation of ratings by stochastic gradient descent (Funk 2006; Koren, Bell and Volinsky
2009). It is called SVD and has neither orthogonal factors nor singular values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor
from tqdm.auto import tqdm

from recsys_lessons.recommenders.base import Recommender

__all__ = ["FunkSVD"]


class FunkSVD(Recommender):
    """Predict a rating: r_ui = mean + b_u + b_i + p_u q_i, learned from the observed ratings alone.

    For each rating with error e = r_ui - prediction: b_u += lr (e - reg b_u), and likewise b_i;
    p_u += lr (e q_i - reg p_u); q_i += lr (e p_u - reg q_i), all from the values before the step. Ratings are taken in
    random order, `batch` at a time: the steps of one batch are added up. `batch=1` is the textbook's loop.

    Fit it on all ratings (`load_movielens(min_rating=None)`): from likes alone there is no dislike to learn. A score is
    a predicted rating. The model never sees which items people choose to rate, so it ranks a whole catalogue poorly
    (Cremonesi, Koren and Turrin 2010). For somebody who was not in training, `history={item_id: rating}` is folded in.

    Args:
        rank: length of a factor. epochs: passes over the ratings. lr: learning rate. reg: strength of the pull towards
            zero. batch: ratings a step. seed: of the first factors and the order. progress: show a bar.

    Attributes:
        mean_: of the training ratings. user_bias_: (n_users,). item_bias_: (n_items,). user_factors_: (n_users, rank).
        item_factors_: (n_items, rank). Who or what has no rating has zeros, and scores by the rest.
        losses_: root mean squared error on the training ratings during each epoch.

    Raises:
        ValueError: an argument outside its range, or factors that grew without bound (lower `lr`).
    """

    uses_ratings = True

    def __init__(
        self,
        rank: int = 32,
        *,
        epochs: int = 20,
        lr: float = 0.01,
        reg: float = 0.05,
        batch: int = 256,
        seed: int = 0,
        progress: bool = False,
    ):
        for name, value in {"rank": rank, "epochs": epochs, "batch": batch}.items():
            if value < 1:
                raise ValueError(f"{name} is {value}; it must be 1 or more.")
        if not (lr > 0 and reg >= 0):
            raise ValueError(f"lr is {lr} and reg is {reg}; lr must be above 0, reg 0 or more.")
        self.rank = rank
        self.epochs = epochs
        self.lr = lr
        self.reg = reg
        self.batch = batch
        self.seed = seed
        self.progress = progress

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        if not np.isfinite(matrix.data).all():
            raise ValueError("interactions holds a rating that is not finite; drop that row.")
        users = torch.from_numpy(np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)))
        items, ratings = torch.from_numpy(matrix.indices.astype(np.int64)), torch.from_numpy(matrix.data)
        random = np.random.default_rng(self.seed)
        self.mean_ = float(matrix.data.mean(dtype=np.float64))
        # One table a side: the bias is the first column, the factor the others.
        start = [torch.from_numpy(random.normal(0, 0.1, (n, 1 + self.rank)).astype(np.float32)) for n in matrix.shape]
        tables = [table.index_fill(1, torch.tensor([0]), 0.0) for table in start]
        self.losses_ = []
        for _ in tqdm(range(self.epochs), desc="FunkSVD", unit="epoch", disable=not self.progress, leave=False):
            squared = 0.0
            for chosen in torch.from_numpy(random.permutation(len(ratings))).split(self.batch):
                squared += self._step(tables, users[chosen], items[chosen], ratings[chosen])
            self.losses_.append(float(np.sqrt(squared / len(ratings))))
            if not np.isfinite(self.losses_[-1]):
                raise ValueError(f"the factors grew without bound at lr={self.lr}; lower lr.")
        for table, met in zip(tables, (users, items), strict=True):
            table[torch.bincount(met, minlength=len(table)) == 0] = 0.0
        (self.user_bias_, self.user_factors_), (self.item_bias_, self.item_factors_) = (
            (table[:, 0].numpy(), table[:, 1:].numpy()) for table in tables
        )

    def _step(self, tables: list[Tensor], users: Tensor, items: Tensor, ratings: Tensor) -> float:
        """One step on a batch, in place; the sum of squared errors before it."""
        user, item = tables[0][users], tables[1][items]
        error = ratings - self.mean_ - user[:, 0] - item[:, 0] - (user[:, 1:] * item[:, 1:]).sum(dim=1)
        slope = torch.ones(len(ratings), 1)  # a bias is a factor whose partner is always 1
        for table, rows, own, other in ((tables[0], users, user, item), (tables[1], items, item, user)):
            partner = torch.cat([slope, other[:, 1:]], dim=1)
            table.index_add_(0, rows, self.lr * (error[:, None] * partner - self.reg * own))
        return float((error.double() ** 2).sum())

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        bias, factors = self._people(histories, rows)
        return self.mean_ + bias[:, None] + self.item_bias_ + factors @ self.item_factors_.T

    def _people(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Bias (n,) and factors (n, rank): as learned, or by ridge regression on a history's ratings."""
        if rows is not None:
            return self.user_bias_[rows], self.user_factors_[rows]
        table = np.zeros((histories.shape[0], 1 + self.rank), dtype=np.float32)
        for row in range(len(table)):
            causes = histories.indices[histories.indptr[row] : histories.indptr[row + 1]]
            if len(causes):
                known = np.c_[np.ones(len(causes)), self.item_factors_[causes]]
                left = known.T @ known + (self.reg * len(causes) + 1e-9) * np.eye(known.shape[1])
                residual = histories.data[histories.indptr[row] : histories.indptr[row + 1]] - self.mean_
                table[row] = np.linalg.solve(left, known.T @ (residual - self.item_bias_[causes]))
        return table[:, 0], table[:, 1:]

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        bias, factors = self._people(histories, rows)
        parts = {
            "mean rating": self.mean_,
            "this person rates higher or lower": bias[0],
            "this item is rated higher or lower": self.item_bias_[item_row],
            "taste: user factors x item factors": factors[0] @ self.item_factors_[item_row],
        }
        return pd.DataFrame({"item_id": None, "title": list(parts), "contribution": [float(v) for v in parts.values()]})
