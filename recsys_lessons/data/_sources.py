"""Which MovieLens release lies in a folder or a zip, told by its files."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from recsys_lessons.data._errors import DataFileError
from recsys_lessons.data._zips import open_member, zip_members

__all__ = ["Layout", "Release", "find_release"]


@dataclass(frozen=True)
class Layout:
    """How a family of releases is written.

    Attributes:
        ratings, movies: names of the two files that are read.
        separator: between the fields of a line of ratings.
        header: the first line names the columns; otherwise they are user, item, rating, timestamp.
        latin: movies are in Latin-1; otherwise in UTF-8.
        lowest: the lowest rating there is; the highest is 5.
    """

    ratings: str
    movies: str
    separator: str
    header: bool = False
    latin: bool = False
    lowest: float = 1.0


ML_100K = Layout("u.data", "u.item", "\t", latin=True)
ML_1M = Layout("ratings.dat", "movies.dat", "::", latin=True)
ML_10M = Layout("ratings.dat", "movies.dat", "::", lowest=0.5)
ML_CSV = Layout("ratings.csv", "movies.csv", ",", header=True, lowest=0.5)


@dataclass(frozen=True)
class Release:
    """One release: its layout, and its files by name.

    Attributes:
        place: what messages call it: a folder, or a folder in a zip.
        layout: how its files are written.
        files: name to a function that opens the file for bytes.
    """

    place: str
    layout: Layout
    files: dict[str, Callable[[], io.BufferedReader]]

    def where(self, name: str) -> str:
        return f"{name} in {self.place}"


def find_release(path: Path) -> Release:
    """The release in a folder, in the one folder below it that holds one, or in a zip (which is not unpacked).

    Raises:
        DataFileError: no release, half a release, or several.
    """
    if path.is_dir():
        shelves = _in_folder(path)
        advice = _zip_advice(path)
    elif path.suffix.lower() in (".csv", ".dat", ".data", ".item"):
        raise DataFileError(f"{path} is one file of a release. Pass its folder: {str(path.parent)!r}.")
    else:
        shelves = _in_zip(path)
        advice = ""
    whole = {place: layout for place, files in shelves.items() if (layout := _layout(files, place))}
    if len(whole) > 1:
        listed = ", ".join(sorted(whole))
        raise DataFileError(f"{path} holds {len(whole)} releases ({listed}). Pass the one you mean.")
    if not whole:
        raise DataFileError(f"{path} holds no MovieLens release: {_lack(shelves)}.{advice}")
    ((place, layout),) = whole.items()
    return Release(place, layout, shelves[place])


_Files = dict[str, Callable[[], io.BufferedReader]]


def _in_folder(path: Path) -> dict[str, _Files]:
    def files_of(folder: Path) -> _Files:
        return {one.name: _opener(one) for one in sorted(folder.iterdir()) if one.is_file()}

    try:
        here = files_of(path)
        if _layout(here, str(path)):
            return {str(path): here}
        below = [one for one in sorted(path.iterdir()) if one.is_dir() and not one.name.startswith((".", "__MACOSX"))]
        return {str(path): here} | {str(one): files_of(one) for one in below}
    except PermissionError as error:
        raise DataFileError(f"{error.filename} may not be read ({error.strerror}). Ask its owner.") from error


def _opener(path: Path) -> Callable[[], io.BufferedReader]:
    def opened() -> io.BufferedReader:
        try:
            return path.open("rb")
        except OSError as error:
            raise DataFileError(f"{path} cannot be read ({error.strerror}). Ask its owner.") from error

    return opened


def _in_zip(path: Path) -> dict[str, _Files]:
    shelves: dict[str, _Files] = {}
    for name, info in zip_members(path).items():
        parts = PurePosixPath(name)
        if parts.parts[0] == "__MACOSX" or parts.name.startswith("._"):
            continue  # what a Mac adds
        inside = str(parts.parent)
        place = str(path) if inside == "." else f"{path}/{inside}"
        shelves.setdefault(place, {})[parts.name] = lambda info=info: open_member(path, info)
    return shelves


def _layout(files: _Files, place: str) -> Layout | None:
    # ml-1m and ml-10m share names; only the first tells of its users.
    dat = ML_1M if "users.dat" in files else ML_10M
    found = [one for one in (ML_100K, dat, ML_CSV) if one.ratings in files and one.movies in files]
    if len(found) > 1:
        names = " and ".join(one.ratings for one in found)
        raise DataFileError(f"{place} holds {names}, of two releases. Keep each release in a folder of its own.")
    return found[0] if found else None


def _lack(shelves: dict[str, _Files]) -> str:
    for place, files in shelves.items():
        for one in (ML_100K, ML_1M, ML_CSV):
            for there, missing in ((one.ratings, one.movies), (one.movies, one.ratings)):
                if there in files:
                    return f"{place} has {there}, and no {missing} beside it"
    names = sorted({name for files in shelves.values() for name in files})
    listed = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    pairs = "ratings.csv and movies.csv, ratings.dat and movies.dat, or u.data and u.item"
    return f"it needs {pairs}, and has {listed or 'no files'}"


def _zip_advice(path: Path) -> str:
    zips = sorted(one.name for one in path.glob("*.zip"))
    return f" There is {zips[0]}: pass {str(path / zips[0])!r}." if zips else ""
