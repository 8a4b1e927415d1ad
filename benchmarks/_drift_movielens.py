"""What MovieLens timestamps say of interests that move: the order trap first, then what is left (see drift.py)."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
from tqdm import tqdm

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.movielens import load_movielens
from recsys_lessons.data.splits import split_by_time, split_last
from recsys_lessons.encoders.text import TextEncoder
from recsys_lessons.evaluation import bootstrap_interval, per_user, prequential, tune
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.recency import LongShort, RecencySVD
from recsys_lessons.recommenders.sequential import SequentialRecommender
from recsys_lessons.recommenders.svd import SVDRecommender

DAY = 86_400
RANK = 32
SESSION = 3600  # a longer pause begins another session
STRATA = {
    "all": (-1.0, math.inf),
    "within an hour": (-1.0, 1 / 24),
    "within a day": (1 / 24, 1.0),
    "within 30 days": (1.0, 30.0),
    "over 30 days": (30.0, math.inf),
    "over 180 days": (180.0, math.inf),
}
LEAST = 5  # likes before a period: fewer say little of an interest that moves
YEARS = 2  # between two fits, when walking through time


def shuffled_in_sessions(dataset: Dataset, seed: int) -> Dataset:
    """Each person's items change places within each session; the moments, and what belongs to which session, stay.

    What is left of "the latest items tell most" afterwards is not the order of a rating page.
    """
    table = dataset.interactions.sort_values(["user_id", "timestamp"], kind="stable")
    new = (table["user_id"].diff() != 0) | (table["timestamp"].diff() > SESSION)
    session = new.cumsum().to_numpy()
    order = np.lexsort((np.random.default_rng(seed).random(len(table)), session))
    mixed = table.copy()
    for column in ("item_id", "rating"):
        mixed[column] = table[column].to_numpy()[order]
    return dataset.with_interactions(mixed)


def spans(dataset: Dataset) -> pd.Series:
    """Days between each person's first and last like."""
    return dataset.interactions.groupby("user_id")["timestamp"].agg(lambda stamps: (stamps.max() - stamps.min()) / DAY)


def tuned(make: Callable, grid: dict, train: Dataset) -> dict:
    """The best setting on an inner split of the training data."""
    best = tune(make, grid, train, progress=False).iloc[0]
    return {name: None if pd.isna(best[name]) else best[name].item() for name in grid}


def order_trap(movies: Dataset, text, n_seeds: int) -> tuple[pd.DataFrame, dict]:
    """Gains over SVD by the span of a person's likes, as recorded and with the order inside sessions shuffled."""
    span, (train, _) = spans(movies), split_last(movies)
    grids = {"positions": [None, 40.0, 20.0, 10.0, 5.0, 3.0], "days": [None, 365.0, 90.0, 30.0, 7.0, 1.0]}
    chosen = {
        unit: tuned(lambda half_life, u=unit: RecencySVD(RANK, half_life, unit=u), {"half_life": lives}, train)
        for unit, lives in grids.items()
    }
    short = tuned(
        lambda weight: LongShort(SVDRecommender(RANK), weight, last=5), {"weight": [0.0, 0.2, 0.4, 0.6]}, train
    )
    quick = {
        "SVD": lambda: SVDRecommender(RANK),
        "RecencySVD, positions": lambda: RecencySVD(RANK, unit="positions", **chosen["positions"]),
        "RecencySVD, days": lambda: RecencySVD(RANK, **chosen["days"]),
        "LongShort, SVD": lambda: LongShort(SVDRecommender(RANK), last=5, **short),
    }
    slow = {
        "sequential, ids": lambda: SequentialRecommender(device="cpu"),
        "sequential, text": lambda: SequentialRecommender(text, device="cpu"),
    }
    rows = []
    for order, seeds in (("as recorded", [None]), ("shuffled in sessions", range(n_seeds))):
        found: dict[str, list[pd.Series]] = {}
        for seed in tqdm(seeds, desc=order):
            train, test = split_last(movies if seed is None else shuffled_in_sessions(movies, seed))
            for name, make in (quick | (slow if seed in (None, 0) else {})).items():
                values = per_user(make().fit(train), test, metrics=["ndcg"]).set_index("user_id")["ndcg@10"]
                found.setdefault(name, []).append(values)
        # The linear models are averaged over the shuffles; the transformers have seen the first, and so has their SVD.
        base = {name: found["SVD"][: len(ones)] for name, ones in found.items()}
        pairs = [(name, "SVD", found[name], base[name]) for name in found if name != "SVD"]
        pairs.append(("sequential, text", "sequential, ids", found["sequential, text"], found["sequential, ids"]))
        for name, against, ones, others in pairs:
            mine, theirs = pd.concat(ones, axis=1).mean(axis=1), pd.concat(others, axis=1).mean(axis=1)
            rows += _by_stratum(f"{name} over {against}; {order}", mine, theirs, span)
    return pd.DataFrame(rows), {
        "half-life in positions": chosen["positions"],
        "in days": chosen["days"],
        "short": short,
    }


def _by_stratum(name: str, mine: pd.Series, theirs: pd.Series, span: pd.Series) -> list[dict]:
    rows = []
    mine, theirs = mine.align(theirs, join="inner")
    for stratum, (low, high) in STRATA.items():
        inside = span.reindex(mine.index).between(low, high, inclusive="right").to_numpy()
        rows.append(_row(f"{name}; {stratum}", mine[inside], theirs[inside]))
    return rows


def _row(name: str, mine: pd.Series, theirs: pd.Series) -> dict:
    gain = (mine - theirs).to_numpy()
    low, high = bootstrap_interval(gain)
    numbers = {"ndcg@10": mine.mean(), "of the other": theirs.mean(), "gain": gain.mean(), "low": low, "high": high}
    return {"what": name, "people": len(gain)} | {key: round(float(value), 4) for key, value in numbers.items()}


def through_time(movies: Dataset, text) -> tuple[pd.DataFrame, dict]:
    """A fit every two years, tested on what people with a past went on to like; histories as of the fit."""
    half_life = tuned(lambda half_life: RecencySVD(RANK, half_life), {"half_life": [None, 365.0, 90.0, 30.0]},
                      split_by_time(movies)[0])  # fmt: skip
    stamps = movies.interactions["timestamp"]
    start = int(stamps.min()) + YEARS * 365 * DAY
    makes = {
        "popularity": Popularity,
        "SVD": lambda: SVDRecommender(RANK),
        "RecencySVD, days": lambda: RecencySVD(RANK, **half_life),
        "sequential, ids": lambda: SequentialRecommender(device="cpu"),
        "sequential, text": lambda: SequentialRecommender(text, device="cpu"),
    }
    found, events = {}, 0
    for name, make in tqdm(makes.items(), desc="through time"):
        table = prequential(make, movies, start=start, every=YEARS * 365, growing=False, progress=False)
        table = table[table["history"] >= LEAST]
        found[name], events = table.groupby("user_id")["ndcg@10"].mean(), len(table)
    pairs = [(name, "SVD") for name in found if name != "SVD"] + [("sequential, text", "sequential, ids")]
    rows = [_row(f"{name} over {other}; through time; all", found[name], found[other]) for name, other in pairs]
    return pd.DataFrame(rows), {"half-life in days, through time": half_life, "events through time": events}


def measure(n_seeds: int) -> tuple[pd.DataFrame, dict]:
    """(the table of results/drift_movielens.json, facts)."""
    movies = load_movielens()
    text = TextEncoder().encode(movies.items["text"])
    trap, settings = order_trap(movies, text, n_seeds)
    left, more = through_time(movies, text)
    train, test = split_by_time(movies)
    known = test.interactions["user_id"].drop_duplicates().isin(train.interactions["user_id"])
    facts = {"test users of one split by time": len(known), "of whom training knows": int(known.sum())}
    return pd.concat([trap, left], ignore_index=True), settings | more | facts
