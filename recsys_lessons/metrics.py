"""Measures of one ranking: pure functions of an order and of the set of items that were right.

`ranked` is what a model proposes, best first. `relevant` is what the person went on to like. Both hold ids of any kind.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

import numpy as np

__all__ = ["METRICS", "hits", "ndcg_at_k", "recall_at_k"]


def hits(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> np.ndarray:
    """Which of the first k places hold a relevant item.

    Returns:
        (min(k, len(ranked)),) bool.

    Raises:
        ValueError: `k` is below 1, `relevant` is empty, or `ranked` names an item twice (it would be counted twice).
    """
    if k < 1:
        raise ValueError(f"k is {k}; a ranking is cut at 1 or more.")
    wanted = set(relevant)
    if not wanted:
        raise ValueError("relevant is empty: with nothing to find, the measure has no value. Leave this user out.")
    ranked = list(ranked)
    if len(set(ranked)) != len(ranked):
        twice = next(item for i, item in enumerate(ranked) if item in ranked[:i])
        raise ValueError(f"ranked names item {twice!r} twice; drop the repetition, which would be counted twice.")
    return np.array([item in wanted for item in ranked[:k]], dtype=bool)


def recall_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """The share of the relevant items that stand among the first k.

    With more than k relevant items it cannot reach 1, which is a property of the measure and no fault of the model.

    >>> recall_at_k(["a", "b", "c"], {"b", "x"}, k=2)
    0.5
    """
    return float(hits(ranked, relevant, k).sum() / len(set(relevant)))


def ndcg_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Normalised discounted cumulative gain with gains of 0 and 1 (Järvelin and Kekäläinen 2002).

    A hit at place r = 1, 2, ... counts 1 / log2(r + 1); the sum is divided by what the best possible order would get,
    so that 1 means that every place a relevant item could fill is filled by one.

    >>> round(ndcg_at_k(["a", "b", "c"], {"b", "x"}, k=2), 4)
    0.3869
    """
    found = hits(ranked, relevant, k)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    return float(discount[: len(found)][found].sum() / discount[: min(k, len(set(relevant)))].sum())


METRICS = {"ndcg": ndcg_at_k, "recall": recall_at_k}
