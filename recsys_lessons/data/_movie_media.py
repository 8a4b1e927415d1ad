"""Posters and plots of movies, by movieId, from a folder such as `recsys-lessons posters` makes."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from recsys_lessons.data._delimited import read_table
from recsys_lessons.data._errors import DataFileError, shown
from recsys_lessons.data._media_files import few

__all__ = ["ITEMS", "with_media"]

ITEMS = "items.csv"
_NEEDED = {"movieId": ("movieId",), "poster_file": ("poster_file", "poster"), "overview": ("overview", "plot")}


def with_media(items: pd.DataFrame, folder: str | os.PathLike) -> tuple[pd.DataFrame, list[str]]:
    """The items with the columns `poster` (an absolute path, or None) and `overview` (a plot, or ""), and notes.

    Args:
        items: with `item_id`, MovieLens's movieId. folder: holds items.csv with movieId, poster_file (a path within
            the folder, or "") and overview ("" where there is none).

    Raises:
        DataFileError: no folder, no items.csv or a damaged one, a movieId that is no number or stands twice, a poster
            outside the folder, or no movie in common.
    """
    place = Path(folder).expanduser().absolute()
    known = _read(place)
    there = known.index.isin(items["item_id"])
    if not there.any():
        raise DataFileError(
            f"{place / ITEMS} has no movie of this release: its movieIds are {few(known.index.astype(str))}, and those "
            f"of the release {few(items['item_id'].astype(str))}. Is it a folder for another catalogue?"
        )
    known = known[there]
    _check_titles(known, items, place)
    real = Path(os.path.realpath(place))
    posters, absent = {}, []
    for item_id, line, name in zip(known.index, known["line"], known["poster_file"], strict=True):
        if not name:
            continue
        path = _within(place, real, name, line)
        try:
            size = path.stat().st_size
        except OSError:
            size = 0
        if size:
            posters[item_id] = str(path)
        else:
            absent.append(name)
    overview = items["item_id"].map(known["overview"]).astype(object).where(lambda plots: plots.notna(), "")
    poster = pd.Series([posters.get(one) for one in items["item_id"]], dtype=object, index=items.index)
    notes = [
        f"poster: {len(posters):,} of {len(items):,} movies have one",
        f"overview: {int((overview != '').sum()):,} of {len(items):,} movies have one",
    ]
    if absent:
        notes.append(f"posters named in {ITEMS} that are missing or empty: {len(absent):,} ({few(absent)})")
    if not there.all():
        notes.append(f"movies of {ITEMS} that are not in this release: {int((~there).sum()):,}")
    return items.assign(poster=poster, overview=overview), notes


def _read(place: Path) -> pd.DataFrame:
    if not place.is_dir():
        what = "is a file" if place.exists() else "does not exist"
        raise DataFileError(
            f"media={str(place)!r} {what}. Pass a folder with {ITEMS} and posters: `recsys-lessons posters` makes one."
        )
    if not (place / ITEMS).is_file():
        names = few(sorted(path.name for path in place.iterdir()))
        raise DataFileError(
            f"{place} has no {ITEMS}; it has {names or 'no files'}. Pass a folder as `recsys-lessons posters` makes it."
        )
    where = f"{ITEMS} in {place}"
    table = read_table(place / ITEMS, where, _NEEDED).frame
    if table.empty:
        raise DataFileError(f"{where} has no movies below its header.")
    odd = ~table["movieId"].str.fullmatch(r"[0-9]{1,9}").to_numpy(dtype=bool)
    if odd.any():
        line = table.index[odd][0]
        raise DataFileError(f"line {line} of {where}: movieId is {shown(table['movieId'].loc[line])}, and no number.")
    ids = table["movieId"].astype(np.int64)
    again = ids.duplicated()
    if again.any():
        line, first = ids.index[again][0], ids.index[ids == ids[again].iloc[0]][0]
        raise DataFileError(f"movie {ids.loc[line]} stands in lines {first} and {line} of {where}; remove one.")
    title = table["title"] if "title" in table else ""
    kept = {
        "title": title,
        "poster_file": table["poster_file"],
        "overview": table["overview"],
        "line": table.index,
    }
    return pd.DataFrame(kept, index=table.index).set_index(pd.Index(ids))


def _check_titles(known: pd.DataFrame, items: pd.DataFrame, place: Path) -> None:
    """Refuse ids that mean other movies: those of ml-100k look like all the others, and are not."""
    ours = items.set_index("item_id")["title"].loc[known.index]
    differ = [bool(theirs) and not _alike(mine, theirs) for mine, theirs in zip(ours, known["title"], strict=True)]
    if sum(differ) > len(differ) / 2:
        row = differ.index(True)
        raise DataFileError(
            f"{place / ITEMS} is of a catalogue with other movieIds: movie {known.index[row]} is "
            f"{shown(known['title'].iloc[row])} there, and {shown(ours.iloc[row])} in this release (so are "
            f"{sum(differ):,} of {len(differ):,}). ml-100k has ids of its own; take a later release."
        )


def _alike(one: str, other: str) -> bool:
    words, others = (set(re.findall(r"\w+", title.casefold())) for title in (one, other))
    return 2 * len(words & others) >= len(words | others)


def _within(place: Path, real: Path, name: str, line: int) -> Path:
    """The poster's path, once it is sure that it stays in the folder: the table may have come from anybody."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    path = place / name
    outside = ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or "\0" in name
    if outside or not Path(os.path.realpath(path)).is_relative_to(real):
        raise DataFileError(
            f"line {line} of {ITEMS} in {place}: poster_file is {shown(name)}, which leads out of the folder. "
            "Write a path within it, such as posters/1.jpg, and copy the picture there."
        )
    return path
