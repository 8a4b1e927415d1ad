"""Two models and one rule: where little has been seen the one that needs little speaks, and clicks take over."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.ranking import standardise

__all__ = ["CountBlend", "count_weight", "standardise"]


def count_weight(counts: np.ndarray, kappa: float) -> np.ndarray:
    """n / (n + kappa): how far to trust what n observations say, against what was believed before them.

    It is the weight of the data in the posterior mean of a normal variable whose prior is worth kappa observations: 0
    without any, one half at n = kappa, towards 1 with many (empirical Bayes; Herlocker et al. 1999 shrink similarities
    and Koren 2008 biases in this form).

    Args:
        counts: (n_items,) observations of each, not negative.
        kappa: above 0.

    Returns:
        (n_items,) float64, from 0 to 1.
    """
    counts = np.asarray(counts, dtype=np.float64)
    if not np.isfinite(kappa) or kappa <= 0:
        raise ValueError(f"kappa is {kappa}; it counts observations, and must be above 0 (0.001 trusts the first one).")
    if (counts < 0).any():
        raise ValueError(f"counts has {counts.min():g}; a number of observations cannot be negative.")
    return counts / (counts + kappa)


class CountBlend(Recommender):
    """A model of clicks and one that needs none, weighed by how much has been seen: w = n / (n + kappa).

    score = w * z(warm) + (1 - w) * z(cold), where z standardises each person's scores over the catalogue. For new items
    (`by="items"`) n is the item's training interactions and the cold model judges by content; for new people
    (`by="users"`) n is the length of their history and the cold model is popularity. Every interaction moves the score
    towards what the clicks say, and kappa says how many interactions the cold model is worth. Choose it on an inner
    cold split of the training data that keeps some (`split_cold_items(train, keep=5)`): where nothing has been seen,
    two kappas do not differ.

    Args:
        warm: a recommender of likes that learns from clicks, unfitted, such as `SVDRecommender(32)`.
        cold: one that needs no clicks on the new, unfitted, such as `ContentProfile(features)` or `Popularity()`.
        kappa: the number of interactions at which both count alike. `tune` can choose it.
        by: "items" or "users": whose interactions are counted.

    Attributes:
        warm, cold: fitted on the same training data.
        counts_: (n_items,) interactions in training.

    Raises:
        TypeError: a part is no recommender of likes (contexts, ratings and times are more than a blend hands on).
        ValueError: kappa is not above 0, or `by` is neither.
    """

    def __init__(self, warm: Recommender, cold: Recommender, *, kappa: float = 30.0, by: str = "items"):
        for name, part in (("warm", warm), ("cold", cold)):
            if not isinstance(part, Recommender):
                raise TypeError(f"{name} is a {type(part).__name__}; pass a recommender, such as SVDRecommender(32).")
            if part.uses_context or part.uses_ratings or part.uses_times:
                kind = "contexts" if part.uses_context else "ratings" if part.uses_ratings else "times"
                raise TypeError(
                    f"{name} is a {type(part).__name__}, a model of {kind}; a blend hands on likes alone. Take a model "
                    "of likes, such as SVDRecommender or ContentProfile."
                )
        count_weight(np.zeros(1), kappa)
        if by not in ("items", "users"):
            raise ValueError(f"by is {by!r}; choose whose interactions are counted: 'items' or 'users'.")
        self.by = by
        self.warm = warm
        self.cold = cold
        self.kappa = kappa

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.warm.fit(self.train_)
        self.cold.fit(self.train_)
        self.counts_ = np.asarray(matrix.sum(axis=0)).ravel()

    def weights(self, histories: sparse.csr_matrix) -> np.ndarray:
        """The share of the warm model: (1, n_items) by items, (n, 1) by users. Follows `kappa`, which may be moved."""
        if self.by == "items":
            return count_weight(self.counts_, self.kappa)[None].astype(np.float32)
        return count_weight(histories.getnnz(axis=1), self.kappa)[:, None].astype(np.float32)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        weights = self.weights(histories)
        warm = standardise(self.warm.raw_scores(histories, rows))
        cold = standardise(self.cold.raw_scores(histories, rows))
        return weights * warm + (1 - weights) * cold

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        """Both models' causes on the blend's scale, and a row for the average item, which standardising takes away."""
        weight = self.weights(histories)
        weight = float(weight[0, item_row] if self.by == "items" else weight[0, 0])
        parts = []
        for share, model in ((weight, self.warm), (1 - weight, self.cold)):
            scores = model.raw_scores(histories, rows)[0].astype(np.float64)
            if not standardise(scores[None]).any():
                continue
            causes = model._explain(histories, rows, item_row)
            average = {"item_id": None, "title": "(the average item)", "contribution": -scores.mean()}
            causes = pd.concat([causes.astype({"item_id": object}), pd.DataFrame([average])], ignore_index=True)
            parts.append(causes.assign(contribution=causes["contribution"] * share / scores.std()))
        if not parts:
            return pd.DataFrame({"item_id": [None], "title": ["(the average item)"], "contribution": [0.0]})
        table = pd.concat(parts, ignore_index=True)
        return table.groupby(["item_id", "title"], sort=False, dropna=False, as_index=False)["contribution"].sum()
