"""Change what happens later, in whatever way: no prediction and no number of the past may change."""

import numpy as np
import pandas as pd
import pytest
import torch

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.splits import split_by_time
from recsys_lessons.evaluation import per_event, prequential
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.content import ContentProfile
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.recency import LongShort, Recency, RecencySVD
from recsys_lessons.recommenders.sequential import SequentialRecommender
from recsys_lessons.recommenders.svd import SVDRecommender

DAY = 86_400
N_USERS, N_ITEMS, N_DAYS = 40, 30, 60
MOMENT = 42 * DAY  # what comes at this moment or later is the future
FEATURES = torch.from_numpy(np.random.default_rng(3).standard_normal((N_ITEMS, 6)))


@pytest.fixture(scope="module")
def world() -> Dataset:
    """40 people, 30 items, 60 days, some events at one moment; as late as day 42, new people and new items appear."""
    random = np.random.default_rng(0)
    rows = []
    for user in range(N_USERS):
        items = random.permutation(N_ITEMS - 3)[:14]
        days = np.sort(random.integers(45 if user >= N_USERS - 3 else 0, N_DAYS, size=14))
        # a person's events of one day share a moment, at an hour that differs between people and days
        rows += [
            (user, item, day * DAY + (7 * user + 5 * day) % 24 * 3600) for item, day in zip(items, days, strict=True)
        ]
        rows.append((user, N_ITEMS - 1 - user % 3, (43 + user % 15) * DAY + 7))
    items = pd.DataFrame({"item_id": range(N_ITEMS), "title": [str(item) for item in range(N_ITEMS)]})
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp"])
    return Dataset(items, pd.DataFrame({"user_id": range(N_USERS)}), table)


def scrambled(world: Dataset) -> Dataset:
    """Other items later on, and other people who meet them."""
    table, random = world.interactions.copy(), np.random.default_rng(1)
    later = np.flatnonzero(table["timestamp"] >= MOMENT)
    for column in ("item_id", "user_id"):
        table.loc[later, column] = random.permutation(table.loc[later, column].to_numpy())
    known = set(zip(*table.loc[table["timestamp"] < MOMENT, ["user_id", "item_id"]].to_numpy().T, strict=True))
    again = [row in known for row in zip(table["user_id"], table["item_id"], strict=True)]
    table = table[~(np.array(again) & (table["timestamp"] >= MOMENT).to_numpy())]
    return world.with_interactions(table.drop_duplicates(["user_id", "item_id"]))


def shifted(world: Dataset) -> Dataset:
    """The same events later on, some days later still."""
    table = world.interactions.copy()
    later = table["timestamp"] >= MOMENT
    table.loc[later, "timestamp"] += DAY * np.random.default_rng(2).integers(1, 9, size=later.sum())
    return world.with_interactions(table)


def ended(world: Dataset) -> Dataset:
    """Hardly anything happens any more: one event is left, so that there is a future to be tested on."""
    table = world.interactions
    return world.with_interactions(table[(table["timestamp"] < MOMENT) | (table["timestamp"] == table.timestamp.max())])


FUTURES = {"scrambled": scrambled, "shifted": shifted, "ended": ended}
MODELS = {
    "popularity": Popularity,
    "svd": lambda: SVDRecommender(4),
    "recency, days": lambda: RecencySVD(4, half_life=5.0),
    "recency, positions": lambda: RecencySVD(4, half_life=3.0, unit="positions"),
    "recency, content": lambda: Recency(ContentProfile(FEATURES), half_life=5.0),
    "long and short, days": lambda: LongShort(SVDRecommender(4), 0.5, days=5.0),
    "long and short, items": lambda: LongShort(ContentProfile(FEATURES), 0.5, last=3),
    "sequential, ids": lambda: SequentialRecommender(dim=8, layers=1, max_length=6, epochs=2, device="cpu"),
    "sequential, text": lambda: SequentialRecommender(FEATURES, dim=8, layers=1, max_length=6, epochs=2, device="cpu"),
}
everything = pytest.mark.parametrize("name", MODELS)
whatever_comes = pytest.mark.parametrize("future", FUTURES)


def past_of(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["timestamp"] < MOMENT].reset_index(drop=True)


@everything
@whatever_comes
def test_a_model_fitted_before_the_moment_predicts_the_same(world, name, future):
    first, second = (MODELS[name]().fit(split_by_time(data, at=MOMENT)[0]) for data in (world, FUTURES[future](world)))
    np.testing.assert_array_equal(first.scores(), second.scores())


@everything
@whatever_comes
def test_per_event_numbers_before_the_moment_stay(world, name, future):
    numbers = []
    for data in (world, FUTURES[future](world)):
        train, events = split_by_time(data, at=25 * DAY)
        numbers.append(past_of(per_event(MODELS[name]().fit(train), events, k=N_ITEMS, growing=True)))
    assert len(numbers[0]) > 100
    pd.testing.assert_frame_equal(*numbers, check_exact=True)


@everything
@whatever_comes
def test_prequential_numbers_before_the_moment_stay(world, name, future):
    options = {"start": int(20.5 * DAY), "every": 7, "until": 48 * DAY, "k": N_ITEMS, "progress": False}
    numbers = [past_of(prequential(MODELS[name], data, **options)) for data in (world, FUTURES[future](world))]
    assert numbers[0]["period"].nunique() == 4 and len(numbers[0]) > 100
    pd.testing.assert_frame_equal(*numbers, check_exact=True)


@everything
def test_what_comes_at_the_same_moment_is_not_yet_known(world, name):
    """Two events of one person at one moment: which item the one holds decides nothing about the other's ranking."""
    train, events = split_by_time(world, at=MOMENT)
    table = events.interactions.groupby("user_id").head(2).assign(timestamp=MOMENT)
    table = table[table.groupby("user_id")["item_id"].transform("size") == 2]
    other = table.copy()
    first = table.groupby("user_id").cumcount() == 0
    for row in other.index[first]:
        user = table["user_id"][row]
        taken = {*train.history(user)["item_id"], *table.loc[table["user_id"] == user, "item_id"]}
        other.loc[row, "item_id"] = min(set(range(N_ITEMS)) - taken)
    model = MODELS[name]().fit(train)
    numbers = [
        per_event(model, events.with_interactions(one), k=N_ITEMS, growing=True).drop_duplicates("user_id", keep="last")
        for one in (table, other)
    ]
    assert len(numbers[0]) > 20
    pd.testing.assert_frame_equal(*numbers, check_exact=True)


class Cheat(Recommender):
    """Knows how popular everything will be in the end."""

    def __init__(self, data: Dataset):
        self.data = data

    def _fit(self, matrix) -> None:
        self.counts_ = np.asarray(self.data.matrix().sum(axis=0), dtype=np.float32).ravel()

    def _scores(self, histories, rows):
        return np.tile(self.counts_, (histories.shape[0], 1))


def test_a_model_that_knows_the_future_is_caught(world):
    other = scrambled(world)
    options = {"start": int(20.5 * DAY), "every": 7, "until": 48 * DAY, "k": N_ITEMS, "progress": False}
    first, second = (past_of(prequential(lambda data=data: Cheat(data), data, **options)) for data in (world, other))
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_what_happened_before_the_moment_does_matter(world):
    """The other way round: a past that is changed changes what follows, or the tests above would prove nothing."""
    table = world.interactions.copy()
    early = np.flatnonzero(table["timestamp"] < 20 * DAY)
    table.loc[early, "item_id"] = (table.loc[early, "item_id"] + 1) % (N_ITEMS - 3)
    changed = world.with_interactions(table.drop_duplicates(["user_id", "item_id"]))
    for name, make in MODELS.items():
        one, two = (make().fit(split_by_time(data, at=MOMENT)[0]).scores() for data in (world, changed))
        assert not np.allclose(one, two), name
