import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys_lessons.recommenders import base
from recsys_lessons.recommenders.als import ALS
from recsys_lessons.recommenders.base import NotFittedError, Recommender
from recsys_lessons.recommenders.content import ContentProfile
from recsys_lessons.recommenders.ease import EASE
from recsys_lessons.recommenders.neighbours import ItemNeighbours
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.ranking import top_k
from recsys_lessons.recommenders.svd import SVDRecommender

MODELS = {
    "popularity": Popularity,
    "neighbours": lambda: ItemNeighbours(k=5, shrink=1.0),
    "svd": lambda: SVDRecommender(rank=4),
    "ease": lambda: EASE(ridge=2.0),
    "als": lambda: ALS(rank=4, iterations=4),
    "content": lambda: ContentProfile(np.random.default_rng(0).standard_normal((30, 7)) + 1),
}


@pytest.fixture(params=MODELS)
def make(request):
    return MODELS[request.param]


@pytest.fixture
def model(make, likes) -> Recommender:
    return make().fit(likes)


@given(arrays(np.float32, (3, 9), elements=st.sampled_from([0.0, 0.5, 1.0, -np.inf])), st.integers(1, 12))
def test_top_k_holds_the_best_in_order_and_never_an_excluded_item(scores, k):
    for row, chosen in zip(scores, top_k(scores, k), strict=True):
        real = chosen[chosen >= 0]
        assert len(set(real)) == len(real) == min(k, np.isfinite(row).sum())
        assert row[real].tolist() == sorted(row[np.isfinite(row)], reverse=True)[:k]
        assert (chosen[len(real) :] == -1).all()


def test_ties_fall_the_same_way_for_every_user_and_not_in_column_order():
    order = top_k(np.zeros((2, 200)), 200)
    assert np.array_equal(order[0], order[1]) and np.array_equal(order, top_k(np.zeros((2, 200)), 200))
    assert abs(np.corrcoef(order[0], np.arange(200))[0, 1]) < 0.2


def test_a_score_that_is_no_number_is_located():
    with pytest.raises(ValueError, match=r"scores\[1, 2\] is NaN"):
        top_k(np.array([[1, 2, 3], [1, 2, np.nan]]), 2)
    with pytest.raises(ValueError, match="k is 0"):
        top_k(np.zeros((1, 3)), 0)


def test_scores_have_one_row_per_user_and_one_column_per_item(model):
    assert model.scores(1000).shape == (1, 30)
    assert model.scores([1000, 1001]).shape == (2, 30)
    assert model.scores().shape == (40, 30)
    assert model.scores(history=[500]).shape == (1, 30)
    assert model.scores(history=[[500], [503, 506], []]).shape == (3, 30)
    assert model.scores([]).shape == (0, 30)
    assert model.scores(1000).dtype == np.float32


def test_recommendations_leave_out_what_was_seen(model, likes):
    for user in (1000, 1017):
        seen = set(likes.history(user)["item_id"])
        table = model.recommend(user, k=30)
        assert not seen & set(table["item_id"]) and len(table) == 30 - len(seen)
        assert table["rank"].tolist() == list(range(1, len(table) + 1))
        assert table["score"].is_monotonic_decreasing
    everything = model.recommend(1000, k=30, exclude_seen=False)
    assert set(everything["item_id"]) == set(likes.items["item_id"])


def test_a_users_own_history_gives_the_users_own_list(model, likes):
    history = likes.history(1005)["item_id"].tolist()
    by_user, by_history = model.recommend(1005), model.recommend(history=history)
    assert by_user["item_id"].tolist() == by_history["item_id"].tolist()
    np.testing.assert_allclose(by_user["score"], by_history["score"], rtol=1e-5)


def test_several_people_are_told_apart(model):
    table = model.recommend([1001, 1000], k=3)
    assert table["user_id"].tolist() == [1001] * 3 + [1000] * 3
    assert model.recommend(history=[[500], [503]], k=2)["history"].tolist() == [0, 0, 1, 1]
    assert "user_id" not in model.recommend(1000)


def test_candidates_limit_the_ranking(model):
    assert set(model.recommend(1000, candidates=[584, 587])["item_id"]) == {584, 587}


def test_an_empty_history_gets_a_list_all_the_same(model):
    assert len(model.recommend(history=[], k=5)) == 5


def test_the_same_item_twice_counts_once(model):
    np.testing.assert_array_equal(model.scores(history=[500, 500]), model.scores(history=[500]))


def test_contributions_add_up_to_the_score(model, likes):
    history = likes.history(1002)["item_id"].tolist()
    item = int(model.recommend(1002, k=1)["item_id"].iloc[0])
    score = model.scores(1002)[0, likes.item_rows([item])[0]]
    for why in (model.explain(1002, item=item), model.explain(history=history, item=item)):
        assert why["contribution"].sum() == pytest.approx(score, rel=1e-5)
        assert why["contribution"].is_monotonic_decreasing and why["share"].sum() == pytest.approx(1)
        assert list(why.columns) == ["item_id", "title", "contribution", "share"]


def test_many_users_are_served_in_pieces_with_the_same_lists(model, monkeypatch):
    whole = model.recommend(k=7)
    monkeypatch.setattr(base, "_CHUNK_BYTES", 4 * 30 * 7)  # seven users at once
    pieces = model.recommend(k=7)
    assert whole["user_id"].nunique() == 40
    assert pieces.drop(columns="score").equals(whole.drop(columns="score"))
    np.testing.assert_allclose(pieces["score"], whole["score"], rtol=1e-5, atol=1e-6)


def test_nobody_gets_an_empty_table_with_the_right_columns(model):
    for table, first in ((model.recommend([]), "user_id"), (model.recommend(history=[[]], candidates=[]), "history")):
        assert len(table) == 0 and list(table.columns) == [first, "rank", "item_id", "title", "score"]


def test_somebody_who_has_seen_everything_gets_no_row(model, likes):
    everything = likes.items["item_id"].tolist()
    assert len(model.recommend(history=everything)) == 0
    assert model.recommend(history=[everything, []], k=3)["history"].tolist() == [1, 1, 1]


def test_wrong_questions_get_an_answer_that_helps(model, make, likes):
    with pytest.raises(KeyError, match="unknown user id 7"):
        model.recommend(7)
    with pytest.raises(KeyError, match="unknown item id 501"):
        model.recommend(history=[501])
    with pytest.raises(ValueError, match="not both"):
        model.recommend(1000, history=[500])
    with pytest.raises(ValueError, match="makes no use of a context"):
        model.scores(1000, context={"hour": 8})
    with pytest.raises(ValueError, match="one user"):
        model.explain([1000, 1001], item=500)
    with pytest.raises(ValueError, match="one user id, or history"):
        model.explain(item=500)
    with pytest.raises(ValueError, match="a history as a list of item ids; it got a dict"):
        model.recommend(history={500: 5.0})
    with pytest.raises(ValueError, match="k is 0"):
        model.recommend(1000, k=0)
    with pytest.raises(KeyError, match="unknown item id 501"):
        model.recommend(1000, candidates=[501])
    with pytest.raises(NotFittedError, match="call fit"):
        make().recommend(1000)
    with pytest.raises(ValueError, match="no interactions"):
        make().fit(likes.with_interactions(likes.interactions.head(0)))


def test_popularity_counts_people(likes):
    model = Popularity().fit(likes)
    counts = likes.interactions.groupby("item_id")["user_id"].nunique()
    for item, count in counts.items():
        assert model.counts_[likes.item_rows([item])[0]] == count
