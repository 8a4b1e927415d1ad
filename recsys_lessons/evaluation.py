"""How well a model ranks what people went on to like, with an interval that says how sure that number is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.metrics import METRICS
from recsys_lessons.recommenders.base import Recommender, top_k

__all__ = ["bootstrap_interval", "evaluate", "per_user"]

_CHUNK = 1024  # users scored at once


def per_user(
    model: Recommender,
    test: Dataset,
    *,
    k: int = 10,
    metrics: Sequence[str] = ("ndcg", "recall"),
    candidates: Iterable | None = None,
) -> pd.DataFrame:
    """The measures of every user who has something in the test.

    All items are ranked (no sampled negatives: they change which model wins, Krichene and Rendle 2020), less those the
    user interacted with in training.

    Args:
        model: fitted.
        test: the held-out interactions; its item and user tables are those of the training data.
        k: where a ranking is cut.
        metrics: names in `metrics.METRICS`.
        candidates: rank only these item ids, for instance the cold ones; None for all.

    Returns:
        DataFrame with `user_id`, `history` (training interactions), and a column per metric, one row per user.

    Raises:
        ValueError: an unknown metric, an empty test, or tables that differ from the training data's.
    """
    unknown = [name for name in metrics if name not in METRICS]
    if unknown:
        raise ValueError(f"metric {unknown[0]!r} is unknown; choose from {sorted(METRICS)}.")
    train = model.train_
    for name, column in (("items", "item_id"), ("users", "user_id")):
        if not getattr(train, name)[column].equals(getattr(test, name)[column]):
            raise ValueError(f"train and test have different {name}; split one Dataset instead of loading two.")
    if test.interactions.empty:
        raise ValueError("the test has no interactions; nothing can be measured on it.")
    wanted = test.matrix()
    users = np.flatnonzero(np.diff(wanted.indptr))
    ids = test.users["user_id"].to_numpy()
    candidates = None if candidates is None else list(candidates)
    rows = []
    for start in range(0, len(users), _CHUNK):
        chunk = users[start : start + _CHUNK]
        scores = model.scores(ids[chunk].tolist())
        model.mask(scores, model.matrix_[chunk], candidates)
        for user, ranked in zip(chunk, top_k(scores, k), strict=True):
            relevant = set(wanted.indices[wanted.indptr[user] : wanted.indptr[user + 1]].tolist())
            ranked = [item for item in ranked.tolist() if item >= 0]
            rows.append({name: METRICS[name](ranked, relevant, k) for name in metrics})
    table = pd.DataFrame(rows)
    table.insert(0, "user_id", ids[users])
    table.insert(1, "history", np.diff(model.matrix_.indptr)[users])
    return table


def bootstrap_interval(
    values: np.ndarray, *, level: float = 0.95, draws: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap of a mean over users (Efron 1979).

    Args:
        values: (n,) one number per user. level: share of the draws inside. draws: resamples. seed: of the resamples.

    Returns:
        (low, high); both equal the value when there is one user.
    """
    values = np.asarray(values, dtype=np.float64)
    random = np.random.default_rng(seed)
    means = [values[random.integers(len(values), size=len(values))].mean() for _ in range(draws)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def evaluate(
    model: Recommender,
    test: Dataset,
    *,
    k: int = 10,
    metrics: Sequence[str] = ("ndcg", "recall"),
    candidates: Iterable | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Means over users with a 95 % bootstrap interval; users without any history in training apart.

    For somebody without history a model of tastes can say nothing, and a mean over both kinds would hide that.

    Args:
        model, test, k, metrics, candidates: as for `per_user`.
        draws, seed: of the bootstrap.

    Returns:
        DataFrame with `users` ("with history" or "without history"), `n_users`, `metric` (such as "ndcg@10"), `value`,
        `low`, `high`.
    """
    table = per_user(model, test, k=k, metrics=metrics, candidates=candidates)
    rows = []
    for name, group in (
        ("with history", table[table["history"] > 0]),
        ("without history", table[table["history"] == 0]),
    ):
        for metric in metrics if len(group) else ():
            low, high = bootstrap_interval(group[metric].to_numpy(), draws=draws, seed=seed)
            rows.append((name, len(group), f"{metric}@{k}", group[metric].mean(), low, high))
    return pd.DataFrame(rows, columns=["users", "n_users", "metric", "value", "low", "high"])
