"""How sure a mean over users is."""

from __future__ import annotations

import numpy as np

__all__ = ["bootstrap_interval"]

_BLOCK_BYTES = 1 << 25  # resampled rows held at once


def bootstrap_interval(
    values: np.ndarray, *, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap of a mean over users (Efron 1979).

    Args:
        values: (n,) one number per user.
        level: share of the draws inside.
        draws: resamples.
        seed: of the resamples.

    Returns:
        (low, high); both equal the value when there is one user.

    Raises:
        ValueError: no values, a NaN among them, fewer than 1 draw, or a level outside (0, 1).
    """
    values = np.asarray(values, dtype=np.float64).ravel()
    if not len(values):
        raise ValueError("there are no values; an interval needs at least one user.")
    if np.isnan(values).any():
        where = np.flatnonzero(np.isnan(values))
        raise ValueError(f"{len(where)} of {len(values)} values are NaN (the first at {where[0]}); leave them out.")
    if draws < 1:
        raise ValueError(f"draws is {draws}; take 1 or more, 1000 as a rule.")
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must lie between 0 and 1, e.g. 0.95.")
    random = np.random.default_rng(seed)
    means = np.empty(draws)
    size = max(1, _BLOCK_BYTES // (8 * len(values)))
    for start in range(0, draws, size):
        block = means[start : start + size]
        block[:] = values[random.integers(len(values), size=(len(block), len(values)))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
