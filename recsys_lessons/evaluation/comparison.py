"""Is one model better than another, asked person by person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.evaluation.arguments import GROUPS, OF_ONE, check_data, columns, cuts, names
from recsys_lessons.evaluation.bootstrap import bootstrap_interval
from recsys_lessons.evaluation.protocol import per_user
from recsys_lessons.recommenders.base import Recommender

__all__ = ["compare"]


def compare(
    model: Recommender,
    baseline: Recommender,
    test: Dataset,
    *,
    k: int | Iterable[int] = 10,
    metrics: str | Sequence[str] = ("ndcg",),
    candidates: Iterable | None = None,
    users: str = "with history",
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """A model beside a baseline, on the same people and the same candidates.

    People differ from each other more than models do, so that the intervals of two means overlap although one model is
    better for nearly everybody. Taking each person's difference first removes what people have in common with
    themselves; the interval is that of the mean difference. One split, one seed: how much the answer depends on those,
    only other splits and seeds can say.

    Args:
        model, baseline: fitted on the same training data.
        test, k, candidates: as for `per_user`.
        metrics: names in `metrics.METRICS`, and "novelty". "auc" compares each user's own AUC, whose mean is GAUC.
        users: "with history" in training, "without history", or "all".
        draws, seed: of the bootstrap.

    Returns:
        DataFrame, a row per metric and cut: `metric`, `model` and `baseline` (means), `difference`, its 95 % interval
        `low` to `high`, the shares of users who are `improved` and `worsened` (the rest is unchanged), `n_users`.

    Raises:
        ValueError: the two were fitted on different data, nobody of that kind is in the test, or as `per_user`.
    """
    metrics = names(["auc" if name == "gauc" else name for name in _listed(metrics)], OF_ONE)
    if users not in (*GROUPS, "all"):
        raise ValueError(f"users is {users!r}; choose from 'with history', 'without history' and 'all'.")
    for one in (model, baseline):
        check_data(one, test)
    _same_training(model, baseline)
    candidates = None if candidates is None else list(candidates)
    ours, theirs = (per_user(one, test, k=k, metrics=metrics, candidates=candidates) for one in (model, baseline))
    known = (ours["history"] > 0).to_numpy()
    inside = {"with history": known, "without history": ~known, "all": np.ones(len(ours), dtype=bool)}[users]
    if not inside.any():
        raise ValueError(f"the test has nobody {users}; users='all' takes everybody.")
    rows = []
    for label, _, _ in columns(metrics, cuts(k)):
        pair = np.stack([ours[label], theirs[label]])[:, inside]
        pair = pair[:, ~np.isnan(pair).any(axis=0)]
        gain = pair[0] - pair[1]
        low, high = bootstrap_interval(gain, draws=draws, seed=seed) if len(gain) else (np.nan, np.nan)
        shares = [(gain > 0).mean(), (gain < 0).mean()] if len(gain) else [np.nan, np.nan]
        means = [*pair.mean(axis=1), gain.mean()] if len(gain) else [np.nan] * 3
        rows.append((label, *means, low, high, *shares, len(gain)))
    named = ["metric", "model", "baseline", "difference", "low", "high", "improved", "worsened", "n_users"]
    table = pd.DataFrame(rows, columns=named)
    table.attrs["left_out"] = ours.attrs["left_out"]
    return table


def _listed(metrics: str | Sequence[str]) -> list[str]:
    return [metrics] if isinstance(metrics, str) else list(metrics)


def _same_training(model: Recommender, baseline: Recommender) -> None:
    """Two models that saw different data differ for that reason too: refuse."""
    ours, theirs = model.train_, baseline.train_
    if ours is theirs:
        return
    pair = f"{type(model).__name__} and {type(baseline).__name__}"
    if len(ours.interactions) != len(theirs.interactions):
        raise ValueError(
            f"{pair} were fitted on different training data, {len(ours.interactions):,} and "
            f"{len(theirs.interactions):,} interactions; fit both on one training set, or the difference is the data's."
        )
    pairs = ["user_id", "item_id"]
    if not ours.interactions[pairs].equals(theirs.interactions[pairs]):
        raise ValueError(
            f"{pair} were fitted on different training data (as many interactions, but not the same); fit both on one "
            "training set, or the difference is the data's."
        )
