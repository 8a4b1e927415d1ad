"""Measures of one ranking: pure functions of an order and of the set of items that were right.

`ranked` is what a model proposes, best first. `relevant` is what the person went on to like. Both hold ids of any kind.
These are the definitions, one list at a time; `evaluation` computes the same numbers for many people at once.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence

import numpy as np

__all__ = [
    "METRICS",
    "auc",
    "average_precision_at_k",
    "hit_rate_at_k",
    "hits",
    "ndcg_at_k",
    "precision_at_k",
    "recall_at_k",
    "reciprocal_rank_at_k",
]


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


def precision_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """The share of the k places that hold a relevant item (Cleverdon, Mills and Keen 1966, cut at k).

    The denominator is k also where the ranking is shorter: an empty place helps nobody. With fewer than k relevant
    items it cannot reach 1.

    >>> precision_at_k(["a", "b", "c"], {"b", "x"}, k=2)
    0.5
    """
    return float(hits(ranked, relevant, k).sum() / k)


def recall_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """The share of the relevant items that stand among the first k (Cleverdon, Mills and Keen 1966, cut at k).

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


def average_precision_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """The precision at each place that holds a hit, averaged; its mean over people is MAP (Buckley and Voorhees 2000).

    The sum is divided by min(k, number of relevant items), the most hits that k places can hold, so that a perfect
    list gets 1. trec_eval divides by the number of relevant items instead, and others by the number of hits (which
    rewards a list for finding fewer): the same name, three numbers.

    >>> average_precision_at_k(["a", "b", "c"], {"b", "c", "x"}, k=3)  # (1/2 + 2/3) / 3
    0.38888888888888884
    """
    found = hits(ranked, relevant, k)
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(precision[found].sum() / min(k, len(set(relevant))))


def reciprocal_rank_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """One over the place of the first hit, 0 without one; its mean over people is MRR (Voorhees 1999).

    >>> reciprocal_rank_at_k(["a", "b", "c"], {"b", "c"}, k=3)
    0.5
    """
    places = np.flatnonzero(hits(ranked, relevant, k))
    return float(1 / (places[0] + 1)) if len(places) else 0.0


def hit_rate_at_k(ranked: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """1 where at least one of the first k places is a hit, else 0 (Deshpande and Karypis 2004).

    >>> hit_rate_at_k(["a", "b", "c"], {"b", "x"}, k=1)
    0.0
    """
    return float(hits(ranked, relevant, k).any())


def auc(scores: np.ndarray, relevant: np.ndarray, candidates: np.ndarray | None = None) -> float:
    """How often a relevant candidate scores above an irrelevant one; a tie counts half (Mann and Whitney 1947).

    The area under the ROC curve, without drawing it: the irrelevant scores are sorted, and each relevant one looks up
    its place, O(n log n). Every pair counts alike, so that an error at place 5,000 weighs as much as one at the top of
    the list; a list of ten needs a measure that is cut at k.

    Args:
        scores: (n,) numbers. relevant: (n,) bool. candidates: (n,) bool, what is ranked at all; None for everything.

    Returns:
        0 to 1; 0.5 for scores that know nothing.

    Raises:
        ValueError: shapes differ, a candidate's score is NaN, or there is no relevant or no irrelevant candidate.

    >>> auc(np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, False, True, False]))
    0.875
    """
    scores, relevant = np.asarray(scores), np.asarray(relevant, dtype=bool)
    candidates = np.ones(scores.shape, dtype=bool) if candidates is None else np.asarray(candidates, dtype=bool)
    if scores.ndim != 1 or not scores.shape == relevant.shape == candidates.shape:
        raise ValueError(
            f"scores, relevant and candidates are {scores.shape}, {relevant.shape} and {candidates.shape}; "
            "pass one number and one yes or no per item."
        )
    right, wrong = scores[candidates & relevant], np.sort(scores[candidates & ~relevant])
    if not len(right) or not len(wrong):
        raise ValueError(
            f"there are {len(right)} relevant and {len(wrong)} irrelevant candidates; AUC compares the two kinds "
            "and has no value without both. Leave this user out."
        )
    if np.isnan(right).any() or np.isnan(wrong).any():
        raise ValueError(f"scores[{np.flatnonzero(np.isnan(scores) & candidates)[0]}] is NaN; AUC needs an order.")
    below, up_to = (np.searchsorted(wrong, right, side=side) for side in ("left", "right"))
    return float((below + up_to).sum() / (2 * len(right) * len(wrong)))


METRICS = {
    "precision": precision_at_k,
    "recall": recall_at_k,
    "ndcg": ndcg_at_k,
    "map": average_precision_at_k,
    "mrr": reciprocal_rank_at_k,
    "hit_rate": hit_rate_at_k,
    "auc": auc,  # of scores, not of a list: the only one that is not cut at k
}
