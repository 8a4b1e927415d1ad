"""AUC over all user-item pairs in one pool, exactly, without holding the pairs."""

from __future__ import annotations

import numpy as np

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.evaluation.lists import pieces
from recsys_lessons.recommenders.base import Recommender

__all__ = ["pooled_auc"]


def pooled_auc(model: Recommender, test: Dataset, candidates: list | None, rows: np.ndarray) -> np.ndarray:
    """One number per user; their mean is the AUC of the pool, and their spread is that of the pool's AUC.

    The pool's AUC is no mean over users, since each user's relevant items are compared with everybody's irrelevant
    ones. But weigh user u by w_u and differentiate at w = 1: how much the AUC moves with that user is the share of
    won comparisons in which the user's relevant items and irrelevant items take part, less what an average user of
    that size would bring. AUC + n * that derivative has the AUC as its mean, and a bootstrap of it gives the interval
    of an AUC with correlated rows (Obuchowski 1997), to first order.

    The relevant scores are few and are kept; a second pass looks up each irrelevant score among them.

    Args:
        rows: (n,) the users of the pool, each with something to find.

    Returns:
        (n,) float64; all NaN where the pool has no irrelevant pair.
    """
    right = [piece.scores[piece.relevant] for piece in pieces(model, test, candidates, rows)]
    values, inverse = np.unique(np.concatenate(right), return_inverse=True)
    up_to = np.concatenate([[0], np.cumsum(np.bincount(inverse))])  # relevant pairs below each of these scores
    n_right = int(up_to[-1])
    gaps = np.zeros(len(values) + 1, dtype=np.int64)  # irrelevant pairs between one of these scores and the next
    ties = np.zeros(len(values), dtype=np.int64)
    mine, n_wrong, won = [], [], []  # per user: places of the relevant pairs, irrelevant pairs, and relevant ones above
    for piece in pieces(model, test, candidates, rows):
        for scores, relevant, ranked in zip(piece.scores, piece.relevant, piece.ranked, strict=True):
            wrong = np.sort(scores[ranked & ~relevant])  # a sorted column is looked up several times as fast
            low = np.searchsorted(values, wrong)
            equal = values[np.minimum(low, len(values) - 1)] == wrong
            high = low + equal
            np.add.at(gaps, high, 1)
            np.add.at(ties, low[equal], 1)
            mine.append(np.searchsorted(values, scores[relevant]))
            n_wrong.append(len(wrong))
            won.append((n_right - (up_to[low] + up_to[high]) / 2).sum())
    pool = sum(n_wrong)
    if not pool:
        return np.full(len(rows), np.nan)
    beaten = (
        np.cumsum(gaps)[:-1] + ties / 2
    )  # irrelevant pairs below each relevant score; a tie went into the gap above
    as_right = np.array([beaten[places].sum() for places in mine]) / pool / n_right
    as_wrong = np.array(won) / n_right / pool
    area = as_wrong.sum()
    share = np.array([len(places) for places in mine]) / n_right + np.array(n_wrong) / pool
    return area + len(rows) * (as_right + as_wrong - area * share)
