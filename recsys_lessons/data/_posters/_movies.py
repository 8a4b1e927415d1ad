"""Which movies to ask for: those of a MovieLens release that TMDB or IMDb has a number for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recsys_lessons.data._delimited import decoded
from recsys_lessons.data._errors import DataFileError, shown
from recsys_lessons.data._movies import read_movies, split_year
from recsys_lessons.data._ratings import read_ratings
from recsys_lessons.data._sources import Release

__all__ = ["Movie", "movies_of"]

LINKS = "links.csv"
_HEADER = ["movieId", "imdbId", "tmdbId"]


@dataclass(frozen=True)
class Movie:
    """One movie of a release; `imdb` and `tmdb` are None where MovieLens has no number."""

    movie_id: int
    title: str
    genres: str
    imdb: int | None
    tmdb: int | None

    @property
    def year(self) -> str:
        parts = split_year(self.title)
        return str(parts[2]) if parts else ""


def movies_of(release: Release, limit: int | None = None) -> list[Movie]:
    """The release's movies in its own order; with a limit, the most often rated ones.

    Raises:
        DataFileError: no links.csv, or one that is damaged, with line and value.
    """
    table, _ = read_movies(release)
    links = _links(release)
    if limit is not None and limit < len(table):
        ids, counts = np.unique(read_ratings(release)["item_id"].to_numpy(), return_counts=True)
        rated = table["item_id"].map(dict(zip(ids.tolist(), counts.tolist(), strict=True))).fillna(0)
        table = table.loc[rated.sort_values(ascending=False, kind="stable").index[:limit]]
    return [
        Movie(int(number), title, "|".join(genres), *links.get(int(number), (None, None)))
        for number, title, genres in zip(table["item_id"], table["title"], table["genres"], strict=True)
    ]


def _links(release: Release) -> dict[int, tuple[int | None, int | None]]:
    where = release.where(LINKS)
    if LINKS not in release.files:
        raise DataFileError(
            f"{release.place} has no {LINKS}, which holds TMDB's numbers. Releases that have it: ml-20m, ml-25m, "
            "ml-32m, ml-latest-small, ml-latest."
        )
    with release.files[LINKS]() as stream:
        text, _ = decoded(stream.read(), where)
    lines = text.splitlines()
    if lines[0].strip().split(",") != _HEADER:
        raise DataFileError(f"line 1 of {where} is {shown(lines[0])}, not {','.join(_HEADER)!r}. Fetch it again.")
    found = {}
    for line, row in enumerate(lines[1:], start=2):
        fields = [field.strip().strip('"') for field in row.split(",")]
        if not any(fields):
            continue
        whole = all(field.isdecimal() and field.isascii() for field in fields if field)
        if len(fields) != 3 or not fields[0] or not whole:
            raise DataFileError(
                f"line {line} of {where} ({shown(row)}): three whole numbers are expected, of which the last two may "
                "be missing. Correct the line, or fetch the file again."
            )
        found[int(fields[0])] = tuple(int(field) if field else None for field in fields[1:])
    return found
