import re
from pathlib import Path

import pandas as pd
import pytest

from recsys_lessons.data import queries
from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.movielens import load_movielens
from recsys_lessons.data.queries import KINDS, load_queries
from recsys_lessons.errors import DataFileError

GOOD = """
- id: robots
  kind: theme
  use: dev
  en: "films about robots"
  zh: "机器人电影"
  right:
    films: |
      1 The Iron Man
      2 Robot, the Second (1999)
- id: robots-for-children
  kind: combination
  use: test
  en: "robots, for children"
  zh: "给孩子看的机器人"
  right: {films_of: robots, all: [Children], years: [null, 1998]}
"""


@pytest.fixture(scope="module")
def movies():
    return load_movielens()


@pytest.fixture
def small():
    items = pd.DataFrame(
        {
            "item_id": [1, 2, 3],
            "title": ["The Iron Man (1998)", "Robot, the Second (1999)", "Love: A Story (1990)"],
            "year": [1998, 1999, 1990],
            "genres": [["Children"], ["Children", "Sci-Fi"], ["Romance"]],
        }
    )
    interactions = pd.DataFrame({"user_id": [1], "item_id": [1]})
    return Dataset(items, pd.DataFrame({"user_id": [1]}), interactions)


def write(folder, text):
    path = folder / "wishes.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_wishes_come_in_pairs_of_every_kind_with_enough_right_answers(movies):
    table = load_queries(movies)
    assert len(table) >= 120 and set(table["kind"]) == set(KINDS)
    pairs = table.groupby("id")
    assert (pairs["language"].apply(list).map(tuple) == ("en", "zh")).all()
    assert (pairs[["kind", "use", "right"]].nunique() == 1).all(axis=None)
    assert not table["query"].duplicated().any()
    assert table["n_right"].ge(10).all()
    share = table["use"].eq("dev").mean()
    assert 0.25 < share < 0.45 and set(table.loc[table["use"] == "dev", "kind"]) == set(KINDS)


def test_wishes_that_share_films_are_on_one_side():
    uses = dict(load_queries()[["id", "use"]].drop_duplicates().itertuples(index=False))
    text = Path(queries.__file__).with_name("queries.yaml").read_text(encoding="utf-8")
    shared = re.findall(r"- id: (\S+)\n(?:  .*\n)+?    films_of: (\S+)", text)
    assert len(shared) >= 10
    assert [pair for pair in shared if uses[pair[0]] != uses[pair[1]]] == []


def test_a_few_right_answers_are_what_a_reader_expects(movies):
    right = load_queries(movies).drop_duplicates("id").set_index("id")["right"]
    assert {480, 1544, 4638} <= right["dinosaurs"] and 318 not in right["dinosaurs"]
    items = movies.items.set_index("item_id")
    early = items.loc[list(right["early-hitchcock"])]
    assert early["year"].max() < 1945
    genres = items.loc[list(right["thriller-not-scary"]), "genres"]
    assert genres.map(lambda one: "Thriller" in one and "Horror" not in one).all()


def test_conditions_are_met_together_and_both_languages_share_them(small, tmp_path):
    table = load_queries(small, path=write(tmp_path, GOOD))
    assert table["right"].tolist() == [{1, 2}, {1, 2}, {1}, {1}]
    assert table["n_right"].tolist() == [2, 2, 1, 1]
    assert table["query"].tolist()[:2] == ["films about robots", "机器人电影"]
    assert "right" not in load_queries(path=write(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("use: dev", "use: train", r"wishes.yaml:2: wish 'robots': use: Input should be 'dev' or 'test'"),
        ("kind: theme", "kind: mood", "wish 'robots': kind: Input should be 'genre'"),
        ('"机器人电影"', '"robot films"', "`zh` is 'robot films'; swap en and zh"),
        ("id: robots-for-children", "id: robots", r"wishes.yaml:11: wish 'robots' stands on line 2 too"),
        ("all: [Children]", "all: [Childrens]", "no film is 'Childrens'; did you mean 'Children'"),
        ("all: [Children]", "every: [Children]", "right.every: Extra inputs"),
        ("1 The Iron Man", "1 The Irony", "film 1 is 'The Iron Man \\(1998\\)', and the file calls it 'The Irony'"),
        ("1 The Iron Man", "9 The Iron Man", "film 9 is not in the catalogue"),
        ("1 The Iron Man", "Iron Man", "'Iron Man' is no film; write its id and title"),
        ("1 The Iron Man", "2 Robot, the Second", "film 2 stands twice"),
        ("films_of: robots", "films_of: robot", "films_of is 'robot', which lists no films"),
        ("[null, 1998]", "[1999, 1998]", "runs backwards"),
        ("[null, 1998]", "[null, null]", "limits nothing"),
        ("[null, 1998]", "[null, 1950]", "no film of the catalogue is a right answer"),
        ('  en: "films about robots"\n', "", "wish 'robots': en: Field required"),
        ("- id: robots\n", "- id: [robots\n", "cannot be read as YAML"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_place(small, tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(DataFileError, match=message):
        load_queries(small, path=write(tmp_path, GOOD.replace(old, new, 1)))


def test_a_file_or_a_column_that_is_missing_is_named(small, tmp_path):
    with pytest.raises(DataFileError, match="nothing.yaml cannot be read"):
        load_queries(path=tmp_path / "nothing.yaml")
    with pytest.raises(DataFileError, match="must be a list of wishes"):
        load_queries(path=write(tmp_path, "id: robots\n"))
    bare = Dataset(small.items.drop(columns="genres"), small.users, small.interactions)
    with pytest.raises(ValueError, match="items has no column 'genres'"):
        load_queries(bare, path=write(tmp_path, GOOD))
