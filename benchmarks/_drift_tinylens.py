"""Interests that move at known dates: what each model finds, week by week, before and after (see drift.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from scipy import stats
from tqdm import tqdm

from recsys_lessons.data.tinylens import TinyLens, make_tinylens
from recsys_lessons.encoders.text import TextEncoder
from recsys_lessons.evaluation import prequential
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.content import ContentProfile
from recsys_lessons.recommenders.oracle import Oracle
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.recency import LongShort, Recency, RecencySVD
from recsys_lessons.recommenders.sequential import SequentialRecommender
from recsys_lessons.recommenders.svd import SVDRecommender

DAY = 86_400
SPARE = 100  # the world in which rank and network are chosen; none of those that are reported
START, EVERY = 7, 35  # days: the first fit, and between two; the first period only chooses settings
HALF_LIVES = (None, 60.0, 30.0, 15.0)
SHORT = (0.0, 0.3, 0.6)  # weights of the short interest, the latest five items
RANKS = (4, 8, 16, 32)
NETWORKS = (
    {"lr": 3e-3, "dropout": 0.3, "layers": 2},
    {"lr": 3e-3, "dropout": 0.6, "layers": 1},
    {"lr": 1e-3, "dropout": 0.5, "layers": 1, "dim": 32},
)
GROUPS = ("step", "gradual", "unchanged")
WEEKS = np.arange(-4, 12)
BINS = {"before": (-4, -1), "weeks 0-1": (0, 1), "weeks 2-3": (2, 3), "weeks 4-7": (4, 7), "weeks 8-11": (8, 11)}
SETTINGS = {
    "RecencySVD": HALF_LIVES,
    "content with recency": HALF_LIVES,
    "LongShort, SVD": SHORT,
    "LongShort, content": SHORT,
}
CEILING = "oracle without context"
PAIRS = (
    ("sequential, text", "sequential, ids"),
    ("sequential, text", "SVD"),
    ("RecencySVD", "SVD"),
    ("LongShort, SVD", "SVD"),
    ("content with recency", "content"),
    ("LongShort, content", "content"),
    ("RecencySVD, always 15", "SVD"),
    ("RecencySVD, always 60", "SVD"),
    ("LongShort, SVD, always 0.3", "SVD"),
    ("content with recency, always 15", "content"),
    ("content with recency, always 60", "content"),
    ("LongShort, content, always 0.3", "content"),
)


def walk(make: Callable[[], Recommender], world: TinyLens) -> pd.DataFrame:
    first = int(world.data.interactions["timestamp"].min())
    return prequential(make, world.data, start=first + START * DAY, every=EVERY, progress=False)


def chosen_in_the_spare_world() -> dict:
    """Rank and network by NDCG@10 in a world of its own; ids and text choose from the same grid."""
    world = make_tinylens(seed=SPARE, media=False, progress=False)
    text = TextEncoder().encode(world.data.items["text"])

    def best(makes: Sequence[Callable[[], Recommender]]) -> int:
        return int(np.argmax([_later(walk(make, world))["ndcg@10"].mean() for make in makes]))

    found = {"rank": RANKS[best([lambda rank=rank: SVDRecommender(rank) for rank in RANKS])]}
    for name, features in (("ids", None), ("text", text)):
        makes = [lambda one=one, f=features: SequentialRecommender(f, device="cpu", **one) for one in NETWORKS]
        found[name] = NETWORKS[best(makes)]
    return found


def variants(world: TinyLens, chosen: dict) -> dict[str, list[Callable[[], Recommender]]]:
    """Every model with the settings it may choose from on earlier periods."""
    text: torch.Tensor = TextEncoder().encode(world.data.items["text"])
    rank = chosen["rank"]
    return {
        "popularity": [Popularity],
        "SVD": [lambda: SVDRecommender(rank)],
        "RecencySVD": [lambda h=h: RecencySVD(rank, h) for h in HALF_LIVES],
        "LongShort, SVD": [lambda w=w: LongShort(SVDRecommender(rank), w, last=5) for w in SHORT],
        "content": [lambda: ContentProfile(text)],
        "content with recency": [lambda h=h: Recency(ContentProfile(text), h) for h in HALF_LIVES],
        "LongShort, content": [lambda w=w: LongShort(ContentProfile(text), w, last=5) for w in SHORT],
        "sequential, ids": [lambda: SequentialRecommender(device="cpu", **chosen["ids"])],
        "sequential, text": [lambda: SequentialRecommender(text, device="cpu", **chosen["text"])],
        CEILING: [lambda: Oracle(world.truth, context=False)],
        "oracle": [lambda: Oracle(world.truth)],
    }


def follow_the_leader(walks: list[pd.DataFrame]) -> tuple[pd.DataFrame, list[int]]:
    """In each period, the numbers of the setting that was best on all periods before it."""
    values = np.stack([walk["ndcg@10"].to_numpy() for walk in walks])
    period = walks[0]["period"].to_numpy()
    result, leaders = _later(walks[0]).copy(), []
    for one in sorted(set(period) - {0}):
        leaders.append(int(values[:, period < one].mean(axis=1).argmax()))
        result.loc[result["period"] == one, "ndcg@10"] = values[leaders[-1], period == one]
    return result, leaders


def _later(walk: pd.DataFrame) -> pd.DataFrame:
    return walk[walk["period"] > 0]


def in_one_world(seed: int, chosen: dict) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """Every event after the first period with its `group`, its `week` after the change, and a column per model.

    Who did not change gets the date of somebody who did: the calendar is then the same for both.
    """
    world = make_tinylens(seed=seed, media=False, progress=False)
    table, leaders = None, {}
    for name, makes in variants(world, chosen).items():
        walks = [walk(make, world) for make in makes]
        found, leaders[name] = follow_the_leader(walks)
        if table is None:
            table = found[["user_id", "item_id", "timestamp"]].copy()
        assert (table["item_id"] == found["item_id"]).all()
        table[name] = found["ndcg@10"]
        for setting, one in list(zip(SETTINGS.get(name, ()), walks, strict=False))[1:]:
            table[f"{name}, always {setting:g}"] = _later(one)["ndcg@10"]
    changes = world.truth.changes.set_index("user_id")
    users = world.data.users["user_id"].to_numpy()
    borrowed = np.random.default_rng(seed).choice(changes["timestamp"].to_numpy(), size=len(users))
    date = pd.Series(borrowed, users)
    date.update(changes["timestamp"])
    table["group"] = table["user_id"].map(changes["kind"]).fillna("unchanged")
    table["week"] = (table["timestamp"] - table["user_id"].map(date)) // (7 * DAY)
    return table[table["week"].between(WEEKS[0], WEEKS[-1])], leaders


def measure(n_seeds: int) -> tuple[pd.DataFrame, dict]:
    """(the table of results/drift_tinylens.json, facts)."""
    chosen = chosen_in_the_spare_world()
    worlds, leaders = [], {}
    for seed in tqdm(range(n_seeds), desc="TinyLens"):
        table, led = in_one_world(seed, chosen)
        worlds.append(table)
        for name, ones in led.items():
            leaders.setdefault(name, []).append(ones)
    models = [name for name in worlds[0].columns if name not in ("user_id", "item_id", "timestamp", "group", "week")]
    rows = [_row(f"{model}; {group}", _shares(worlds, model, group)) for model in models for group in GROUPS]
    for row, (model, group) in zip(rows, [(m, g) for m in models for g in GROUPS], strict=True):
        row |= _recovery(worlds, model, group)
    for one, other in PAIRS:
        for group in GROUPS:
            difference = _shares(worlds, one, group) - _shares(worlds, other, group)
            rows.append(_row(f"{one} minus {other}; {group}", difference))
    picked = {name: [[grid[i] for i in one] for one in leaders[name]] for name, grid in SETTINGS.items()}
    events = {group: int(sum((world["group"] == group).sum() for world in worlds)) for group in GROUPS}
    people = {group: int(sum(world.user_id[world["group"] == group].nunique() for world in worlds)) for group in GROUPS}
    facts = {"chosen in the spare world": chosen, "chosen by world and period": picked, "events": events}
    return pd.DataFrame(rows), facts | {"people": people, "generated": "a generated world: no evidence about people"}


def _shares(worlds: list[pd.DataFrame], model: str, group: str) -> np.ndarray:
    """(worlds, bins): the model's NDCG@10 divided by that of the oracle without context, on the same events."""
    result = np.empty((len(worlds), len(BINS)))
    for row, world in enumerate(worlds):
        for column, (first, last) in enumerate(BINS.values()):
            some = world[(world["group"] == group) & world["week"].between(first, last)]
            result[row, column] = some[model].mean() / some[CEILING].mean()
    return result


def _row(name: str, shares: np.ndarray) -> dict:
    n = len(shares)
    reach = stats.t.ppf(0.975, n - 1) * shares.std(axis=0, ddof=1) / np.sqrt(n)
    row = {"model": name}
    for column, label in enumerate(BINS):
        mean = shares[:, column].mean()
        row |= {label: mean, f"{label} low": mean - reach[column], f"{label} high": mean + reach[column]}
    return {key: round(value, 3) if key != "model" else value for key, value in row.items()}


def _by_week(worlds: list[pd.DataFrame], model: str, group: str) -> np.ndarray:
    """(worlds, weeks, 2): sums of the model's and the ceiling's NDCG@10."""
    sums = []
    for world in worlds:
        by_week = world[world["group"] == group].groupby("week")
        sums.append(np.c_[[by_week[name].sum().reindex(WEEKS, fill_value=0.0) for name in (model, CEILING)]].T)
    return np.stack(sums)


def _recovery(worlds: list[pd.DataFrame], model: str, group: str) -> dict:
    """The share by week, and weeks until two weeks in a row reach 90 % of the level before; None: not within them."""
    sums = _by_week(worlds, model, group)
    draws = np.random.default_rng(0).integers(len(sums), size=(1000, len(sums)))
    never = len(WEEKS) + WEEKS[0]
    weeks = np.array([_weeks_until(sums[draw].sum(axis=0), never) for draw in draws])
    low, high = np.quantile(weeks, [0.025, 0.975], method="nearest")
    total = sums.sum(axis=0)
    found = {"weeks until 90 %": _weeks_until(total, never), "weeks low": int(low), "weeks high": int(high)}
    found = {key: None if value == never else value for key, value in found.items()}
    return found | {"by week": np.round(total[:, 0] / total[:, 1], 3).tolist()}


def _weeks_until(sums: np.ndarray, never: int) -> int:
    before = sums[WEEKS < 0].sum(axis=0)
    level = before[0] / before[1]
    pairs = sums[:-1] + sums[1:]  # a week alone is noisy
    good = (pairs[:, 0] >= 0.9 * level * pairs[:, 1])[WEEKS[:-1] >= 0]
    return int(np.argmax(good)) if good.any() else never
