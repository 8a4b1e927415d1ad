"""Catalogues of short videos on disk: MicroLens (Ni et al. 2023), TinyLens, or a learner's own folder."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys_lessons.data._delimited import column_of, read_table
from recsys_lessons.data._errors import DataFileError, shown
from recsys_lessons.data._media_files import few, find_media, ids_of_files
from recsys_lessons.data._microlens_files import COLUMNS, Shelf, find_shelf
from recsys_lessons.data._microlens_tables import by_item, read_pairs, read_titles
from recsys_lessons.data.dataset import Dataset

__all__ = ["load_microlens"]

_NUMBER = re.compile(r"0|[1-9]\d{0,17}")


def load_microlens(
    folder: str | os.PathLike,
    *,
    check_media: bool | str = True,
    min_rating: float | None = None,
    progress: bool = True,
) -> Dataset:
    """Who watched what, and where each item's picture, sound and video are; no medium is decoded here.

    Reads MicroLens-50k, -100k and -1M as they are published, a folder that `make_tinylens` has written, and a folder
    of one's own: `pairs.csv` with the columns user, item and, where it is known, timestamp; `titles.csv` with item and
    title, if there are titles; and files named after the items (`7.jpg`, `7.mp3`, `7.mp4`), in one folder or in
    several. Separators, column names in English and Chinese, and the encoding (UTF-8 or GB 18030) are told by the
    files. Tables of one row per item (captions, categories) become columns of the items, `context.csv` (user, item,
    hour, place, ...) columns of the interactions, `users.csv` columns of the users.

    Args:
        folder: the catalogue's folder, or the one around it.
        check_media: look at the first bytes of each file, and count it as missing where it is broken. "decode":
            decode each file to its end, which may take hours. False: neither.
        min_rating: where there is a column of ratings, keep those of at least this. None keeps all.
        progress: show a bar where the look takes over a second.

    Returns:
        Dataset. Its items are those of the titles, in their order, and then those of the interactions alone; without a
        table of titles, each file of media is an item's as well, also where nobody has met it yet. Columns:
        `item_id` (integers where each id is a whole number without leading zeros, else strings); `title` (the id, where
        there is none); `text`, title and caption, what an encoder reads ("" where there is neither); `cover`, `audio`,
        `video`: the absolute path of a file, or None. A column of media is there if some item has one. `timestamp` is
        in seconds. `notes` count what is missing, broken, stray or double, and name the first few.

    Raises:
        DataFileError: no folder, no interactions, or a table that is damaged or written in another way; the message
            names file, line, value and fix. ValueError: an unknown `check_media`, or `min_rating` without ratings.
    """
    shelf = find_shelf(Path(folder).expanduser())
    table, notes = read_pairs(shelf.pairs, shelf.where(shelf.pairs))
    facts, more = _facts(shelf)
    as_numbers = _numeric(table["item_id"]) and all(_numeric(one["item_id"]) for one in facts)
    table["item_id"] = _ids(table["item_id"], as_numbers)
    table["user_id"] = _ids(table["user_id"], _numeric(table["user_id"]))
    facts = [one.assign(item_id=_ids(one["item_id"], as_numbers)) for one in facts]
    table, told = _with_context(table, shelf)
    unlisted = [] if shelf.titles else ids_of_files(shelf.folder, as_numbers)
    items, untitled = _items(table, facts, shelf, unlisted)
    found = find_media(shelf.folder, items["item_id"].tolist(), check=check_media, progress=progress)
    for kind, paths in found.paths.items():
        items[kind] = pd.Series(paths, dtype=object)  # never NaN in place of None
    names = {name: name for name in ("rating", "timestamp") if name in table.columns}
    data = Dataset.from_frame(
        table,
        items=items,
        users=_users(table, shelf),
        rating=names.get("rating"),
        timestamp=names.get("timestamp"),
        min_rating=min_rating,
    )
    if "text" not in items.columns:
        data = replace(data, items=data.items.drop(columns="text"))  # an id is nothing to encode
    media = found.notes or ("there are no pictures, sounds or videos in this folder",)
    aside = (f"not read: {few(shelf.aside)} ({len(shelf.aside)} in all)",) if shelf.aside else ()
    return replace(data, notes=(*notes, *more, *told, *untitled, *data.notes, *media, *aside))


def _facts(shelf: Shelf) -> tuple[list[pd.DataFrame], list[str]]:
    """Titles first, then the further tables of one row per item; ids are strings."""
    tables, notes = [], []
    if shelf.titles:
        table, told = read_titles(shelf.titles, shelf.where(shelf.titles))
        tables.append(table)
        notes += told
    for path, headerless in [(path, None) for path in shelf.facts] + [(shelf.categories, "category")]:
        if path:
            table, told = by_item(path, shelf.where(path), headerless=headerless)
            tables.append(table)
            notes += told
    return tables, notes


def _numeric(ids: pd.Series) -> bool:
    if pd.api.types.is_integer_dtype(ids.dtype):
        return True
    return all(_NUMBER.fullmatch(one) for one in ids.unique())


def _ids(ids: pd.Series, as_numbers: bool) -> pd.Series:
    return ids.astype(np.int64) if as_numbers else ids.astype(str)


def _like(ids: pd.Series, model: pd.Series, name: str, where: str, pairs: str) -> pd.Series:
    """The ids of a side table, of the kind that the interactions have."""
    numbers = pd.api.types.is_integer_dtype(model.dtype)
    if numbers and not _numeric(ids):
        odd = next(one for one in ids if not _NUMBER.fullmatch(one))
        raise DataFileError(f"{where} has the {name[:4]} {shown(odd)}, and {pairs} has whole numbers only.")
    return _ids(ids, numbers)


def _items(
    table: pd.DataFrame, facts: list[pd.DataFrame], shelf: Shelf, unlisted: list
) -> tuple[pd.DataFrame, list[str]]:
    """The item table; `unlisted` are ids that only files are named after."""
    seen = pd.Series(pd.unique(pd.Series([*table["item_id"].unique(), *unlisted], dtype=table["item_id"].dtype)))
    seen = seen.sort_values()
    listed = facts[0]["item_id"] if facts else seen[:0]
    items = pd.DataFrame({"item_id": pd.concat([listed, seen[~seen.isin(listed)]], ignore_index=True)})
    for one in facts:
        columns = [name for name in one.columns if name == "item_id" or name not in items.columns]
        items = items.merge(one[columns], on="item_id", how="left")
    words = [name for name in items.columns if name != "item_id"]
    items[words] = items[words].astype(object).fillna("")
    caption = column_of(list(items.columns), COLUMNS["caption"])
    if "title" not in items.columns:
        items["title"] = items["item_id"].astype(str)
        if caption is not None:
            items["text"] = items[caption]
        new = sorted(set(unlisted) - set(table["item_id"]))
        alone = [f"items of which there are only files: {len(new):,} ({few(map(str, new))})"] if new else []
        return items, ["there are no titles: an item's title is its id", *alone]
    untitled = items["title"] == ""
    text = items["title"]
    if caption is not None:
        both = (text != "") & (items[caption] != "")
        text = text.where(~both, text + ". ") + items[caption]
    names = items["item_id"].astype(str)
    items["text"] = text if "text" not in items.columns else items["text"]
    items["title"] = items["title"].where(~untitled, names)
    if not untitled.any():
        return items, []
    count = f"{int(untitled.sum()):,} of {len(items):,} items have no title in {shelf.titles.name}"
    return items, [f"{count}; theirs is the id ({few(names[untitled])})"]


def _with_context(table: pd.DataFrame, shelf: Shelf) -> tuple[pd.DataFrame, list[str]]:
    """Columns of context.csv beside the interactions of the same user and item, at the same time where it has times."""
    if shelf.context is None:
        return table, []
    where = shelf.where(shelf.context)
    context, notes = read_pairs(shelf.context, where)
    notes = [note for note in notes if "became seconds" not in note]
    for name in ("user_id", "item_id"):
        context[name] = _like(context[name], table[name], name, where, shelf.pairs.name)
    keys = [name for name in ("user_id", "item_id", "timestamp") if name in context and name in table]
    new = [name for name in context.columns if name not in table.columns]
    again = context.duplicated(keys)
    if again.any():
        notes.append(f"{where}: {int(again.sum()):,} rows of an interaction that has one already, and not used")
    joined = table.merge(context.loc[~again, [*keys, *new]], on=keys, how="left", indicator=True)
    lost = int((joined.pop("_merge") == "left_only").sum())
    if lost:
        notes.append(f"{lost:,} of {len(joined):,} interactions have no row in {shelf.context.name}")
    return joined, notes


def _users(table: pd.DataFrame, shelf: Shelf) -> pd.DataFrame | None:
    if shelf.users is None:
        return None
    where = shelf.where(shelf.users)
    known = read_table(shelf.users, where, {"user_id": COLUMNS["user_id"]}).frame
    again = known["user_id"].duplicated()
    if again.any():
        line = known.index[again][0]
        raise DataFileError(f"line {line} of {where}: user {known['user_id'].loc[line]} stands twice; remove one.")
    known["user_id"] = _like(known["user_id"], table["user_id"], "user_id", where, shelf.pairs.name)
    everyone = pd.DataFrame({"user_id": pd.concat([known["user_id"], table["user_id"]]).unique()})
    users = everyone.sort_values("user_id", ignore_index=True).merge(known, on="user_id", how="left")
    rest = [name for name in users.columns if name != "user_id"]
    return users.assign(**{name: users[name].fillna("") for name in rest})
