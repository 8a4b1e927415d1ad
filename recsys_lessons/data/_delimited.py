"""Tables that people keep as text (comma, tab or semicolon), in UTF-8 or as Chinese Windows writes them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recsys_lessons.data._errors import DataFileError, did_you_mean, shown
from recsys_lessons.data._lines import read_text

__all__ = ["Table", "column_of", "decoded", "first_fields", "plain", "read_table", "separator_of"]

_SEPARATORS = (",", "\t", ";", "|")
_HEAD = 1 << 16


@dataclass(frozen=True)
class Table:
    """What stands in one file.

    Attributes:
        frame: every field as it was written, a string; the index is the number of the line, from 1.
        where: what messages call the file.
        notes: an encoding that was guessed.
    """

    frame: pd.DataFrame
    where: str
    notes: tuple[str, ...] = ()


def plain(name: object) -> str:
    """The letters and digits of a column's name, so that "userId", "User ID" and "user_id" are the same."""
    return "".join(letter for letter in str(name).casefold() if letter.isalnum())


def column_of(names: list[str], known: tuple[str, ...]) -> str | None:
    """The column that means one of `known`, the likeliest first; None where none does."""
    by_plain = {plain(name): name for name in reversed(names)}
    return next((by_plain[plain(one)] for one in known if plain(one) in by_plain), None)


def decoded(data: bytes, where: str) -> tuple[str, str | None]:
    """Bytes as text, without a byte-order mark, and a note where they are not UTF-8.

    Raises:
        DataFileError: empty, UTF-16, a web page or a zip under another name.
    """
    text, note = read_text(io.BytesIO(data), where, latin=False)
    if note is None:
        return text, None
    # In GB 18030 almost every Chinese character is two high bytes; in Latin-1 an accented letter stands alone.
    runs = re.findall(rb"[\x80-\xff]+", data)
    if sum(len(run) % 2 == 0 for run in runs) > len(runs) / 2:
        try:
            return data.decode("gb18030"), f"{where} is not UTF-8; it was read as GB 18030"
        except UnicodeDecodeError:
            pass
    return text, note


def separator_of(line: str) -> str:
    """What stands between the fields of a first line, most likely."""
    return max(_SEPARATORS, key=line.count)  # of equals the first: the comma


def first_fields(path: Path, where: str) -> tuple[list[str], str]:
    """The fields of a file's first line that is not blank, and their separator.

    Raises:
        DataFileError: as `decoded`, or the file cannot be read.
    """
    data = _read(path, where, _HEAD)
    if len(data) == _HEAD:  # never cut a character in two
        data = data[: data.rfind(b"\n") + 1] or data
    text, _ = decoded(data, where)
    line = next(line for line in text.splitlines() if line.strip())
    separator = separator_of(line)
    try:
        fields = next(csv.reader([line], delimiter=separator))
    except csv.Error:
        fields = line.split(separator)
    return [field.strip() for field in fields], separator


def read_table(path: Path, where: str, needed: dict[str, tuple[str, ...]]) -> Table:
    """A file with a header, read with care for where each row stands; meant for items, not for millions of rows.

    Args:
        needed: the columns that must be there: our name, and what else they may be called. They are renamed.

    Raises:
        DataFileError: a column is missing, a row has more or fewer fields than the header, a quotation mark is not
            closed (with line and value); and as `decoded`.
    """
    text, note = decoded(_read(path, where), where)
    separator = separator_of(next(line for line in text.splitlines() if line.strip()))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header: list[str] = []
    rows, lines = [], []
    try:
        start = 1
        for fields in reader:
            line, start = start, reader.line_num + 1
            if not any(field.strip() for field in fields):
                continue
            if not header:
                header = [field.strip() for field in fields]
            elif len(fields) != len(header):
                raise DataFileError(
                    f"line {line} of {where} ({shown(separator.join(fields))}): {len(fields)} fields, and the header "
                    f"has {len(header)}. Correct the line; a field that holds {separator!r} stands in quotation marks."
                )
            else:
                rows.append([field.strip() for field in fields])
                lines.append(line)
    except csv.Error as error:
        raise DataFileError(
            f"line {start} of {where} cannot be read ({error}): a quotation mark is not closed, or not doubled inside "
            "a field. Correct the line."
        ) from error
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    if twice:
        raise DataFileError(f"{where} has two columns named {twice[0]!r}: {header}. Rename one.")
    frame = pd.DataFrame(rows, columns=header, index=lines, dtype=object)
    for ours, known in needed.items():
        theirs = column_of(header, (ours, *known))
        if theirs is None:
            raise DataFileError(
                f"{where} has no column {known[0]!r}; line 1 names {header}. Rename the column.{_hint(known, header)}"
            )
        frame = frame.rename(columns={theirs: ours})
    return Table(frame, where, (note,) if note else ())


def _hint(known: tuple[str, ...], header: list[str]) -> str:
    return next((hint for one in known if (hint := did_you_mean(one, header))), "")


def _read(path: Path, where: str, limit: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise DataFileError(f"{where} cannot be read ({error.strerror or error}). Ask its owner.") from error
