"""Lists for 100,000 users of a catalogue of 20,000 items: how long they take, and how much memory.

    python benchmarks/lists.py [--users 100000 --items 20000 --per-user 18 --rank 64]

The interactions are generated (see svd.py). Each model is fitted and asked for everybody's ten best items, in pieces,
and each runs in a process of its own, so that its peak of memory is its own. Prints one table and writes
results/lists.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
from _report import write_result
from svd import SEED, generated

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.neighbours import ItemNeighbours
from recsys_lessons.recommenders.popularity import Popularity
from recsys_lessons.recommenders.svd import SVDRecommender

MODELS = ("nothing", "popularity", "item neighbours", "SVD")


def model_of(name: str, rank: int) -> Recommender:
    return {"popularity": Popularity, "item neighbours": ItemNeighbours, "SVD": lambda: SVDRecommender(rank)}[name]()


def measured(name: str, wanted: argparse.Namespace) -> dict:
    """Seconds and memory of one model; "nothing" has the data and no model, for comparison."""
    matrix = generated(wanted.users, wanted.items, wanted.per_user).tocoo()
    items = pd.DataFrame({"item_id": np.arange(wanted.items), "title": [f"Item {i}" for i in range(wanted.items)]})
    interactions = pd.DataFrame({"user_id": matrix.row, "item_id": matrix.col})
    data = Dataset(items, pd.DataFrame({"user_id": np.arange(wanted.users)}), interactions)
    start = fitted = time.perf_counter()
    rows = 0
    if name != "nothing":
        model = model_of(name, wanted.rank).fit(data)
        fitted = time.perf_counter()
        rows = len(model.recommend(k=10))
    end = time.perf_counter()
    # kilobytes on Linux, bytes on macOS
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"model": name, "fit s": fitted - start, "lists s": end - fitted, "rows": rows, "peak GB": peak / 1e9}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--users", type=int, default=100_000, help="people")
    parser.add_argument("--items", type=int, default=20_000, help="items in the catalogue")
    parser.add_argument("--per-user", type=int, default=18, help="interactions of a user, repetitions included")
    parser.add_argument("--rank", type=int, default=64, help="of the SVD")
    parser.add_argument("--only", choices=MODELS, help="measure one model in this process and print JSON")
    wanted = parser.parse_args()
    if wanted.only:
        print(json.dumps(measured(wanted.only, wanted)))
        return
    rows = []
    for name in MODELS:
        command = [sys.executable, __file__, "--only", name]
        for option in ("users", "items", "per_user", "rank"):
            command += [f"--{option.replace('_', '-')}", str(getattr(wanted, option))]
        rows.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    table = pd.DataFrame(rows).round({"fit s": 1, "lists s": 1, "peak GB": 2})
    print(table.to_string(index=False))
    write_result("lists", table, seeds=[SEED], packages=("numpy", "pandas", "scipy", "torch"))


if __name__ == "__main__":
    main()
