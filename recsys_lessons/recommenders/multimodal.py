"""Pictures, sound and words of an item, fused and scored; every score says how much came from which of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch import Tensor

from recsys_lessons.encoders.base import Masked
from recsys_lessons.fusion import ConcatFusion, Fusion, permutation_contributions
from recsys_lessons.fusion.parts import Modalities, checked
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.content import ContentProfile
from recsys_lessons.recommenders.linear_algebra import truncated_svd
from recsys_lessons.recommenders.svd import SVDRecommender

__all__ = ["MultimodalRecommender"]

_HOWS = ("map", "profile")


class MultimodalRecommender(Recommender):
    """Fuse an item's modalities to one vector, and score with it.

    `how="map"` hands the vectors to `SVDRecommender(item_features=...)`: what people clicked scores old items, and a
    ridge regression from vectors to taste stands in for new ones. `how="profile"` hands them to `ContentProfile`: the
    cosine with the mean of what somebody liked, for old and new items alike, and nothing but content.

    The fusion is fitted on the items that have interactions, and on no others. A fusion that learns is given SVD's item
    factors as targets. For lists of old and new items together, see `CountBlend`, which takes this model as its `cold`.

    An item that has no modality at all stands at the mean of the catalogue: it scores 0 where it has no interactions
    either, or in a profile. `without_content_` marks these items, and a warning counts the new ones among them.

    Args:
        modalities: name to (n_items, dim) tensor or `Masked`, rows in the item table's order; see `encode_items`.
        fusion: an unfitted fusion; None for `ConcatFusion(weights)`.
        how: "map" or "profile".
        weights, whiten: of the default fusion; `choose_weights` finds them. Whitening can do more for a profile of
            sentence vectors than any weight; a map weighs directions by itself.
        rank, ridge, seed: of `SVDRecommender`; `rank` and `seed` also of a learning fusion's targets.

    Attributes:
        fusion: fitted. model_: the SVDRecommender or ContentProfile inside. fused_: (n_items, dim), the vectors it was
        given. without_content_: (n_items,) bool.

    Raises:
        ValueError: an unknown `how`, weights beside a fusion of one's own, or tables that do not fit the data.
    """

    def __init__(
        self,
        modalities: Modalities,
        fusion: Fusion | None = None,
        *,
        how: str = "map",
        weights: Mapping[str, float] | None = None,
        whiten: float | None = None,
        rank: int = 32,
        ridge: float = 100.0,
        seed: int = 0,
    ):
        if how not in _HOWS:
            raise ValueError(f"how is {how!r}; choose 'map' (content to taste) or 'profile' (content alone).")
        if fusion is not None and (weights is not None or whiten is not None):
            raise ValueError(
                "pass weights and whiten to the fusion itself, such as ConcatFusion(weights), or leave fusion out."
            )
        self.modalities = modalities
        self.fusion = ConcatFusion(weights, whiten=whiten) if fusion is None else fusion
        self.how = how
        self.rank = rank
        self.ridge = ridge
        self.seed = seed

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        clean = checked(self.modalities)
        n = len(next(iter(clean.values())).mask)
        if n != matrix.shape[1]:
            raise ValueError(
                f"the modalities have {n} rows, and there are {matrix.shape[1]} items; pass one row per item, in the "
                "item table's order."
            )
        warm = torch.from_numpy(np.asarray(matrix.sum(axis=0)).ravel() > 0)
        targets = None if isinstance(self.fusion, ConcatFusion) else self._targets(matrix)
        vectors, mask = self.fusion.fit(clean, rows=warm, targets=targets).transform(clean)
        if not (mask & warm).any():
            raise ValueError("no item with interactions has any modality; there is nothing to learn from.")
        self.without_content_ = ~mask.numpy()
        self._warn(self.without_content_ & ~warm.numpy())
        # The mean of the warm items: centred, as both models do, it is zero and says nothing.
        self.fused_ = torch.where(mask[:, None], vectors, vectors[mask & warm].mean(dim=0))
        self._mean = self.fused_[warm].mean(dim=0)
        self._mean_parts: dict[str, Tensor] | None = None  # of the fusion's summands; made when first explained
        if self.how == "map":
            self.model_ = SVDRecommender(self.rank, item_features=self.fused_, ridge=self.ridge, seed=self.seed)
        else:
            self.model_ = ContentProfile(self.fused_)
        self.model_.fit(self.train_)
        # Less the mean, these rows are rounding, which must not be scaled up to a direction.
        if self.how == "map":
            self.model_.item_factors_[self.without_content_ & self.model_.cold_] = 0.0
        else:
            self.model_.features_[self.without_content_] = 0.0

    def _targets(self, matrix: sparse.csr_matrix) -> Tensor:
        factors = truncated_svd(matrix, min(self.rank, *matrix.shape), seed=self.seed)[2]
        return torch.from_numpy(np.ascontiguousarray(factors, dtype=np.float32))

    def _warn(self, unknown: np.ndarray) -> None:
        if unknown.any():
            ids = self.train_.items["item_id"].to_numpy()[unknown]
            warnings.warn(
                f"{len(ids)} of {len(unknown)} items have neither interactions nor any modality and score 0, such as "
                f"{', '.join(map(repr, ids[:3].tolist()))}; leave them out of `candidates`, or encode something.",
                stacklevel=4,
            )

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return self.model_.raw_scores(histories, rows)

    def _explain(self, histories: sparse.csr_matrix, rows: np.ndarray | None, item_row: int) -> pd.DataFrame:
        return self.model_._explain(histories, rows, item_row)

    def explain(
        self,
        user: Any = None,
        *,
        history: Sequence | None = None,
        context: Any = None,
        item: Any,
        by: str = "history",
    ) -> pd.DataFrame:
        """Why this item.

        Args:
            user, history, context, item: as for every recommender.
            by: "history" for what somebody liked, or "modality" for what of the item speaks for it.

        Returns:
            By history: as every recommender's. By modality: DataFrame with `modality`, `contribution` and `share` of
            the score, largest first. Exact where the fusion is linear: the contributions add up to the score. Otherwise
            by permutation: how much lower the item would score with that modality of another item; these do not add up,
            and neither do the shares. For an item whose score comes from clicks (`how="map"`, and it has some) there is
            one row, "interactions".

        Raises:
            as for every recommender; ValueError for another `by`.
        """
        if by not in ("history", "modality"):
            raise ValueError(f"by is {by!r}; choose 'history' or 'modality'.")
        causes = super().explain(user, history=history, context=context, item=item)
        if by == "history":
            return causes
        _, histories = self._who(user, history)
        row = int(self.train_.item_rows([item])[0])
        score = float(self._scores(histories, None)[0, row])
        if self.how == "map" and not self.model_.cold_[row]:
            parts = {"interactions": score}
        else:
            parts = self._modality_parts(self._direction(histories), row)
        table = pd.DataFrame({"modality": list(parts), "contribution": list(parts.values())})
        table["share"] = table["contribution"] / score if score else 0.0
        return table.sort_values("contribution", ascending=False, kind="stable", ignore_index=True)

    def _direction(self, histories: sparse.csr_matrix) -> Tensor:
        """(dim,): a new item's score is the dot product of its centred vector of length 1 with this."""
        if self.how == "profile":
            return torch.from_numpy(np.asarray(self.model_._profiles(histories))[0]).float()
        taste = np.asarray(histories @ self.model_.item_factors_)[0]
        return torch.from_numpy(self.model_.map_ @ taste).float()

    def _modality_parts(self, direction: Tensor, row: int) -> dict[str, float]:
        length = (self.fused_[row] - self._mean).norm().clamp(min=1e-12)
        if self.without_content_[row]:
            return dict.fromkeys(self.fusion.names_, 0.0)
        if self.fusion.linear:
            # Vector and mean are both sums over the modalities, and so is their difference.
            if self._mean_parts is None:
                known = torch.from_numpy((self.matrix_.getnnz(axis=0) > 0) & ~self.without_content_)
                parts = self.fusion.parts(self.modalities)
                self._mean_parts = {name: part[known].mean(dim=0) for name, part in parts.items()}
            clean = checked(self.modalities)
            mine = self.fusion.parts({name: Masked(*(part[[row]] for part in one)) for name, one in clean.items()})
            return {name: float((part[0] - self._mean_parts[name]) @ direction / length) for name, part in mine.items()}

        def score(some: dict) -> Tensor:
            vectors = self.fusion.transform(some).vectors - self._mean
            return torch.nn.functional.normalize(vectors, dim=1) @ direction

        found = permutation_contributions(score, self.modalities, seed=self.seed)
        return {name: float(one[row]) for name, one in found.items()}
