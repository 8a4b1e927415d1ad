import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders.content import ContentProfile
from recsys_lessons.recommenders.recency import LongShort, Recency, RecencySVD, ages, recency_weights
from recsys_lessons.recommenders.svd import SVDRecommender

DAY = 86_400


@pytest.fixture
def features():
    return torch.from_numpy(np.random.default_rng(1).standard_normal((30, 6)) + 3)


def models(features):
    """Every model of recency, by name."""
    return {
        "svd, days": RecencySVD(5, half_life=0.002),
        "svd, positions": RecencySVD(5, half_life=2.0, unit="positions"),
        "content, days": Recency(ContentProfile(features), half_life=0.002),
        "long and short, svd": LongShort(SVDRecommender(5), 0.6, last=2),
        "long and short, content": LongShort(ContentProfile(features), 0.6, days=0.002),
    }


def test_a_weight_is_one_at_first_and_halves_with_every_half_life():
    np.testing.assert_allclose(recency_weights(np.array([0.0, 7.0, 14.0, 70.0]), 7.0), [1, 0.5, 0.25, 2.0**-10])
    np.testing.assert_array_equal(recency_weights(np.array([0.0, 1e6]), None), [1.0, 1.0])
    with pytest.raises(ValueError, match="half_life is 0"):
        recency_weights(np.zeros(2), 0)


def test_ages_count_from_each_histories_own_latest_and_a_shared_moment_has_no_order():
    rows, columns = [0, 0, 0, 0, 2], [4, 1, 3, 2, 0]
    times = np.array([10, 10, 10, 13, 99.0]) * DAY
    histories = sparse.csr_matrix((times, (rows, columns)), shape=(3, 5))
    by_item = dict(zip(histories.indices[:4].tolist(), ages(histories, "days")[:4], strict=True))
    assert by_item == {4: 3.0, 1: 3.0, 3: 3.0, 2: 0.0}
    by_item = dict(zip(histories.indices[:4].tolist(), ages(histories, "positions")[:4], strict=True))
    assert by_item == {4: 2.0, 1: 2.0, 3: 2.0, 2: 0.0}
    assert ages(histories, "days")[4] == ages(histories, "positions")[4] == 0.0


@pytest.mark.parametrize("unit", ["days", "positions"])
def test_without_a_half_life_the_scores_are_those_of_the_svd_to_the_last_bit(likes, unit):
    plain, model = SVDRecommender(5).fit(likes), RecencySVD(5, half_life=None, unit=unit).fit(likes)
    np.testing.assert_array_equal(model.scores(), plain.scores())
    assert model.recommend(1000).equals(plain.recommend(1000))


def test_the_scores_are_those_of_the_formula(likes):
    factors = SVDRecommender(5).fit(likes).item_factors_
    history = {500: 0, 503: 3 * DAY, 506: 4 * DAY}
    weights = np.zeros(30)
    weights[[0, 1, 2]] = 2.0 ** (-np.array([4.0, 1.0, 0.0]) / 2)
    scores = RecencySVD(5, half_life=2.0).fit(likes).scores(history=history)[0]
    np.testing.assert_allclose(scores, weights @ factors @ factors.T, atol=1e-6)


def test_all_times_moved_by_the_same_span_change_nothing(likes, features):
    history = {500: 1000.0, 503: 1200.0, 506: 1900.0}
    later = {item: moment + 400 * DAY for item, moment in history.items()}
    for name, model in models(features).items():
        first, second = (model.fit(likes).scores(history=one) for one in (history, later))
        np.testing.assert_allclose(first, second, atol=1e-6, err_msg=name)


def test_a_list_of_ids_reads_from_the_oldest_to_the_latest(likes):
    model = RecencySVD(5, half_life=1.0, unit="positions").fit(likes)
    as_list = model.scores(history=[500, 503, 506])
    np.testing.assert_array_equal(as_list, model.scores(history={500: 7.0, 503: 8.0, 506: 9.0}))
    assert not np.allclose(as_list, model.scores(history=[506, 503, 500]))


def test_a_short_half_life_follows_the_latest_item(likes):
    plain = SVDRecommender(5).fit(likes)
    scores = RecencySVD(5, half_life=0.01, unit="positions").fit(likes).scores(history=[500, 503, 506])
    np.testing.assert_allclose(scores, plain.scores(history=[506]), atol=1e-6)


def test_long_and_short_is_the_mix_of_the_two_means(likes, features):
    factors = SVDRecommender(5).fit(likes).item_factors_
    long, short = factors[[0, 1, 2, 3]].mean(axis=0), factors[[2, 3]].mean(axis=0)
    for options in ({"last": 2}, {"days": 1.0}):
        model = LongShort(SVDRecommender(5), 0.3, **options).fit(likes)
        scores = model.scores(history={500: 0, 503: 5 * DAY, 506: 8.5 * DAY, 509: 9 * DAY})[0]
        np.testing.assert_allclose(scores, (0.7 * long + 0.3 * short) @ factors.T, atol=1e-6)
    profile = ContentProfile(features).fit(likes)
    only_short = LongShort(ContentProfile(features), 1.0, last=1).fit(likes)
    np.testing.assert_allclose(only_short.scores(history=[500, 503, 506]), profile.scores(history=[506]), atol=1e-6)


def test_a_weight_of_zero_keeps_the_order_of_the_base(likes, features):
    mixed, plain = LongShort(SVDRecommender(5), 0.0, last=3).fit(likes), SVDRecommender(5).fit(likes)
    assert mixed.recommend(1003)["item_id"].tolist() == plain.recommend(1003)["item_id"].tolist()


def test_when_the_latest_moment_holds_more_than_last_all_of_it_is_the_short_interest(likes):
    model = LongShort(SVDRecommender(5), 1.0, last=1).fit(likes)
    scores = model.scores(history={500: 0.0, 503: 9.0, 506: 9.0, 509: 9.0})
    np.testing.assert_allclose(scores * 3, SVDRecommender(5).fit(likes).scores(history=[503, 506, 509]), atol=1e-6)


def test_an_explanation_splits_the_score_exactly(likes, features):
    for name, model in models(features).items():
        model.fit(likes)
        for item in (500, 533, 572):
            table = model.explain(1003, item=item)
            score = model.scores(1003)[0, likes.item_rows([item])[0]]
            assert table["contribution"].sum() == pytest.approx(score, abs=1e-6), name
            assert set(table["item_id"]) == set(likes.history(1003)["item_id"]), name


def test_somebody_without_history_gets_a_list_all_the_same(likes, features):
    empty = likes.with_interactions(likes.interactions[likes.interactions["user_id"] != 1003])
    for name, model in models(features).items():
        assert len(model.fit(empty).recommend(1003, k=5)) == 5, name


def test_the_base_that_was_passed_stays_unfitted(likes, features):
    base = ContentProfile(features)
    Recency(base).fit(likes)
    assert not hasattr(base, "features_")


def test_wrong_arguments_are_named(likes, features):
    with pytest.raises(ValueError, match="half_life is -1"):
        RecencySVD(5, half_life=-1)
    with pytest.raises(ValueError, match="unit is 'weeks'; use 'days' or 'positions'"):
        RecencySVD(5, unit="weeks")
    with pytest.raises(ValueError, match=r"weight is 1.5"):
        LongShort(SVDRecommender(5), 1.5, last=3)
    for options in ({}, {"last": 3, "days": 2.0}, {"last": 0}, {"days": -1.0}):
        with pytest.raises(ValueError, match="give one of them"):
            LongShort(SVDRecommender(5), **options)
    with pytest.raises(ValueError, match="base is a RecencySVD"):
        Recency(RecencySVD(5))
    with pytest.raises(ValueError, match="RecencySVD takes a history as .item_id: timestamp."):
        RecencySVD(5).fit(likes).scores(history=[500, 503])


def test_recency_finds_an_interest_that_has_moved():
    """100 people liked the first ten items and now like the last ten; 100 others have always liked one of the two."""
    random = np.random.default_rng(0)
    rows = []
    for user in range(300):
        groups = [0] * 8 + [1] * 4 if user % 3 == 2 else [user % 3] * 12
        for place, group in enumerate(groups):
            rows.append((user, 10 * group + random.integers(10), place * 10 * DAY))
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"]).drop_duplicates(["user_id", "item_id"])
    items = pd.DataFrame({"item_id": range(20), "title": [str(i) for i in range(20)]})
    world = Dataset(items, pd.DataFrame({"user_id": range(300)}), table)
    moved = np.arange(2, 300, 3)
    share = {}
    for name, model in {"all": SVDRecommender(2), "recent": RecencySVD(2, 10.0)}.items():
        lists = model.fit(world).recommend(moved, k=5, exclude_seen=False)
        share[name] = (lists["item_id"] >= 10).mean()
    assert share["recent"] > 0.95 and share["all"] < 0.2
