"""Items, users and interactions as three tables, and the way from ids to rows and back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import sparse

__all__ = ["Dataset"]


@dataclass(frozen=True, repr=False)
class Dataset:
    """What a recommender learns from.

    Row i of `items` is column i of every matrix, row i of every embedding table and column i of every score array; row
    u of `users` is row u of the interaction matrix. A split changes `interactions` and keeps the other two as they are.

    Attributes:
        items: one row per item, with at least `item_id` (unique) and `title`.
        users: one row per user, with at least `user_id` (unique).
        interactions: one row per event, with `user_id`, `item_id`, and optionally `rating` and `timestamp` (seconds).
        notes: what was left out on the way here, one sentence each; shown by `repr`.

    Raises:
        ValueError: a column is missing, an id is missing or stands twice, or an interaction names an id that the other
            tables lack.
    """

    items: pd.DataFrame
    users: pd.DataFrame
    interactions: pd.DataFrame
    notes: tuple[str, ...] = ()
    _item_index: pd.Index = field(init=False, compare=False)
    _user_index: pd.Index = field(init=False, compare=False)

    def __post_init__(self) -> None:
        for name, needed in {
            "items": ["item_id", "title"],
            "users": ["user_id"],
            "interactions": ["user_id", "item_id"],
        }.items():
            table = getattr(self, name)
            missing = [column for column in needed if column not in table.columns]
            if missing:
                raise ValueError(f"{name} has no column {missing[0]!r}; it has {list(table.columns)}. Rename one.")
            object.__setattr__(self, name, table.reset_index(drop=True))
        for name, column in (("items", "item_id"), ("users", "user_id")):
            ids = getattr(self, name)[column]
            if ids.isna().any():
                raise ValueError(
                    f"{name}.{column} is missing in row {int(np.flatnonzero(ids.isna())[0])}; fill it or drop it."
                )
            if ids.duplicated().any():
                raise ValueError(
                    f"{name}.{column} {ids[ids.duplicated()].tolist()[0]!r} stands twice; keep one row per id."
                )
            object.__setattr__(self, f"_{column[:4]}_index", pd.Index(ids))
        for column, index in (("item_id", self._item_index), ("user_id", self._user_index)):
            known = self.interactions[column].isin(index)
            if not known.all():
                row = int(np.flatnonzero(~known)[0])
                raise ValueError(
                    f"interactions.{column} {self.interactions[column].tolist()[row]!r} (row {row}; "
                    f"{int((~known).sum())} in all) is not in {column[:4]}s; add it there, or drop those rows."
                )

    @classmethod
    def from_frame(
        cls,
        interactions: pd.DataFrame,
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
        *,
        user: str = "user_id",
        item: str = "item_id",
        rating: str | None = "rating",
        timestamp: str | None = "timestamp",
        title: str = "title",
        min_rating: float | None = None,
        missing: str = "raise",
    ) -> Dataset:
        """Anybody's own tables as a Dataset. They are checked, and not changed.

        Args:
            interactions: one row per event. Of several events of one user and item the latest is kept (the last row
                where timestamps are equal or absent), and `notes` counts the others. Columns beyond those named below
                stay as they are.
            items: one row per item, with the column `item`. Without it, the items are those of `interactions`, in
                sorted order. Where there are titles and no column `text`, it is made of title and `genres` (a list, or
                "Comedy|Drama"). Without titles, an item's title is its id, and there is no text to encode.
            users: one row per user, with the column `user`; without it, the users of `interactions`, sorted.
            user, item: the columns with ids: integers or strings, of one kind in all tables.
            rating: a column of numbers; None where there is none, or it does not matter.
            timestamp: seconds since 1970 (milli-, micro- and nanoseconds are told by their size), dates and times, or
                ISO 8601 strings; UTC where no time zone is named. Becomes int64 seconds. None where there is none.
            title: the column of `items` that people know an item by.
            min_rating: keep interactions that are rated at least this; None keeps all. Both other tables stay whole.
            missing: what to do with an interaction without an id, a rating or a timestamp: "raise", or "drop" and
                count in `notes`.

        Raises:
            TypeError: not a DataFrame. ValueError: a column is not there (the message shows those that are), a value is
                missing or is no id, number or moment (with row, value and fix), an id stands twice in its table, or is
                not in it at all.
        """
        from recsys_lessons.data._frames import tables

        names = {"user_id": user, "item_id": item, "rating": rating, "timestamp": timestamp, "title": title}
        items, users, interactions, notes = tables(
            interactions, items, users, names=names, min_rating=min_rating, missing=missing
        )
        return cls(items=items, users=users, interactions=interactions, notes=tuple(notes))

    @property
    def n_items(self) -> int:
        return len(self.items)

    @property
    def n_users(self) -> int:
        return len(self.users)

    def item_rows(self, item_ids: Iterable) -> np.ndarray:
        """Ids to rows of `items`: (n,) int64. Raises KeyError that names the ids it does not know."""
        return _rows(self._item_index, item_ids, "item")

    def user_rows(self, user_ids: Iterable) -> np.ndarray:
        """Ids to rows of `users`: (n,) int64. Raises KeyError that names the ids it does not know."""
        return _rows(self._user_index, user_ids, "user")

    def matrix(self, values: str | None = None, *, dtype: type = np.float32) -> sparse.csr_matrix:
        """The interactions as a sparse matrix, (n_users, n_items).

        Args:
            values: a column of `interactions` to fill in; None writes 1 for "has interacted". Several events of one
                pair become 1, or the latest of their values.
            dtype: of the values; seconds since 1970 need float64.
        """
        if values is not None and values not in self.interactions.columns:
            raise ValueError(f"interactions has no column {values!r}; it has {list(self.interactions.columns)}.")
        matrix = self._filled(self.interactions, values, dtype)
        if matrix.nnz == len(self.interactions):
            return matrix  # no pair stands twice, so nothing was added up; sorting all of a large table costs gigabytes
        if values is None:
            matrix.data[:] = 1.0
            return matrix
        table = self.interactions
        if "timestamp" in table.columns:
            table = table.sort_values("timestamp", kind="stable")
        return self._filled(table.drop_duplicates(["user_id", "item_id"], keep="last"), values, dtype)

    def _filled(self, table: pd.DataFrame, values: str | None, dtype: type) -> sparse.csr_matrix:
        users = self._user_index.get_indexer(table["user_id"]).astype(np.int32)
        items = self._item_index.get_indexer(table["item_id"]).astype(np.int32)
        numbers = np.ones(len(table), dtype) if values is None else table[values].to_numpy(dtype=dtype)
        return sparse.csr_matrix((numbers, (users, items)), shape=(self.n_users, self.n_items))

    def history(self, user_id) -> pd.DataFrame:
        """The interactions of one user, oldest first, with the items' titles."""
        self.user_rows([user_id])
        rows = self.interactions[self.interactions["user_id"] == user_id]
        if "timestamp" in rows.columns:
            rows = rows.sort_values("timestamp", kind="stable")
        return rows.merge(self.items[["item_id", "title"]], on="item_id", how="left")

    def active_items(self) -> np.ndarray:
        """Ids of the items with at least one interaction here, in the item table's order."""
        # Of 25 million interactions, the distinct ids make a far smaller table to look things up in.
        return self.items.loc[self.items["item_id"].isin(self.interactions["item_id"].unique()), "item_id"].to_numpy()

    def search(self, words: str, limit: int = 20) -> pd.DataFrame:
        """Items whose title holds every word, whatever the case and punctuation; the most interacted-with first."""
        title = self.items["title"].str.casefold()
        found = np.ones(self.n_items, dtype=bool)
        for word in re.findall(r"\w+", words.casefold()):
            found &= title.str.contains(word, regex=False).to_numpy()
        counts = self.items["item_id"].map(self.interactions["item_id"].value_counts()).fillna(0)
        order = np.lexsort((np.arange(self.n_items), -counts.to_numpy()))
        return self.items.iloc[[row for row in order if found[row]][:limit]]

    def with_interactions(self, interactions: pd.DataFrame, *notes: str) -> Dataset:
        """The same items and users with other interactions (a split, a filter)."""
        return replace(self, interactions=interactions, notes=self.notes + notes)

    def _facts(self) -> list[tuple[str, str]]:
        n = len(self.interactions)
        cells = self.n_items * self.n_users
        facts = [
            ("items", f"{self.n_items:,} ({len(self.active_items()):,} with interactions)"),
            ("users", f"{self.n_users:,} ({self.interactions['user_id'].nunique():,} with interactions)"),
            ("interactions", f"{n:,}" + (f" ({n / cells:.2%} of all user-item pairs)" if cells else "")),
        ]
        if n and "timestamp" in self.interactions.columns:
            first, last = pd.to_datetime(self.interactions["timestamp"].agg(["min", "max"]), unit="s").dt.date
            facts.append(("dates", f"{first} to {last}"))
        return facts + [("note", note) for note in self.notes]

    def __repr__(self) -> str:
        return "Dataset\n" + "\n".join(f"  {name:<13}{value}" for name, value in self._facts())

    def _repr_html_(self) -> str:
        left = "style='text-align:left'"
        rows = "".join(
            f"<tr><th {left}>{html.escape(name)}</th><td {left}>{html.escape(value)}</td></tr>"
            for name, value in self._facts()
        )
        return f"<table>{rows}</table>{self.items.head(3).to_html(index=False, escape=True)}"


def _rows(index: pd.Index, ids: Iterable | Sequence, kind: str) -> np.ndarray:
    ids = list(ids)
    rows = index.get_indexer(ids) if ids else np.array([], dtype=np.int64)
    if (rows < 0).any():
        unknown = [value for value, row in zip(ids, rows, strict=True) if row < 0]
        shown = ", ".join(repr(value) for value in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        raise KeyError(
            f"unknown {kind} id {shown} ({len(unknown)} of {len(ids)}); "
            f"the known ones are in .{kind}s, e.g. {index[:3].tolist()}."
        )
    return rows.astype(np.int64)
