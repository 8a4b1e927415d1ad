"""The operators as functions of tensors, small enough to check by hand on three numbers.

Each takes M tensors with one row an item, and a mask (n, M) of what there is. Rows that the mask calls missing may hold
anything, also NaN: they are never read. What is missing contributes nothing and the rest is rescaled, each operator
says how. An item that has nothing at all gets a row of NaN.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recsys_lessons.fusion.parts import masked_softmax

__all__ = ["attend", "concat", "gate", "hadamard", "weighted_sum"]


def concat(vectors: Sequence[Tensor], mask: Tensor, weights: Sequence[float] | None = None) -> Tensor:
    """f = r [sqrt(w_1) x_1, ..., sqrt(w_M) x_M], with r = 1 / sqrt(sum of the weights of what is present).

    With blocks of length 1, f has length 1, and the dot product of two complete items is the weighted mean of their
    modalities' cosines. Where a modality is missing its block is zero, and r makes up for the length: without r, what
    lacks a picture would have small scores, as if it were disliked. The square root, and not the weight itself, keeps
    the *spread* of scores: of two independent cosines with half the weight each, the mean spreads 0.71 times as far as
    one of them, and so does one alone after this rescaling.

    Args:
        vectors: M tensors (n, dim_m). Rows that the mask calls missing may hold anything, also NaN.
        mask: (n, M) bool. weights: M numbers, 0 or more; None for all 1.

    Returns:
        (n, sum of dim_m).
    """
    weight = _weights(weights, mask)
    blocks = [_filled(x, mask[:, m], 0.0) * weight[:, m : m + 1].sqrt() for m, x in enumerate(vectors)]
    return _or_nan(torch.cat(blocks, dim=1) / weight.sum(dim=1, keepdim=True).clamp(min=1e-12).sqrt(), weight > 0)


def weighted_sum(vectors: Sequence[Tensor], mask: Tensor, weights: Sequence[float] | None = None) -> Tensor:
    """f = sum of w_m x_m over what is present / sum of w_m over what is present: (n, dim).

    The vectors must live in one space: adding the fifth number of a text to the fifth of a picture means nothing as
    such. The weight of what is missing goes to the others in proportion.
    """
    weight = _weights(weights, mask)
    stacked = torch.stack([_filled(x, mask[:, m], 0.0) for m, x in enumerate(vectors)], dim=1)
    share = weight / weight.sum(dim=1, keepdim=True).clamp(min=1e-12)
    return _or_nan((stacked * share[..., None]).sum(dim=1), weight > 0)


def hadamard(vectors: Sequence[Tensor], mask: Tensor) -> Tensor:
    """f = x_1 * x_2 * ... * x_M, number by number: (n, dim). A missing factor counts as 1, which changes no product.

    A product is large where all agree that something is large: an "and", where a sum is an "or". Two negative numbers
    give a positive one, and one near zero erases the others.
    """
    product = torch.stack([_filled(x, mask[:, m], 1.0) for m, x in enumerate(vectors)], dim=1).prod(dim=1)
    return _or_nan(product, mask)


def gate(vectors: Sequence[Tensor], mask: Tensor, logits: Tensor) -> Tensor:
    """f_d = sum over m of z_md x_md, with z_d the softmax of logits[:, :, d] among what is present: (n, dim).

    Every number of the vector has shares of its own: one may come from the words and its neighbour from the picture
    (Arevalo et al. 2017; with two modalities, z and 1 - z).

    Args:
        vectors: M tensors (n, dim). mask: (n, M) bool. logits: (n, M, dim).
    """
    stacked = torch.stack([_filled(x, mask[:, m], 0.0) for m, x in enumerate(vectors)], dim=1)
    return _or_nan((masked_softmax(logits, mask) * stacked).sum(dim=1), mask)


def attend(vectors: Sequence[Tensor], mask: Tensor, logits: Tensor) -> Tensor:
    """f = sum over m of a_m x_m, with a the softmax of an item's logits among what is present: (n, dim).

    One share a modality and item: attention over modalities (after Bahdanau et al. 2015). logits: (n, M).
    """
    return gate(vectors, mask, logits[..., None])


def _filled(vectors: Tensor, there: Tensor, value: float) -> Tensor:
    return torch.as_tensor(vectors).float().masked_fill(~there[:, None], value)


def _weights(weights: Sequence[float] | None, mask: Tensor) -> Tensor:
    """(n, M): each modality's weight where it is present, else 0."""
    weights = torch.ones(mask.shape[1]) if weights is None else torch.as_tensor(weights).float()
    if weights.shape != mask.shape[1:] or not torch.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"weights is {weights.tolist()}; pass {mask.shape[1]} finite numbers, none of them negative.")
    return mask * weights


def _or_nan(fused: Tensor, there: Tensor) -> Tensor:
    return fused.masked_fill(~there.any(dim=1, keepdim=True), torch.nan)
