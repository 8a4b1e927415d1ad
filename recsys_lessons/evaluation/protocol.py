"""The protocol: full rankings, seen items removed, every metric with an interval, users without history apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.evaluation.arguments import GROUPS, OF_ALL, OF_ONE, check_data, columns, cuts, names
from recsys_lessons.evaluation.bootstrap import bootstrap_interval
from recsys_lessons.evaluation.lists import make_lists
from recsys_lessons.evaluation.measures import coverage, measure
from recsys_lessons.evaluation.pooled import pooled_auc
from recsys_lessons.recommenders.base import Recommender

__all__ = ["evaluate", "per_user"]


def per_user(
    model: Recommender,
    test: Dataset,
    *,
    k: int | Iterable[int] = 10,
    metrics: str | Sequence[str] = ("ndcg", "recall"),
    candidates: Iterable | None = None,
) -> pd.DataFrame:
    """The measures of every user who has something to find in the test.

    All items are ranked (no sampled negatives: they change which model wins, Krichene and Rendle 2020), less those the
    user interacted with in training. What counts as relevant is what the user went on to like *among what is ranked*:
    an item outside `candidates`, or seen in training, can be found by no model, so that it neither lowers recall nor
    enters the ideal order. A user with no relevant item left is left out, not counted as 0, which would only say how
    the candidates were chosen; `table.attrs["left_out"]` says how many users, and how many interactions, that concerns.
    Interactions that are neither in training nor in the test count as mistakes where they are ranked: to compare
    trainings of different size, take a test whose rankings leave the same items out of each.

    Args:
        model: fitted.
        test: the held-out interactions; its item and user tables are those of the training data.
        k: where a ranking is cut; one number or several.
        metrics: names in `metrics.METRICS`, and "novelty".
        candidates: rank only these item ids, for instance the cold ones; None for all.

    Returns:
        DataFrame with `user_id`, `history` (training interactions), and a column per metric and cut, such as "ndcg@10";
        "auc" has no cut, and is NaN for a user who likes every candidate. One row per user, in the user table's order.

    Raises:
        ValueError: an unknown metric, `k` below 1, an empty test, tables that differ from the training data's, empty
            candidates, nothing to find for anybody, or a score that is NaN.
        KeyError: candidates that the catalogue lacks. TypeError: `k` is not whole. NotFittedError: `fit` comes first.
    """
    ks, metrics = cuts(k), names(metrics, OF_ONE)
    check_data(model, test)
    lists = make_lists(model, test, max(ks), candidates, with_auc="auc" in metrics)
    values = {label: measure(lists, name, cut) for label, name, cut in columns(metrics, ks)}
    ids = test.users["user_id"].to_numpy()[lists.rows]
    table = pd.DataFrame({"user_id": ids, "history": lists.history, **values})
    table.attrs["left_out"] = lists.left_out
    return table


def evaluate(
    model: Recommender,
    test: Dataset,
    *,
    k: int | Iterable[int] = 10,
    metrics: str | Sequence[str] = ("ndcg", "recall"),
    candidates: Iterable | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Means over users with a 95 % bootstrap interval; users without any history in training apart.

    For somebody without history a model of tastes can say nothing, and a mean over both kinds would hide that.

    Besides the metrics of one list there are:

    - "gauc": the mean over users of their own AUC (Zhu et al. 2017). They weigh users by impressions; in a full ranking
      every user is shown nearly the same candidates, which makes the weights equal.
    - "auc": all user-item pairs in one pool. A relevant item of one person is then compared with irrelevant items of
      another, so that a constant added to all scores of a user changes "auc" and leaves "gauc", and every list, as they
      are. Where the two differ, the model knows who is active, or its scores are not comparable between people.
    - "coverage": the share of the candidates that stand in anybody's first k places. It belongs to the lists together
      and grows with their number, so that resampled users would give less by construction: its interval is NaN.
    - "novelty": -log2 p(item), averaged over the first k places (Vargas and Castells 2011), p being the item's share of
      the training interactions. An item nobody interacted with counts as if one person had.

    Args:
        model, test, k, candidates: as for `per_user`.
        metrics: names in `metrics.METRICS`, and the above.
        draws, seed: of the bootstrap.

    Returns:
        DataFrame with `users` ("with history" or "without history"), `n_users`, `metric` (such as "ndcg@10"), `value`,
        `low`, `high`. Users with nothing to find are left out as by `per_user`, and counted in the same `attrs`.

    Raises:
        as `per_user`.
    """
    ks, metrics = cuts(k), names(metrics, OF_ALL)
    check_data(model, test)
    candidates = None if candidates is None else list(candidates)
    lists = make_lists(model, test, max(ks), candidates, with_auc="gauc" in metrics)
    rows = []
    for group, inside in zip(GROUPS, (lists.history > 0, lists.history == 0), strict=True):
        if not inside.any():
            continue
        for label, name, cut in columns(metrics, ks):
            if name == "coverage":
                share = coverage(lists, cut, inside)
                rows.append((group, int(inside.sum()), label, share, np.nan, np.nan))
                continue
            if name == "auc":
                values = pooled_auc(model, test, candidates, lists.rows[inside])
            else:
                values = measure(lists, "auc" if name == "gauc" else name, cut)[inside]
            rows.append((group, *_summary(label, values, draws, seed)))
    table = pd.DataFrame(rows, columns=["users", "n_users", "metric", "value", "low", "high"])
    table.attrs["left_out"] = lists.left_out
    return table


def _summary(label: str, values: np.ndarray, draws: int, seed: int) -> tuple[int, str, float, float, float]:
    values = values[~np.isnan(values)]  # an AUC that does not exist
    if not len(values):
        return 0, label, np.nan, np.nan, np.nan
    return len(values), label, float(values.mean()), *bootstrap_interval(values, draws=draws, seed=seed)
