"""Movies of a release: their titles, years and genres, from three ways of writing them down."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pandas as pd

from recsys_lessons.data._errors import DataFileError, did_you_mean, shown
from recsys_lessons.data._lines import read_text
from recsys_lessons.data._sources import ML_100K, Release

__all__ = ["NO_GENRE", "read_movies", "split_year"]

NO_GENRE = "(no genres listed)"
_HEADER = ("movieId", "title", "genres")
# ml-100k says with 0 and 1 which genres a movie has; `u.genre` names them, and where it is missing, this does.
_GENRES_100K = (
    "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|Film-Noir|Horror|Musical|"
    "Mystery|Romance|Sci-Fi|Thriller|War|Western"
).split("|")
# "(1995)", "(1975-1979)", "(2007-)", "(1983))", and ml-100k's "(1995) (V)" for a video.
_YEAR = re.compile(
    r"^(?P<name>.*\S)\s*\((?P<years>(?P<first>1[89]\d\d|20\d\d)(\s*[-–—]\s*(\d{4})?)?)\s*\)+(\s*\([A-Z]+\))?\s*$"
)

_Row = tuple[int, int, str, list[str]]  # line, id, title as written, genres


def split_year(title: str) -> tuple[str, str, int] | None:
    """A title as MovieLens writes it in its parts: name, years as written, first year; None where it ends in no year.

    >>> split_year("Fawlty Towers (1975-1979) ")
    ('Fawlty Towers', '1975-1979', 1975)
    >>> split_year("Babylon 5") is None
    True
    """
    parts = _YEAR.match(title.strip())
    if not parts:
        return None
    return parts["name"], re.sub(r"\s", "", parts["years"]), int(parts["first"])


def read_movies(release: Release) -> tuple[pd.DataFrame, list[str]]:
    """All movies, in the file's order.

    Returns:
        (table, notes); the table with `item_id` int32, `title` as written, and `genres`, a list (empty for none).

    Raises:
        DataFileError: a missing column or field, another separator, an id that is no number or stands twice, with the
            line and the value; an empty, cut or damaged file.
    """
    layout = release.layout
    where = release.where(layout.movies)
    with release.files[layout.movies]() as stream:
        text, note = read_text(stream, where, latin=layout.latin)
    if layout is ML_100K:
        rows = list(_bars(text, where, _genre_names(release)))
    elif layout.header:
        rows = list(_commas(text, where))
    else:
        rows = list(_colons(text, where))
    if not rows:
        raise DataFileError(f"{where} has no movies. A download may have failed: fetch it again.")
    lines: dict[int, int] = {}
    for line, item_id, _, _ in rows:
        if lines.setdefault(item_id, line) != line:
            raise DataFileError(f"movie {item_id} stands in lines {lines[item_id]} and {line} of {where}; remove one.")
    if layout is not ML_100K:
        _check_end(text, rows, where)
    table = pd.DataFrame(
        {
            "item_id": pd.Series([row[1] for row in rows], dtype="int32"),
            "title": [row[2] for row in rows],
            "genres": [row[3] for row in rows],
        }
    )
    return table, [note] if note else []


def _commas(text: str, where: str) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [field.strip() for field in next(reader)]
        missing = [name for name in _HEADER if name not in header]
        if missing:
            first = text.splitlines()[0]
            for separator in ";\t|":
                if len(first.split(separator)) >= 3:
                    raise DataFileError(
                        f"{where} is separated by {separator!r}, and this release by ',': line 1 is {shown(first)}."
                    )
            rest = [name for name in header if name not in _HEADER]
            raise DataFileError(
                f"{where} has no column {missing[0]!r}; line 1 names {header}. Rename the column, or download the "
                f"release again.{did_you_mean(missing[0], rest)}"
            )
        place = [header.index(name) for name in _HEADER]
        for fields in reader:
            if not any(fields):
                continue
            if len(fields) != len(header):
                raise _wrong(reader.line_num, where, ",".join(fields), f"{len(fields)} fields, not {len(header)}")
            number, title, genres = (fields[one] for one in place)
            yield reader.line_num, _id(number, reader.line_num, where), title, _genres(genres)
    except csv.Error as error:
        raise DataFileError(
            f"line {reader.line_num} of {where} cannot be read ({error}): a quotation mark is not closed, or the file "
            "was cut short. Fetch it again."
        ) from error


def _colons(text: str, where: str) -> Iterator[_Row]:
    for line, row in _lines(text):
        # From both ends, since a title may hold anything.
        number, colons, rest = row.partition("::")
        title, more, genres = rest.rpartition("::")
        if not colons or not more:
            raise _wrong(line, where, row, "3 fields between '::' are expected")
        yield line, _id(number, line, where), title, _genres(genres)


def _bars(text: str, where: str, names: list[str]) -> Iterator[_Row]:
    for line, row in _lines(text):
        fields = row.split("|")
        flags = fields[5:]
        if len(fields) != 5 + len(names) or not set(flags) <= {"0", "1"}:
            raise _wrong(line, where, row, f"5 fields and {len(names)} flags (0 or 1) between '|' are expected")
        genres = [name for name, flag in zip(names, flags, strict=True) if flag == "1" and name != "unknown"]
        title, date = fields[1], fields[2]
        if split_year(title) is None and title != "unknown" and re.fullmatch(r"\d\d-\w{3}-\d{4}", date):
            title = f"{title} ({date[-4:]})"  # the release date says what the title does not
        yield line, _id(fields[0], line, where), title, genres


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Not splitlines: it would also split at what Latin-1 has in place of some UTF-8 bytes, such as 0x85.
    for line, row in enumerate(text.split("\n"), start=1):
        if row.strip():
            yield line, row.rstrip("\r")


def _genre_names(release: Release) -> list[str]:
    if "u.genre" not in release.files:
        return _GENRES_100K
    with release.files["u.genre"]() as stream:
        text, _ = read_text(stream, release.where("u.genre"), latin=True)
    return [row.partition("|")[0] for _, row in _lines(text)]


def _genres(text: str) -> list[str]:
    return [] if text.strip() in ("", NO_GENRE) else [genre.strip() for genre in text.split("|")]


def _id(text: str, line: int, where: str) -> int:
    if not text.strip().isdecimal() or int(text) > 2**31 - 1:
        raise _wrong(line, where, text, "a movie's id must be a whole number")
    return int(text)


def _wrong(line: int, where: str, text: str, why: str) -> DataFileError:
    return DataFileError(f"line {line} of {where} ({shown(text)}): {why}. Correct the line, or fetch the file again.")


def _check_end(text: str, rows: list[_Row], where: str) -> None:
    """Refuse a file that ends inside its last word: an unended last line with a genre that no other movie has."""
    line, _, _, genres = rows[-1]
    known = {genre for row in rows[:-1] for genre in row[3]}
    if not text.endswith("\n") and (not genres or genres[-1] not in known) and len(rows) > 1:
        raise DataFileError(
            f"nothing ends line {line} of {where}, the last one, and its genres {genres} are no others' genres: the "
            "file was cut short. Fetch it again."
        )
