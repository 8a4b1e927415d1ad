"""PureSVD: score with a truncated singular value decomposition (Cremonesi, Koren and Turrin 2010)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.base import Recommender, checked_features
from recsys_lessons.recommenders.linear_algebra import ridge_map, truncated_svd

__all__ = ["SVDRecommender"]


class SVDRecommender(Recommender):
    """Score by projecting a history onto the main directions of taste: s = h V V'.

    X = U S V' is the interaction matrix cut to `rank` singular values. For a training user, row u of U S V' holds the
    scores. Since U S = X V, the same numbers are h V V' with h the user's own row of X, and that works for any history,
    also of somebody who was never in training (fold-in).

    Items without interactions have no row of V. Where `item_features` are given, a ridge regression from centred
    features to V, learned on the items that have interactions and weighted by how many, stands in for it.
    Such rows are small: the ridge pulls them in, and words do not tell who will be popular. They order new items
    among themselves; beside old ones they hardly enter a list, an intercept changes nothing, and places of their own
    do (results/cold_lists.json). From the first interaction on, the map is silent: `CountBlend` covers the middle.

    Args:
        rank: directions kept; at most min(n_users, n_items).
        item_features: (n_items, dim) tensor or array, rows in the item table's order, or None.
        ridge: strength of the regression's pull towards zero.
        seed: where the solver of large matrices starts; small ones are solved exactly and do not depend on it.
        device: where a large matrix is factorised: "auto", "cpu", "cuda".

    Attributes:
        singular_values_: (rank,), from large to small.
        user_factors_: (n_users, rank), U.
        item_factors_: (n_items, rank), V; rows of cold items come from the map, or are zero without features.
        cold_: (n_items,) bool, no interaction in training.

    Raises:
        ValueError: on `fit`, when the rank or the features do not suit the data.
    """

    def __init__(
        self,
        rank: int = 32,
        *,
        item_features: Tensor | np.ndarray | None = None,
        ridge: float = 10.0,
        seed: int = 0,
        device: str = "auto",
    ):
        if rank < 1:
            raise ValueError(f"rank is {rank}; keep at least 1 direction.")
        if not ridge > 0:
            raise ValueError(f"ridge is {ridge}; it must be above 0, or the regression may have no single answer.")
        self.rank = rank
        self.item_features = item_features
        self.ridge = ridge
        self.seed = seed
        self.device = device

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        if self.rank > min(matrix.shape):
            raise ValueError(
                f"rank is {self.rank}, and a matrix of {matrix.shape[0]} users x {matrix.shape[1]} items has at most "
                f"{min(matrix.shape)}; choose a smaller rank."
            )
        self.user_factors_, self.singular_values_, self.item_factors_ = truncated_svd(
            matrix, self.rank, seed=self.seed, device=self.device
        )
        counts = np.asarray(matrix.sum(axis=0)).ravel()
        self.cold_ = counts == 0
        self.item_factors_[self.cold_] = 0.0  # what the solver leaves there is rounding
        if self.item_features is not None:
            self._map_cold_items(counts)

    def _map_cold_items(self, counts: np.ndarray) -> None:
        features = checked_features(self.item_features, len(counts))
        warm = torch.from_numpy(~self.cold_)
        # Content is known before anybody interacts, but the mean is taken over warm items: the least that is needed.
        centred = center(features, reference=features[warm]).double().numpy()
        warm_rows = warm.numpy()
        self.map_ = ridge_map(centred[warm_rows], self.item_factors_[warm_rows], counts[warm_rows], self.ridge)
        self.item_factors_[self.cold_] = centred[self.cold_] @ self.map_

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return (histories @ self.item_factors_) @ self.item_factors_.T

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        # h V v_i is a sum over the items of h: each contributes the dot product of its own factors with v_i.
        factors = self.item_factors_
        return self._causes(histories, factors[histories.indices] @ factors[item_row] * histories.data)
