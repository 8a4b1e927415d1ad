"""From scores to the first k places, ties included; and scores of several models on one scale."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["standardise", "tie_order", "top_k"]


def standardise(scores: np.ndarray) -> np.ndarray:
    """Each row less its mean and divided by its deviation, so that rows of different models can be added up.

    Args:
        scores: (n, n_items), finite.

    Returns:
        The same shape, float64. A row of equal scores says nothing about the items, and becomes zero.
    """
    scores = np.asarray(scores, dtype=np.float64)
    spread = scores.std(axis=1, keepdims=True)
    flat = spread <= 1e-6 * np.abs(scores).max(axis=1, keepdims=True, initial=0.0)  # rounding is no preference
    return np.where(flat, 0.0, (scores - scores.mean(axis=1, keepdims=True)) / np.where(flat, 1.0, spread))


def tie_order(n_items: int) -> np.ndarray:
    """Where each item stands among its equals: (n_items,) int64, a shuffle, the same on every run and machine."""
    place = np.empty(n_items, dtype=np.int64)
    place[np.random.default_rng(0).permutation(n_items)] = np.arange(n_items)
    return place


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Columns of the k highest scores of each row, best first.

    Equal scores are put in a fixed shuffled order, the same on every run and machine. Column order would be simpler and
    would leak: catalogues are often listed by popularity or age, and a model that scores all items alike would then be
    credited with knowing it. A score of -inf means "not a candidate" and is never returned; rows that run out of
    candidates are filled with -1.

    Args:
        scores: (n, n_items).
        k: places.

    Returns:
        (n, min(k, n_items)) int64.

    Raises:
        ValueError: `k` is below 1, or a score is NaN.
    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for 1 or more.")
    scores = np.asarray(scores)
    if np.isnan(scores).any():
        row, column = np.argwhere(np.isnan(scores))[0]
        raise ValueError(f"scores[{row}, {column}] is NaN, which has no place in an order.")
    n, n_items = scores.shape
    k = min(k, n_items)
    if not n or not k:
        return np.empty((n, k), dtype=np.int64)
    place = tie_order(n_items)
    # The k-th highest score of each row; whatever is above it is in, and of its equals the first in the shuffled order.
    bar = torch.tensor(scores).topk(k, dim=1).values[:, -1:].numpy()  # many equal scores make NumPy's partition slow
    chosen = scores >= bar
    for row in np.flatnonzero(chosen.sum(axis=1) > k):
        equal = np.flatnonzero(scores[row] == bar[row])
        spare = k - int((scores[row] > bar[row]).sum())
        chosen[row, equal] = False
        chosen[row, equal[np.argpartition(place[equal], spare - 1)[:spare]]] = True
    order = np.nonzero(chosen)[1].reshape(n, k)
    order = np.take_along_axis(order, np.argsort(place[order], axis=1), axis=1)
    found = np.take_along_axis(scores, order, axis=1)
    best_first = np.argsort(-found, axis=1, kind="stable")
    order, found = (np.take_along_axis(one, best_first, axis=1) for one in (order, found))
    return np.where(found == -np.inf, -1, order)
