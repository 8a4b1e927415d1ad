"""MovieLens: what a timestamp can carry: the date (popularity is of its time), and what hour, weekday and month add."""

from __future__ import annotations

import numpy as np
import pandas as pd
from _report import write_result
from scipy import sparse
from tqdm import tqdm

from recsys_lessons import Dataset, Popularity, SVDRecommender, load_movielens, per_event, prequential, split_last
from recsys_lessons.context import shuffle_context, with_clock
from recsys_lessons.evaluation import bootstrap_interval
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.context_filters import PostFilter
from recsys_lessons.recommenders.factorization_machine import FactorizationMachine

PACKAGES = ("numpy", "scipy", "torch")
WINDOWS = (365.0, 730.0, 1825.0, 3650.0)  # days
CHOSEN_FROM, TEST_FROM = "2006-01-01", "2011-01-01"  # the window is chosen between the two dates, tested after
EVERY = 90.0  # days between two fits
CLOCK = ("hour", "weekday", "month")


class RecentPopularity(Recommender):
    """People who liked an item in the last `days` before the latest training event; all of time breaks ties."""

    uses_times = "days"

    def __init__(self, days: float):
        self.days = days

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        recent = matrix.data > matrix.data.max() - self.days * 86_400
        count = np.bincount(matrix.indices[recent], minlength=matrix.shape[1])
        self.counts_ = count + np.bincount(matrix.indices, minlength=matrix.shape[1]) / (1.0 + matrix.nnz)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return np.tile(self.counts_.astype(np.float32), (histories.shape[0], 1))


def per_person(table: pd.DataFrame) -> pd.Series:
    return table.groupby("user_id")["ndcg@10"].mean()


def row(name: str, values: pd.Series, twin: pd.Series | None = None, **facts) -> dict:
    """Mean over people with a bootstrap interval, and the paired difference to the twin."""
    found = {"model": name, "ndcg@10": values.mean()}
    found |= dict(zip(("low", "high"), bootstrap_interval(values.to_numpy()), strict=True))
    if twin is not None:
        gain = (values - twin.reindex(values.index)).to_numpy()
        found["over twin"] = gain.mean()
        found |= dict(zip(("gain low", "gain high"), bootstrap_interval(gain), strict=True))
    return found | {"people": len(values)} | facts


def as_of(movies: Dataset) -> list[dict]:
    """Popularity of the last N days against that of all time, walking through the years."""

    def walk(make, start: str, until: str | None = None) -> pd.Series:
        return per_person(prequential(make, movies, start=start, until=until, every=EVERY, progress=False))

    earlier = {days: walk(lambda days=days: RecentPopularity(days), CHOSEN_FROM, TEST_FROM) for days in WINDOWS}
    best = max(WINDOWS, key=lambda days: earlier[days].mean())
    always, before = walk(Popularity, TEST_FROM), walk(Popularity, CHOSEN_FROM, TEST_FROM)
    found = [row("popularity, all time", always) | {"on earlier years": round(before.mean(), 4)}]
    for days in WINDOWS:
        values = walk(lambda days=days: RecentPopularity(days), TEST_FROM)
        note = {"chosen": days == best, "on earlier years": round(earlier[days].mean(), 4)}
        found.append(row(f"popularity, last {days:g} days", values, always, **note))
        if days == best:
            found.append(row("popularity, window chosen on earlier years", values, always, **note))
    return found


def clock(movies: Dataset, seeds: range) -> list[dict]:
    """Hour, weekday and month of each rating as its context, in a factorization machine and as a post-filter."""
    table = with_clock(movies.interactions)
    table["month"] = pd.to_datetime(table["timestamp"], unit="s").dt.month - 1
    train, test = split_last(movies.with_interactions(table))
    made = {
        "factorization machine, no clock": [lambda seed: FactorizationMachine(fields=(), seed=seed), None],
        "SVD": [lambda seed: SVDRecommender(32, seed=seed), None],
    }
    made["factorization machine, hour, weekday and month"] = [
        lambda seed: FactorizationMachine(fields=CLOCK, seed=seed),
        "factorization machine, no clock",
    ]
    for field in CLOCK:
        made[f"post-filter by {field}, SVD"] = [
            lambda seed, field=field: PostFilter(SVDRecommender(32, seed=seed), field, smoothing=50.0, strength=0.5),
            "SVD",
        ]
    values: dict[str, pd.Series] = {}
    found = []
    for name, (make, twin) in tqdm(made.items(), desc="Clock"):
        some = seeds if name.startswith("factorization") else seeds[:1]  # the others do not depend on a seed
        values[name] = _mean([per_event(make(seed).fit(train), test) for seed in some])
        found.append(row(name, values[name], values.get(twin)))
        if twin:
            shuffled = [(shuffle_context(train, seed), shuffle_context(test, seed + 100)) for seed in some]
            placebo = [per_event(make(seed).fit(one), other) for seed, (one, other) in zip(some, shuffled, strict=True)]
            found.append(row(f"{name}, shuffled", _mean(placebo), values[twin]))
            found[-2]["over placebo"] = found[-2]["ndcg@10"] - found[-1]["ndcg@10"]
            difference = (values[name] - _mean(placebo)).to_numpy()
            found[-2] |= dict(
                zip(("over placebo low", "over placebo high"), bootstrap_interval(difference), strict=True)
            )
    return found


def _mean(tables: list[pd.DataFrame]) -> pd.Series:
    return sum(per_person(table) for table in tables) / len(tables)


def movielens() -> tuple[pd.DataFrame, ...]:
    movies = load_movielens()
    seeds = range(1)
    date, hours = pd.DataFrame(as_of(movies)).round(4), pd.DataFrame(clock(movies, seeds)).round(4)
    facts = {
        "as of": f"every {EVERY:g} days from {TEST_FROM}, histories growing; the window chosen from {CHOSEN_FROM} on",
        "clock": "each person's latest fifth; one event, one ranking; mean over people",
    }
    write_result("context_movielens", pd.concat([date, hours]), seeds=seeds, packages=PACKAGES, **facts)
    return date, hours
