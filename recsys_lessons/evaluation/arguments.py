"""What can be asked for, and clear refusals of what cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from numbers import Integral

import numpy as np

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.metrics import METRICS
from recsys_lessons.recommenders.base import NotFittedError, Recommender

__all__ = ["OF_ALL", "OF_ONE", "GROUPS", "check_data", "check_scores", "columns", "cuts", "names"]

OF_ONE = (*METRICS, "novelty")  # one person has a value
OF_ALL = (*METRICS, "gauc", "novelty", "coverage")  # a group of people has one
WITHOUT_K = ("auc", "gauc")
GROUPS = ("with history", "without history")


def names(metrics: str | Sequence[str], known: Sequence[str]) -> list[str]:
    """The metrics asked for, each once, in the order asked.

    Raises:
        ValueError: none, or one that is not in `known`; the message holds the closest ones.
    """
    asked = list(dict.fromkeys([metrics] if isinstance(metrics, str) else metrics))
    if not asked:
        raise ValueError(f"metrics is empty; choose from {', '.join(known)}.")
    for name in asked:
        if name in known:
            continue
        bare = str(name).split("@")[0]
        if bare in known:
            raise ValueError(f"metric {name!r} is unknown; pass the name and the cut apart: {bare!r}, and k=...")
        if name == "gauc":
            raise ValueError("metric 'gauc' is the mean over users of 'auc'; ask for 'auc' here.")
        if name in OF_ALL:
            raise ValueError(f"metric {name!r} belongs to all lists together, no single user has one; see `evaluate`.")
        close = get_close_matches(str(name), known, n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, close))}? The" if close else "the"
        raise ValueError(f"metric {name!r} is unknown; {hint} choice is {', '.join(known)}.")
    return asked


def cuts(k: int | Iterable[int]) -> list[int]:
    """The places where rankings are cut, each once, in the order asked.

    Raises:
        TypeError: not a whole number. ValueError: below 1, or none at all.
    """
    asked = list(dict.fromkeys(k)) if isinstance(k, Iterable) and not isinstance(k, (str, bytes)) else [k]
    if not asked:
        raise ValueError("k is empty; pass a place to cut the ranking at, such as 10, or several.")
    for one in asked:
        if not isinstance(one, Integral) or isinstance(one, bool):
            raise TypeError(f"k is {one!r}; a ranking is cut at a whole number of places, such as 10 or (5, 10).")
        if one < 1:
            raise ValueError(f"k is {one}; a ranking is cut at 1 or more.")
    return [int(one) for one in asked]


def columns(metrics: Sequence[str], ks: Sequence[int]) -> list[tuple[str, str, int]]:
    """(label, name, k) of every number to report: "ndcg@10", and "auc" once, whatever the cuts."""
    found = []
    for name in metrics:
        found += [(name, name, 0)] if name in WITHOUT_K else [(f"{name}@{k}", name, k) for k in ks]
    return found


def check_data(model: Recommender, test: Dataset) -> None:
    """Refuse a test that cannot belong to the model's training data.

    Raises:
        NotFittedError: `fit` comes first. ValueError: other items or users than in training, or nothing to find.
    """
    if not hasattr(model, "train_"):
        raise NotFittedError(f"{type(model).__name__} is not fitted yet; call fit(train) first.")
    for name, column in (("items", "item_id"), ("users", "user_id")):
        if not getattr(model.train_, name)[column].equals(getattr(test, name)[column]):
            raise ValueError(f"train and test have different {name}; split one Dataset instead of loading two.")
    if test.interactions.empty:
        raise ValueError("the test has no interactions; nothing can be measured on it.")


def check_scores(model: Recommender, test: Dataset, rows: np.ndarray, scores: np.ndarray) -> None:
    """Refuse scores that no order can be made of.

    Raises:
        ValueError: an array of the wrong shape, or NaN; the message names model, user and item.
    """
    if scores.shape != (len(rows), test.n_items):
        raise ValueError(
            f"{type(model).__name__} gave scores of shape {scores.shape} for {len(rows)} users and {test.n_items} "
            "items; a model gives one row per user and one column per item."
        )
    if np.isnan(scores).any():
        row, column = np.argwhere(np.isnan(scores))[0]
        user, item = test.users["user_id"].tolist()[rows[row]], test.items["item_id"].tolist()[column]
        raise ValueError(
            f"{type(model).__name__} scores item {item!r} for user {user!r} as NaN, which has no place in an order. "
            "Look at what it learned: a rate that is too high, a division by a norm of zero?"
        )
