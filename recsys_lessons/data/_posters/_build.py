"""The work itself: each movie asked for once, its poster fetched, and everything kept as it arrives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from recsys_lessons.data._places import place_of
from recsys_lessons.data._posters._folder import Folder
from recsys_lessons.data._posters._movies import Movie, movies_of
from recsys_lessons.data._posters._pace import Pace
from recsys_lessons.data._posters._tmdb import API, IMAGES, TMDB, Key, NotFound, PosterError, Unanswered
from recsys_lessons.data._sources import find_release

__all__ = ["Summary", "build_posters"]

SIZES = ("w92", "w154", "w185", "w342", "w500", "w780", "original")
SILENCES = 3  # movies in a row that got no answer at all: then the network is down, and not a movie's fault


@dataclass
class Summary:
    """How many of the movies that were asked for have what; `problems` says why some failed."""

    movies: int
    posters: int = 0
    plots: int = 0
    not_found: int = 0
    without_poster: int = 0
    failed: int = 0
    problems: tuple[str, ...] = ()


def build_posters(
    folder: str | os.PathLike,
    key: Key,
    movies: str | os.PathLike = "ml-latest-small",
    *,
    limit: int | None = None,
    size: str = "w185",
    language: str = "en-US",
    pace: Pace | None = None,
    api: str = API,
    images: str = IMAGES,
    progress: bool = True,
) -> Summary:
    """Fill a folder for `load_movielens(media=folder)`; what an earlier run has brought is not asked for again.

    Args:
        folder: new, empty, or begun by an earlier run. movies: a MovieLens release with links.csv: its path or name; by
            name it is fetched from GroupLens if it is not here.
        limit: only so many, the most often rated ones. size: one of TMDB's widths. language: of plots and posters.

    Raises:
        PosterError: a refused key, TMDB out of reach, a folder that is not ours or in use; what has arrived is kept.
        DataFileError: the release. ValueError: an unknown size.
    """
    from tqdm.auto import tqdm

    if size not in SIZES:
        raise ValueError(f"size is {size!r}; it is one of {', '.join(SIZES)}.")
    wanted = movies_of(find_release(place_of(movies, fetch=True)), limit)
    place = Path(folder).expanduser().absolute()
    shelf = Folder(place, {"size": size, "language": language})
    try:
        tmdb = TMDB(key, language=language, pace=pace or Pace(), api=api, images=images)
        problems: list[str] = []
        silent = 0
        for movie in tqdm(wanted, desc="posters", unit="movie", disable=not progress, delay=0.5):
            try:
                _fetch(movie, tmdb, shelf, size)
                silent = 0
            except Unanswered as error:
                problems.append(f"movie {movie.movie_id}: {error}")
                silent = silent + 1 if error.network else 0
                if silent == SILENCES:
                    raise PosterError(
                        f"TMDB cannot be reached: {error}. Check the network and call again; what has arrived is kept."
                    ) from None
        return _summary(wanted, shelf, problems)
    finally:  # also after Ctrl-C: what is there can be used
        shelf.write_tables(wanted)
        shelf.close()


def _fetch(movie: Movie, tmdb: TMDB, shelf: Folder, size: str) -> None:
    facts = shelf.known.get(movie.movie_id)
    if facts is None:
        facts = _ask(movie, tmdb)
        shelf.note(movie.movie_id, facts)
    path = facts.get("poster_path")
    if not path or shelf.poster(movie.movie_id).is_file():
        return
    try:
        shelf.keep(movie.movie_id, tmdb.poster(path, size))
    except NotFound:
        shelf.note(movie.movie_id, {**facts, "poster_path": None})  # TMDB names it and has it not


def _ask(movie: Movie, tmdb: TMDB) -> dict:
    if movie.tmdb is None and movie.imdb is None:
        return {"status": "no number"}
    try:
        answer = tmdb.movie(movie.tmdb) if movie.tmdb is not None else tmdb.by_imdb(movie.imdb)
    except NotFound:
        return {"status": "not found"}
    path, plot = answer.get("poster_path"), answer.get("overview")
    return {
        "status": "found",
        "movie": [movie.title.strip(), movie.year, movie.genres],
        "overview": _one_line(plot) if isinstance(plot, str) else "",
        "poster_path": path if isinstance(path, str) and path.startswith("/") and ".." not in path else None,
        "imdbId": movie.imdb,
        "tmdbId": movie.tmdb if movie.tmdb is not None else answer.get("id"),
    }


def _one_line(plot: str) -> str:
    return " ".join(plot.encode("utf-8", "replace").decode().split())  # half a surrogate pair cannot be written


def _summary(wanted: list[Movie], shelf: Folder, problems: list[str]) -> Summary:
    made = Summary(len(wanted), failed=len(problems), problems=tuple(problems))
    for movie in wanted:
        facts = shelf.known.get(movie.movie_id)
        if facts is None:
            continue
        if facts["status"] != "found":
            made.not_found += 1
            continue
        made.plots += bool(facts["overview"])
        made.posters += shelf.poster(movie.movie_id).is_file()
        made.without_poster += not facts["poster_path"]
    return made
