"""Warm recommendation quality: ours beside well-known peers, on one split, one protocol, one run.

    python benchmarks/quality.py

Each person's latest fifth of likes is the test; all items are ranked, less those seen in training; NDCG@10 with a 95 %
bootstrap interval over people. Peers: scikit-learn's randomized truncated SVD, and `implicit` where it is installed.
Prints one table and writes results/quality_warm.json.
"""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from recsys_lessons.data.movielens import load_movielens
from recsys_lessons.data.splits import split_last
from recsys_lessons.evaluation import bootstrap_interval, per_user
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender

SEED = 0
RESULT = Path(__file__).resolve().parents[1] / "results" / "quality_warm.json"


class ScikitSVD(Recommender):
    """scikit-learn's TruncatedSVD, scored by projection as ours is."""

    def __init__(self, rank: int):
        self.rank = rank

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.svd_ = TruncatedSVD(self.rank, n_iter=7, random_state=SEED).fit(matrix)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return self.svd_.inverse_transform(self.svd_.transform(histories))


class Implicit(Recommender):
    """A model of the `implicit` library, asked for the scores of training users."""

    def __init__(self, model):
        self.model = model

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.model.fit(matrix, show_progress=False)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        if hasattr(self.model, "similarity"):
            return (histories @ self.model.similarity).toarray()
        return self.model.user_factors[rows] @ self.model.item_factors.T


def peers() -> dict[str, Recommender]:
    found: dict[str, Recommender] = {"scikit-learn TruncatedSVD, rank 32": ScikitSVD(32)}
    try:
        from implicit.als import AlternatingLeastSquares
        from implicit.nearest_neighbours import CosineRecommender
    except ImportError:
        print("implicit is not installed (pip install implicit); its rows are left out.", file=sys.stderr)
        return found
    found["implicit cosine, 20 neighbours"] = Implicit(CosineRecommender(K=20))
    for rank in (32, 64):
        model = AlternatingLeastSquares(factors=rank, random_state=SEED, num_threads=1, use_gpu=False)
        found[f"implicit ALS, rank {rank}"] = Implicit(model)
    return found


def main() -> None:
    train, test = split_last(load_movielens(), fraction=0.2)
    models: dict[str, Recommender] = {"popularity": Popularity()}
    models |= {f"SVDRecommender, rank {rank}": SVDRecommender(rank) for rank in (8, 16, 32, 64)}
    rows = []
    baseline = None
    for name, model in (models | peers()).items():
        values = per_user(model.fit(train), test, metrics=["ndcg"])["ndcg"].to_numpy()
        baseline = values if baseline is None else baseline
        low, high = bootstrap_interval(values, seed=SEED)
        gain_low, gain_high = bootstrap_interval(values - baseline, seed=SEED)
        gain = (values - baseline).mean()
        rows.append((name, values.mean(), low, high, gain, gain_low, gain_high))
    columns = ["model", "ndcg@10", "low", "high", "over popularity", "gain low", "gain high"]
    table = pd.DataFrame(rows, columns=columns).round(4)
    print(f"{test.interactions['user_id'].nunique()} people, {test.n_items} items")
    print(table.to_string(index=False))
    versions = {"python": platform.python_version()}
    for package in ("numpy", "scipy", "scikit-learn", "implicit"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    RESULT.parent.mkdir(exist_ok=True)
    facts = {"command": "python benchmarks/quality.py", "seeds": [SEED], "versions": versions}
    RESULT.write_text(json.dumps(facts | {"rows": table.to_dict("records")}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
