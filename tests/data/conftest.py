"""MovieLens releases of a handful of ratings, written as GroupLens writes each of them."""

from __future__ import annotations

import zipfile

import pytest

RATINGS = [(1, 1, 4.0, 964982703), (1, 6, 3.0, 964981247), (2, 1, 5.0, 964982224), (2, 50, 1.0, 964983815)]
MOVIES = [
    (1, "Toy Story (1995)", "Animation|Comedy"),
    (6, "City of Lost Children, The (Cité des enfants perdus, La) (1995) ", "Adventure|Drama"),
    (50, "Usual Suspects, The (1995)", "Comedy|Drama"),
]
GENRES = ("unknown", "Adventure", "Animation", "Comedy", "Drama")


def _lines(rows, separator: str, header: str = "") -> str:
    return header + "".join(separator.join(map(str, row)) + "\n" for row in rows)


def _whole(rows):
    return [(user, item, int(rating), stamp) for user, item, rating, stamp in rows]


def csv_release() -> dict[str, bytes]:
    movies = [(number, f'"{title}"', genres) for number, title, genres in MOVIES]
    return {
        "ratings.csv": _lines(RATINGS, ",", "userId,movieId,rating,timestamp\n").encode(),
        "movies.csv": _lines(movies, ",", "movieId,title,genres\n").encode("utf-8"),
    }


def dat_release(latin: bool) -> dict[str, bytes]:
    files = {
        "ratings.dat": _lines(_whole(RATINGS), "::").encode(),
        "movies.dat": _lines(MOVIES, "::").encode("latin-1" if latin else "utf-8"),
    }
    return files | ({"users.dat": b"1::F::1::10::48067\n"} if latin else {"tags.dat": b""})


def old_release() -> dict[str, bytes]:
    movies = [
        (number, title, "01-Jan-1995", "", "http://x", *(int(genre in genres.split("|")) for genre in GENRES))
        for number, title, genres in MOVIES
    ]
    return {
        "u.data": _lines(_whole(RATINGS), "\t").encode(),
        "u.item": _lines(movies, "|").encode("latin-1"),
        "u.genre": (_lines([(genre, place) for place, genre in enumerate(GENRES)], "|") + "\n").encode(),
    }


RELEASES = {
    "ml-100k": old_release,
    "ml-1m": lambda: dat_release(latin=True),
    "ml-10M100K": lambda: dat_release(latin=False),
    "ml-25m": csv_release,
}


@pytest.fixture
def write(tmp_path):
    """write("ml-25m", {"ratings.csv": ...}, zipped=True): a release on disk, with files changed or (None) removed."""

    def made(name: str = "ml-25m", changes: dict[str, bytes | None] | None = None, *, zipped: bool = False):
        files = {key: data for key, data in (RELEASES[name]() | (changes or {})).items() if data is not None}
        if zipped:
            path = tmp_path / f"{name}.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for key, data in files.items():
                    archive.writestr(f"{name}/{key}", data)
            return path
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        for key, data in files.items():
            (folder / key).write_bytes(data)
        return folder

    return made
