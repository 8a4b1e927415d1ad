"""25 million ratings through load, split and fit: seconds and memory on a generated ml-25m.

    python benchmarks/load.py [--keep FOLDER]

Writes a folder shaped like ml-25m (162,000 users, 59,000 movies, long-tailed, the same on every run), then does each
step in a process of its own, so that the peak that the operating system reports is that step's: a step loads what the
ones before it give, and adds its own work. Prints one table and writes results/load_25m.json. Takes about ten minutes
and 2 GB of disk. `--keep` uses a folder and leaves it there, for the next run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from _report import write_result

SEED = 0
N_USERS, N_ITEMS, N_RATINGS = 162_000, 59_000, 25_000_000
LIMIT_GB = 8.0
GENRES = "Action|Adventure|Animation|Children|Comedy|Crime|Documentary|Drama|Fantasy|Horror|Romance|Sci-Fi".split("|")
STEPS = {
    "import": "the imports alone",
    "load": "load_movielens(folder)",
    "zip": "load_movielens(zip)",
    "frame": "Dataset.from_frame of the same table, 64-bit columns",
    "matrix": "load + matrix()",
    "split": "load + split_last",
    "fit": "load + split_last + SVDRecommender(32).fit",
    "use": "... + 1,000 recommendations, search, history, active_items",
}


def generate(folder: Path, n_users: int = N_USERS, n_items: int = N_ITEMS, n_ratings: int = N_RATINGS) -> None:
    """Write `ratings.csv` and `movies.csv` as GroupLens does: by user, then movie; half stars; seconds.

    Movies are drawn with a probability that falls with their rank, and people rate between 20 and thousands of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(SEED)
    item_id = np.sort(random.choice(np.arange(1, 4 * n_items), n_items, replace=False))
    genres = random.integers(len(GENRES), size=(n_items, 2))
    movies = pd.DataFrame(
        {
            "movieId": item_id,
            "title": [f"Film {number}, The ({1930 + number % 90})" for number in range(n_items)],
            "genres": ["|".join(sorted({GENRES[one], GENRES[two]})) for one, two in genres],
        }
    )
    movies.to_csv(folder / "movies.csv", index=False)
    chance = 1 / (10 + np.arange(n_items)) ** 1.1
    chance = random.permutation(chance / chance.sum())
    # Lognormal counts, as people's are; half as many again as wanted, since a movie drawn twice counts once.
    share = random.lognormal(0, 1.3, size=n_users)
    counts = 20 + np.floor(share / share.sum() * (1.5 * n_ratings - 20 * n_users)).astype(np.int64)
    counts = np.minimum(counts, n_items // 4)
    cumulated = np.cumsum(chance)
    left = n_ratings
    with (folder / "ratings.csv").open("w", encoding="utf-8") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for start in range(0, n_users, 10_000):
            size = counts[start : start + 10_000]
            user = np.repeat(np.arange(start, start + len(size)), size)
            drawn = np.minimum(np.searchsorted(cumulated, random.random(len(user))), n_items - 1)
            pair = np.unique(user * n_items + drawn)
            wanted = left * len(size) // (n_users - start)
            pair = np.sort(random.choice(pair, min(wanted, len(pair)), replace=False))
            left -= len(pair)
            user, drawn = np.divmod(pair, n_items)
            began = random.integers(8 * 10**8, 15 * 10**8, size=n_users)[user]
            table = pd.DataFrame(
                {
                    "userId": user + 1,
                    "movieId": item_id[drawn],
                    "rating": random.integers(1, 11, size=len(user)) / 2,
                    "timestamp": began + random.integers(0, 10**7, size=len(user)),
                }
            )
            table.to_csv(file, header=False, index=False)


def step(name: str, folder: Path) -> dict:
    """Do one step, in this process, and tell what it took."""
    began = time.perf_counter()
    from recsys_lessons.data.dataset import Dataset
    from recsys_lessons.data.movielens import load_movielens
    from recsys_lessons.data.splits import split_last
    from recsys_lessons.recommenders.svd import SVDRecommender

    started = began if name == "import" else time.perf_counter()
    facts = {"n": 0}
    if name == "frame":
        # What somebody has who reads the file with pandas' defaults: that table counts, too.
        table = pd.read_csv(folder / "ratings.csv")
        started = time.perf_counter()
        data = Dataset.from_frame(table, user="userId", item="movieId")
        facts["n"] = len(data.interactions)
    elif name != "import":
        data = load_movielens(folder.with_suffix(".zip") if name == "zip" else folder, min_rating=None)
        facts["n"] = len(data.interactions)
        if name not in ("load", "zip"):
            started = time.perf_counter()
        if name == "matrix":
            data.matrix("rating")
        if name in ("split", "fit", "use"):
            train, test = split_last(data)
        if name in ("fit", "use"):
            del data, test
            started = time.perf_counter()
            model = SVDRecommender(32, seed=SEED).fit(train)
        if name == "use":
            started = time.perf_counter()
            users = train.users["user_id"].to_numpy()[:1000]
            assert len(model.recommend(list(users), k=10)) == 10 * len(users)
            assert len(train.search("film 12")) and len(train.history(users[0])) and len(train.active_items())
    seconds = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts in bytes, Linux in kilobytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    return facts | {"seconds": round(seconds, 1), "peak GB": round(peak, 2)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keep", type=Path, help="a folder to generate the data into, and to find it in again")
    options.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.step:
        print(json.dumps(step(chosen.step, chosen.keep)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        measure((chosen.keep or Path(scratch)) / "ml-25m")


def measure(folder: Path) -> None:
    zipped = folder.with_suffix(".zip")
    if not zipped.exists():
        generate(folder)
        with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in ("movies.csv", "ratings.csv"):
                archive.write(folder / name, f"ml-25m/{name}")
    rows = []
    for name, label in STEPS.items():
        command = [sys.executable, __file__, "--step", name, "--keep", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{label} failed:\n{done.stderr[-2000:]}")
        found = json.loads(done.stdout.splitlines()[-1])
        rows.append({"step": label, "interactions": found["n"], **{key: found[key] for key in ("seconds", "peak GB")}})
        print(f"{label}: {found['seconds']} s, {found['peak GB']} GB", file=sys.stderr, flush=True)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    print(f"limit: {LIMIT_GB:g} GB; seconds are those of the last thing named, memory is all of the process's")
    facts = {"users": N_USERS, "items": N_ITEMS, "limit_gb": LIMIT_GB}
    write_result("load_25m", table, seeds=[SEED], packages=("numpy", "pandas", "scipy", "torch"), **facts)


if __name__ == "__main__":
    main()
