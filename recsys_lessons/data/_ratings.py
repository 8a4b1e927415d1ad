"""Millions of ratings from a release's file: narrow columns, a piece at a time, and a bad line found by its number."""

from __future__ import annotations

import io
import math

import numpy as np
import pandas as pd

from recsys_lessons.data._errors import DataFileError, did_you_mean, shown
from recsys_lessons.data._lines import blocks
from recsys_lessons.data._sources import Layout, Release

__all__ = ["read_ratings"]

# The file's names, and ours with what each is kept as. An id or a rating needs no 64 bits: that halves the memory.
COLUMNS = {"userId": "user_id", "movieId": "item_id", "rating": "rating", "timestamp": "timestamp"}
KEPT_AS = {"user_id": np.int32, "item_id": np.int32, "rating": np.float32, "timestamp": np.int64}
HIGHEST = 5.0
LARGEST_ID = np.iinfo(np.int32).max
OPENED, CLOSED = 788_918_400, 4_102_444_800  # MovieLens went online in 1995; 2100 in seconds
_SEPARATORS = {",": "commas", "\t": "tabs", "::": "double colons", ";": "semicolons", "|": "bars"}


def read_ratings(release: Release) -> pd.DataFrame:
    """All ratings, in the file's order: `user_id` and `item_id` int32, `rating` float32, `timestamp` int64.

    Raises:
        DataFileError: a missing column, another separator, a field that is missing, no number or out of range, with
            the line and the value; an empty, cut or damaged file.
    """
    where = release.where(release.layout.ratings)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in KEPT_AS}
    with release.files[release.layout.ratings]() as stream:
        names: list[str] = []
        for line, block in blocks(stream, where):
            if not names:
                names, skipped = _column_names(block, release.layout, where)
                block, line = block[skipped:], line + bool(skipped)
            for name, column in _parse(block, line, names, release.layout, where).items():
                parts[name].append(column)
    if not sum(map(len, parts["user_id"])):
        raise DataFileError(f"{where} has no ratings below its header. A download may have failed: fetch it again.")
    # One column at a time, so that pieces and whole are never in memory together for all four.
    return pd.DataFrame({name: np.concatenate(parts.pop(name)) for name in KEPT_AS}, copy=False)


def _column_names(block: bytes, layout: Layout, where: str) -> tuple[list[str], int]:
    """Our names of the file's columns ("" for those left aside), and the length of the header."""
    end = block.find(b"\n") + 1 or len(block)
    first = block[:end].decode("latin-1").strip("\r\n")
    fields = [_bare(field) for field in first.split(layout.separator)]
    if layout.header:
        found = [COLUMNS.get(field, "") for field in fields]
        missing = [theirs for theirs, ours in COLUMNS.items() if ours not in found]
        if not missing:
            twice = [name for name in KEPT_AS if found.count(name) > 1]
            if twice:
                raise DataFileError(f"{where} has two columns for {twice[0]}: {fields}. Remove one.")
            return found, end
    elif len(fields) == 4:
        return list(KEPT_AS), 0
    for separator, name in _SEPARATORS.items():
        if separator != layout.separator and len(first.split(separator)) >= 4:
            raise DataFileError(
                f"{where} is separated by {name}, and this release by {_SEPARATORS[layout.separator]}: line 1 is "
                f"{shown(first)}. Save it with {layout.separator!r} between the fields."
            )
    if not layout.header:
        raise DataFileError(f"line 1 of {where} has {len(fields)} fields, and 4 are expected: {shown(first)}.")
    if all(_number(field) is not None for field in fields):
        raise DataFileError(f"{where} has no header: line 1 is {shown(first)}. Put {','.join(COLUMNS)} above it.")
    rest = [field for field in fields if field not in COLUMNS]
    raise DataFileError(
        f"{where} has no column {missing[0]!r}; line 1 names {fields}. Rename the column, or download the release "
        f"again.{did_you_mean(missing[0], rest)}"
    )


def _parse(block: bytes, line: int, names: list[str], layout: Layout, where: str) -> dict[str, np.ndarray]:
    plain = block.replace(b"::", b",") if layout.separator == "::" else block
    separator = "," if layout.separator == "::" else layout.separator
    if not plain.strip():
        return {}
    wanted = [place for place, name in enumerate(names) if name]
    try:
        with np.errstate(all="ignore"):  # a number beyond all bounds is told below, in words
            table = pd.read_csv(
                io.BytesIO(plain),
                sep=separator,
                header=None,
                usecols=wanted,
                dtype={place: np.float32 if names[place] == "rating" else np.int64 for place in wanted},
                engine="c",
                low_memory=False,
            )
        columns = {names[place]: table[place].to_numpy() for place in wanted}
        in_range = all(_in_range(name, column, layout) for name, column in columns.items())
        why: Exception | str = "a value is out of range"
    except (ValueError, OverflowError) as error:  # pandas' ParserError is a ValueError
        in_range, why = False, error
    suspect = not in_range
    if in_range and len(wanted) == len(names):  # columns that we do not read may hold anything
        # A field too many is cut off without a word; only the separators tell. And 9.65E+08 is what a spreadsheet
        # makes of a timestamp: it would pass as a whole number.
        suspect = plain.count(separator.encode()) != (len(names) - 1) * len(table) or b"e" in plain or b"E" in plain
    fault = _complaint(block, line, names, layout, where) if suspect else None
    if fault is None and not in_range:
        fault = DataFileError(f"{where} cannot be read near line {line} ({why}). Fetch it again.")
    if fault:
        raise fault
    return {name: columns[name].astype(kind, copy=False) for name, kind in KEPT_AS.items()}


def _limits(name: str, layout: Layout) -> tuple[float, float]:
    if name == "rating":
        return layout.lowest, HIGHEST
    return (OPENED, CLOSED) if name == "timestamp" else (0, LARGEST_ID)


def _in_range(name: str, column: np.ndarray, layout: Layout) -> bool:
    low, high = _limits(name, layout)
    return bool(column.min() >= low and column.max() <= high)  # False for NaN, too


def _complaint(block: bytes, line: int, names: list[str], layout: Layout, where: str) -> DataFileError | None:
    """The first line of a block that is wrong, in words; None where each is right. Slow, and needed once."""
    lines = block.split(b"\n")
    for place, raw in enumerate(lines):
        text = raw.decode("utf-8", "replace").strip("\r")
        if not text.strip():
            continue
        why = _fault(text, names, layout)
        if why:
            cut = place == len(lines) - 1  # nothing ends this line, so it is the last one of the file
            advice = "Correct the line, or fetch the file again."
            if cut:
                advice = "Nothing ends this last line, so the file was probably cut short: fetch it again."
            return DataFileError(f"line {line + place} of {where} ({shown(text)}): {why}. {advice}")
    return None


def _fault(text: str, names: list[str], layout: Layout) -> str | None:
    fields = [_bare(field) for field in text.split(layout.separator)]
    if text.count('"') % 2:
        return "a quotation mark is opened and not closed"
    if len(fields) != len(names):
        return f"{len(fields)} fields, and {len(names)} are expected"
    for name, field in zip(names, fields, strict=True):
        if not name:
            continue
        value = _number(field)
        if value is None or math.isnan(value):
            return f"{name} is {shown(field)}, which is no number" if field else f"{name} is missing"
        low, high = _limits(name, layout)
        if not low <= value <= high:
            if name == "timestamp":
                return f"timestamp is {shown(field)}, which is no second between 1995 and 2100"
            return f"{name} is {shown(field)}, and must lie between {low} and {high}"
        if name != "rating" and not (field.lstrip("+").isdecimal() and field.isascii()):
            return f"{name} is {shown(field)}, and must be a whole number in plain digits"
    return None


def _bare(field: str) -> str:
    return field.strip().strip('"')


def _number(field: str) -> float | None:
    try:
        return float(field)
    except ValueError:
        return None
