"""Posters and plots beside the ratings, by movieId."""

from __future__ import annotations

import os

import pytest

from recsys_lessons.data.movielens import load_movielens
from recsys_lessons.errors import DataFileError

HEADER = "movieId,title,year,genres,overview,poster_file,imdbId,tmdbId\n"
ROWS = [
    '1,Toy Story (1995),1995,Animation|Comedy,"Woody, a cowboy doll.",posters/1.jpg,114709,862\n',
    "50,The Usual Suspects (1995),1995,Comedy|Drama,,,114814,629\n",
    "99,Elsewhere (2001),2001,Drama,Of another release.,posters/99.jpg,1,2\n",
]


@pytest.fixture
def media(tmp_path):
    """media(rows): a folder with items.csv and the poster of movie 1."""

    def made(rows: list[str] = ROWS, header: str = HEADER):
        folder = tmp_path / "media"
        (folder / "posters").mkdir(parents=True, exist_ok=True)
        (folder / "posters" / "1.jpg").write_bytes(b"\xff\xd8\xff a picture")
        (folder / "items.csv").write_text(header + "".join(rows), encoding="utf-8")
        return folder

    return made


def test_posters_and_plots_come_by_movie_id_and_are_counted(write, media):
    folder = media()
    movies = load_movielens(write(), media=folder)
    items = movies.items.set_index("item_id")
    assert items.loc[1, "poster"] == str(folder / "posters" / "1.jpg") and items.loc[1, "overview"].startswith("Woody")
    # what is missing is None and "", never NaN
    assert [items.loc[one, "poster"] for one in (6, 50)] == [None, None]
    assert [items.loc[one, "overview"] for one in (6, 50)] == ["", ""]
    notes = " / ".join(movies.notes)
    assert "poster: 1 of 3 movies have one / overview: 1 of 3 movies have one" in notes
    assert "not in this release: 1" in notes
    assert "poster" not in load_movielens(write()).items


def test_a_relative_folder_gives_absolute_paths(write, media, monkeypatch):
    folder, release = media(), write()
    monkeypatch.chdir(folder.parent)
    poster = load_movielens(release, media="media").items["poster"].dropna().iloc[0]
    assert os.path.isabs(poster) and os.path.isfile(poster)


def test_the_ratings_that_come_with_the_course_take_posters_too(media):
    items = load_movielens(media=media(["1,Toy Story (1995),1995,x,A plot.,posters/1.jpg,1,862\n"])).items
    assert items["poster"].notna().sum() == 1 and items.loc[items["item_id"] == 1, "overview"].tolist() == ["A plot."]


def test_a_poster_that_is_missing_or_empty_is_counted_and_named(write, media):
    folder = media()
    (folder / "posters" / "1.jpg").write_bytes(b"")
    movies = load_movielens(write(), media=folder)
    assert movies.items["poster"].tolist() == [None, None, None]
    assert "missing or empty: 1 (posters/1.jpg)" in " ".join(movies.notes)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "posters/../../x.jpg", "C:\\x.jpg", "..\\x.jpg"])
def test_a_poster_outside_the_folder_is_refused(write, media, name):
    folder = media([ROWS[0].replace("posters/1.jpg", name)])
    with pytest.raises(DataFileError, match=r"line 2 of items.csv in .*poster_file is .*leads out of the folder"):
        load_movielens(write(), media=folder)


def test_a_link_does_not_lead_out_of_the_folder_either(write, media, tmp_path):
    folder = media([ROWS[0].replace("posters/1.jpg", "posters/2.jpg")])
    (tmp_path / "secret").write_text("x")
    os.symlink(tmp_path / "secret", folder / "posters" / "2.jpg")
    with pytest.raises(DataFileError, match="leads out of the folder"):
        load_movielens(write(), media=folder)
    os.symlink(folder, tmp_path / "linked")  # the folder itself may be reached through a link
    (folder / "items.csv").write_text(HEADER + ROWS[0], encoding="utf-8")
    assert load_movielens(write(), media=tmp_path / "linked").items["poster"].notna().sum() == 1


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (ROWS, "movieId,title,overview\n", r"line 2 of items.csv .*8 fields, and the header has 3"),
        (["1,x\n"], "movieId,overview\n", r"no column 'poster_file'; line 1 names \['movieId', 'overview'\]"),
        (["x1,a,,,,,,\n"], HEADER, r"line 2 of items.csv in .*: movieId is 'x1', and no number"),
        ([ROWS[0], ROWS[1], ROWS[0]], HEADER, r"movie 1 stands in lines 2 and 4"),
        (['1,"Toy Story,1995,x,y,z,1,2\n'], HEADER, r"line 2 of items.csv .*quotation mark"),
        ([ROWS[2]], HEADER, r"has no movie of this release: its movieIds are 99, and those of the release 1, 6, 50"),
        ([], HEADER, "has no movies below its header"),
    ],
)
def test_a_damaged_table_is_named_with_line_and_value(write, media, rows, header, message):
    with pytest.raises(DataFileError, match=message):
        load_movielens(write(), media=media(rows, header))


def test_ids_that_mean_other_movies_are_refused(write, media):
    # In ml-100k, 50 is Star Wars; the number alone would have given it the poster of The Usual Suspects.
    rows = ["1,GoldenEye (1995),1995,x,y,,1,2\n", "50,Star Wars (1977),1977,x,y,,1,2\n"]
    with pytest.raises(DataFileError, match=r"movie 1 is 'GoldenEye \(1995\)' there, and 'Toy Story \(1995\)' in this"):
        load_movielens(write(), media=media(rows))


def test_a_folder_that_is_none_is_named_with_what_it_holds(write, media, tmp_path):
    with pytest.raises(DataFileError, match="nowhere' does not exist.*recsys-lessons posters"):
        load_movielens(write(), media=tmp_path / "nowhere")
    with pytest.raises(DataFileError, match=r"items.csv' is a file"):
        load_movielens(write(), media=media() / "items.csv")
    with pytest.raises(DataFileError, match=r"has no items.csv; it has 1.jpg"):
        load_movielens(write(), media=media() / "posters")


@pytest.mark.real_data
def test_real_posters_go_with_the_release_of_the_course_and_with_their_own(real_movies):
    ours, theirs = load_movielens(media=real_movies), load_movielens(real_movies / "ml-latest-small", media=real_movies)
    assert ours.items["poster"].notna().sum() == 5171 and (ours.items["overview"] != "").sum() == 5171
    assert theirs.items["poster"].notna().sum() == 5538
    one = ours.items.set_index("item_id").loc[1]
    assert one["overview"].startswith("Led by Woody") and one["poster"].endswith("posters/1.jpg")
