"""Rows brought to mean 0 and spread 1, for the exercises that add scores of different origin; and how people do it."""

from __future__ import annotations

import numpy as np

__all__ = ["WRONG_WAYS", "standardised"]


def standardised(scores: np.ndarray, *, axis: int | None = 1, ddof: int = 0) -> np.ndarray:
    """Each row less its mean, by its standard deviation; a row without spread becomes 0."""
    centred = scores - scores.mean(axis=axis, keepdims=True)
    spread = scores.std(axis=axis, ddof=ddof, keepdims=True) if scores.shape[1] > ddof else np.zeros((len(scores), 1))
    flat = spread <= 1e-9 * np.maximum(1.0, np.abs(scores).max(initial=0.0))
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))


def _nan_where_constant(scores: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)


def _to_one(scores: np.ndarray) -> np.ndarray:
    low, high = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    return (scores - low) / np.where(high > low, high - low, 1.0)


WRONG_WAYS = {
    "does not standardise": lambda scores: scores,
    "standardises over all users at once": lambda scores: standardised(scores, axis=None),
    "standardises the columns": lambda scores: standardised(scores, axis=0),
    "subtracts the mean, and leaves the spread": lambda scores: scores - scores.mean(axis=1, keepdims=True),
    "divides by the spread, and leaves the mean": lambda scores: (
        scores / np.where(scores.std(axis=1, keepdims=True) > 0, scores.std(axis=1, keepdims=True), 1.0)
    ),
    "divides by n - 1 in the spread": lambda scores: standardised(scores, ddof=1),
    "scales to 0..1": _to_one,
    "is NaN for a constant row": _nan_where_constant,
}
