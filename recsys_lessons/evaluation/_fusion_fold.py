"""One inner split, on which weights of a fusion are tried through kernels: items by items, once a modality."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.encoders.base import Masked
from recsys_lessons.evaluation.measures import MEASURES
from recsys_lessons.fusion.parts import scale_of, unit_rows
from recsys_lessons.recommenders.linear_algebra import truncated_svd
from recsys_lessons.recommenders.ranking import top_k

__all__ = ["Fold"]


class Fold:
    """One inner split, with what does not depend on the weights computed once."""

    def __init__(
        self,
        clean: dict[str, Masked],
        inner: Dataset,
        held: Dataset,
        *,
        how: str,
        rank: int,
        k: int,
        whiten: float | None,
    ):
        matrix = inner.matrix()
        counts = np.asarray(matrix.sum(axis=0)).ravel()
        warm, cold = np.flatnonzero(counts), held.item_rows(held.active_items())
        wanted = held.matrix()[:, cold].toarray() > 0
        people = np.flatnonzero(wanted.any(axis=1) & (matrix.getnnz(axis=1) > 0))
        if not len(people):
            raise ValueError("nobody likes both a held-out and another item; lower `fraction` or bring more data.")
        self.k, self.how, self.n_warm, self.wanted = k, how, len(warm), wanted[people]
        rows = torch.from_numpy(np.concatenate([warm, cold]))
        at = torch.from_numpy(warm)
        self.masks = {name: one.mask[rows] for name, one in clean.items()}
        self.vectors: dict[str, Tensor] = {}
        self.kernels: dict[str, Tensor] = {}
        first = 0 if how == "map" else self.n_warm
        for name, one in clean.items():
            if one.mask[at].any():
                scale = scale_of(one.vectors[at[one.mask[at]]], whiten)
                self.vectors[name] = unit_rows(Masked(one.vectors[rows], one.mask[rows]), scale)
                self.kernels[name] = self.vectors[name][first:] @ self.vectors[name][: self.n_warm].T
        histories = matrix[people][:, warm]
        if how == "map":
            factors = truncated_svd(matrix, min(rank, *matrix.shape))[2][warm]
            self.root = torch.from_numpy(np.sqrt(counts[warm])).float()
            self.targets = torch.from_numpy(np.ascontiguousarray(factors)).float()
            self.taste = torch.from_numpy(np.ascontiguousarray(histories @ factors)).float()
        else:
            self.histories = histories

    def empty(self, weights: dict[str, float]) -> bool:
        there = torch.stack([self.masks[name] for name, weight in weights.items() if weight]).any(dim=0)
        return not (there[: self.n_warm].any() and there[self.n_warm :].any())

    def kernel(self, weights: dict[str, float]) -> Tensor:
        """Cosines of fused vectors, centred again as the models do: (rows of `kernels`, n_warm)."""
        used = {name: weight for name, weight in weights.items() if weight and name in self.kernels}
        size = torch.stack([self.masks[name] * weight for name, weight in used.items()]).sum(dim=0)
        r = torch.where(size > 0, size.clamp(min=1e-12).rsqrt(), 0.0)
        warm, known = slice(0, self.n_warm), size > 0
        rows = slice(0 if self.how == "map" else self.n_warm, None)
        dots = sum(weight * self.kernels[name] for name, weight in used.items()) * r[rows, None] * r[None, warm]
        along, length = (
            torch.zeros_like(r),
            torch.zeros_like(r),
        )  # each vector's dot product with the mean, and with itself
        for name, weight in used.items():
            mean = (self.vectors[name][warm] * r[warm, None]).sum(dim=0) / known[warm].sum()
            along += weight * r * (self.vectors[name] @ mean)
            length += weight * r**2 * self.vectors[name].pow(2).sum(dim=1)
        middle = along[warm][known[warm]].mean()
        inverse = torch.where(known, (length - 2 * along + middle).clamp(min=1e-12).rsqrt(), 0.0)
        return (dots - along[rows, None] - along[None, warm] + middle) * inverse[rows, None] * inverse[None, warm]

    def scores(self, weights: dict[str, float], ridge: float | None) -> np.ndarray:
        """(people, held-out items), as `MultimodalRecommender` gives them, up to a factor for each person."""
        kernel = self.kernel(weights)
        if self.how == "profile":
            return self.histories @ kernel.numpy().T
        near, far = kernel[: self.n_warm], kernel[self.n_warm :]
        # X'C(CXX'C + ridge I)^-1 C V is the ridge regression with weights C^2: only dot products of items are needed.
        left = near * self.root[:, None] * self.root
        left.diagonal().add_(ridge)
        triangle, failed = torch.linalg.cholesky_ex(left)
        if failed:  # a small ridge beside large counts is too much for fp32
            triangle = torch.linalg.cholesky(left.double()).float()
        solved = torch.cholesky_solve(self.root[:, None] * self.targets, triangle)
        return (self.taste @ (self.root[:, None] * solved).T @ far.T).numpy()

    def ndcg(self, weights: dict[str, float], ridge: float | None) -> float:
        order = top_k(self.scores(weights, ridge), self.k)
        hits = np.take_along_axis(self.wanted, order, axis=1)
        return float(MEASURES["ndcg"](hits, self.wanted.sum(axis=1), self.k).mean())
