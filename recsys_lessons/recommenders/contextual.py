"""A contextual recommender in four steps: encode the context, fuse it with the history, score the items, rank them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recsys_lessons.context import ContextFeatures
from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.base import Recommender, checked_features, top_k
from recsys_lessons.recommenders.linear_algebra import ridge_map
from recsys_lessons.recommenders.svd import SVDRecommender

__all__ = ["ContextualRecommender"]

_HOWS = ("bias", "fold_in", "query")
_SAMPLE = 512  # training contexts that give the mean and the scale where nothing else is learned from them


class ContextualRecommender(Recommender):
    """The score of an item is a taste part plus `weight` times a context part: s = person . item.

    With the history h, the item factors V of an SVD (item_features stand in for cold items), u = h V divided by the
    deviation of the scores u V', and the encoded context c, which is centred on the training contexts:

    - how="bias":    s = u V' + weight c B. B, (dim, n_items), is a ridge regression from the contexts of training to
                     the items chosen in them: what is chosen more often than usual in such a context, whoever asks.
    - how="fold_in": s = (u + weight c M) V'. M, (dim, rank), is a ridge regression to the factors of the items chosen:
                     the context moves the person's vector, as one more item in the history would.
    - how="query":   s = u V' + weight cos(c, e - mean). The context is a sentence, e the vector of an item's text, and
                     nothing is trained.

    The context part is scaled to a deviation of 1 over the training contexts, as u V' is for each person, so that
    `weight` means the same for all three: at 1 the context says as much as the taste.

    Args:
        item_features: (n_items, dim) tensor or array in the item table's order; None is allowed unless how="query".
        encode: a ContextFeatures (a fresh one is fitted), or a function from contexts (DataFrame) to a tensor (n, dim),
            such as `lambda contexts: text.encode(as_words(contexts), role="query")`. None: all fields as features;
            an unknown or missing value is "none of those known", which after centring is not quite nothing.
        how: "bias", "fold_in" or "query".
        weight: of the context part; 0 is the context-free twin. Choose it on validation data.
        rank: of the SVD. ridge: strength of the pull on B and M, which see contexts of mean length 1.
        seed: of the SVD, and of the contexts that how="query" takes its mean from.

    Attributes:
        item_vectors_: (n_items, dim): what a person's fused vector is multiplied with.
        taste_: the fitted SVDRecommender. features_: the fitted ContextFeatures, or None.

    Raises:
        ValueError: an argument outside its range; on `fit`, contexts that cannot be encoded.
    """

    uses_context = True

    def __init__(
        self,
        item_features: Tensor | np.ndarray | None = None,
        *,
        encode: ContextFeatures | Callable[[pd.DataFrame], Tensor] | None = None,
        how: str = "bias",
        weight: float = 1.0,
        rank: int = 16,
        ridge: float = 30.0,
        seed: int = 0,
    ):
        if how not in _HOWS:
            raise ValueError(f"how is {how!r}; use {', '.join(map(repr, _HOWS))}.")
        if how == "query" and (item_features is None or encode is None or isinstance(encode, ContextFeatures)):
            raise ValueError(
                "how='query' compares sentences with item texts: pass item_features from a text encoder, and encode, a "
                "function that gives the context's words through the same encoder."
            )
        if not weight >= 0 or not ridge > 0:
            raise ValueError(f"weight is {weight} and ridge is {ridge}; weight must be 0 or more, ridge above 0.")
        self.item_features = item_features
        self.encode = encode
        self.how = how
        self.weight = weight
        self.rank = rank
        self.ridge = ridge
        self.seed = seed

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.taste_ = SVDRecommender(self.rank, item_features=self.item_features, seed=self.seed).fit(self.train_)
        factors = self.taste_.item_factors_
        self._covariance = np.cov(factors, rowvar=False, bias=True).reshape(self.rank, self.rank)
        events = self.train_.interactions
        if self.how == "query" and len(events) > _SAMPLE:
            events = events.sample(_SAMPLE, random_state=self.seed)
        plain = self.encode is None or isinstance(self.encode, ContextFeatures)
        given = self.encode or ContextFeatures(unseen="ignore")
        self.features_ = ContextFeatures(given.fields, given.unseen).fit(events) if plain else None
        known = self._encoded(events)
        self._mean = known.mean(axis=0)
        self._length = float(np.sqrt(((known - self._mean) ** 2).sum(axis=1).mean())) or 1.0
        contexts = self.encode_context(events)
        chosen = self.train_.item_rows(events["item_id"])
        self.map_ = self._learn(contexts, chosen, factors)
        self.item_vectors_ = factors if self.how == "fold_in" else np.hstack([factors, self.map_.T])
        part = contexts @ (self.map_ @ factors.T if self.how == "fold_in" else self.map_)
        self._scale = 1.0 / (float(part.std()) or 1.0)

    def _learn(self, contexts: np.ndarray, chosen: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """(dim, n_items): what each part of a context says of each item; (dim, rank) for how="fold_in"."""
        if self.how == "query":
            texts = checked_features(self.item_features, len(factors)).float()
            warm = torch.from_numpy(~self.taste_.cold_)
            return center(texts, reference=texts[warm]).numpy().T
        if self.how == "fold_in":
            targets = factors[chosen] - factors[chosen].mean(axis=0)
        else:  # one row per event: 1 for the item that was chosen, less how often it is chosen anyway
            targets = np.zeros((len(chosen), len(factors)), dtype=np.float32)
            targets[np.arange(len(chosen)), chosen] = 1.0
            targets -= targets.mean(axis=0)
        return ridge_map(contexts, targets, np.ones(len(contexts), dtype=np.float32), self.ridge).astype(np.float32)

    def encode_context(self, contexts: pd.DataFrame) -> np.ndarray:
        """Step 1: (n, dim), the mean of the training contexts taken away; for how="query" each of length 1."""
        vectors = (self._encoded(contexts) - self._mean) / self._length
        if self.how == "query":
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors

    def fuse(self, histories: sparse.csr_matrix, contexts: pd.DataFrame | None) -> np.ndarray:
        """Step 2: one vector a person, (n, dim of item_vectors_), of what they liked and where they are."""
        taste = histories @ self.taste_.item_factors_
        # The deviation over all items of u V' is the root of u' Cov(V) u: nobody's history counts more for being long.
        deviation = np.sqrt(np.maximum(np.einsum("nr,rs,ns->n", taste, self._covariance, taste), 0.0))
        taste = taste / np.where(deviation > 0, deviation, 1.0)[:, None]
        if contexts is None:
            moved = np.zeros((len(taste), len(self._mean)), dtype=np.float32)
        else:
            moved = self.weight * self._scale * self.encode_context(contexts)
        return taste + moved @ self.map_ if self.how == "fold_in" else np.hstack([taste, moved])

    def score(self, people: np.ndarray) -> np.ndarray:
        """Step 3: (n, n_items), the dot product of each person with each item."""
        return people @ self.item_vectors_.T

    def rank_items(self, scores: np.ndarray, histories: sparse.csr_matrix, k: int = 10) -> np.ndarray:
        """Step 4: (n, k) rows of the item table, best first, without what was seen."""
        scores = scores.copy()
        self.mask(scores, histories)
        return top_k(scores, k)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts=None) -> np.ndarray:
        return self.score(self.fuse(histories, contexts))

    def _encoded(self, contexts: pd.DataFrame) -> np.ndarray:
        vectors = self.features_.transform(contexts) if self.features_ else self.encode(contexts)
        vectors = np.asarray(vectors, dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != len(contexts) or not np.isfinite(vectors).all():
            raise ValueError(
                f"encode gave {vectors.shape} for {len(contexts)} contexts; it gives one row of finite numbers each."
            )
        return vectors

    def _explain(self, histories, rows: np.ndarray | None, item_row: int, contexts=None) -> pd.DataFrame:
        # Both parts are sums: of the history's items, and of the context's columns.
        factors = self.taste_.item_factors_
        total = float(self.fuse(histories, None)[0] @ self.item_vectors_[item_row])
        parts = factors[histories.indices] @ factors[item_row] * histories.data
        parts = parts * (total / parts.sum() if parts.sum() else 0.0)
        causes = self._causes(histories, parts)
        if contexts is None:
            return causes
        column = self.map_ @ factors[item_row] if self.how == "fold_in" else self.map_[:, item_row]
        each = self.weight * self._scale * self.encode_context(contexts)[0] * column
        fields: dict[str, float] = {}
        for name, part in zip(self.features_.names if self.features_ else ["all of it"] * len(each), each, strict=True):
            field = "context: " + name.split("=")[0].removesuffix(" sin").removesuffix(" cos")
            fields[field] = fields.get(field, 0.0) + float(part)
        told = pd.DataFrame({"item_id": None, "title": list(fields), "contribution": list(fields.values())})
        return pd.concat([causes.astype({"item_id": object}), told], ignore_index=True) if len(causes) else told
