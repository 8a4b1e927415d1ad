import numpy as np
import pandas as pd
import pytest

from recsys_lessons import metrics as reference
from recsys_lessons.data.splits import split_by_time, split_last
from recsys_lessons.evaluation import evaluate, lists, per_user
from recsys_lessons.metrics import METRICS
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender
from tests.evaluation.worlds import Given, noise, oracle, small

CUT = [name for name in METRICS if name != "auc"]


def test_an_oracle_gets_everything_right(halves):
    train, test = halves
    table = evaluate(oracle(test).fit(train), test, metrics=["ndcg", "recall", "map", "mrr", "hit_rate", "auc", "gauc"])
    assert table["value"].tolist() == pytest.approx([1.0] * 7) and table["low"].tolist() == pytest.approx([1.0] * 7)


def test_each_users_number_is_that_of_their_list(halves):
    train, test = halves
    model = SVDRecommender(rank=4).fit(train)
    table = per_user(model, test, k=5, metrics=CUT).set_index("user_id")
    for user in table.index[:10]:
        ranked = model.recommend(user, k=5)["item_id"].tolist()
        relevant = test.history(user)["item_id"].tolist()
        for name in CUT:
            assert table.loc[user, f"{name}@5"] == pytest.approx(METRICS[name](ranked, relevant, 5)), name


@pytest.mark.parametrize("chunk_bytes", [1, 4 * 30 * 7, 1 << 20])
def test_all_at_once_gives_the_same_as_one_by_one(likes, monkeypatch, chunk_bytes):
    monkeypatch.setattr(lists, "_CHUNK_BYTES", chunk_bytes)
    train, test = split_by_time(likes, 0.4)
    some = np.random.default_rng(1).permutation(likes.items["item_id"])[:17].tolist()
    for candidates, levels in ((None, None), (some, None), (some, 3)):
        model = noise(likes, levels=levels).fit(train)
        table = per_user(model, test, k=(1, 3, 10, 40), metrics=[*METRICS], candidates=candidates)
        scores, seen, wanted = model.scores(), train.matrix().toarray() > 0, test.matrix().toarray() > 0
        inside = np.isin(likes.items["item_id"], some) if candidates else np.ones(likes.n_items, dtype=bool)
        for row in table.itertuples():
            user = int(likes.user_rows([row.user_id])[0])
            ranked = inside & ~seen[user]
            relevant = set(likes.items["item_id"][wanted[user] & ranked])
            order = model.recommend([row.user_id], k=40, candidates=candidates)["item_id"].tolist()
            for k in (1, 3, 10, 40):
                for name in CUT:
                    found = table.loc[row.Index, f"{name}@{k}"]
                    assert found == pytest.approx(METRICS[name](order, relevant, k)), (name, k)
            assert table["auc"][row.Index] == pytest.approx(reference.auc(scores[user], wanted[user], ranked))


def test_every_metric_agrees_with_trec_eval_with_ties_short_lists_and_unjudged_items(likes):
    from ir_measures import AP, RR, P, R, Success, iter_calc, nDCG

    train, test = split_by_time(likes, 0.4)
    some = likes.items["item_id"].tolist()[::2]
    model = noise(likes, levels=4).fit(train)
    table = per_user(model, test, k=(3, 20), metrics=CUT, candidates=some)
    lines = model.recommend(table["user_id"].tolist(), k=20, candidates=some)
    truth = test.interactions[test.interactions["item_id"].isin(some)]
    truth = truth.merge(train.interactions, on=["user_id", "item_id"], how="left", indicator=True)
    truth = truth[truth["_merge"] == "left_only"]
    qrels = {str(user): {str(item): 1 for item in part["item_id"]} for user, part in truth.groupby("user_id")}
    # trec_eval breaks ties by name; our order has broken them, so it is told places instead of scores
    run = {str(user): {} for user in table["user_id"]}
    for line in lines.itertuples():
        run[str(line.user_id)][str(line.item_id)] = 100.0 - line.rank
    assert set(qrels) == set(run) and min(len(part) for part in run.values()) < 15
    peers = {"precision": P, "recall": R, "ndcg": nDCG, "map": AP, "mrr": RR, "hit_rate": Success}
    measures = {str(peer @ k): (name, k) for name, peer in peers.items() for k in (3, 20)}
    rows = table.assign(user=table["user_id"].astype(str)).set_index("user")
    compared = 0
    for one in iter_calc([peer @ k for peer in peers.values() for k in (3, 20)], qrels, run):
        name, k = measures[str(one.measure)]
        n = len(qrels[one.query_id])
        expected = one.value * (n / min(k, n) if name == "map" else 1)  # it divides AP by all that is relevant
        assert rows.loc[one.query_id, f"{name}@{k}"] == pytest.approx(expected, abs=1e-9), (name, k, one.query_id)
        compared += 1
    assert compared == len(table) * 12


def test_columns_carry_the_cut_and_auc_has_none(halves):
    train, test = halves
    table = per_user(Popularity().fit(train), test, k=(5, 10, 5), metrics=["ndcg", "auc", "recall"])
    expected = ["user_id", "history", "ndcg@5", "ndcg@10", "auc", "recall@5", "recall@10"]
    assert table.columns.tolist() == expected
    assert per_user(Popularity().fit(train), test, metrics="ndcg").columns.tolist() == ["user_id", "history", "ndcg@10"]


def test_several_cuts_give_what_each_gives_alone(halves):
    train, test = halves
    model = SVDRecommender(rank=4).fit(train)
    both = per_user(model, test, k=(3, 7), metrics=[*CUT, "novelty"])
    for k in (3, 7):
        alone = per_user(model, test, k=k, metrics=[*CUT, "novelty"])
        pd.testing.assert_frame_equal(both[alone.columns], alone)


def test_people_without_history_are_reported_apart(likes):
    train, test = split_by_time(likes, 0.3)
    table = evaluate(Popularity().fit(train), test, metrics=["ndcg", "auc", "coverage"])
    assert table["users"].unique().tolist() == ["with history", "without history"]
    strangers = set(test.interactions["user_id"]) - set(train.interactions["user_id"])
    assert table.set_index("users")["n_users"].loc["without history"].unique().tolist() == [len(strangers)]


def test_candidates_are_the_only_items_ranked_and_the_only_ones_to_find(halves):
    train, test = halves
    some = test.active_items()[:3].tolist()
    table = per_user(oracle(test).fit(train), test, candidates=some, metrics=["ndcg", "recall", "precision"])
    assert (table["recall@10"] == 1).all() and (table["ndcg@10"] == 1).all()
    assert (table["precision@10"] <= 0.3).all()


def test_a_user_with_nothing_to_find_among_the_candidates_is_left_out_and_counted(monkeypatch):
    monkeypatch.setattr(lists, "_CHUNK_BYTES", 1)
    train = small([(1, 0), (2, 0), (3, 1)])
    test = train.with_interactions(small([(1, 1), (1, 2), (2, 3), (3, 1), (3, 2)]).interactions)
    model = oracle(test).fit(train)
    full = per_user(model, test)
    assert full["user_id"].tolist() == [1, 2, 3] and full.attrs["left_out"] == {"users": 0, "interactions": 1}
    cold = per_user(model, test, candidates=[10, 20])  # user 2 liked none of these; user 3 has seen 10
    assert cold["user_id"].tolist() == [1, 3] and cold["ndcg@10"].tolist() == [1, 1]
    assert cold.attrs["left_out"] == {"users": 1, "interactions": 2}
    assert evaluate(model, test, candidates=[10, 20], metrics=["recall"])[["n_users", "value"]].values.tolist() == [
        [2, 1]
    ]


def test_coverage_counts_the_items_shown_to_anybody(likes):
    train, test = split_last(likes)
    everybody_alike = Given(np.tile(np.arange(30.0), (40, 1))).fit(train.with_interactions(train.interactions[:1]))
    table = evaluate(everybody_alike, test, k=(2, 6), metrics=["coverage"])
    table = table[table["users"] == "without history"]
    assert table["value"].tolist() == [2 / 30, 6 / 30] and table[["low", "high"]].isna().all(axis=None)
    some = likes.items["item_id"].tolist()[:10]
    table = evaluate(everybody_alike, test, k=6, metrics=["coverage"], candidates=some)
    assert table["value"].iloc[-1] == 6 / 10


def test_places_that_stay_empty_are_no_item():
    train = small([(1, 0), (2, 0)])
    test = train.with_interactions(small([(1, 1), (2, 1)]).interactions)
    table = evaluate(oracle(test).fit(train), test, k=5, metrics=["coverage", "novelty"], candidates=[0, 10])
    assert table["value"].tolist() == [1 / 2, 1.0]  # item 10 alone; as if 1 of the 2 training interactions were its own


def test_novelty_is_the_mean_self_information_of_the_list():
    train = small([(1, 0), (2, 0), (3, 0), (2, 1)])
    test = train.with_interactions(small([(1, 1), (1, 2)]).interactions)
    model = Given([[9, 3, 2, 1, 0]] * 3).fit(train)
    # item 1 has 1 of 4 training interactions, item 2 none and counts as one
    assert per_user(model, test, k=2, metrics=["novelty"])["novelty@2"].tolist() == [2.0]
    popular = Given([[9, 3, 2, 1, 0]] * 3).fit(train)
    test = train.with_interactions(small([(3, 4)]).interactions)
    novel = per_user(popular, test, k=1, metrics=["novelty"])["novelty@1"]
    assert novel.tolist() == [2.0]
