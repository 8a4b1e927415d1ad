from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys_lessons.data.dataset import Dataset


def test_ids_become_rows_and_back(likes):
    rows = likes.item_rows([506, 500])
    assert rows.tolist() == [2, 0]
    assert likes.items["item_id"].to_numpy()[rows].tolist() == [506, 500]


def test_unknown_ids_are_named_with_known_ones(likes):
    with pytest.raises(KeyError, match=r"unknown item id 501 \(1 of 2\).*500"):
        likes.item_rows([500, 501])
    with pytest.raises(KeyError, match="unknown user id 1"):
        likes.history(1)


def test_the_matrix_holds_every_pair_once(likes):
    doubled = likes.with_interactions(pd.concat([likes.interactions, likes.interactions]))
    matrix = doubled.matrix()
    assert matrix.shape == (40, 30) and set(matrix.data) == {1.0}
    assert matrix.nnz == len(likes.interactions)
    first = likes.interactions.iloc[0]
    assert matrix[likes.user_rows([first.user_id])[0], likes.item_rows([first.item_id])[0]] == 1


def test_of_several_ratings_of_one_pair_the_latest_counts(likes):
    pair = pd.DataFrame({"user_id": [1000, 1000], "item_id": [500, 500], "rating": [4.0, 2.0], "timestamp": [20, 10]})
    assert likes.with_interactions(pair).matrix("rating").data.tolist() == [4.0]


def test_a_missing_column_is_named(likes):
    with pytest.raises(ValueError, match="items has no column 'title'"):
        Dataset(likes.items.drop(columns="title"), likes.users, likes.interactions)
    with pytest.raises(ValueError, match="no column 'stars'"):
        likes.matrix("stars")


def test_an_id_that_stands_twice_is_named(likes):
    with pytest.raises(ValueError, match="items.item_id 500 stands twice"):
        Dataset(pd.concat([likes.items, likes.items.head(1)]), likes.users, likes.interactions)


def test_an_interaction_with_an_unknown_item_is_named(likes):
    stray = likes.interactions.assign(item_id=likes.interactions["item_id"].where(likes.interactions.index != 3, -1))
    with pytest.raises(ValueError, match=r"item_id -1 \(row 3; 1 in all\)"):
        likes.with_interactions(stray)


def test_the_repr_tells_size_sparsity_and_what_was_left_out(likes):
    text = repr(replace(likes, notes=("left out: 2 films <b>",)))
    assert "30 (" in text and "%" in text and "left out" in text
    assert "<b>" not in replace(likes, notes=("left out: 2 films <b>",))._repr_html_()


def test_search_finds_words_in_any_case_and_shows_the_popular_first(likes):
    found = likes.search("FILM 5")
    counts = found["item_id"].map(likes.interactions["item_id"].value_counts()).fillna(0)
    assert len(found) > 3 and np.all(np.diff(counts) <= 0)
    assert likes.search("no such film").empty
    assert likes.search("film, (506").equals(likes.search("506 film"))  # people type commas and brackets


def test_history_is_in_time_order_with_titles(likes):
    history = likes.history(1003)
    assert history["timestamp"].is_monotonic_increasing and history["title"].str.startswith("Film").all()


def test_a_matrix_is_the_same_whatever_the_order_and_the_width_of_the_columns(likes):
    shuffled = likes.interactions.sample(frac=1, random_state=0)
    narrow = shuffled.astype({"user_id": "int32", "item_id": "int32", "rating": "float32"})
    for values in (None, "rating"):
        expected = likes.matrix(values)
        for table in (shuffled, narrow, pd.concat([narrow, narrow.assign(timestamp=-1, rating=1.0)])):
            found = likes.with_interactions(table).matrix(values)
            assert found.dtype == np.float32 and found.has_canonical_format
            assert (found != expected).nnz == 0


def test_active_items_keep_the_item_tables_order(likes):
    some = likes.with_interactions(likes.interactions.iloc[[5, 0, 9, 5]])
    assert some.active_items().tolist() == [i for i in likes.items["item_id"] if i in set(some.interactions["item_id"])]
