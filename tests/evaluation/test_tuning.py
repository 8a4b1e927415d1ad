import inspect
from functools import partial
from itertools import product

import pytest

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.splits import split_by_time, split_cold_items, split_last
from recsys_lessons.evaluation import evaluate, tune
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.svd import SVDRecommender
from tests.evaluation.worlds import noise

quiet = partial(tune, progress=False)


class Spy(Recommender):
    """Remembers what it was fitted on; `quality` 1 knows the answers, 0 knows nothing."""

    def __init__(self, answers, fitted_on, quality=0.0, spare=0):
        self.model, self.fitted_on = noise(answers), fitted_on
        self.model.table += quality * answers.matrix().toarray()

    def fit(self, train):
        self.fitted_on.append(train)
        return super().fit(train)

    def _fit(self, matrix):
        pass

    def _scores(self, histories, rows):
        return self.model.table[rows]


def test_the_best_setting_comes_first_with_its_value_on_the_validation_part(likes):
    train, _ = split_last(likes)
    table = quiet(SVDRecommender, {"rank": [1, 2, 4, 8]}, train)
    assert table.columns.tolist() == ["rank", "metric", "value", "low", "high", "n_users"]
    assert sorted(table["rank"]) == [1, 2, 4, 8] and table["value"].is_monotonic_decreasing
    inner, validation = split_last(train)
    best = table.iloc[0]
    expected = evaluate(SVDRecommender(rank=int(best["rank"])).fit(inner), validation, metrics=["ndcg"]).iloc[0]
    assert best[["value", "low", "high", "n_users"]].tolist() == expected[["value", "low", "high", "n_users"]].tolist()


def test_every_setting_of_the_grid_is_tried_and_the_good_one_is_found(likes):
    seen = []
    make = partial(Spy, likes, seen)
    table = quiet(make, {"quality": [0.0, 1.0, 0.2], "spare": (1, 2)}, likes, metric="recall", k=5)
    assert len(seen) == len(table) == 6 and table["metric"].unique().tolist() == ["recall@5"]
    assert table["quality"].tolist()[:2] == [1.0, 1.0] and table["value"][0] == 1
    assert set(zip(table["quality"], table["spare"], strict=True)) == {(q, s) for q in (0, 1, 0.2) for s in (1, 2)}


def test_equal_settings_keep_the_order_of_the_grid(likes):
    grid = {"spare": list(range(20, 0, -1)), "quality": [0.0, 1.0]}
    table = quiet(partial(Spy, likes, []), grid, likes, draws=2)
    expected = sorted(product(*grid.values()), key=lambda one: -one[1])
    assert list(zip(table["spare"], table["quality"], strict=True)) == expected


def test_no_model_sees_the_validation_part_nor_can_a_test_be_passed(likes):
    seen, sides = [], []

    def split(dataset):
        sides.append(split_last(dataset))
        return sides[-1]

    quiet(partial(Spy, likes, seen), {"quality": [0.0, 1.0]}, likes, split=split)
    assert len(sides) == 1, "every setting is judged on one split"
    inner, validation = sides[0]
    pairs = [
        set(zip(one["user_id"], one["item_id"], strict=True)) for one in (seen[0].interactions, validation.interactions)
    ]
    assert seen == [inner, inner] and not pairs[0] & pairs[1]
    assert "test" not in inspect.signature(tune).parameters


def test_cold_items_are_tuned_among_the_cold_items(likes):
    asked = []

    def cold(validation):
        asked.append(validation)
        return validation.active_items()

    cold_split = partial(split_cold_items, fraction=0.3, seed=1)
    known = quiet(
        partial(Spy, likes, []), {"quality": [1.0]}, likes, split=cold_split, candidates=cold, metric="precision"
    )
    assert len(asked) == 1 and known["value"][0] > 0
    same = quiet(
        partial(Spy, likes, []),
        {"quality": [1.0]},
        likes,
        split=cold_split,
        candidates=Dataset.active_items,
        metric="precision",
    )
    assert same.equals(known)


def test_people_with_and_without_history_are_not_mixed(likes):
    split = partial(split_by_time, fraction=0.4)
    n = {
        users: quiet(SVDRecommender, {"rank": [2]}, likes, split=split, users=users)["n_users"][0]
        for users in ("with history", "without history")
    }
    inner, validation = split(likes)
    known = set(inner.interactions["user_id"])
    assert n["with history"] == sum(user in known for user in validation.interactions["user_id"].unique())
    assert n["without history"] > 0
    with pytest.raises(ValueError, match="nobody without history"):
        quiet(SVDRecommender, {"rank": [2]}, likes, users="without history")


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({}, ValueError, "grid is empty"),
        ({"rank": []}, ValueError, r"grid\['rank'\] is empty"),
        ({"rank": (one for one in (1, 2))}, TypeError, r"grid\['rank'\] is <generator.*read only once"),
        ({"rank": 8}, TypeError, r"grid\['rank'\] is 8; pass a list"),
        ({"rank": "8"}, TypeError, r"grid\['rank'\] is '8'"),
        (({"rank": one} for one in (1, 2)), TypeError, "grid is a generator"),
        ([{"rank": 1}], TypeError, "grid is a list"),
        ({"value": [1]}, ValueError, "'value', which is a column of the result"),
    ],
)
def test_a_grid_that_cannot_be_tried_is_refused(likes, grid, error, message):
    with pytest.raises(error, match=message):
        quiet(SVDRecommender, grid, likes)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metric": "ndgc"}, ValueError, "did you mean 'ndcg'"),
        ({"k": (5, 10)}, ValueError, "pass one cut"),
        ({"k": 0}, ValueError, "k is 0"),
        ({"users": "all"}, ValueError, "users is 'all'"),
        ({"candidates": [500, 503]}, TypeError, "candidates is a list.*Dataset.active_items"),
    ],
)
def test_what_cannot_be_tuned_for_is_refused_before_anything_is_fitted(likes, options, error, message):
    seen = []
    with pytest.raises(error, match=message):
        quiet(partial(Spy, likes, seen), {"quality": [0.0]}, likes, **options)
    assert not seen


def test_a_setting_that_fails_is_named(likes):
    with pytest.raises(ValueError, match="with rank=-3: "):
        quiet(SVDRecommender, {"rank": [2, -3]}, likes)
