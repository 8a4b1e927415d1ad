"""What each modality is worth, and what fusing them adds: a generated world, and real posters and plots.

    python benchmarks/multimodal.py [tinylens] [movies] [cost] [--seeds 10] [--movies FOLDER]

All items are cold: a fifth of them, drawn evenly along popularity, loses all interactions, and only those are ranked;
NDCG@10. Every method meets the same splits (pairs), and each difference is a mean over them with a 95 % t interval.
Weights and ridges are chosen on cold splits inside the training data; no test is looked at twice.

tinylens: TinyLens worlds, a different one for each seed: every modality alone, through real encoders, against chance
and against the oracle; fusions against the best single modality; and what is left as modalities go missing. It is a
generated world: it tests the method, and is no evidence about people.

movies: real ratings (MovieLens, September 2018), posters and plots, from a folder that `recsys-lessons posters` makes
or one like it, with a release of MovieLens in it. Nothing of it is in this repository.

cost: seconds that fusing takes beside encoding and scoring.

Prints the tables and writes results/multimodal_tinylens.json, results/multimodal_missing.json,
results/multimodal_movies.json and results/fusion_cost.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from _multimodal_cost import cost
from _multimodal_movies import movies
from _multimodal_tinylens import tinylens
from _report import write_result

PACKAGES = ("numpy", "scipy", "torch", "torchvision", "timm", "transformers", "av", "pillow")
NOTE = "generated worlds: they test the method, and are no evidence about people"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", choices=["tinylens", "movies", "cost", []], help="all without a word")
    parser.add_argument("--seeds", type=int, default=10, help="splits, at least 2 (default 10)")
    parser.add_argument("--movies", type=Path, help="a folder with items.csv, posters/ and a MovieLens release")
    asked = parser.parse_args()
    if asked.seeds < 2:
        parser.error(f"--seeds is {asked.seeds}; an interval needs at least 2")
    if "movies" in asked.part and asked.movies is None:
        parser.error("movies needs --movies FOLDER; `recsys-lessons posters` makes one")
    parts = asked.part or ["tinylens", *(["movies"] if asked.movies else []), "cost"]
    if not asked.part and not asked.movies:
        print("movies is left out: it needs --movies FOLDER; `recsys-lessons posters` makes one")
    seeds = range(asked.seeds)
    if "tinylens" in parts:
        modalities, missing = tinylens(seeds)
        write_result("multimodal_tinylens", modalities, seeds=seeds, packages=PACKAGES, note=NOTE)
        write_result("multimodal_missing", missing, seeds=seeds, packages=PACKAGES, note=NOTE)
        print(modalities.drop(columns="by seed").to_string(index=False), "\n")
        print(missing.to_string(index=False), "\n")
    if "movies" in parts:
        table, facts = movies(asked.movies, seeds)
        write_result("multimodal_movies", table, seeds=seeds, packages=PACKAGES, **facts)
        print(table.drop(columns="by seed").to_string(index=False), "\n")
    if "cost" in parts:
        table = cost()
        write_result("fusion_cost", table, seeds=[0], packages=PACKAGES)
        print(table.to_string(index=False))


if __name__ == "__main__":
    main()
