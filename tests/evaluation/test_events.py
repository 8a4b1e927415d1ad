import numpy as np
import pandas as pd
import pytest

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.splits import split_by_time
from recsys_lessons.evaluation import per_event, prequential
from recsys_lessons.evaluation.events import NothingToFind
from recsys_lessons.metrics import ndcg_at_k
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.neighbours import ItemNeighbours
from recsys_lessons.recommenders.popularity import Popularity

DAY = 86_400


def world(rows, n_items=6):
    """A Dataset of (user, item, day, company)."""
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "day", "company"])
    table["timestamp"] = (table.pop("day") * DAY).astype("int64")
    items = pd.DataFrame({"item_id": range(n_items), "title": [f"Film {item}" for item in range(n_items)]})
    users = pd.DataFrame({"user_id": sorted(table["user_id"].unique())})
    return Dataset(items, users, table)


@pytest.fixture
def likes():
    random = np.random.default_rng(3)
    rows = [(user, int(item), int(random.integers(0, 40)), "alone") for user in range(12) for item in
            random.choice(20, size=9, replace=False)]  # fmt: skip
    return world(rows, n_items=20)


class Spy(Recommender):
    """Remembers what it was asked."""

    def __init__(self, *, context=False, times=None):
        self.uses_context, self.uses_times, self.asked = context, times, []

    def _fit(self, matrix):
        pass

    def _scores(self, histories, rows, contexts=None):
        self.asked.append((histories.copy(), None if rows is None else rows.copy(), contexts))
        return np.zeros(histories.shape)


def test_the_ndcg_of_an_event_is_that_of_the_users_ranking_with_one_item_to_find(likes):
    train, test = split_by_time(likes, 0.3)
    model = ItemNeighbours(k=5, shrink=1.0).fit(train)
    table = per_event(model, test, k=(3, 10))
    assert len(table) == len(test.interactions)
    for _, row in table.iterrows():
        ranked = model.recommend(row["user_id"], k=20)["item_id"].tolist()
        assert row["ndcg@3"] == pytest.approx(ndcg_at_k(ranked, {row["item_id"]}, 3))
        assert row["ndcg@10"] == pytest.approx(ndcg_at_k(ranked, {row["item_id"]}, 10))


def test_a_context_holds_neither_what_is_to_be_found_nor_who_asks():
    data = world([(1, 0, 1, "alone"), (1, 1, 2, "children"), (2, 2, 3, "friends")])
    data = data.with_interactions(data.interactions.assign(rating=5.0))
    train, test = split_by_time(data, at=2 * DAY)
    model = Spy(context=True).fit(train)
    per_event(model, test)
    (_, rows, contexts) = model.asked[0]
    assert contexts.columns.tolist() == ["company", "timestamp"]
    assert contexts["company"].tolist() == ["children", "friends"] and rows.tolist() == [0, 1]


def test_a_history_grows_by_earlier_events_and_not_by_those_of_the_same_moment():
    data = world([(1, 0, 1, ""), (1, 1, 5, ""), (1, 2, 5, ""), (1, 3, 6, ""), (2, 4, 6, ""), (1, 5, 7, "")])
    train, test = split_by_time(data, at=5 * DAY)
    model = Spy(times="days").fit(train)
    table = per_event(model, test, growing=True)
    histories = model.asked[0][0]
    assert [row.indices.tolist() for row in histories] == [[0], [0], [0, 1, 2], [], [0, 1, 2, 3]]
    assert histories[4].data.tolist() == [1 * DAY, 5 * DAY, 5 * DAY, 6 * DAY]
    assert table["history"].tolist() == [1, 1, 3, 0, 4]
    fixed = Spy(times="days").fit(train)
    per_event(fixed, test)
    assert [row.indices.tolist() for row in fixed.asked[0][0]] == [[0], [0], [0], [], [0]]


def test_in_pieces_the_numbers_are_the_same(likes, monkeypatch):
    train, test = split_by_time(likes, 0.4)
    model = ItemNeighbours(k=5, shrink=1.0).fit(train)
    whole = per_event(model, test, growing=True)
    monkeypatch.setattr("recsys_lessons.evaluation.events._CHUNK_BYTES", 3 * 4 * 20)
    pd.testing.assert_frame_equal(per_event(model, test, growing=True), whole)


def test_what_was_met_before_or_is_no_candidate_is_left_out_and_counted():
    data = world([(1, 0, 1, ""), (1, 1, 2, ""), (1, 0, 5, ""), (1, 2, 6, ""), (1, 2, 7, ""), (1, 3, 8, "")])
    train, test = split_by_time(data, at=5 * DAY)
    model = Popularity().fit(train)
    assert per_event(model, test)["item_id"].tolist() == [2, 2, 3]
    table = per_event(model, test, growing=True)
    assert table["item_id"].tolist() == [2, 3] and table.attrs["left_out"] == 2
    table = per_event(model, test, candidates=[3, 4])
    assert table["item_id"].tolist() == [3] and table.attrs["left_out"] == 3
    with pytest.raises(NothingToFind, match="met before, or is no candidate"):
        per_event(model, test, candidates=[5])
    with pytest.raises(ValueError, match="candidates is empty"):
        per_event(model, test, candidates=[])


def test_each_period_is_told_from_what_came_before_it(likes):
    fitted = []

    class Noted(Popularity):
        def _fit(self, matrix):
            fitted.append(self.train_.interactions["timestamp"].max() // DAY)
            super()._fit(matrix)

    table = prequential(Noted, likes, start=10 * DAY, every=10, progress=False)
    assert all(day < limit for day, limit in zip(fitted, (10, 20, 30), strict=True))
    days = table["timestamp"] // DAY
    assert (table["period"] == (days - 10) // 10).all() and set(table["period"]) == {0, 1, 2}
    by_hand = []
    for limit in (10, 20, 30):
        stamps = likes.interactions["timestamp"]
        train = likes.with_interactions(likes.interactions[stamps < limit * DAY])
        some = likes.with_interactions(likes.interactions[(stamps >= limit * DAY) & (stamps < (limit + 10) * DAY)])
        by_hand.append(per_event(Popularity().fit(train), some, growing=True))
    pd.testing.assert_frame_equal(table.drop(columns="period"), pd.concat(by_hand, ignore_index=True))


def test_a_date_may_be_written_as_one_and_an_end_is_kept():
    data = world([(1, item, 19_800 + item, "") for item in range(6)])
    table = prequential(Popularity, data, start="2024-03-20", until="2024-03-22", every=1, progress=False)
    assert pd.to_datetime(table["timestamp"], unit="s").dt.strftime("%m-%d").tolist() == ["03-20", "03-21"]


@pytest.mark.parametrize("options", [{"start": 0}, {"start": "2031-01-01"}, {"start": 10 * DAY, "until": 10 * DAY}])
def test_a_start_with_nothing_on_one_side_is_refused_with_the_dates_there_are(likes, options):
    with pytest.raises(ValueError, match="from 1970-01-02 to 1970-02-"):
        prequential(Popularity, likes, **options)


def test_a_step_of_no_length_is_refused(likes):
    with pytest.raises(ValueError, match="every is 0"):
        prequential(Popularity, likes, start=10 * DAY, every=0)


def test_events_without_timestamps_are_refused(likes):
    bare = likes.with_interactions(likes.interactions.drop(columns="timestamp"))
    with pytest.raises(ValueError, match="no column 'timestamp'"):
        per_event(Popularity().fit(likes), bare)
    with pytest.raises(ValueError, match="no column 'timestamp'"):
        prequential(Popularity, bare, start=0)
