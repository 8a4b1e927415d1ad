import numpy as np
import pytest

from recsys_lessons.data.splits import split_by_time, split_last
from recsys_lessons.evaluation import bootstrap_interval, evaluate, per_user
from recsys_lessons.metrics import ndcg_at_k, recall_at_k
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender


class Oracle(Recommender):
    """Knows the answers: scores what stands in the test."""

    def __init__(self, test):
        self.test = test

    def _fit(self, matrix):
        self.answers_ = self.test.matrix().toarray()

    def _scores(self, histories, rows):
        return self.answers_[rows]


def test_an_oracle_gets_everything_right(likes):
    train, test = split_last(likes)
    table = evaluate(Oracle(test).fit(train), test)
    assert table["value"].tolist() == [1.0, 1.0] and table["low"].tolist() == [1.0, 1.0]


def test_each_users_number_is_that_of_their_list(likes):
    train, test = split_last(likes)
    model = SVDRecommender(rank=4).fit(train)
    table = per_user(model, test, k=5).set_index("user_id")
    for user in table.index[:10]:
        ranked = model.recommend(user, k=5)["item_id"].tolist()
        relevant = test.history(user)["item_id"].tolist()
        assert table.loc[user, "ndcg"] == pytest.approx(ndcg_at_k(ranked, relevant, 5))
        assert table.loc[user, "recall"] == pytest.approx(recall_at_k(ranked, relevant, 5))


def test_people_without_history_are_reported_apart(likes):
    train, test = split_by_time(likes, 0.3)
    table = evaluate(Popularity().fit(train), test)
    assert table["users"].unique().tolist() == ["with history", "without history"]
    strangers = set(test.interactions["user_id"]) - set(train.interactions["user_id"])
    assert table.set_index("users")["n_users"].loc["without history"].unique().tolist() == [len(strangers)]


def test_candidates_are_the_only_items_ranked(likes):
    train, test = split_last(likes)
    model = Oracle(test).fit(train)
    some = test.active_items()[:3]
    full, limited = per_user(model, test), per_user(model, test, candidates=some)
    assert (limited["recall"] <= full["recall"]).all() and (limited["recall"] < full["recall"]).any()


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = [
        low <= 0.3 <= high
        for low, high in (bootstrap_interval(random.exponential(0.3, 200), draws=200, seed=i) for i in range(200))
    ]
    assert 0.88 <= np.mean(covered) <= 0.99


def test_the_interval_is_the_same_for_the_same_seed():
    values = np.random.default_rng(0).random(50)
    assert bootstrap_interval(values) == bootstrap_interval(values) != bootstrap_interval(values, seed=1)
    assert bootstrap_interval(np.array([0.4])) == pytest.approx((0.4, 0.4))


def test_what_cannot_be_measured_is_refused(likes):
    train, test = split_last(likes)
    model = Popularity().fit(train)
    with pytest.raises(ValueError, match="metric 'accuracy' is unknown.*ndcg"):
        evaluate(model, test, metrics=["accuracy"])
    with pytest.raises(ValueError, match="no interactions"):
        evaluate(model, test.with_interactions(test.interactions.head(0)))
    import dataclasses

    shuffled = dataclasses.replace(test, items=test.items.iloc[::-1])
    with pytest.raises(ValueError, match="different items"):
        evaluate(model, shuffled)
