"""Anybody's tables, checked and brought into the shape of a `Dataset`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from recsys_lessons.data._columns import as_ids, as_ratings, as_seconds, kind_of, missing_in
from recsys_lessons.data._errors import did_you_mean, shown

__all__ = ["at_least", "drop_repeats", "tables"]

_DEFAULTS = {"rating": "rating", "timestamp": "timestamp"}


def tables(
    interactions: pd.DataFrame,
    items: pd.DataFrame | None,
    users: pd.DataFrame | None,
    *,
    names: dict[str, str | None],
    min_rating: float | None,
    missing: str,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[str]]:
    """Items, users, interactions and notes; see `Dataset.from_frame`.

    Args:
        names: the caller's column for "user_id", "item_id", "rating", "timestamp" and "title".
    """
    if missing not in ("raise", "drop"):
        raise ValueError(f"missing is {missing!r}; it is 'raise' or 'drop'.")
    table, notes = _interactions(interactions, names, missing)
    items = _items(items, table, names)
    users = _with_ids(users, "users", "user_id", names["user_id"]) if users is not None else _ids_of(table, "user_id")
    _check_known(table, items, "item_id", names["item_id"])
    _check_known(table, users, "user_id", names["user_id"])
    table, repeats = drop_repeats(table)
    if repeats:
        notes.append(f"left out: {repeats:,} earlier interactions of the same user and item")
    if min_rating is not None and "rating" not in table.columns:
        raise ValueError(f"min_rating is {min_rating}, and there are no ratings; name their column with rating=.")
    table, note = at_least(table, min_rating)
    return items, users, table, notes + note


def at_least(table: pd.DataFrame, min_rating: float | None) -> tuple[pd.DataFrame, list[str]]:
    """The rows rated so or higher, and a note on how many they are.

    Raises:
        ValueError: none is.
    """
    if min_rating is None:
        return table, []
    liked = table["rating"] >= min_rating
    if not liked.any():
        raise ValueError(f"min_rating is {min_rating}, and the highest rating is {table['rating'].max()}.")
    note = f"an interaction is a rating of {min_rating:g} or more: {int(liked.sum()):,} of {len(liked):,}"
    return table[liked], [note]


def drop_repeats(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Keep the latest row of each (user, item) pair, in the table's order; returns the number of rows dropped.

    Of two rows with the same timestamp, or without one, the later in the table is kept. Row numbers in the index stay.
    """
    # A pair of row numbers fits into one int64, and sorting those takes a fraction of the memory of a hash table.
    pair = _codes(table["user_id"]) << 32
    pair |= _codes(table["item_id"])
    if bool((pair[1:] > pair[:-1]).all()):
        return table, 0  # releases are mostly in this order
    ordered = np.sort(pair)
    repeated = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(repeated):
        return table, 0
    suspects = np.isin(pair, repeated)
    latest = pd.DataFrame({"place": np.flatnonzero(suspects), "pair": pair[suspects]})
    if "timestamp" in table.columns:
        latest["timestamp"] = table["timestamp"].to_numpy()[suspects]
        latest = latest.sort_values("timestamp", kind="stable")
    dropped = latest.loc[latest.duplicated("pair", keep="last"), "place"].to_numpy()
    kept = np.ones(len(table), dtype=bool)
    kept[dropped] = False
    return table[kept], len(dropped)


def _codes(ids: pd.Series) -> np.ndarray:
    """Ids as int64 below 2**31, equal where they are equal."""
    values = ids.to_numpy()
    if values.dtype.kind == "i" and values.itemsize <= 4 and values.min() >= 0:
        return values.astype(np.int64)
    return pd.factorize(ids)[0].astype(np.int64)


def _interactions(frame: pd.DataFrame, names: dict[str, str | None], missing: str) -> tuple[pd.DataFrame, list[str]]:
    _check_frame(frame, "interactions")
    if frame.empty:
        raise ValueError("interactions has no rows; there is nothing to learn from.")
    chosen = {ours: _find(frame, "interactions", ours, names[ours]) for ours in ("user_id", "item_id")}
    for ours in ("rating", "timestamp"):
        found = _find_optional(frame, ours, names[ours])
        if found is not None:
            chosen[ours] = found
    frame = _renamed(frame, chosen, "interactions").reset_index(drop=True)
    notes = []
    empty = {ours: missing_in(frame[ours]) for ours in chosen}
    for ours, where in empty.items():
        if where.any() and missing == "raise":
            row = int(np.flatnonzero(where)[0])
            raise ValueError(
                f"interactions.{chosen[ours]} is missing ({shown(frame[ours].iloc[row])}) in row {row} "
                f"({int(where.sum()):,} in all). Fill it, drop those rows with missing='drop'"
                + (f", or leave the column aside with {ours}=None." if ours in _DEFAULTS else ".")
            )
    lost = np.logical_or.reduce(list(empty.values()))
    if lost.any():
        if lost.all():
            raise ValueError(f"every one of the {len(frame):,} interactions lacks a value in {list(chosen.values())}.")
        counts = ", ".join(f"{chosen[ours]} {int(where.sum()):,}" for ours, where in empty.items() if where.any())
        notes.append(f"left out: {int(lost.sum()):,} interactions with a missing value ({counts})")
        # Rows keep their numbers, so that a message after this one still names the caller's.
        frame = frame[~lost]
    made = {ours: as_ids(frame[ours], chosen[ours]) for ours in ("user_id", "item_id")}
    if "rating" in chosen:
        made["rating"] = as_ratings(frame["rating"], chosen["rating"])
    if "timestamp" in chosen:
        made["timestamp"], unit = as_seconds(frame["timestamp"], chosen["timestamp"])
        if unit:
            notes.append(f"{chosen['timestamp']}: {unit} became seconds since 1970, UTC")
    rest = {name: frame[name] for name in frame.columns if name not in made}
    return pd.DataFrame({**made, **rest}, copy=False), notes


def _items(items: pd.DataFrame | None, table: pd.DataFrame, names: dict[str, str | None]) -> pd.DataFrame:
    if items is None:
        made = _ids_of(table, "item_id")
        return made.assign(title=made["item_id"].astype(str))
    items = _with_ids(items, "items", "item_id", names["item_id"])
    theirs = names["title"] or "title"
    if theirs not in items.columns:
        if theirs != "title" or did_you_mean(theirs, items.columns):
            _find(items, "items", "title", theirs)
        return items.assign(title=items["item_id"].astype(str))
    items = _renamed(items, {"title": theirs}, "items")
    untitled = missing_in(items["title"])
    if untitled.any():
        row = int(np.flatnonzero(untitled)[0])
        raise ValueError(
            f"items.{theirs} is missing in row {row}, of item {shown(items['item_id'].iloc[row])} "
            f"({int(untitled.sum()):,} in all). Fill it, or drop those items and their interactions."
        )
    items["title"] = items["title"].astype(str)
    if "text" not in items.columns:
        items["text"] = items["title"]
        if "genres" in items.columns:
            items["text"] += (". " + items["genres"].map(_words)).where(items["genres"].map(_words) != "", "")
    return items


def _words(genres: object) -> str:
    """Genres as a phrase, from a list or from "Comedy|Drama"; "" where there are none."""
    if isinstance(genres, str):
        genres = genres.split("|")
    if not isinstance(genres, Iterable):
        return ""  # None or NaN
    return ", ".join(str(genre).strip() for genre in genres if str(genre).strip() not in ("", "(no genres listed)"))


def _ids_of(table: pd.DataFrame, name: str) -> pd.DataFrame:
    # Sorted, so that the order does not depend on that of the interactions.
    return pd.DataFrame({name: pd.Series(pd.unique(table[name])).sort_values(ignore_index=True)})


def _with_ids(frame: pd.DataFrame, which: str, ours: str, theirs: str) -> pd.DataFrame:
    _check_frame(frame, which)
    column = ours if theirs not in frame.columns and ours in frame.columns else _find(frame, which, ours, theirs)
    frame = _renamed(frame, {ours: column}, which).reset_index(drop=True)
    missing = missing_in(frame[ours])
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise ValueError(f"{which}.{column} is missing in row {row} ({int(missing.sum()):,} in all); fill or drop it.")
    frame[ours] = as_ids(frame[ours], column) if len(frame) else frame[ours]
    return frame


def _check_frame(frame: object, which: str) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"{which} is a {type(frame).__name__}; make a DataFrame of it first: pd.DataFrame({which}).")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"{which} has two columns named {twice[0]!r}. Rename or drop one.")


def _find(frame: pd.DataFrame, which: str, ours: str, theirs: str | None) -> str:
    if theirs in frame.columns:
        return theirs
    word = ours.removesuffix("_id")
    raise ValueError(
        f"{which} has no column {theirs!r}; it has {list(frame.columns)}. Name it with {word}=."
        f"{did_you_mean(str(theirs), frame.columns)}"
    )


def _find_optional(frame: pd.DataFrame, ours: str, theirs: str | None) -> str | None:
    if theirs is None or theirs in frame.columns:
        return theirs
    hint = did_you_mean(theirs, frame.columns)
    if theirs == _DEFAULTS[ours] and not hint:
        return None  # the table has none, and nobody said that it had
    raise ValueError(
        f"interactions has no column {theirs!r}; it has {list(frame.columns)}. Name it with {ours}=, or say "
        f"{ours}=None where there is none.{hint}"
    )


def _renamed(frame: pd.DataFrame, chosen: dict[str, str], which: str) -> pd.DataFrame:
    """A frame of its own, with our names."""
    if len(set(chosen.values())) < len(chosen):
        raise ValueError(f"{which}: one column cannot stand for two of {list(chosen)}; got {list(chosen.values())}.")
    for ours, theirs in chosen.items():
        if ours != theirs and ours in frame.columns and ours not in chosen.values():
            raise ValueError(f"{which} has {theirs!r} to be used as {ours!r}, and a column {ours!r} too. Drop one.")
    frame = frame.rename(columns={theirs: ours for ours, theirs in chosen.items()}).copy(deep=False)
    for ours in chosen:
        if isinstance(frame[ours].dtype, pd.CategoricalDtype):
            frame[ours] = frame[ours].astype(frame[ours].cat.categories.dtype)
    return frame


def _check_known(table: pd.DataFrame, others: pd.DataFrame, ours: str, theirs: str) -> None:
    which = ours.removesuffix("_id") + "s"
    known = table[ours].isin(others[ours]).to_numpy()
    if known.all():
        return
    if not known.any() and len(others) and kind_of(table[ours])[:3] != kind_of(others[ours])[:3]:
        raise ValueError(
            f"interactions.{theirs} has {kind_of(table[ours])}, and {which}.{theirs} has {kind_of(others[ours])}. Make "
            "them alike with astype(str) or astype(int)."
        )
    stray = table.loc[~known, ours]
    raise ValueError(
        f"interactions.{theirs} {shown(stray.iloc[0])} (row {stray.index[0]}; {len(stray):,} in all) is not in "
        f"{which}; add it there, or drop those rows."
    )
