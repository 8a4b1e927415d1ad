"""What the parts of cold_start.py share: one ranking measure whose candidates do not depend on what was revealed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse, stats
from sklearn.feature_extraction.text import TfidfVectorizer

from recsys_lessons import Dataset, TextEncoder
from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.base import Recommender, top_k
from recsys_lessons.recommenders.linear_algebra import ridge_map
from recsys_lessons.recommenders.svd import SVDRecommender

PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")
RANK = 32
_GAINS = 1 / np.log2(np.arange(2, 12))
_IDEAL = np.concatenate([[0.0], np.cumsum(_GAINS)])


def ndcg(scores: np.ndarray, hidden: np.ndarray, wanted: np.ndarray, columns: np.ndarray | None = None) -> np.ndarray:
    """NDCG@10 of each person; NaN where there is nothing to find.

    `per_user` leaves out what training holds. Here training grows with the number revealed, and what is revealed later
    must not stand among the candidates before: the person likes it, so that it would be counted as a mistake of the
    models that were told less. `hidden` is the same for every number.

    Args:
        scores: (n, n_items). hidden: (n, n_items) bool, never ranked. wanted: (n, n_items) bool, what is to be found.
        columns: (m,) rank only these items.
    """
    order = top_ten(scores, hidden, columns)
    columns = np.arange(scores.shape[1]) if columns is None else columns
    found = np.take_along_axis(wanted, np.maximum(order, 0), axis=1) & (order >= 0)
    n = wanted[:, columns].sum(axis=1)
    with np.errstate(invalid="ignore"):
        return (found * _GAINS[: order.shape[1]]).sum(axis=1) / np.where(n, _IDEAL[np.minimum(n, 10)], np.nan)


def top_ten(scores: np.ndarray, hidden: np.ndarray, columns: np.ndarray | None = None) -> np.ndarray:
    """(n, 10) rows of the item table, best first; -1 where the candidates ran out."""
    masked = np.where(hidden, -np.inf, scores).astype(np.float32)
    if columns is None:
        return top_k(masked, 10)
    order = top_k(masked[:, columns], 10)
    return np.where(order < 0, -1, columns[np.maximum(order, 0)])


class Mapped(Recommender):
    """Every item's factors from its content, whatever is known of it: the map of SVDRecommender, for items of any n."""

    def __init__(self, features: torch.Tensor, ridge: float):
        self.features, self.ridge = features, ridge

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        counts = np.asarray(matrix.sum(axis=0)).ravel()
        warm = counts > 0
        self.known_ = SVDRecommender(RANK).fit(self.train_).item_factors_
        centred = center(self.features, reference=self.features[torch.from_numpy(warm)]).double().numpy()
        self.item_factors_ = centred @ ridge_map(centred[warm], self.known_[warm], counts[warm], self.ridge)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return (histories @ self.known_) @ self.item_factors_.T


def contents(data: Dataset) -> dict[str, torch.Tensor]:
    """The words of each item as e5 and, for the sceptic, as TF-IDF: (n_items, dim) each."""
    words = TfidfVectorizer(min_df=2, sublinear_tf=True, dtype=np.float32).fit_transform(data.items["text"])
    return {"e5": TextEncoder().encode(data.items["text"]), "TF-IDF": torch.from_numpy(words.toarray())}


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of one number per seed, and its 95 % t interval."""
    values = np.asarray(values, dtype=float)
    reach = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - reach, values.mean() + reach
