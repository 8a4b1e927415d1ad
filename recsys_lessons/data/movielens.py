"""MovieLens: real people's ratings of real movies (Harper and Konstan 2015)."""

from __future__ import annotations

import os
import re

import numpy as np
import pandas as pd

from recsys_lessons.assets import asset_path
from recsys_lessons.data._downloads import RELEASES
from recsys_lessons.data._errors import DataFileError
from recsys_lessons.data._frames import at_least, drop_repeats
from recsys_lessons.data._movie_media import with_media
from recsys_lessons.data._movies import NO_GENRE, read_movies, split_year
from recsys_lessons.data._places import place_of
from recsys_lessons.data._ratings import read_ratings
from recsys_lessons.data._sources import Release, find_release
from recsys_lessons.data.dataset import Dataset

__all__ = ["load_movielens", "natural_title"]

# MovieLens sorts "The Matrix" under M, as "Matrix, The"; it does so in the title's other languages too.
_ARTICLES = "The|A|An|Le|La|Les|L'|Un|Une|Il|Lo|I|Gli|El|Los|Las|Der|Die|Das|Ein|Eine|De|Den|Det|Het|En|Ett|O|Os|As"
_MOVED_ARTICLE = re.compile(rf"^(?P<name>.+), (?P<article>{_ARTICLES})$")


def natural_title(title: str) -> str:
    """A title as people say it.

    >>> natural_title("Usual Suspects, The")
    'The Usual Suspects'
    >>> natural_title("Trip to the Moon, A (Voyage dans la lune, Le)")
    'A Trip to the Moon (Le Voyage dans la lune)'
    """

    def put_back(part: str) -> str:
        moved = _MOVED_ARTICLE.match(part.strip())
        if not moved:
            return part
        article = moved["article"]
        return article + ("" if article.endswith("'") else " ") + moved["name"]

    # Split at the brackets and keep them: each part has an article of its own.
    parts = re.split(r"(\s*[()]\s*)", title.strip())
    return "".join(part if re.fullmatch(r"\s*[()]\s*", part) else put_back(part) for part in parts).strip()


def load_movielens(
    path: str | os.PathLike | None = None,
    *,
    min_rating: float | None = 4.0,
    download: bool = False,
    media: str | os.PathLike | None = None,
) -> Dataset:
    """Ratings of movies: the small release that comes with the course, or any other that GroupLens has published.

    Without a path: the 2016 "latest small" release, 671 people, about 9,000 movies, ratings from 1995 to 2016.

    Every release is treated alike. A title is made natural and keeps its year, so that remakes can be told apart. A
    movie without a title, a year or a genre is left out with its ratings, so that each item that is left has words for
    an encoder; of two ratings of one movie by one person the later stays. `notes` says how many of each. In the largest
    releases this takes out thousands of movies without a genre, which few people have rated; where it matters to you,
    read the files with pandas and use `Dataset.from_frame`.

    Args:
        path: a folder with ml-100k, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m or a "latest" release, or the folder around
            it; a release's zip, which is read without being unpacked; or a release's name, such as "ml-25m", for what
            was downloaded before. A file or folder of that name comes first.
        min_rating: an interaction is a rating of at least this: "liked it". None keeps every rating, for models that
            predict ratings. Movies that nobody liked stay in the item table.
        download: fetch the named release from GroupLens (once; 1 to 340 MB) and check it against its published MD5. The
            README inside says what it may be used for: research, and nothing commercial.
        media: a folder with posters and plots by movieId, as `recsys-lessons posters` makes it, for any of the
            releases: MovieLens gives a movie the same id in all that have the "latest" format.

    Returns:
        Dataset. Its items have `item_id`, `title`, `year` (the first, where a title has two), `genres` (a list of
        words) and `text` (what an encoder reads). Their order is that of the release's file of movies; without a path,
        that of first appearance. A path gives narrow columns: 32 bits for ids and ratings. With `media` they have
        `poster`, the absolute path of a picture or None, and `overview`, the plot or ""; `notes` count both.

    Raises:
        AssetError: without a path: the ratings are not cached and cannot be fetched.
        DataFileError: (a ValueError) nothing at `path`, no release in it, or a file that is damaged or written in
            another way: the message names file, line, value and fix. Also a download that failed, and a `media` folder
            that is damaged, of another catalogue, or points outside itself.
        ValueError: `min_rating` is above every rating, or `download` without a name.
    """
    if path is None:
        if download:
            raise ValueError(f"download=True needs the name of a release: {', '.join(RELEASES)}.")
        items, table, notes = _small()
    else:
        items, table, notes = _release(find_release(place_of(path, download)))
    if media is not None:
        items, told = with_media(items, media)
        notes = [*notes, *told]
    users = pd.DataFrame({"user_id": np.sort(table["user_id"].unique())})
    interactions, note = at_least(table, min_rating)
    return Dataset(items=items, users=users, interactions=interactions, notes=(*notes, *note))


_Parts = tuple[pd.DataFrame, pd.DataFrame, list[str]]  # items, every rating of theirs, notes


def _small() -> _Parts:
    raw = pd.read_csv(
        asset_path("movielens-small"), keep_default_na=False, dtype={"title": str, "year": str, "genres": str}
    )
    unusable = (raw["title"] == "") | (raw["year"] == "") | (raw["genres"] == "") | (raw["genres"] == NO_GENRE)
    note = (
        f"left out: {raw.loc[unusable, 'item_id'].nunique()} movies without title or genre "
        f"({int(unusable.sum())} ratings)"
    )
    table = raw[~unusable]
    movies = table.drop_duplicates("item_id")
    year = movies["year"].astype(float).astype(int)
    items = _items(movies["item_id"], movies["title"], year.astype(str), year, movies["genres"].str.split("|"))
    return items, table[["user_id", "item_id", "rating", "timestamp"]], [note]


def _release(release: Release) -> _Parts:
    movies, notes = read_movies(release)
    table, repeats = drop_repeats(read_ratings(release))
    unknown = ~table["item_id"].isin(movies["item_id"])
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise DataFileError(
            f"{release.where(release.layout.movies)} has no movie {table['item_id'].iloc[row]}, which user "
            f"{table['user_id'].iloc[row]} rates in {release.layout.ratings} ({int(unknown.sum()):,} such ratings). "
            "One of the files was cut short, or they are of two releases: fetch both again."
        )
    parts = movies["title"].map(split_year)
    usable = parts.notna() & (movies["genres"].str.len() > 0)
    if not usable.any():
        raise DataFileError(
            f"no movie of {release.where(release.layout.movies)} has a year in its title and a genre, as in "
            "'Toy Story (1995)', 'Animation|Comedy'. Use Dataset.from_frame for a catalogue of another kind."
        )
    if not usable.all():
        kept = table["item_id"].isin(movies.loc[usable, "item_id"])
        left = int(len(kept) - kept.sum())
        notes.append(f"left out: {int((~usable).sum()):,} movies without title, year or genre ({left:,} ratings)")
        table = table[kept] if left else table
    if repeats:
        notes.append(f"left out: {repeats:,} earlier ratings of a movie that the same person rated again")
    name, years, first = (pd.Series(one) for one in zip(*parts[usable], strict=True))
    movies = movies[usable].reset_index(drop=True)
    return _items(movies["item_id"], name, years, first, movies["genres"]), table, notes


def _items(item_id: pd.Series, name: pd.Series, years: pd.Series, first: pd.Series, genres: pd.Series) -> pd.DataFrame:
    title = name.map(natural_title) + years.map(" ({})".format)
    text = title + ". " + genres.map(", ".join)
    return pd.DataFrame({"item_id": item_id, "title": title, "year": first, "genres": genres, "text": text})
