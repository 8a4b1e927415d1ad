"""The measures of `metrics.py` for many lists at once: the same numbers, computed on whole arrays."""

from __future__ import annotations

import numpy as np

from recsys_lessons.evaluation.lists import Lists

__all__ = ["coverage", "measure"]


def measure(lists: Lists, name: str, k: int) -> np.ndarray:
    """One metric of every list, cut at k: (n,) float64. `metrics.py` has the definitions."""
    if name == "auc":
        return lists.auc
    if name == "novelty":
        return _novelty(lists, k)
    return MEASURES[name](lists.hits[:, :k], lists.relevant, k)


def coverage(lists: Lists, k: int, inside: np.ndarray) -> float:
    """The share of the candidates that stand among the first k places of anybody inside (a mask of lists)."""
    shown = np.unique(lists.items[inside, :k])
    return float((shown >= 0).sum() / lists.n_candidates)


def _novelty(lists: Lists, k: int) -> np.ndarray:
    counts = np.maximum(lists.popularity, 1)
    surprise = -np.log2(counts / lists.popularity.sum())
    items = lists.items[:, :k]
    there = items >= 0
    total = np.where(there, surprise[np.maximum(items, 0)], 0.0).sum(axis=1)
    return np.divide(total, there.sum(axis=1), out=np.full(len(items), np.nan), where=there.any(axis=1))


def _precision(hits: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    return hits.sum(axis=1) / k


def _recall(hits: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    return hits.sum(axis=1) / relevant


def _ndcg(hits: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    return hits @ discount[: hits.shape[1]] / np.cumsum(discount)[np.minimum(relevant, k) - 1]


def _average_precision(hits: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return (precision * hits).sum(axis=1) / np.minimum(relevant, k)


def _reciprocal_rank(hits: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    return np.where(hits.any(axis=1), 1.0 / (hits.argmax(axis=1) + 1), 0.0)


def _hit_rate(hits: np.ndarray, relevant: np.ndarray, k: int) -> np.ndarray:
    return hits.any(axis=1).astype(np.float64)


# hits: (n, min(k, n_items)) bool; relevant: (n,) how many there are to find; k: the cut.
MEASURES = {
    "precision": _precision,
    "recall": _recall,
    "ndcg": _ndcg,
    "map": _average_precision,
    "mrr": _reciprocal_rank,
    "hit_rate": _hit_rate,
}
