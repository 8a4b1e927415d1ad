"""Every layout of MovieLens, as folder and as zip, and what is said of a file that is damaged."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_lessons.data import _lines
from recsys_lessons.data._errors import DataFileError
from recsys_lessons.data._movies import split_year
from recsys_lessons.data.movielens import load_movielens
from tests.data.conftest import RATINGS, RELEASES, csv_release

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "movielens-multimodal" / "ml-latest-small"
HEADER = b"userId,movieId,rating,timestamp\n"
ROW = b"1,1,4.0,964982703\n"


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("name", RELEASES)
def test_every_layout_gives_the_same_dataset(write, name, zipped):
    data = load_movielens(write(name, zipped=zipped), min_rating=None)
    columns = ["user_id", "item_id", "rating", "timestamp"]
    assert list(data.interactions[columns].itertuples(index=False, name=None)) == RATINGS
    assert data.items["title"].tolist() == [
        "Toy Story (1995)",
        "The City of Lost Children (La Cité des enfants perdus) (1995)",
        "The Usual Suspects (1995)",
    ]
    assert data.items["genres"].tolist()[0] == ["Animation", "Comedy"] and data.items["year"].tolist() == [1995] * 3
    assert data.items["text"][2] == "The Usual Suspects (1995). Comedy, Drama"
    assert data.users["user_id"].tolist() == [1, 2] and data.notes == ()


def test_the_columns_are_narrow_since_there_may_be_millions(write):
    types = load_movielens(write(), min_rating=None).interactions.dtypes.astype(str).to_dict()
    assert types == {"user_id": "int32", "item_id": "int32", "rating": "float32", "timestamp": "int64"}


def test_a_threshold_keeps_items_and_users_and_is_noted(write):
    data = load_movielens(write())
    assert len(data.interactions) == 2 and (data.n_items, data.n_users) == (3, 2)
    assert data.notes[-1] == "an interaction is a rating of 4 or more: 2 of 4"


def test_the_folder_around_one_release_will_do_and_around_two_will_not(write):
    parent = write("ml-25m").parent
    assert load_movielens(parent).n_items == 3
    write("ml-1m")
    with pytest.raises(DataFileError, match=r"2 releases.*ml-1m.*ml-25m.*one you mean"):
        load_movielens(parent)


def test_large_files_come_in_pieces_with_the_same_result_and_the_right_line(write, monkeypatch):
    monkeypatch.setattr(_lines, "BLOCK_BYTES", 50)
    rows = b"".join(b"%d,1,4.0,964982703\n" % user for user in range(1, 40))
    assert len(load_movielens(write(changes={"ratings.csv": HEADER + rows})).interactions) == 39
    with pytest.raises(DataFileError, match=r"line 41 of ratings.csv.*rating is '7'"):
        load_movielens(write(changes={"ratings.csv": HEADER + rows + b"1,1,7,964982703\n" + rows}))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (HEADER + ROW + b"1,1,x,964982703\n", "line 3 of ratings.csv.*rating is 'x', which is no number"),
        (HEADER + ROW + b"1,1,,964982703\n" + ROW, "line 3 .*rating is missing"),
        (HEADER + b"1,,4,964982703\n", "line 2 .*item_id is missing"),
        (HEADER + b"nan,1,4,964982703\n", "user_id is 'nan', which is no number"),
        (HEADER + b"1,1,nan,964982703\n", "rating is 'nan', which is no number"),
        (HEADER + b"1,1,5.5,964982703\n", "rating is '5.5', and must lie between 0.5 and 5"),
        (HEADER + b"1,1,0,964982703\n", "rating is '0', and must lie"),
        (HEADER + b"1,1.5,4,964982703\n", "item_id is '1.5', and must be a whole number"),
        (HEADER + b"1,99999999999,4,964982703\n", "item_id is '99999999999', and must lie between 0 and 2147483647"),
        (HEADER + b"1,1,4,964982703000\n", "timestamp is '964982703000', which is no second between 1995 and 2100"),
        (HEADER + b"1,1e400,4,964982703\n", "item_id is '1e400', and must lie"),
        (HEADER + b"1,1,4,9.65E+08\n", r"timestamp is '9.65E\+08', and must be a whole number in plain digits"),
        (HEADER + ROW + b"1,1,4,964982703,9\n" + ROW, "line 3 .*5 fields, and 4 are expected"),
        (HEADER + ROW + b"1,1,4\n" + ROW, "line 3 .*3 fields, and 4 are expected"),
        (HEADER + ROW + b"1,1,4,96498", "line 3 .*cut short"),
        (HEADER + ROW + b"1,1,4.", "line 3 .*cut short"),
        (HEADER + b'"1,1,4,964982703\n' + ROW, "quotation mark"),
        (HEADER, "no ratings below its header"),
        (b"", "ratings.csv in .* is empty"),
        (b"\n\r\n", "blank lines only"),
        (b"<!DOCTYPE html><title>404", "is a web page"),
        (HEADER.replace(b",", b";") + ROW, "separated by semicolons, and this release by commas"),
        (HEADER.replace(b",", b"\t") + ROW, "separated by tabs"),
        (HEADER.replace(b"movieId", b"itemId") + ROW, r"no column 'movieId'; line 1 names .* mean 'itemId'\?"),
        (ROW + ROW, "has no header: line 1 is '1,1,4.0,964982703'"),
        ((HEADER + ROW).decode().encode("utf-16"), "is UTF-16"),
        ((HEADER + ROW).replace(b"\n", b"\r"), "end in CR alone"),
        (b"PK\x03\x04rest", "is a zip file under another name"),
    ],
)
def test_a_bad_file_of_ratings_is_named_with_line_value_and_fix(write, data, message):
    with pytest.raises(ValueError, match=message):
        load_movielens(write(changes={"ratings.csv": data}))


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + HEADER + ROW,
        (HEADER + ROW).replace(b"\n", b"\r\n"),
        (HEADER + ROW).rstrip(),
        HEADER + b"\n" + ROW + b"\n\n",
        HEADER + b'"1","1","4.0","964982703"\n',
        b"movieId,userId,timestamp,rating\n1,1,964982703,4.0\n",
        b"userId,movieId,rating,timestamp,device\n1,1,4.0,964982703,phone\n",
    ],
    ids=["byte-order mark", "CRLF", "no last line end", "blank lines", "quotes", "other order", "another column"],
)
def test_a_file_that_is_only_written_otherwise_is_read(write, data):
    table = load_movielens(write(changes={"ratings.csv": data})).interactions
    assert table.to_dict("records") == [{"user_id": 1, "item_id": 1, "rating": 4.0, "timestamp": 964982703}]


@pytest.mark.parametrize(
    ("name", "file", "data", "message"),
    [
        ("ml-1m", "ratings.dat", b"1::1::0.5::964982703\n", "rating is '0.5', and must lie between 1.0 and 5"),
        ("ml-1m", "ratings.dat", b"1,1,5,964982703\n", "separated by commas, and this release by double colons"),
        ("ml-1m", "ratings.dat", b"1::1::4,5::964982703\n", "rating is '4,5', which is no number"),
        ("ml-1m", "movies.dat", b"1::Toy Story (1995)\n", "line 1 of movies.dat.*3 fields"),
        ("ml-100k", "u.data", b"1 1 5 964982703\n", "has 1 fields, and 4 are expected"),
        ("ml-100k", "u.item", b"1|Toy Story (1995)|01-Jan-1995||x|0|2|0|0|0\n", "line 1 of u.item.*flags"),
        ("ml-25m", "movies.csv", b"movieId;title;genres\n", "separated by ';'"),
        ("ml-25m", "movies.csv", b"movieId,name,genres\n1,Up (2009),Drama\n", r"no column 'title'; line 1 names"),
        ("ml-25m", "movies.csv", b"movieId,title,genres\n1,Up (2009)\n", "line 2 of movies.csv.*2 fields, not 3"),
        ("ml-25m", "movies.csv", b"movieId,title,genres\nx,Up (2009),Drama\n", "line 2 .*must be a whole number"),
        ("ml-25m", "movies.csv", csv_release()["movies.csv"] * 2, "'movieId'.*whole number"),
        ("ml-25m", "movies.csv", csv_release()["movies.csv"] + b"1,A (1999),Drama\n", "stands in lines 2 and 5"),
        ("ml-25m", "movies.csv", csv_release()["movies.csv"][:-3], "cut short"),
        ("ml-25m", "movies.csv", csv_release()["movies.csv"] + b'7,"Up', "cut short"),
        ("ml-25m", "movies.csv", b"movieId,title,genres\n1,Up (2009),Drama\n", "no movie 6, which user 1 rates"),
        ("ml-25m", "movies.csv", b"movieId,title,genres\n1,A,-\n6,B,-\n50,C,-\n", "Use Dataset.from_frame"),
    ],
)
def test_other_damage_is_named_too(write, name, file, data, message):
    with pytest.raises(DataFileError, match=message):
        load_movielens(write(name, {file: data}))


def test_latin_1_where_utf_8_is_expected_is_read_and_said(write):
    movies = csv_release()["movies.csv"].decode().encode("latin-1")
    data = load_movielens(write(changes={"movies.csv": movies}))
    assert "Cité" in data.items["title"][1]
    assert "movies.csv in" in data.notes[0] and "is not UTF-8 (byte 0xe9 in line 3)" in data.notes[0]


def test_what_is_left_out_is_counted(write):
    movies = csv_release()["movies.csv"] + b"7,Babylon 5,Sci-Fi\n8,Nothing (2001),(no genres listed)\n"
    more = b"3,7,5.0,964982703\n3,8,5.0,964982703\n1,1,2.0,964982700\n1,1,3.5,964982704\n"
    ratings = csv_release()["ratings.csv"] + more
    data = load_movielens(write(changes={"movies.csv": movies, "ratings.csv": ratings}), min_rating=None)
    assert data.notes == (
        "left out: 2 movies without title, year or genre (2 ratings)",
        "left out: 2 earlier ratings of a movie that the same person rated again",
    )
    assert data.users["user_id"].tolist() == [1, 2] and len(data.interactions) == 4
    assert data.history(1).query("item_id == 1")["rating"].tolist() == [3.5]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Toy Story (1995)", ("Toy Story", "1995", 1995)),
        ("Toy Story (1995)  ", ("Toy Story", "1995", 1995)),
        ("Fawlty Towers (1975-1979)", ("Fawlty Towers", "1975-1979", 1975)),
        ("Diplomatic Immunity (2009– )", ("Diplomatic Immunity", "2009–", 2009)),
        ("Mona (Mona ja) (1983))", ("Mona (Mona ja)", "1983", 1983)),
        ("Land Before Time III, The (1995) (V)", ("Land Before Time III, The", "1995", 1995)),
        ("2001: A Space Odyssey (1968)", ("2001: A Space Odyssey", "1968", 1968)),
        ("1984 (Nineteen (1984) Four) (1956)", ("1984 (Nineteen (1984) Four)", "1956", 1956)),
        ("Babylon 5", None),
        ("(1995)", None),
        ("Room (9999)", None),
    ],
)
def test_years_are_taken_out_of_titles_in_all_their_forms(title, expected):
    assert split_year(title) == expected


def test_a_date_stands_in_for_a_year_that_the_title_lacks(write):
    row = b"9|Two Much|08-Mar-1996||http://x|0|0|0|1|0\n"
    data = load_movielens(write("ml-100k", {"u.item": RELEASES["ml-100k"]()["u.item"] + row}))
    assert data.items["title"].tolist()[-1] == "Two Much (1996)"


def test_half_a_release_says_which_file_is_missing(write):
    with pytest.raises(DataFileError, match="has ratings.csv, and no movies.csv beside it"):
        load_movielens(write(changes={"movies.csv": None}))
    with pytest.raises(DataFileError, match=r"Pass its folder: '.*ml-25m'"):
        load_movielens(write() / "ratings.csv")


def test_nothing_there_says_what_would_do(tmp_path, write):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataFileError, match=r"holds no MovieLens release: it needs ratings.csv and .* has no files"):
        load_movielens(tmp_path / "empty")
    write("ml-1m", zipped=True)
    with pytest.raises(DataFileError, match=r"There is ml-1m.zip: pass"):
        load_movielens(tmp_path / "empty" / "..")
    with pytest.raises(DataFileError, match=r"There is .*ml-1m.zip: pass that"):
        load_movielens(tmp_path / "ml-1m")


@pytest.mark.filterwarnings("error")
@settings(max_examples=60, deadline=None)
@given(draws=st.data())
def test_a_damaged_byte_is_either_harmless_or_named(draws, tmp_path_factory):
    """No damage may end in an error that names no file, or in ratings out of range."""
    folder = tmp_path_factory.mktemp("fuzz")
    files = csv_release()
    name = draws.draw(st.sampled_from(sorted(files)))
    text = bytearray(files[name])
    for _ in range(draws.draw(st.integers(1, 3))):
        place = draws.draw(st.integers(0, len(text) - 1))
        text[place : place + draws.draw(st.integers(0, 2))] = draws.draw(st.binary(max_size=2))
    for key, content in (files | {name: bytes(text)}).items():
        (folder / key).write_bytes(content)
    try:
        table = load_movielens(folder, min_rating=None).interactions
    except DataFileError as error:
        assert "movies.csv" in str(error) or "ratings.csv" in str(error)
    else:
        assert table["rating"].between(0.5, 5).all() and not table.isna().any(axis=None)


@pytest.mark.skipif(not REAL.is_dir(), reason="the 2018 ml-latest-small is not beside this checkout")
def test_a_real_release_has_the_counts_that_pandas_gives_and_the_defaults_titles():
    data = load_movielens(REAL, min_rating=None)
    ratings, movies = pd.read_csv(REAL / "ratings.csv"), pd.read_csv(REAL / "movies.csv")
    assert len(ratings) == 100_836 and data.n_users == ratings["userId"].nunique() == 610
    usable = movies[
        movies["title"].str.contains(r"\(\d{4}(?:–\d{4})?\)\s*$") & movies["genres"].ne("(no genres listed)")
    ]
    assert data.items["item_id"].tolist() == usable["movieId"].tolist()
    kept = ratings[ratings["movieId"].isin(usable["movieId"])]
    assert len(data.interactions) == len(kept) and data.interactions["rating"].sum() == kept["rating"].sum()
    left = f"{len(movies) - len(usable):,} movies without title, year or genre ({len(ratings) - len(kept):,} ratings)"
    assert left in data.notes[0]
    both = data.items.merge(load_movielens().items, on="item_id")
    assert len(both) > 7000 and (both["title_x"] != both["title_y"]).sum() <= 1  # one was renamed in between
