import dataclasses

import numpy as np
import pytest

from recsys_lessons.data.splits import split_last
from recsys_lessons.evaluation import evaluate, per_user
from recsys_lessons.recommenders.base import NotFittedError
from recsys_lessons.recommenders.popularity import Popularity
from tests.evaluation.worlds import Given, small


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (["accuracy"], "metric 'accuracy' is unknown; .*ndcg"),
        (["ncdg"], "did you mean 'ndcg'"),
        (["hitrate"], "did you mean 'hit_rate'"),
        (["ndcg@10"], r"pass the name and the cut apart: 'ndcg', and k="),
        (["ndcg", "gauc"], "'gauc' is the mean over users of 'auc'"),
        (["coverage"], "'coverage' belongs to all lists together"),
        ([], "metrics is empty"),
    ],
)
def test_a_metric_that_no_user_has_is_refused_with_what_was_meant(halves, metrics, message):
    train, test = halves
    with pytest.raises(ValueError, match=message):
        per_user(Popularity().fit(train), test, metrics=metrics)


@pytest.mark.parametrize(
    ("k", "error", "message"),
    [
        (0, ValueError, "k is 0"),
        ((5, -1), ValueError, "k is -1"),
        ((), ValueError, "k is empty"),
        (2.5, TypeError, "k is 2.5"),
        (True, TypeError, "k is True"),
        ("10", TypeError, "k is '10'"),
        ((5, None), TypeError, "k is None"),
    ],
)
def test_a_cut_that_is_no_number_of_places_is_refused(halves, k, error, message):
    train, test = halves
    with pytest.raises(error, match=message):
        evaluate(Popularity().fit(train), test, k=k)


def test_a_whole_number_of_numpy_is_a_number(halves):
    train, test = halves
    model = Popularity().fit(train)
    assert evaluate(model, test, k=np.array([3, 5]))["metric"].tolist() == ["ndcg@3", "ndcg@5", "recall@3", "recall@5"]


def test_a_test_that_is_empty_or_of_other_data_is_refused(halves):
    train, test = halves
    model = Popularity().fit(train)
    with pytest.raises(ValueError, match="no interactions"):
        evaluate(model, test.with_interactions(test.interactions.head(0)))
    with pytest.raises(ValueError, match="different items"):
        evaluate(model, dataclasses.replace(test, items=test.items.iloc[::-1]))
    with pytest.raises(ValueError, match="different users"):
        evaluate(model, dataclasses.replace(test, users=test.users.iloc[::-1]))
    with pytest.raises(NotFittedError, match="Popularity is not fitted"):
        evaluate(Popularity(), test)


def test_the_training_data_passed_as_test_is_refused(halves):
    train, _ = halves
    with pytest.raises(ValueError, match="seen in training.*was train passed as test"):
        evaluate(Popularity().fit(train), train)


def test_scores_that_are_nan_name_the_model_the_user_and_the_item(likes):
    train, test = split_last(likes)
    table = np.zeros((40, 30))
    who = test.user_rows([test.interactions["user_id"].iloc[0]])[0]
    table[who, 3] = np.nan
    with pytest.raises(ValueError, match=f"Given scores item 509 for user {1000 + who} as NaN"):
        evaluate(Given(table).fit(train), test)


def test_scores_of_the_wrong_shape_are_refused(halves):
    train, test = halves
    with pytest.raises(ValueError, match=r"Given gave scores of shape \(15, 7\) for 15 users and 30 items"):
        evaluate(Given(np.zeros((40, 7))).fit(train), test)


def test_candidates_that_rank_nothing_are_refused(likes):
    train, test = split_last(likes)
    model = Popularity().fit(train)
    with pytest.raises(KeyError, match="unknown item id -1"):
        evaluate(model, test, candidates=[500, -1])
    with pytest.raises(ValueError, match="candidates is empty"):
        evaluate(model, test, candidates=[])
    never_liked = sorted(set(likes.items["item_id"]) - set(likes.active_items()))
    with pytest.raises(ValueError, match="no test user has a relevant item among the 5 candidates"):
        evaluate(model, test, candidates=never_liked)


def test_one_user_who_likes_every_candidate_has_no_auc_and_does_not_spoil_the_others():
    train = small([(1, 0), (2, 0)])
    test = train.with_interactions(small([(1, 1), (1, 2), (2, 1)]).interactions)
    model = Given([[0, 2, 1, 0, 0]] * 2).fit(train)
    table = per_user(model, test, metrics=["auc"], candidates=[10, 20])
    assert table["auc"].isna().tolist() == [True, False] and table["auc"][1] == 1
    found = evaluate(model, test, metrics=["gauc", "recall"], candidates=[10, 20]).set_index("metric")
    assert found.loc["gauc", ["n_users", "value"]].tolist() == [1, 1] and found.loc["recall@10", "n_users"] == 2
    found = evaluate(model, test, metrics=["auc", "gauc"], candidates=[10])
    assert found["value"].isna().all() and found["n_users"].tolist() == [0, 0]
