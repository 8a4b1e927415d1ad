"""No split may let the test, or the future, into training; whatever the data look like."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.splits import split_by_time, split_cold_items, split_cold_users, split_last


@st.composite
def datasets(draw):
    pairs = draw(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 9)), min_size=12, max_size=60))
    stamps = draw(st.lists(st.integers(0, 20), min_size=len(pairs), max_size=len(pairs)))
    table = pd.DataFrame(sorted(pairs), columns=["user_id", "item_id"]).assign(timestamp=stamps)
    items = pd.DataFrame({"item_id": range(10), "title": "film"})
    return Dataset(items, pd.DataFrame({"user_id": range(7)}), table)


def pairs(dataset):
    return set(map(tuple, dataset.interactions[["user_id", "item_id"]].to_numpy().tolist()))


def assert_partition(dataset, train, test):
    assert pairs(train) | pairs(test) == pairs(dataset)
    assert not pairs(train) & pairs(test)
    assert train.items.equals(dataset.items) and test.items.equals(dataset.items)
    assert train.users.equals(dataset.users) and test.users.equals(dataset.users)


@given(datasets(), st.floats(0.05, 0.95))
def test_split_last_holds_out_what_each_user_did_last(dataset, fraction):
    try:
        train, test = split_last(dataset, fraction)
    except ValueError:
        assert dataset.interactions["user_id"].value_counts().max() < 5
        return
    assert_partition(dataset, train, test)
    for user, held_out in test.interactions.groupby("user_id"):
        kept = train.interactions[train.interactions["user_id"] == user]
        assert kept["timestamp"].max() <= held_out["timestamp"].min()
        assert len(held_out) == max(1, int(fraction * (len(kept) + len(held_out)) + 1e-9))
    few = dataset.interactions["user_id"].value_counts().loc[lambda n: n < 5].index
    assert not test.interactions["user_id"].isin(few).any()


@given(datasets(), st.floats(0.05, 0.95))
def test_split_by_time_keeps_the_future_out_of_training(dataset, fraction):
    try:
        train, test = split_by_time(dataset, fraction)
    except ValueError as error:
        assert "one side empty" in str(error)
        return
    assert_partition(dataset, train, test)
    assert train.interactions["timestamp"].max() < test.interactions["timestamp"].min()


@given(datasets(), st.integers(0, 5))
def test_split_cold_items_leaves_no_trace_of_a_cold_item_in_training(dataset, seed):
    try:
        train, test = split_cold_items(dataset, 0.3, seed=seed)
    except ValueError as error:
        assert "one side empty" in str(error)
        return
    assert_partition(dataset, train, test)
    assert not set(train.active_items()) & set(test.active_items())


@pytest.mark.parametrize("split", [split_last, split_by_time, split_cold_items, split_cold_users])
def test_a_split_is_the_same_each_time_and_does_not_change_its_input(likes, split):
    before = likes.interactions.copy()
    first, second = split(likes), split(likes)
    assert first[0].interactions.equals(second[0].interactions) and first[1].interactions.equals(second[1].interactions)
    pd.testing.assert_frame_equal(likes.interactions, before)


def test_another_seed_makes_other_items_cold(likes):
    chosen = [set(split_cold_items(likes, seed=seed)[1].active_items()) for seed in range(5)]
    assert len(set(map(frozenset, chosen))) > 1


def test_equal_timestamps_keep_the_tables_order(likes):
    one = pd.DataFrame({"user_id": 1000, "item_id": [500, 503, 506, 509, 512], "timestamp": 7})
    _, test = split_last(likes.with_interactions(one))
    assert test.interactions["item_id"].tolist() == [512]


def test_a_date_splits_at_midnight_utc(likes):
    stamps = pd.Series([1_420_070_399, 1_420_070_400])  # the last second of 2014 and the first of 2015
    table = pd.DataFrame({"user_id": [1000, 1001], "item_id": [500, 503], "timestamp": stamps})
    train, test = split_by_time(likes.with_interactions(table), at="2015-01-01")
    assert train.interactions["user_id"].tolist() == [1000] and test.interactions["user_id"].tolist() == [1001]


@pytest.mark.parametrize("split", [split_last, split_by_time, split_cold_items, split_cold_users])
@pytest.mark.parametrize("fraction", [0, 1, -0.5, 20, float("nan")])
def test_a_fraction_outside_0_to_1_is_named(likes, split, fraction):
    with pytest.raises(ValueError, match="fraction is"):
        split(likes, fraction)


def test_a_split_by_time_without_timestamps_says_which_column_is_missing(likes):
    bare = likes.with_interactions(likes.interactions.drop(columns="timestamp"))
    for split in (split_last, split_by_time):
        with pytest.raises(ValueError, match="'timestamp'"):
            split(bare)


def test_users_with_few_interactions_are_counted_in_the_notes(likes):
    counts = likes.interactions["user_id"].value_counts()
    train, _ = split_last(likes, min_interactions=6)
    assert f"{int((counts < 6).sum())} users with fewer than 6" in train.notes[-1]
    assert np.isin(counts[counts < 6].index, train.interactions["user_id"]).all()


def test_cold_items_are_drawn_evenly_along_popularity(likes):
    """Of every five neighbours in popularity one is drawn, so that all draws hold about the same share of the likes."""
    counts = likes.interactions["item_id"].value_counts()  # 25 items with interactions, falling
    shares = {}
    for stratify in (True, False):
        draws = [split_cold_items(likes, 0.2, stratify=stratify, seed=seed)[1] for seed in range(40)]
        shares[stratify] = np.array([len(draw.interactions) for draw in draws]) / len(likes.interactions)
        for draw in draws if stratify else ():
            drawn = np.sort(counts.loc[draw.active_items()].to_numpy())[::-1]
            groups = counts.to_numpy().reshape(5, 5)
            assert ((groups.min(axis=1) <= drawn) & (drawn <= groups.max(axis=1))).all()
    assert shares[True].std() < 0.6 * shares[False].std()


@settings(max_examples=30, deadline=None)
@given(datasets(), st.integers(1, 4), st.integers(0, 3))
def test_kept_interactions_are_so_many_of_each_cold_item_and_the_smaller_share_lies_in_the_larger(dataset, keep, seed):
    try:
        train, test = split_cold_items(dataset, 0.4, keep=keep, seed=seed)
    except ValueError as error:
        assert "none has more than" in str(error)
        return
    assert_partition(dataset, train, test)
    bare, cold = split_cold_items(dataset, 0.4, seed=seed)
    kept = train.interactions["item_id"].value_counts()
    assert set(test.active_items()) <= set(cold.active_items())
    assert (kept[test.active_items()] == keep).all()
    whole = set(cold.active_items()) - set(test.active_items())
    assert (cold.interactions["item_id"].value_counts()[list(whole)] <= keep).all()
    fewer, _ = split_cold_items(dataset, 0.4, keep=keep - 1, seed=seed)
    assert pairs(bare) <= pairs(fewer) < pairs(train)


@settings(max_examples=30, deadline=None)
@given(datasets(), st.integers(0, 4), st.integers(0, 3))
def test_cold_users_keep_what_they_did_first(dataset, keep, seed):
    try:
        train, test = split_cold_users(dataset, 0.5, keep=keep, seed=seed)
    except ValueError as error:
        assert "none has more than" in str(error)
        return
    assert_partition(dataset, train, test)
    cold = set(split_cold_users(dataset, 0.5, seed=seed)[1].interactions["user_id"])
    assert set(test.interactions["user_id"]) <= cold
    for user, held_out in test.interactions.groupby("user_id"):
        kept = train.interactions[train.interactions["user_id"] == user]
        assert len(kept) == keep
        assert not keep or kept["timestamp"].max() <= held_out["timestamp"].min()
    others = dataset.interactions[~dataset.interactions["user_id"].isin(cold)]
    assert set(map(tuple, others[["user_id", "item_id"]].to_numpy().tolist())) <= pairs(train)


def test_cold_users_need_no_timestamps_while_nothing_is_kept(likes):
    bare = likes.with_interactions(likes.interactions.drop(columns="timestamp"))
    _, test = split_cold_users(bare)
    assert test.interactions["user_id"].nunique() == 8
    with pytest.raises(ValueError, match="split_cold_users with keep=0"):
        split_cold_users(bare, keep=1)


@pytest.mark.parametrize("split", [split_cold_items, split_cold_users])
@pytest.mark.parametrize("keep", [-1, 0.5, True, "2"])
def test_a_number_to_keep_that_counts_nothing_is_named(likes, split, keep):
    with pytest.raises(ValueError, match="keep is"):
        split(likes, keep=keep)


@pytest.mark.parametrize("split, kind", [(split_cold_items, "items"), (split_cold_users, "users")])
def test_keeping_more_than_anybody_has_says_how_many_there_are(likes, split, kind):
    with pytest.raises(ValueError, match=rf"cold {kind} drawn none has more than \d+ interactions"):
        split(likes, keep=500)


@pytest.mark.parametrize("split", [split_cold_items, split_cold_users])
def test_those_who_have_no_more_than_is_kept_are_counted_in_the_notes(likes, split):
    column = "item_id" if split is split_cold_items else "user_id"
    train, test = split(likes, 0.5, keep=6)
    drawn = split(likes, 0.5)[1].interactions[column].nunique()
    tested = test.interactions[column].nunique()
    assert 0 < tested < drawn
    assert train.notes[-1].startswith(f"{tested} cold") and f"; {drawn - tested} more drawn" in train.notes[-1]
