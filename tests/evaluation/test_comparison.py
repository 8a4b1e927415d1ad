import numpy as np
import pytest

from recsys_lessons.data.splits import split_by_time, split_last
from recsys_lessons.evaluation import bootstrap_interval, compare, per_user
from recsys_lessons.recommenders.base import NotFittedError
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender
from tests.evaluation.worlds import Given, noise, oracle, small


def test_the_difference_is_taken_person_by_person(halves):
    train, test = halves
    model, baseline = SVDRecommender(rank=4).fit(train), Popularity().fit(train)
    row = compare(model, baseline, test, metrics=["recall"]).iloc[0]
    ours, theirs = (per_user(one, test, metrics=["recall"])["recall@10"].to_numpy() for one in (model, baseline))
    assert row["metric"] == "recall@10" and row["n_users"] == len(ours)
    assert row["model"] == pytest.approx(ours.mean()) and row["baseline"] == pytest.approx(theirs.mean())
    assert row["difference"] == pytest.approx((ours - theirs).mean())
    assert (row["low"], row["high"]) == pytest.approx(bootstrap_interval(ours - theirs))
    assert row["improved"] == (ours > theirs).mean() and row["worsened"] == (ours < theirs).mean()


def test_a_model_beside_itself_differs_for_nobody(halves):
    train, test = halves
    model = SVDRecommender(rank=4).fit(train)
    row = compare(model, model, test).iloc[0]
    assert row[["difference", "low", "high", "improved", "worsened"]].tolist() == [0] * 5


def test_a_small_gain_for_everybody_shows_where_two_separate_intervals_overlap(halves):
    train, test = halves
    worse = noise(train, seed=1)
    better = Given(worse.table + 0.3 * test.matrix().toarray()).fit(train)
    worse.fit(train)
    alone = [bootstrap_interval(per_user(one, test, metrics="auc")["auc"]) for one in (better, worse)]
    row = compare(better, worse, test, metrics=["gauc"]).iloc[0]
    assert row["low"] > 0 and row["high"] - row["low"] < min(high - low for low, high in alone)
    assert row["worsened"] == 0


def test_several_cuts_and_metrics_give_a_row_each(halves):
    train, test = halves
    model = Popularity().fit(train)
    table = compare(model, model, test, k=(5, 10), metrics=["ndcg", "auc", "novelty"])
    assert table["metric"].tolist() == ["ndcg@5", "ndcg@10", "auc", "novelty@5", "novelty@10"]


def test_people_without_history_are_compared_only_on_demand(likes):
    train, test = split_by_time(likes, 0.3)
    model, baseline = oracle(test).fit(train), Popularity().fit(train)
    n = {one: compare(model, baseline, test, users=one)["n_users"][0] for one in ("with history", "all")}
    n["without history"] = compare(model, baseline, test, users="without history")["n_users"][0]
    assert 0 < n["without history"] and n["with history"] + n["without history"] == n["all"]
    with pytest.raises(ValueError, match="users is 'everybody'"):
        compare(model, baseline, test, users="everybody")
    train, test = split_last(likes)
    model = Popularity().fit(train)
    with pytest.raises(ValueError, match="nobody without history"):
        compare(model, model, test, users="without history")


def test_candidates_that_can_be_read_once_serve_both_models(halves):
    train, test = halves
    model = Popularity().fit(train)
    some = test.active_items()
    assert compare(model, model, test, candidates=iter(some)).equals(compare(model, model, test, candidates=some))


def test_models_that_saw_different_training_data_are_refused(likes):
    train, test = split_last(likes)
    model = Popularity().fit(train)
    fewer = train.with_interactions(train.interactions.iloc[:-1])
    with pytest.raises(
        ValueError, match="SVDRecommender and Popularity were fitted on different training data, 155 and 156"
    ):
        compare(SVDRecommender(rank=2).fit(fewer), model, test)
    others = train.interactions.copy()
    others.loc[0, "item_id"] = likes.items["item_id"].iloc[-1]
    with pytest.raises(ValueError, match="as many interactions, but not the same"):
        compare(Popularity().fit(train.with_interactions(others)), model, test)
    alike = train.with_interactions(train.interactions.copy())
    assert compare(Popularity().fit(alike), model, test)["difference"][0] == 0
    with pytest.raises(ValueError, match="different items"):
        other = small([(1, 0)])
        compare(Popularity().fit(other), model, test)
    with pytest.raises(NotFittedError):
        compare(Popularity(), model, test)


def test_what_has_no_value_per_person_cannot_be_paired(halves):
    train, test = halves
    model = Popularity().fit(train)
    with pytest.raises(ValueError, match="'coverage' belongs to all lists together"):
        compare(model, model, test, metrics=["coverage"])
    assert compare(model, model, test, metrics="gauc")["metric"].tolist() == ["auc"]


def test_people_without_an_auc_are_left_out_of_its_pairs():
    train = small([(1, 0), (2, 0)])
    test = train.with_interactions(small([(1, 1), (1, 2), (2, 1)]).interactions)
    model, baseline = (Given(np.tile(row, (2, 1))).fit(train) for row in ([0, 2, 1, 0, 0], [0, 1, 2, 0, 0]))
    row = compare(model, baseline, test, metrics=["auc"], candidates=[10, 20]).iloc[0]
    assert row[["model", "baseline", "difference", "improved", "n_users"]].tolist() == [1, 0, 1, 1, 1]
    row = compare(model, baseline, test, metrics=["auc"], candidates=[10]).iloc[0]
    assert row["n_users"] == 0 and np.isnan(row["difference"])
