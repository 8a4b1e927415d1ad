"""Which file of a catalogue's folder holds what, told by its name, or else by the columns that its first line names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from recsys_lessons.data._delimited import column_of, first_fields
from recsys_lessons.data._errors import DataFileError

__all__ = ["COLUMNS", "Shelf", "find_shelf"]

# Our name of a column, and what else it may be called.
COLUMNS = {
    "user_id": ("user", "user_id", "uid", "用户", "用户id", "用户编号"),
    "item_id": (
        *(
            "item",
            "item_id",
            "itemid",
            "iid",
            "video",
            "video_id",
            "videoid",
            "movie_id",
            "movieid",
            "product_id",
            "id",
        ),
        *("物品", "物品id", "商品", "商品id", "视频", "视频id", "电影", "电影id", "编号"),
    ),
    "timestamp": ("timestamp", "time", "date", "datetime", "ts", "时间", "时间戳", "日期"),
    "rating": ("rating", "score", "stars", "评分"),
    "title": ("title", "name", "标题", "名称", "片名"),
    "caption": ("caption", "description", "overview", "描述", "简介", "说明"),
}
_PAIRS = re.compile(r"^(.*[_-])?(pairs|interactions|ratings)\.(csv|tsv)$", re.IGNORECASE)
_TITLES = re.compile(r"^(.*[_-])?titles?(_(en|zh|cn))?\.(csv|tsv)$", re.IGNORECASE)
_CONTEXT = re.compile(r"^(.*[_-])?context\.(csv|tsv)$", re.IGNORECASE)
_USERS = re.compile(r"^(.*[_-])?users\.(csv|tsv)$", re.IGNORECASE)
_TAGS = re.compile(r"^tags_to_summary\.csv$", re.IGNORECASE)


@dataclass(frozen=True)
class Shelf:
    """A catalogue's files.

    Attributes:
        folder: where they lie: the folder that was passed, or the one below it that holds a catalogue.
        pairs: the interactions; a tsv without a header holds a user and their items in each line.
        titles, context, users: None where there is none. facts: further tables of one row per item.
        categories: MicroLens's `tags_to_summary.csv`.
        aside: tables and zips that are not read.
    """

    folder: Path
    pairs: Path
    titles: Path | None
    context: Path | None
    users: Path | None
    categories: Path | None
    facts: tuple[Path, ...]
    aside: tuple[str, ...]

    def where(self, path: Path) -> str:
        return f"{path.name} in {self.folder}"


def find_shelf(folder: Path) -> Shelf:
    """The catalogue in a folder, or in the one folder below it that holds one.

    Raises:
        DataFileError: no folder, no interactions, or those of two catalogues.
    """
    if not folder.exists():
        raise DataFileError(f"there is no folder {str(folder)!r}. Pass the one that holds the pairs and the media.")
    if not folder.is_dir():
        raise DataFileError(
            f"{folder} is a file. Pass the folder with the pairs and the media: {str(folder.parent)!r}."
        )
    try:
        shelf = _shelf(folder)
        if shelf is None:
            below = [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.name.startswith((".", "__"))]
            shelves = [found for one in below if (found := _shelf(one))]
            if len(shelves) > 1:
                names = ", ".join(one.folder.name for one in shelves)
                raise DataFileError(f"{folder} holds {len(shelves)} catalogues ({names}). Pass the one that you mean.")
            if not shelves:
                raise DataFileError(_lack(folder))
            shelf = shelves[0]
    except PermissionError as error:
        raise DataFileError(f"{error.filename} may not be read ({error.strerror}). Ask its owner.") from error
    return shelf


def _shelf(folder: Path) -> Shelf | None:
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    tables = [path for path in files if path.suffix.lower() in (".csv", ".tsv")]
    pairs = [path for path in tables if _PAIRS.match(path.name)]
    named = set(pairs) | {
        path for path in tables for rule in (_CONTEXT, _USERS, _TAGS, _TITLES) if rule.match(path.name)
    }
    headers = {path: _header(path) for path in tables if path not in named}
    if not pairs:
        pairs = [path for path, names in headers.items() if _has(names, "user_id") and _has(names, "item_id")]
    if not pairs:
        return None
    titles = [path for path in tables if _TITLES.match(path.name) and path not in pairs]
    facts = [path for path, names in headers.items() if path not in pairs and _is_facts(names)]
    if not titles:
        titles = [path for path in facts if _has(headers[path], "title")]
    titles = sorted(titles, key=lambda path: (path.stem.lower().endswith("_en"), path.name))[:1]
    chosen = _one(pairs, folder)

    def first(rule: re.Pattern) -> Path | None:
        return next((path for path in tables if rule.match(path.name)), None)

    parts = (chosen, *titles, first(_CONTEXT), first(_USERS), first(_TAGS), *facts)
    known = {path for path in parts if path} | set(pairs)
    aside = [path for path in files if path not in known and path.suffix.lower() in (".csv", ".tsv", ".txt", ".zip")]
    return Shelf(
        folder,
        chosen,
        titles[0] if titles else None,
        first(_CONTEXT),
        first(_USERS),
        first(_TAGS),
        tuple(path for path in facts if path not in titles),
        tuple(path.name for path in aside if "readme" not in path.name.lower()),
    )


def _one(pairs: list[Path], folder: Path) -> Path:
    """The csv where there is a csv and a tsv of one catalogue: it has the times."""
    names = {path.stem.lower() for path in pairs}
    if len(names) > 1:
        listed = " and ".join(path.name for path in pairs)
        raise DataFileError(
            f"{folder} holds the interactions of several catalogues: {listed}. Keep one, move the rest."
        )
    return min(pairs, key=lambda path: path.suffix.lower() != ".csv")


def _header(path: Path) -> list[str]:
    try:
        return first_fields(path, path.name)[0]
    except DataFileError:
        return []  # nobody said that it is a table of this catalogue


def _has(names: list[str], ours: str) -> bool:
    return column_of(names, COLUMNS[ours]) is not None


def _is_facts(names: list[str]) -> bool:
    """A header with an item and something else, but no user: one row for each item."""
    return len(names) > 1 and _has(names, "item_id") and not _has(names, "user_id")


def _lack(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    if any(name.endswith(".parquet") for name in names):
        return (
            f"{folder} holds parquet files, such as those of the MMCTR challenge on MicroLens-1M: samples of clicks, "
            "in another layout. Pass a folder with MicroLens-1M_pairs.csv, or read them with pandas and use "
            "Dataset.from_frame."
        )
    listed = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    return (
        f"{folder} holds no interactions: it needs a csv or tsv with a column of users and one of items, such as "
        f"pairs.csv with user,item,timestamp, and has {listed or 'no files'}."
    )
