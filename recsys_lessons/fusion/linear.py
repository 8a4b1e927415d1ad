"""Fusions whose vector is a sum of one part a modality: what each contributed is exact."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from recsys_lessons.fusion.base import Fusion
from recsys_lessons.fusion.operators import concat, weighted_sum
from recsys_lessons.fusion.parts import check_weights, ridge

__all__ = ["ConcatFusion", "WeightedSumFusion"]


class ConcatFusion(Fusion):
    """f = r [sqrt(w_1) u_1, ..., sqrt(w_M) u_M]: the standardised modalities side by side (see `operators.concat`).

    u_m is the modality centred on `rows`, with rows of length 1, and r = 1 / sqrt(sum of the weights present), so that
    every item's vector has length 1 whatever it lacks. A dot product is the weighted mean of the modalities' cosines,
    and its summands are their contributions. In a ridge regression on f, a weight says how freely a modality may be
    used. Nothing is learned but the means; `targets` are not needed. `choose_weights` finds weights.

    Args:
        weights: name to a number, 0 or more; 0 leaves a modality out. None: all 1.
        whiten: as for every `Fusion`.
    """

    linear = True

    def __init__(self, weights: Mapping[str, float] | None = None, *, whiten: float | None = None):
        super().__init__(whiten=whiten)
        self.weights = weights

    def _fit(self, vectors: list[Tensor], mask: Tensor, targets: Tensor | None) -> None:
        self.weights_ = check_weights(self.weights, self.names_)

    def _fuse(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        return concat(vectors, mask, list(self.weights_.values()))


class WeightedSumFusion(Fusion):
    """f = sum of w_m P_m u_m / sum of w_m, both over what is present (see `operators.weighted_sum`).

    u_m is the standardised modality and P_m the way from its space to a common one. With `targets`, P_m is a ridge
    regression from u_m to them, one a modality, so that f is the weighted mean of what each modality alone would
    predict. Without, P_m changes nothing, and the modalities must share a space already, as the two sides of an
    `Alignment` do.

    Args:
        weights: name to a number, 0 or more; None: all 1.
        ridge: strength of the regressions' pull towards zero; above 0.
        whiten: as for every `Fusion`.
    """

    linear = True

    def __init__(self, weights: Mapping[str, float] | None = None, *, ridge: float = 10.0, whiten: float | None = None):
        super().__init__(whiten=whiten)
        if not ridge > 0:
            raise ValueError(f"ridge is {ridge}; it must be above 0, or the regression may have no single answer.")
        self.weights = weights
        self.ridge = ridge

    def _fit(self, vectors: list[Tensor], mask: Tensor, targets: Tensor | None) -> None:
        self.weights_ = check_weights(self.weights, self.names_)
        dims = {name: one.shape[1] for name, one in zip(self.names_, vectors, strict=True)}
        if targets is None and len(set(dims.values())) > 1:
            raise ValueError(
                f"the modalities have dims {dims}, and a sum needs one space; pass targets=..., such as SVD's item "
                "factors, align the modalities first, or take ConcatFusion."
            )
        self.maps_ = None
        if targets is not None:
            self.maps_ = [ridge(one[mask[:, m]], targets[mask[:, m]], self.ridge) for m, one in enumerate(vectors)]

    def _fuse(self, vectors: list[Tensor], mask: Tensor) -> Tensor:
        if self.maps_ is not None:
            vectors = [one @ way for one, way in zip(vectors, self.maps_, strict=True)]
        return weighted_sum(vectors, mask, torch.tensor(list(self.weights_.values())))
