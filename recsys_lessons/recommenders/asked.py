"""What a recommender is asked: histories and contexts in the forms that people write them, as tables of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from recsys_lessons.data.dataset import Dataset

__all__ = ["context_table", "history_matrix", "is_list_of_lists", "is_many"]

_FORMS = {
    "likes": "a list of item ids",
    "ratings": "{item_id: rating}, since it learns from ratings",
    "order": "a list of item ids, oldest first, or {item_id: timestamp}",
    "days": "{item_id: timestamp}, since it needs to know how long ago each was",
}


def history_matrix(many: Sequence, train: Dataset, kind: str, model: str) -> sparse.csr_matrix:
    """Histories as a matrix, (n, n_items).

    Args:
        many: one history a person: a list of item ids, or {item_id: value}.
        train: whose item table gives the columns.
        kind: what the values are: "likes" (1), "ratings", or "order" and "days" (timestamps in seconds; for a plain
            list in "order" 1, 2, 3, ... from the oldest to the latest).
        model: its name, for the errors.

    Returns:
        csr_matrix: float64 where the values are times, since a float32 of seconds since 1970 is two minutes wide, and
        float32 otherwise. An item named twice in a list counts once, as of its last place.

    Raises:
        ValueError: another form than the model takes, or a value that is not finite. KeyError: an unknown item.
    """
    rows = []
    for one in many:
        is_mapping = isinstance(one, Mapping)
        if is_mapping == (kind == "likes") and kind != "order":
            raise ValueError(f"{model} takes a history as {_FORMS[kind]}; it got a {type(one).__name__}.")
        ids = list(one)
        values = list(one.values()) if is_mapping else range(1, len(ids) + 1) if kind == "order" else [1] * len(ids)
        rows.append(dict(zip(train.item_rows(ids).tolist(), values, strict=True)))
    who = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    columns = np.array([item for row in rows for item in row], dtype=np.int64)
    dtype = np.float64 if kind in ("order", "days") else np.float32
    numbers = np.array([value for row in rows for value in row.values()], dtype=dtype)
    if not np.isfinite(numbers).all():
        what = "rating" if kind == "ratings" else "timestamp"
        raise ValueError(f"a history holds a {what} that is not finite; leave that item out.")
    return sparse.csr_matrix((numbers, (who, columns)), shape=(len(rows), train.n_items), dtype=dtype)


def context_table(context: Any, n: int, model: str) -> pd.DataFrame | None:
    """Contexts as a table with one row per list that is asked for, or None.

    Args:
        context: a dict, the same for all; a list of dicts; or a DataFrame with one row each.

    Raises:
        TypeError: something else. ValueError: another number of contexts than of lists.
    """
    if context is None:
        return None
    if isinstance(context, Mapping):
        return pd.DataFrame([dict(context)] * n)
    if isinstance(context, pd.DataFrame):
        table = context.reset_index(drop=True)
    elif is_many(context) and all(isinstance(one, Mapping) for one in context):
        table = pd.DataFrame([dict(one) for one in context])
    else:
        raise TypeError(
            f"context is a {type(context).__name__}; {model} takes a dict such as "
            '{"hour": 20, "company": "children"}, a list of dicts, or a DataFrame.'
        )
    if len(table) != n:
        raise ValueError(f"there are {len(table)} contexts for {n} lists; pass one each, or one dict for all.")
    return table


def is_many(users: Any) -> bool:
    return isinstance(users, Iterable) and not isinstance(users, (str, bytes, Mapping))


def is_list_of_lists(history: Sequence | None) -> bool:
    if history is None or isinstance(history, Mapping) or not len(history):
        return False
    first = list(history)[0]
    return is_many(first) or isinstance(first, Mapping)
