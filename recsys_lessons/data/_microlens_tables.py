"""A catalogue's tables, read: interactions by the million, and what is known of items and users."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import pandas as pd

from recsys_lessons.data._columns import as_ratings, as_seconds, missing_in
from recsys_lessons.data._delimited import column_of, decoded, first_fields, read_table
from recsys_lessons.data._errors import DataFileError, did_you_mean, shown
from recsys_lessons.data._microlens_files import COLUMNS

__all__ = ["by_item", "read_pairs", "read_titles"]

_OPTIONAL = ("timestamp", "rating")


def read_pairs(path: Path, where: str) -> tuple[pd.DataFrame, list[str]]:
    """The interactions: `user_id`, `item_id`, and what else the file holds; ids are integers or strings as written.

    Returns:
        (table, notes); `timestamp` in seconds and `rating` as numbers, where there are any.

    Raises:
        DataFileError: no header, a missing column, a row with other fields, an id, time or rating that is missing or
            is none, with line and value; an empty file, a web page, another encoding.
    """
    header, separator = first_fields(path, where)
    if separator == "\t" and len(header) == 2 and column_of(header, COLUMNS["item_id"]) is None:
        return _read_sequences(path, where)
    chosen = _chosen(header, where)
    data = path.read_bytes()
    note = None
    if not data.isascii():
        text, note = decoded(data, where)
        data = text.encode()
    ids = [chosen["user_id"], chosen["item_id"]]
    table = _parsed(data, header, separator, where, {})
    # An id of digits is a number, unless a leading zero is a part of it; everything else stays as it was written.
    zeros = re.search(rb'(?:^|[\n"]|' + re.escape(separator.encode()) + rb")0\d", data) is not None
    if zeros or not all(pd.api.types.is_integer_dtype(table[name].dtype) for name in ids):
        table = _parsed(data, header, separator, where, dict.fromkeys(ids, str))
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    table.index = table.index + 2
    word = "line" if len(table) + 1 == lines else "row"  # a line end inside a field moves the lines
    del data
    blank = table.isna().all(axis=1)
    table = table[~blank].rename(columns={theirs: ours for ours, theirs in chosen.items()})
    if not len(table):
        raise DataFileError(f"{where} has no interactions below its header.")
    return _checked(table, chosen, where, word, [note] if note else [])


def _chosen(header: list[str], where: str) -> dict[str, str]:
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    if twice:
        raise DataFileError(f"{where} has two columns named {twice[0]!r}: {header}. Rename one.")
    chosen = {ours: column_of(header, COLUMNS[ours]) for ours in ("user_id", "item_id", *_OPTIONAL)}
    for ours in ("user_id", "item_id"):
        if chosen[ours] is None:
            word = COLUMNS[ours][0]
            if all(field.replace(".", "").isdecimal() for field in header):
                raise DataFileError(f"{where} has no header: line 1 is {header}. Put user,item,timestamp above it.")
            raise DataFileError(
                f"{where} has no column {word!r}; line 1 names {header}. Rename the column.{did_you_mean(word, header)}"
            )
    return {ours: theirs for ours, theirs in chosen.items() if theirs is not None}


def _parsed(data: bytes, header: list[str], separator: str, where: str, kinds: dict) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a field too many in every row
            return pd.read_csv(
                io.BytesIO(data.removeprefix(b"\xef\xbb\xbf")),
                sep=separator,
                header=0,
                names=header,
                dtype=kinds,
                index_col=False,
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,
                skipinitialspace=True,
                low_memory=False,
                encoding="utf-8",
            )
    except pd.errors.ParserWarning as error:
        raise DataFileError(
            f"the rows of {where} have more fields than the header, {header}. Name each column in line 1."
        ) from error
    except pd.errors.ParserError as error:
        told = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        if told:
            line = data.split(b"\n", int(told[2]))[int(told[2]) - 1].decode("utf-8", "replace").rstrip("\r")
            raise DataFileError(
                f"line {told[2]} of {where} ({shown(line)}): {told[3]} fields, and the header has {told[1]}. Correct "
                f"the line; a field that holds {separator!r} stands in quotation marks."
            ) from error
        raise DataFileError(f"{where} cannot be read ({error}). Correct it, or fetch it again.") from error


def _checked(table: pd.DataFrame, chosen: dict, where: str, word: str, notes: list) -> tuple[pd.DataFrame, list[str]]:
    for ours, theirs in chosen.items():
        if isinstance(table[ours].dtype, pd.StringDtype) or table[ours].dtype == object:
            table[ours] = table[ours].map(lambda value: value.strip() if isinstance(value, str) else value)
        empty = missing_in(table[ours])
        if empty.any():
            line = table.index[empty][0]
            raise DataFileError(
                f"{word} {line} of {where}: {theirs} is missing ({int(empty.sum()):,} in all). Fill it in, or remove "
                "those lines."
            )
    try:
        if "rating" in table:
            table["rating"] = as_ratings(table["rating"], chosen["rating"])
        if "timestamp" in table:
            table["timestamp"], unit = as_seconds(table["timestamp"], chosen["timestamp"])
            if unit:
                notes.append(f"{chosen['timestamp']}: {unit} became seconds since 1970, UTC")
    except ValueError as error:
        message = str(error).replace(" in row ", f" in {word} ").replace("frame[", "table[")
        raise DataFileError(f"{where}: {message}") from error
    return table, notes


def _read_sequences(path: Path, where: str) -> tuple[pd.DataFrame, list[str]]:
    """MicroLens's pairs.tsv: a user, a tab, and their items from old to new with spaces between."""
    text, _ = decoded(path.read_bytes(), where)
    users, items = [], []
    for line, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        user, tab, rest = row.partition("\t")
        found = rest.replace(",", " ").split()
        if not tab or not user.strip() or not found:
            raise DataFileError(f"line {line} of {where} ({shown(row)}): a user, a tab and items are expected.")
        users += [user.strip()] * len(found)
        items += found
    note = f"{path.name} has an order and no times; where {path.stem}.csv lies beside it, that is read"
    return pd.DataFrame({"user_id": users, "item_id": items}, dtype=str), [note]


def read_titles(path: Path, where: str) -> tuple[pd.DataFrame, list[str]]:
    """One row per item: `item_id`, `title`, and what else the file holds, as strings.

    MicroLens-100k and MicroLens-1M have no header, and titles with commas and single quotation marks in them: there a
    line is an id, a comma, and the title.

    Raises:
        DataFileError: as `read_table`.
    """
    header, separator = first_fields(path, where)
    item, title = (column_of(header, COLUMNS[ours]) for ours in ("item_id", "title"))
    if item is None and title is None:
        frame, notes = _read_bare_titles(path, where, separator)
        return _first_of_each(frame, where, notes)
    try:
        table = read_table(path, where, {"item_id": COLUMNS["item_id"], "title": COLUMNS["title"]})
        frame, notes = table.frame, list(table.notes)
    except DataFileError as error:
        if header != [item, title]:
            raise
        # What stands behind the first comma is the title then, whatever is in it.
        frame, notes = _read_bare_titles(path, where, separator)
        frame = frame.iloc[1:]
        notes.append(f"titles were read line by line, up to the first {separator!r}, since {error}")
    return _first_of_each(frame, where, notes)


def by_item(path: Path, where: str, *, headerless: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Further facts, one row per item: `item_id` and other columns, as strings. `headerless` names the only one."""
    header, separator = first_fields(path, where)
    if headerless and column_of(header, COLUMNS["item_id"]) is None:
        frame, notes = _read_bare_titles(path, where, separator)
        return _first_of_each(frame.rename(columns={"title": headerless}), where, notes)
    table = read_table(path, where, {"item_id": COLUMNS["item_id"]})
    return _first_of_each(table.frame, where, list(table.notes))


def _read_bare_titles(path: Path, where: str, separator: str) -> tuple[pd.DataFrame, list[str]]:
    text, note = decoded(path.read_bytes(), where)
    rows, lines, odd = [], [], []
    for line, row in enumerate(text.split("\n"), start=1):
        item, comma, title = row.strip("\r").partition(separator)
        if not row.strip():
            continue
        if not comma or not item.strip():
            odd.append(line)
            continue
        title = title.strip()
        if len(title) > 1 and title[0] == title[-1] == '"':
            title = title[1:-1].replace('""', '"')
        rows.append((item.strip().strip('"'), title))
        lines.append(line)
    notes = [note] if note else []
    if odd:
        notes.append(f"{where}: {len(odd):,} lines have no id and title, the first of them line {odd[0]}")
    return pd.DataFrame(rows, columns=["item_id", "title"], index=lines, dtype=object), notes


def _first_of_each(frame: pd.DataFrame, where: str, notes: list[str]) -> tuple[pd.DataFrame, list[str]]:
    empty = (frame["item_id"] == "").to_numpy(dtype=bool)
    if empty.any():
        raise DataFileError(f"line {frame.index[empty][0]} of {where} has no item id. Fill it in, or remove the line.")
    again = frame["item_id"].duplicated().to_numpy()
    if again.any():
        line = frame.index[again][0]
        notes.append(
            f"{where}: {int(again.sum()):,} rows of an item that has one already, and not used (the first: item "
            f"{frame['item_id'].loc[line]} in line {line})"
        )
        frame = frame[~again]
    return frame.reset_index(drop=True), notes
