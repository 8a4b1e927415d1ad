"""MovieLens: real people's ratings of real movies (Harper and Konstan 2015)."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from recsys_lessons.assets import asset_path
from recsys_lessons.data.dataset import Dataset

__all__ = ["load_movielens", "natural_title"]

# MovieLens sorts "The Matrix" under M, as "Matrix, The"; it does so in the title's other languages too.
_ARTICLES = "The|A|An|Le|La|Les|L'|Un|Une|Il|Lo|I|Gli|El|Los|Las|Der|Die|Das|Ein|Eine|De|Den|Det|Het|En|Ett|O|Os|As"
_MOVED_ARTICLE = re.compile(rf"^(?P<name>.+), (?P<article>{_ARTICLES})$")
_NO_GENRE = "(no genres listed)"


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


def load_movielens(*, min_rating: float | None = 4.0) -> Dataset:
    """The 2016 "latest small" release: 671 people, about 9,000 movies, ratings from 1995 to 2016.

    Args:
        min_rating: an interaction is a rating of at least this: "liked it". None keeps every rating, for models that
            predict ratings. Movies that nobody liked stay in the item table.

    Returns:
        Dataset. Its items have `item_id`, `title` (natural, with the year, so that remakes can be told apart), `year`,
        `genres` (a list of words) and `text` (what an encoder reads). Movies without a title or a genre are left out,
        and `notes` says how many. Row order is that of first appearance in the release.

    Raises:
        AssetError: the ratings are not cached and cannot be fetched.
        ValueError: `min_rating` is above every rating.
    """
    raw = pd.read_csv(
        asset_path("movielens-small"), keep_default_na=False, dtype={"title": str, "year": str, "genres": str}
    )
    unusable = (raw["title"] == "") | (raw["year"] == "") | (raw["genres"] == "") | (raw["genres"] == _NO_GENRE)
    notes = [
        f"left out: {raw.loc[unusable, 'item_id'].nunique()} movies without title or genre "
        f"({int(unusable.sum())} ratings)"
    ]
    table = raw[~unusable]
    items = table.drop_duplicates("item_id")
    year = items["year"].astype(float).astype(int)
    title = items["title"].map(natural_title) + year.map(" ({})".format)
    genres = items["genres"].str.split("|")
    items = pd.DataFrame(
        {
            "item_id": items["item_id"],
            "title": title,
            "year": year,
            "genres": genres,
            "text": title + ". " + genres.map(", ".join),
        }
    )
    interactions = table[["user_id", "item_id", "rating", "timestamp"]]
    if min_rating is not None:
        liked = interactions["rating"] >= min_rating
        if not liked.any():
            raise ValueError(f"min_rating is {min_rating}, and the highest rating is {interactions['rating'].max()}.")
        notes.append(f"an interaction is a rating of {min_rating:g} or more: {int(liked.sum()):,} of {len(liked):,}")
        interactions = interactions[liked]
    users = pd.DataFrame({"user_id": np.unique(table["user_id"])})
    return Dataset(items=items, users=users, interactions=interactions, notes=tuple(notes))
