"""Where a MovieLens release lies that somebody names: a path, or a release's name."""

from __future__ import annotations

import os
from pathlib import Path

from recsys_lessons.data._downloads import RELEASES, fetch_release, shelf, stored
from recsys_lessons.data._errors import DataFileError, did_you_mean

__all__ = ["place_of"]


def place_of(path: str | os.PathLike, fetch: bool) -> Path:
    """A folder or zip: the one at `path`, or the release of that name, which is fetched if it is not here.

    Raises:
        DataFileError: nothing there, or a release that is not here and not to be fetched.
    """
    place, name = Path(path).expanduser(), str(path)
    if place.exists():
        return place
    if name in RELEASES:
        return stored(name) or (fetch_release(name) if fetch else _not_here(name))
    beside = place.with_name(place.name + ".zip")
    hint = f" There is {beside}: pass that." if beside.exists() else ""
    raise DataFileError(
        f"there is no file or folder {name!r}, and no release of that name.{hint or did_you_mean(name, RELEASES)} Pass "
        f"a folder, a zip, or one of {', '.join(RELEASES)}."
    )


def _not_here(name: str) -> Path:
    raise DataFileError(
        f"{name!r} is not on this machine. Fetch it with load_movielens({name!r}, download=True), or put {name}.zip "
        f"from grouplens.org into {shelf()}."
    )
