"""The folder that is being filled: a journal that is only added to, posters, and tables that are made of both."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

from filelock import FileLock, Timeout

from recsys_lessons.data._posters._movies import Movie
from recsys_lessons.data._posters._tmdb import PosterError

__all__ = ["JOURNAL", "Folder"]

JOURNAL = "journal.jsonl"
ATTRIBUTION = "This product uses the TMDB API but is not endorsed or certified by TMDB."
_COLUMNS = ("movieId", "title", "year", "genres", "overview", "poster_file", "imdbId", "tmdbId")
_SOURCES = f"""# Posters and plots of movies

Made by `recsys-lessons posters`: posters of {{size}}, plots in {{language}}.

{ATTRIBUTION}

- Plots (`overview` in `items.csv`) come from The Movie Database (TMDB), https://www.themoviedb.org, and are for
  non-commercial use: https://www.themoviedb.org/api-terms-of-use.
- Posters (`posters/`) belong to their studios and distributors. Keep them to yourself; do not publish this folder.
- movieId, title, genres and the numbers of IMDb and TMDB come from MovieLens (Harper and Konstan 2015):
  https://grouplens.org/datasets/movielens. Research and teaching, nothing commercial.

`load_movielens(media="this folder")` reads it. `{JOURNAL}` holds what was asked and answered: `recsys-lessons posters`
goes on from there. No key is stored here.
"""


class Folder:
    """A folder to fill, and what is known of each movie already.

    Args:
        path: new, empty, or begun by an earlier run with the same settings. settings: size and language.

    Raises:
        PosterError: it holds something else, is in use, was begun with other settings, or cannot be written.
    """

    def __init__(self, path: Path, settings: dict[str, str]):
        self.path, self.settings = path, settings
        self.known: dict[int, dict] = {}
        self._lock = FileLock(path / ".lock")
        try:
            self._check()
            (path / "posters").mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
            self._read_journal()
        except Timeout:
            raise PosterError(f"another process is filling {path}. Wait for it, or name another folder.") from None
        except OSError as error:
            raise PosterError(f"{path} cannot be used ({error.strerror or error}). Choose another folder.") from error

    def close(self) -> None:
        """Let another process use the folder."""
        self._lock.release()

    def poster(self, movie_id: int) -> Path:
        return self.path / "posters" / f"{movie_id}.jpg"

    def note(self, movie_id: int, facts: dict) -> None:
        """Add what was answered; it is on disk when this returns."""
        self.known[movie_id] = facts
        self._add({"movieId": movie_id, **facts})

    def keep(self, movie_id: int, picture: bytes) -> None:
        """Write a poster in one step, so that half a one never stands there."""
        part = self.path / "posters" / f".{movie_id}.part"
        part.write_bytes(picture)
        os.replace(part, self.poster(movie_id))

    def write_tables(self, movies: list[Movie]) -> None:
        """items.csv, of every movie that TMDB has answered about, by movieId; and SOURCES.md."""
        by_id = {movie.movie_id: movie for movie in movies}
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for movie_id, facts in sorted(self.known.items()):
            if facts.get("status") != "found":
                continue
            movie = by_id.get(movie_id)
            told = [movie.title.strip(), movie.year, movie.genres] if movie else facts["movie"]
            file = f"posters/{movie_id}.jpg" if self.poster(movie_id).is_file() else ""
            numbers = [facts.get("imdbId") or "", facts.get("tmdbId") or ""]
            writer.writerow([movie_id, *told, facts["overview"], file, *numbers])
        self._write("items.csv", text.getvalue())
        self._write("SOURCES.md", _SOURCES.format(**self.settings))

    def _check(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise PosterError(f"{self.path} is a file. Name a folder.")
        if not self.path.exists() or (self.path / JOURNAL).exists():
            return
        others = [path for path in self.path.iterdir() if path.name not in (".lock", "posters")]
        if others or any((self.path / "posters").glob("*")):
            raise PosterError(f"{self.path} holds other files. Name a folder that is new or empty.")

    def _read_journal(self) -> None:
        journal = self.path / JOURNAL
        if not journal.exists():
            self._add(self.settings)
            return
        # A run that was killed may have left half a line: it is cut off, or the next line would hang on to it.
        whole = journal.read_bytes()
        end = whole.rfind(b"\n") + 1
        if end < len(whole):
            os.truncate(journal, end)
        lines = whole[:end].decode("utf-8", "replace").split("\n")[:-1]
        for number, line in enumerate(lines, start=1):
            try:
                facts = json.loads(line)
                if number == 1:
                    self._check_settings(facts)
                else:
                    self.known[int(facts.pop("movieId"))] = facts
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise PosterError(
                    f"line {number} of {journal} is damaged. Remove the line; its movie is asked for again."
                ) from error
        if not lines:
            self._add(self.settings)

    def _check_settings(self, begun: dict) -> None:
        for name, value in self.settings.items():
            if begun[name] != value:
                raise PosterError(
                    f"{self.path} was begun with --{name} {begun[name]}, not {value}. Keep to that, or use a new "
                    "folder."
                )

    def _add(self, facts: dict) -> None:
        with (self.path / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(json.dumps(facts, ensure_ascii=False) + "\n")

    def _write(self, name: str, text: str) -> None:
        part = self.path / f".{name}.part"
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, self.path / name)
