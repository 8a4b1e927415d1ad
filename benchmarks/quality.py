"""Recommendation quality on MovieLens, warm and cold: ours beside well-known peers, one protocol, one run.

    python benchmarks/quality.py [warm] [cold] [--seeds 10]

Warm: each person's latest fifth of likes is the test; all items are ranked, less those seen in training; NDCG@10 with a
95 % bootstrap interval over people. The settings of our models are chosen on an inner split of the training data.

Cold: a fifth of the items, drawn evenly along popularity, loses all interactions; only those are ranked. Every model
meets the same splits (pairs). The strength of a map's ridge is chosen on an inner cold split of the training data.

Prints two tables and writes results/quality_warm.json and results/quality_cold.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
import torch
from _peers import ScikitSVD, implicit_models, lenskit_models
from _report import write_result
from scipy import sparse, stats
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import MultiLabelBinarizer
from tqdm import tqdm

from recsys_lessons import (
    ALS,
    EASE,
    ContentProfile,
    Dataset,
    FunkSVD,
    ItemNeighbours,
    Popularity,
    SVDRecommender,
    TextEncoder,
    load_movielens,
    split_cold_items,
    split_last,
    tune,
)
from recsys_lessons.evaluation import bootstrap_interval, per_user
from recsys_lessons.recommenders.base import Recommender

SEED = 0
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers", "implicit", "lenskit")
RIDGES = (1.0, 10.0, 100.0, 1000.0, 10000.0)


class Chance(Recommender):
    """Scores drawn at random: what a ranking is worth that knows nothing."""

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.random_ = np.random.default_rng(SEED)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return self.random_.random(histories.shape, dtype=np.float32)


def tuned(make: Callable[..., Recommender], grid: dict, train: Dataset, **options) -> tuple[str, Recommender]:
    """The model of the best setting on an inner split of the training data, and the setting in words."""
    best = tune(make, grid, train, progress=False, **options).iloc[0]
    setting = {name: best[name].item() for name in grid}
    return ", ".join(f"{name} {value:g}" for name, value in setting.items()), make(**setting)


def warm() -> pd.DataFrame:
    train, test = split_last(load_movielens(), fraction=0.2)
    models: dict[str, Recommender] = {"popularity": Popularity()}
    models |= {f"SVDRecommender, rank {rank}": SVDRecommender(rank) for rank in (8, 16, 32, 64)}
    for make, grid in (
        (SVDRecommender, {"rank": [8, 16, 32, 64]}),
        (ItemNeighbours, {"k": [20, 50, 100], "shrink": [0.0, 10.0, 50.0]}),
        (EASE, {"ridge": [100.0, 200.0, 400.0]}),
        (ALS, {"rank": [32, 64], "reg": [1.0, 3.0, 10.0]}),
    ):
        setting, model = tuned(make, grid, train)
        models[f"{make.__name__}, tuned: {setting}"] = model
    models |= {"scikit-learn TruncatedSVD, rank 32": ScikitSVD(32)} | implicit_models() | lenskit_models()
    rows = []
    values = {name: _ndcg(model.fit(train), test) for name, model in tqdm(models.items(), desc="warm")}
    # FunkSVD learns from all ratings, those below 4 as well: the ratings of training and of nobody's test
    values["FunkSVD, rank 32 (learns from all ratings)"] = _ndcg(FunkSVD(32).fit(all_ratings_before(test)), test)
    baseline = values["popularity"]
    for name, one in values.items():
        low, high = bootstrap_interval(one, seed=SEED)
        gain_low, gain_high = bootstrap_interval(one - baseline, seed=SEED)
        rows.append((name, one.mean(), low, high, (one - baseline).mean(), gain_low, gain_high))
    columns = ["model", "ndcg@10", "low", "high", "over popularity", "gain low", "gain high"]
    table = pd.DataFrame(rows, columns=columns).round(4)
    people = test.interactions["user_id"].nunique()
    write_result("quality_warm", table, seeds=[SEED], packages=PACKAGES, people=people, items=test.n_items)
    return table


def all_ratings_before(test: Dataset) -> Dataset:
    """Every rating, less those of the test and each test user's ratings that are later than their first test one."""
    everything = load_movielens(min_rating=None)
    first = test.interactions.groupby("user_id")["timestamp"].min()
    table = everything.interactions
    limit = table["user_id"].map(first).fillna(np.inf)
    hidden = pd.MultiIndex.from_frame(test.interactions[["user_id", "item_id"]])
    is_hidden = pd.MultiIndex.from_frame(table[["user_id", "item_id"]]).isin(hidden)
    return everything.with_interactions(table[(table["timestamp"] <= limit) & ~is_hidden])


def _ndcg(model: Recommender, test: Dataset, candidates=None) -> np.ndarray:
    return per_user(model, test, metrics=["ndcg"], candidates=candidates)["ndcg@10"].to_numpy()


def contents(movies: Dataset) -> dict[str, torch.Tensor]:
    """What is known of a film before anybody rates it, as (n_items, dim) features."""
    words = TfidfVectorizer(min_df=2, sublinear_tf=True, dtype=np.float32).fit_transform(movies.items["text"])
    genres = MultiLabelBinarizer().fit_transform(movies.items["genres"])
    years = pd.get_dummies(movies.items["year"] // 5).to_numpy()
    return {
        "genres and five-year bins": torch.from_numpy(np.hstack([genres, years]).astype(np.float32)),
        "TF-IDF of title, year and genres": torch.from_numpy(words.toarray()),
        "e5 of title, year and genres": TextEncoder().encode(movies.items["text"]),
    }


def cold(n_seeds: int) -> pd.DataFrame:
    movies = load_movielens()
    features = contents(movies)
    results: dict[str, list[float]] = {}
    ridges: dict[str, list[str]] = {}
    for seed in tqdm(range(n_seeds), desc="cold"):
        train, test = split_cold_items(movies, seed=seed)
        models: dict[str, Recommender] = {
            "random": Chance(),
            "popularity": Popularity(),
            "SVDRecommender without features": SVDRecommender(32),
        }
        for name, table in features.items():
            models[f"{name}: centred profile"] = ContentProfile(table)
            if name.startswith("e5"):
                models[f"{name}: raw profile"] = ContentProfile(table, centred=False)

            def make(ridge: float, table=table) -> Recommender:
                return SVDRecommender(32, item_features=table, ridge=ridge)

            inner = {"split": lambda data, seed=seed: split_cold_items(data, seed=1000 + seed)}
            setting, model = tuned(make, {"ridge": RIDGES}, train, candidates=Dataset.active_items, **inner)
            models[f"{name}: map to SVD factors"] = model
            ridges.setdefault(f"{name}: map to SVD factors", []).append(setting)
        for name, model in models.items():
            results.setdefault(name, []).append(_ndcg(model.fit(train), test, test.active_items()).mean())
    rows = []
    baseline = np.array(results["TF-IDF of title, year and genres: map to SVD factors"])
    for name, values in results.items():
        difference = np.array(values) - baseline
        error = difference.std(ddof=1) / np.sqrt(n_seeds)
        reach = stats.t.ppf(0.975, n_seeds - 1) * error
        chosen = (
            ", ".join(f"{one} x{ridges[name].count(one)}" for one in sorted(set(ridges[name])))
            if name in ridges
            else ""
        )
        row = (name, np.mean(values), min(values), max(values), difference.mean(), difference.mean() - reach)
        won, by_seed = int((difference > 0).sum()), np.round(values, 4).tolist()
        rows.append((*row, difference.mean() + reach, won, chosen, by_seed))
    columns = ["model", "ndcg@10", "least", "most", "over TF-IDF map", "low", "high", "seeds won", "chosen", "by seed"]
    table = pd.DataFrame(rows, columns=columns).round(4).sort_values("ndcg@10", ascending=False, ignore_index=True)
    write_result("quality_cold", table, seeds=range(n_seeds), packages=PACKAGES)
    return table.drop(columns="by seed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", choices=["warm", "cold", []], help="what to measure; both without a word")
    parser.add_argument("--seeds", type=int, default=10, help="cold splits, at least 2 (default 10)")
    wanted = parser.parse_args()
    if wanted.seeds < 2:
        parser.error(f"--seeds is {wanted.seeds}; an interval needs at least 2")
    for part in wanted.part or ["warm", "cold"]:
        table = warm() if part == "warm" else cold(wanted.seeds)
        print(part)
        print(table.to_string(index=False))


if __name__ == "__main__":
    main()
