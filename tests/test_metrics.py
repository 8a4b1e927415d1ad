import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from recsys_lessons.metrics import METRICS, ndcg_at_k, recall_at_k

rankings = st.permutations(list(range(12)))
relevant_sets = st.sets(st.integers(0, 14), min_size=1)


def test_recall_counts_the_share_of_the_relevant_items_that_was_found():
    assert recall_at_k(["a", "b", "c"], {"b", "c", "x"}, k=2) == pytest.approx(1 / 3)


def test_ndcg_of_a_worked_example():
    # hits at places 2 and 3; the ideal order has them at 1 and 2
    expected = (1 / math.log2(3) + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    assert ndcg_at_k(["a", "b", "c"], ["b", "c"], k=3) == pytest.approx(expected)


@given(ranked=rankings, relevant=relevant_sets, k=st.integers(1, 12))
def test_ndcg_agrees_with_scikit_learn_when_every_item_is_ranked(ranked, relevant, k):
    relevant = {item for item in relevant if item < 12} or {0}
    truth = np.array([[float(item in relevant) for item in ranked]])
    falling = np.array([np.arange(12, 0, -1.0)])
    assert ndcg_at_k(ranked, relevant, k) == pytest.approx(ndcg_score(truth, falling, k=k))


@given(ranked=rankings, relevant=relevant_sets, k=st.integers(1, 15))
def test_what_follows_place_k_does_not_count(ranked, relevant, k):
    for metric in METRICS.values():
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


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_bad_input_is_named(metric):
    with pytest.raises(ValueError, match="k is 0"):
        metric([1], {1}, 0)
    with pytest.raises(ValueError, match="relevant is empty"):
        metric([1], set(), 1)
    with pytest.raises(ValueError, match="names item 7 twice"):
        metric([7, 3, 7], {1}, 3)
