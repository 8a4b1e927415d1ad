"""Training and test data that do not leak: by each user's time, by the calendar, by item, or by user.

Every split keeps the item and user tables as they are, gives each interaction to exactly one side, and is the same for
the same arguments on any machine.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_lessons.data.dataset import Dataset

__all__ = ["split_by_time", "split_cold_items", "split_cold_users", "split_last"]


def split_last(dataset: Dataset, fraction: float = 0.2, *, min_interactions: int = 5) -> tuple[Dataset, Dataset]:
    """Each user's latest interactions become the test.

    Of a user's n interactions the last floor(fraction * n), but at least one, are held out. Interactions with the same
    timestamp keep the table's order. Other users' later interactions stay in training: the question asked is "what
    next, for this person", not "what would we have known on that day" (for that, `split_by_time`).

    Args:
        dataset: with a `timestamp` column.
        fraction: share of each user's interactions, between 0 and 1.
        min_interactions: users with fewer stay in training whole.

    Returns:
        (train, test).

    Raises:
        ValueError: no timestamps, a fraction outside (0, 1), or nobody has enough interactions.
    """
    _check_fraction(fraction)
    if min_interactions < 2:
        raise ValueError(f"min_interactions is {min_interactions}; with fewer than 2 nothing is left to train on.")
    table = _in_time(dataset)
    by_user = table.groupby("user_id", sort=False)
    count = by_user["item_id"].transform("size").to_numpy()
    place = by_user.cumcount().to_numpy()
    held_out = np.maximum(1, np.floor(fraction * count + 1e-9))
    is_test = (count >= min_interactions) & (place >= count - held_out)
    if not is_test.any():
        raise ValueError(f"no user has {min_interactions} interactions; lower min_interactions or bring more data.")
    few = int(dataset.interactions["user_id"].nunique() - table["user_id"][is_test].nunique())
    note = f"{few:,} users with fewer than {min_interactions} interactions stay in training" if few else None
    return _both(dataset, table, is_test, note)


def split_by_time(dataset: Dataset, fraction: float = 0.2, *, at: int | str | None = None) -> tuple[Dataset, Dataset]:
    """Everything before one moment is training, everything from then on is the test.

    Args:
        dataset: with a `timestamp` column, in seconds since 1970.
        fraction: the share of interactions that should fall into the test; ignored when `at` is given.
        at: the moment itself: seconds since 1970, or a date such as "2015-01-01" (UTC).

    Returns:
        (train, test). No training interaction is as late as any test interaction, so that equal timestamps go to one
        side and the test may be somewhat larger than `fraction`.

    Raises:
        ValueError: no timestamps, a fraction outside (0, 1), or a moment that leaves one side empty.
    """
    table = _in_time(dataset)
    stamps = table["timestamp"].to_numpy()
    if at is None:
        _check_fraction(fraction)
        moment = stamps[min(len(stamps) - 1, int(np.floor((1 - fraction) * len(stamps))))]
    else:
        moment = pd.Timestamp(at, tz="UTC").timestamp() if isinstance(at, str) else at
    is_test = stamps >= moment
    if is_test.all() or not is_test.any():
        first, last = pd.to_datetime([stamps[0], stamps[-1]], unit="s")
        raise ValueError(
            f"a split at {at or moment} leaves one side empty; the interactions run from {first} to {last}."
        )
    return _both(dataset, table, is_test, f"split at {pd.to_datetime(moment, unit='s')} UTC")


def split_cold_items(
    dataset: Dataset, fraction: float = 0.2, *, keep: int = 0, stratify: bool = True, seed: int = 0
) -> tuple[Dataset, Dataset]:
    """A random share of the items loses its interactions, all or all but a few: new items, of which content is known.

    A few items hold most interactions, so a plain draw that happens to hit them gives another test than one that does
    not. Stratified, the items are laid out by popularity and one of every few neighbours is drawn: all draws are alike.

    Args:
        dataset: any.
        fraction: share of the items that have interactions.
        keep: how many interactions of each drawn item stay in training, drawn at random. For one seed the items are the
            same whatever `keep`, and what 2 keeps is among what 5 keeps, so that one test serves them all: that of the
            largest `keep`. An item with no more than `keep` stays in training whole, and is not in the test.
        stratify: draw evenly along popularity; False draws any.
        seed: which items, and which of their interactions.

    Returns:
        (train, test). `test.active_items()` are the cold ones: the candidates to rank.

    Raises:
        ValueError: a fraction outside (0, 1), too few items for one on each side, `keep` below 0, or none of the items
            has more than `keep` interactions.
    """
    _check_fraction(fraction)
    _check_keep(keep)
    active = dataset.active_items()
    n_cold = _number(fraction, len(active), "items")
    random = np.random.default_rng(seed)
    table = dataset.interactions
    if stratify:
        counts = table["item_id"].value_counts().reindex(active).to_numpy()
        by_popularity = active[np.lexsort((random.random(len(active)), -counts))]
        cold = np.array([random.choice(group) for group in np.array_split(by_popularity, n_cold)])
    else:
        cold = random.choice(active, size=n_cold, replace=False)
    is_cold = table["item_id"].isin(cold)
    if not keep:
        return _both(dataset, table, is_cold.to_numpy(), f"{n_cold:,} cold items")
    shuffled = table[is_cold].iloc[random.permutation(int(is_cold.sum()))]
    return _all_but(dataset, table, shuffled, "item_id", keep)


def split_cold_users(
    dataset: Dataset, fraction: float = 0.2, *, keep: int = 0, seed: int = 0
) -> tuple[Dataset, Dataset]:
    """A random share of the users loses its interactions, all or all but the first few: new users.

    Args:
        dataset: with a `timestamp` column where `keep` is above 0.
        fraction: share of the users who have interactions.
        keep: how many of each drawn user's earliest interactions stay in training; equal timestamps keep the table's
            order. For one seed the users are the same whatever `keep`. A user with no more than `keep` stays in
            training whole, and is not in the test. Where people rate what a sign-up page shows them (as on MovieLens),
            the first few are that page's choice as much as theirs.
        seed: which users.

    Returns:
        (train, test). With `keep` 0 a model knows the drawn users only by what else it is told of them.

    Raises:
        ValueError: a fraction outside (0, 1), too few users for one on each side, `keep` below 0, no timestamps to tell
            the first by, or none of the users has more than `keep` interactions.
    """
    _check_fraction(fraction)
    _check_keep(keep)
    table = dataset.interactions
    active = dataset.users.loc[dataset.users["user_id"].isin(table["user_id"].unique()), "user_id"].to_numpy()
    n_cold = _number(fraction, len(active), "users")
    cold = np.random.default_rng(seed).choice(active, size=n_cold, replace=False)
    is_cold = table["user_id"].isin(cold)
    if not keep:
        return _both(dataset, table, is_cold.to_numpy(), f"{n_cold:,} cold users")
    ordered = _in_time(dataset, "split_cold_users with keep=0")
    return _all_but(dataset, table, ordered[ordered["user_id"].isin(cold)], "user_id", keep)


def _all_but(
    dataset: Dataset, table: pd.DataFrame, ordered: pd.DataFrame, column: str, keep: int
) -> tuple[Dataset, Dataset]:
    """The first `keep` rows of `ordered` of each id stay in training; the others are the test."""
    out = ordered.index[(ordered.groupby(column, sort=False).cumcount() >= keep).to_numpy()]
    if not len(out):
        most = int(ordered[column].value_counts().max())
        raise ValueError(
            f"keep is {keep}, and of the {ordered[column].nunique()} cold {column[:4]}s drawn none has more than "
            f"{most} interactions; keep fewer, or nothing is left to test on."
        )
    is_test = np.asarray(table.index.isin(out))
    n, n_tested = ordered[column].nunique(), table.loc[is_test, column].nunique()
    note = f"{n_tested:,} cold {column[:4]}s with {keep} interactions each in training"
    if n > n_tested:
        note += f"; {n - n_tested:,} more drawn have no others and are not in the test"
    return _both(dataset, table, is_test, note)


def _number(fraction: float, n: int, kind: str) -> int:
    """How many of n to draw."""
    drawn = round(fraction * n)
    if not 0 < drawn < n:
        raise ValueError(f"{fraction} of {n} {kind} with interactions leaves one side empty; change the fraction.")
    return drawn


def _check_keep(keep: int) -> None:
    if isinstance(keep, bool) or not isinstance(keep, (int, np.integer)) or keep < 0:
        raise ValueError(f"keep is {keep!r}; it counts interactions that stay in training: 0, 1, 2, ...")


def _check_fraction(fraction: float) -> None:
    if not 0 < fraction < 1:
        raise ValueError(f"fraction is {fraction}; it must lie between 0 and 1, e.g. 0.2.")


def _in_time(dataset: Dataset, instead: str = "split_cold_items") -> pd.DataFrame:
    """The interactions from old to new; equal timestamps keep the table's order."""
    if "timestamp" not in dataset.interactions.columns:
        raise ValueError(f"interactions has no column 'timestamp', and a split by time needs one; use {instead}.")
    if dataset.interactions.empty:
        raise ValueError("interactions is empty; there is nothing to split.")
    return dataset.interactions.sort_values("timestamp", kind="stable")


def _both(dataset: Dataset, table: pd.DataFrame, is_test: np.ndarray, note: str | None) -> tuple[Dataset, Dataset]:
    # Back to the table's order, so that a later split breaks ties in the same way.
    train, test = table[~is_test].sort_index(), table[is_test].sort_index()
    notes = (note,) if note else ()
    return dataset.with_interactions(train, *notes), dataset.with_interactions(test, *notes)
