import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score, roc_auc_score

from recsys_lessons.metrics import (
    METRICS,
    auc,
    average_precision_at_k,
    hit_rate_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank_at_k,
)

CUT = {name: metric for name, metric in METRICS.items() if name != "auc"}

rankings = st.permutations(list(range(12)))
relevant_sets = st.sets(st.integers(0, 14), min_size=1)


def test_recall_counts_the_share_of_the_relevant_items_that_was_found():
    assert recall_at_k(["a", "b", "c"], {"b", "c", "x"}, k=2) == pytest.approx(1 / 3)


def test_ndcg_of_a_worked_example():
    # hits at places 2 and 3; the ideal order has them at 1 and 2
    expected = (1 / math.log2(3) + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    assert ndcg_at_k(["a", "b", "c"], ["b", "c"], k=3) == pytest.approx(expected)


def test_precision_divides_by_k_even_where_the_list_is_shorter():
    assert precision_at_k(["a", "b"], {"a", "b"}, k=4) == 0.5


@pytest.mark.parametrize(
    ("k", "expected"),
    [
        (1, 0),
        (2, (1 / 2) / 2),  # one hit at place 2; two places could hold two
        (3, (1 / 2 + 2 / 3) / 3),
        (5, (1 / 2 + 2 / 3 + 3 / 5) / 3),
    ],
)
def test_average_precision_divides_by_what_k_places_could_hold(k, expected):
    ranked, relevant = ["a", "b", "c", "d", "e"], {"b", "c", "e"}
    assert average_precision_at_k(ranked, relevant, k) == pytest.approx(expected)


def test_reciprocal_rank_looks_at_the_first_hit_only():
    assert reciprocal_rank_at_k(["a", "b", "c"], {"c", "b"}, k=3) == 0.5
    assert reciprocal_rank_at_k(["a", "b", "c"], {"c"}, k=2) == 0


def test_hit_rate_asks_whether_there_is_any_hit():
    assert hit_rate_at_k(["a", "b", "c"], {"c", "b"}, k=3) == 1
    assert hit_rate_at_k(["a", "b", "c"], {"c"}, k=2) == 0


def test_an_empty_list_finds_nothing():
    assert {name: metric([], {"a"}, 3) for name, metric in CUT.items()} == dict.fromkeys(CUT, 0)


@given(ranked=rankings, relevant=relevant_sets, k=st.integers(1, 15))
def test_every_measure_lies_between_0_and_1(ranked, relevant, k):
    for metric in CUT.values():
        assert 0 <= metric(ranked, relevant, k) <= 1 + 1e-12


@given(ranked=rankings, relevant=relevant_sets, k=st.integers(1, 14))
def test_a_longer_list_finds_no_less(ranked, relevant, k):
    for metric in (recall_at_k, hit_rate_at_k, reciprocal_rank_at_k):
        assert metric(ranked, relevant, k + 1) >= metric(ranked, relevant, k)


@given(ranked=rankings, relevant=relevant_sets, k=st.integers(1, 15))
def test_precision_recall_and_hit_rate_count_the_same_hits(ranked, relevant, k):
    precision, recall = precision_at_k(ranked, relevant, k), recall_at_k(ranked, relevant, k)
    assert precision * k == pytest.approx(recall * len(relevant))
    assert hit_rate_at_k(ranked, relevant, k) == float(recall > 0)


@given(relevant=st.sets(st.integers(0, 20), min_size=1), k=st.integers(1, 25))
def test_the_best_order_gets_one_where_the_measure_can_reach_it(relevant, k):
    best = [*relevant, *(item for item in range(21) if item not in relevant)]
    for name in ("ndcg", "map", "mrr", "hit_rate"):
        assert METRICS[name](best, relevant, k) == pytest.approx(1), name


@given(ranked=rankings, relevant=relevant_sets, k=st.integers(1, 12))
def test_ndcg_agrees_with_scikit_learn_when_every_item_is_ranked(ranked, relevant, k):
    relevant = {item for item in relevant if item < 12} or {0}
    truth = np.array([[float(item in relevant) for item in ranked]])
    falling = np.array([np.arange(12, 0, -1.0)])
    assert ndcg_at_k(ranked, relevant, k) == pytest.approx(ndcg_score(truth, falling, k=k))


@given(ranked=rankings, relevant=relevant_sets, k=st.integers(1, 15))
def test_what_follows_place_k_does_not_count(ranked, relevant, k):
    for metric in CUT.values():
        assert metric(ranked, relevant, k) == metric(ranked[:k] + ranked[k:][::-1], relevant, k)


@given(relevant=st.sets(st.integers(0, 20), min_size=1, max_size=6))
def test_ndcg_is_one_exactly_for_the_orders_that_start_with_everything_relevant(relevant):
    rest = [item for item in range(20) if item not in relevant]
    assert ndcg_at_k([*relevant, *rest], relevant, k=10) == pytest.approx(1)
    if rest:
        assert ndcg_at_k([rest[0], *relevant, *rest[1:]], relevant, k=10) < 1


def test_moving_a_relevant_item_up_never_lowers_ndcg():
    for order in itertools.permutations(range(5)):
        place = order.index(0)
        if place:
            better = list(order)
            better[place - 1], better[place] = better[place], better[place - 1]
            assert ndcg_at_k(better, {0}, 5) > ndcg_at_k(order, {0}, 5)


@pytest.mark.parametrize("metric", CUT.values(), ids=CUT)
def test_bad_input_is_named(metric):
    with pytest.raises(ValueError, match="k is 0"):
        metric([1], {1}, 0)
    with pytest.raises(ValueError, match="relevant is empty"):
        metric([1], set(), 1)
    with pytest.raises(ValueError, match="names item 7 twice"):
        metric([7, 3, 7], {1}, 3)


def test_auc_counts_the_pairs_in_the_right_order_and_ties_half():
    scores, relevant = np.array([5.0, 3.0, 3.0, 1.0]), np.array([False, True, False, True])
    # 3 against 5, 3 / 1 against 5, 3: lost, tied / lost, lost
    assert auc(scores, relevant) == pytest.approx(0.5 / 4)
    assert auc(np.zeros(4), relevant) == 0.5


@given(
    scores=st.lists(st.integers(-3, 3), min_size=4, max_size=40),
    random=st.randoms(use_true_random=False),
)
def test_auc_agrees_with_scikit_learn_ties_included(scores, random):
    relevant = np.array([True, False, *(random.random() < 0.3 for _ in scores[2:])])
    candidates = np.array([True, True, *(random.random() < 0.7 for _ in scores[2:])])
    scores = np.array(scores, dtype=np.float32)
    assert auc(scores, relevant) == pytest.approx(roc_auc_score(relevant, scores))
    expected = roc_auc_score(relevant[candidates], scores[candidates])
    assert auc(scores, relevant, candidates) == pytest.approx(expected)


def test_scores_that_know_nothing_have_an_auc_of_one_half_on_average():
    random = np.random.default_rng(0)
    found = [auc(random.random(200), np.arange(200) < 20) for _ in range(300)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.02)


def test_auc_sees_only_the_order():
    random = np.random.default_rng(0)
    scores, relevant = random.normal(size=50), random.random(50) < 0.3
    assert auc(scores, relevant) == auc(np.exp(scores), relevant) == pytest.approx(1 - auc(-scores, relevant))


def test_auc_refuses_what_has_no_area():
    with pytest.raises(ValueError, match="0 relevant and 2 irrelevant"):
        auc(np.array([1.0, 2.0]), np.array([False, False]))
    with pytest.raises(ValueError, match="1 relevant and 0 irrelevant"):
        auc(np.array([1.0, 2.0]), np.array([True, False]), np.array([True, False]))
    with pytest.raises(ValueError, match=r"scores\[1\] is NaN"):
        auc(np.array([1.0, np.nan]), np.array([True, False]))
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\) and \(2,\)"):
        auc(np.zeros(2), np.array([True, False, True]))
    unscored_outside = auc(np.array([1.0, np.nan, 0.0]), np.array([True, False, False]), np.array([True, False, True]))
    assert unscored_outside == 1


def trec_eval(ranked, relevant, k):
    """The same measures by trec_eval, of a ranking without ties (it would break them by name)."""
    from ir_measures import AP, RR, P, R, Success, calc_aggregate, nDCG

    measures = {"precision": P @ k, "recall": R @ k, "ndcg": nDCG @ k, "map": AP @ k, "mrr": RR @ k}
    measures["hit_rate"] = Success @ k
    truth = {"q": {str(item): 1 for item in relevant}}
    run = {"q": {str(item): float(len(ranked) - place) for place, item in enumerate(ranked)}}
    found = calc_aggregate(list(measures.values()), truth, run)
    return {name: found[measure] for name, measure in measures.items()}


def test_every_cut_measure_agrees_with_trec_eval_on_random_rankings():
    random = np.random.default_rng(5)
    for _ in range(60):
        ranked = random.permutation(30)[: random.integers(0, 31)].tolist()
        relevant = random.choice(40, size=random.integers(1, 25), replace=False).tolist()  # some are never ranked
        k = int(random.integers(1, 35))
        peer = trec_eval(ranked, relevant, k)
        peer["map"] *= len(relevant) / min(k, len(relevant))  # trec_eval divides by all that is relevant
        for name, metric in CUT.items():
            assert metric(ranked, relevant, k) == pytest.approx(peer[name], abs=1e-9), (name, k)
