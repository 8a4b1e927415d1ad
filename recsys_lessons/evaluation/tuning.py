"""Choosing settings on data that is neither training nor test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd
from tqdm.auto import tqdm

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.splits import split_last
from recsys_lessons.evaluation.arguments import GROUPS, OF_ALL, cuts, names
from recsys_lessons.evaluation.protocol import evaluate
from recsys_lessons.recommenders.base import Recommender

__all__ = ["tune"]

_COLUMNS = ("metric", "value", "low", "high", "n_users")


def tune(
    make: Callable[..., Recommender],
    grid: Mapping[str, Sequence],
    train: Dataset,
    *,
    split: Callable[[Dataset], tuple[Dataset, Dataset]] = split_last,
    metric: str = "ndcg",
    k: int = 10,
    candidates: Callable[[Dataset], Any] | None = None,
    users: str = "with history",
    draws: int = 1000,
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Try every setting of a grid on a validation part of the training data.

    `train` is split once more; each setting is fitted on the inner training part and evaluated on the validation part.
    There is no argument for the test: a setting chosen on it would be praised by it. Two things remain to the caller:

    - Refit the winner on the whole of `train` (`make(**setting).fit(train)`) before the test is looked at.
    - The value of the winner is the best of several noisy ones, and flatters it; only the test gives its quality.

    Split in the way of the final split (`split=split_cold_items` where the test has cold items), or the settings answer
    another question. What `make` closes over, such as item features, must not know the test either.

    Args:
        make: `make(rank=8, ...)` builds an unfitted model; its arguments are the grid's names.
        grid: the values to try, e.g. {"rank": [8, 16], "ridge": [1.0, 10.0]}; all combinations, the last name fastest.
        train: the training data.
        split: gives (inner train, validation), e.g. `functools.partial(split_cold_items, seed=1)`.
        metric, k: what is to be largest; any metric of `evaluate`, one cut.
        candidates: a function of the validation data that gives the item ids to rank, such as `Dataset.active_items`
            for cold items; None for the whole catalogue.
        users: "with history" or "without history" in the inner training part.
        draws, seed: of the interval. progress: show a bar.

    Returns:
        DataFrame, best first: a column per name of the grid, then `metric`, `value`, `low`, `high`, `n_users`. Equal
        values keep the grid's order, so that listing the simplest setting first prefers it.

    Raises:
        ValueError: an empty grid, an unknown metric, nobody of that kind in the validation data, or what a setting's
            model raises, with the setting named. TypeError: a grid of iterators, or candidates that are no function.
    """
    settings = _settings(grid)
    (metric,), ks = names([metric], OF_ALL), cuts(k)
    if len(ks) > 1:
        raise ValueError(f"k is {k!r}; settings are ordered by one number, so pass one cut.")
    if candidates is not None and not callable(candidates):
        raise TypeError(
            f"candidates is a {type(candidates).__name__}; the validation data is made in here, so pass a function of "
            "it that gives the item ids, such as Dataset.active_items."
        )
    if users not in GROUPS:
        raise ValueError(f"users is {users!r}; choose from {' and '.join(map(repr, GROUPS))}.")
    inner, validation = split(train)
    among = None if candidates is None else list(candidates(validation))
    rows = []
    for setting in tqdm(settings, desc="Tuning", unit="setting", disable=not progress, leave=False):
        try:
            model = make(**setting).fit(inner)
            found = evaluate(model, validation, k=ks[0], metrics=[metric], candidates=among, draws=draws, seed=seed)
        except ValueError as error:
            raise ValueError(f"with {_named(setting)}: {error}") from error
        found = found[found["users"] == users]
        if found.empty:
            raise ValueError(f"the validation data has nobody {users}; split in another way, or change `users`.")
        rows.append(setting | found.iloc[0][list(_COLUMNS)].to_dict())
    table = pd.DataFrame(rows, columns=[*grid, *_COLUMNS])
    return table.sort_values("value", ascending=False, kind="stable", ignore_index=True)


def _settings(grid: Mapping[str, Sequence]) -> list[dict[str, Any]]:
    if not isinstance(grid, Mapping):
        raise TypeError(
            f'grid is a {type(grid).__name__}; pass the values to try by name, such as {{"rank": [8, 16]}}.'
        )
    if not grid:
        raise ValueError('grid is empty; pass the values to try by name, such as {"rank": [8, 16]}.')
    for name, values in grid.items():
        if name in _COLUMNS:
            raise ValueError(f"grid has a name {name!r}, which is a column of the result; rename make's argument.")
        if isinstance(values, (str, bytes)) or not hasattr(values, "__len__") or not hasattr(values, "__iter__"):
            raise TypeError(
                f"grid[{name!r}] is {values!r}; pass a list of values (a generator can be read only once, and a single "
                "value goes into a list of one)."
            )
        if not len(values):
            raise ValueError(f"grid[{name!r}] is empty; pass at least one value.")
    return [dict(zip(grid, chosen, strict=True)) for chosen in product(*grid.values())]


def _named(setting: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in setting.items())
