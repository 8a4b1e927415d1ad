"""The real ratings, and the numbers that the course builds on."""

import pytest

from recsys_lessons.data.movielens import load_movielens, natural_title
from recsys_lessons.data.splits import split_last
from recsys_lessons.evaluation import evaluate
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender


@pytest.fixture(scope="module")
def movies():
    return load_movielens()


def test_sizes(movies):
    assert (movies.n_users, movies.n_items, len(movies.interactions)) == (671, 9046, 51553)
    everything = load_movielens(min_rating=None)
    assert len(everything.interactions) == 99_981
    assert "20 movies without title or genre (23 ratings)" in everything.notes[0]


def test_items_are_told_apart_and_have_text(movies):
    items = movies.items.set_index("item_id")
    assert items.loc[1, "title"] == "Toy Story (1995)"
    assert items.loc[1, "genres"][:2] == ["Adventure", "Animation"]
    assert items.loc[50, "text"] == "The Usual Suspects (1995). Crime, Mystery, Thriller"
    assert items["year"].between(1902, 2016).all() and items["text"].str.len().gt(8).all()
    assert items["title"].duplicated().sum() <= 3  # films of one name and one year


@pytest.mark.parametrize(
    ("stored", "natural"),
    [
        ("Usual Suspects, The", "The Usual Suspects"),
        ("Trip to the Moon, A (Voyage dans la lune, Le)", "A Trip to the Moon (Le Voyage dans la lune)"),
        ("Crouching Tiger, Hidden Dragon (Wo hu cang long)", "Crouching Tiger, Hidden Dragon (Wo hu cang long)"),
        ("Good, the Bad and the Ugly, The (Buono, il brutto, il cattivo, Il)",) * 1
        + ("The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo)",),
        ("Avventura, L' (Adventure, The)", "L'Avventura (The Adventure)"),
        ("I, Robot", "I, Robot"),
        ("9 1/2 Weeks (Nine 1/2 Weeks)", "9 1/2 Weeks (Nine 1/2 Weeks)"),
        ("Up", "Up"),
    ],
)
def test_titles_read_as_people_say_them(stored, natural):
    assert natural_title(stored) == natural


def test_a_threshold_above_every_rating_is_named():
    with pytest.raises(ValueError, match="min_rating is 6.*highest rating is 5"):
        load_movielens(min_rating=6)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (Popularity, 0.061),
        *(
            (lambda rank=rank: SVDRecommender(rank), value)
            for rank, value in ((8, 0.082), (16, 0.088), (32, 0.095), (64, 0.094))
        ),
    ],
    ids=["popularity", "rank 8", "rank 16", "rank 32", "rank 64"],
)
def test_quality_is_what_was_measured_independently(movies, make, expected):
    train, test = split_last(movies, fraction=0.2)
    table = evaluate(make().fit(train), test, metrics=["ndcg"], draws=50)
    assert table["n_users"].tolist() == [659]
    assert table["value"].iloc[0] == pytest.approx(expected, abs=0.003)
