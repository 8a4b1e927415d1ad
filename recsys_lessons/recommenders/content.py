"""Content alone: what resembles what somebody liked (Pazzani and Billsus 2007). Knows new items, and no popularity."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.base import Recommender, checked_features

__all__ = ["ContentProfile"]


class ContentProfile(Recommender):
    """Score an item by its cosine with the profile: the mean of the features of the history's items.

    Args:
        item_features: (n_items, dim) tensor or array, rows in the item table's order.
        centred: take the mean of the items seen in training away first. Without it, vectors of a sentence encoder share
            one large direction, and the cosine mostly measures that.

    Attributes:
        features_: (n_items, dim) float32, each row of length 1, or zero.
    """

    def __init__(self, item_features: Tensor | np.ndarray, *, centred: bool = True):
        self.item_features = item_features
        self.centred = centred

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        features = checked_features(self.item_features, matrix.shape[1]).float()
        warm = torch.from_numpy(np.asarray(matrix.sum(axis=0)).ravel() > 0)
        if self.centred:
            features = center(features, reference=features[warm])
        self.features_ = torch.nn.functional.normalize(features, dim=1).numpy()

    def _profiles(self, histories: sparse.csr_matrix) -> np.ndarray:
        """(n, dim), each of length 1; zero for an empty history."""
        return torch.nn.functional.normalize(torch.from_numpy(histories @ self.features_), dim=1).numpy()

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return self._profiles(histories) @ self.features_.T

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        # The profile is a sum over the history, divided by one length: so is its cosine with the item.
        parts = self.features_[histories.indices] @ self.features_[item_row] * histories.data
        length = np.linalg.norm(histories @ self.features_)
        return self._causes(histories, parts / length if length else parts)
