"""What a context adds, and to whom it adds nothing: TinyLens with its oracle and a placebo, MovieLens with its clock.

    python benchmarks/context.py [tinylens] [movielens] [--seeds 10]

TinyLens (a generated world: it tests the methods and is no evidence about people): the latest fifth of the events is
the test, each event one ranking of all items in that event's context, NDCG@10 averaged over events, then over worlds.
Settings are chosen on earlier data of other worlds. Every contextual model meets its context-free twin in pairs, with a
95 % t interval over worlds, and a placebo: the same model trained and tested on contexts that were shuffled between
events. Features and words tell the same five fields. A last part takes a city's name out of training.

MovieLens: what its timestamps can carry. First the date: popularity of the last N days against all time, walking
through the years, N chosen on the years before. Then hour, weekday and month as a context of each rating.

Prints tables and writes results/context_tinylens.json and results/context_movielens.json.
"""

from __future__ import annotations

import argparse

import pandas as pd
from _context_movielens import movielens
from _context_tinylens import tinylens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", choices=["tinylens", "movielens", []], help="what to measure; both without")
    parser.add_argument("--seeds", type=int, default=10, help="TinyLens worlds, at least 2 (default 10)")
    wanted = parser.parse_args()
    if wanted.seeds < 2:
        parser.error(f"--seeds is {wanted.seeds}; an interval needs at least 2")
    pd.set_option("display.width", 250, "display.max_columns", 30)
    for part in wanted.part or ["tinylens", "movielens"]:
        for table in tinylens(wanted.seeds) if part == "tinylens" else movielens():
            print(table.to_string(index=False), end="\n\n")


if __name__ == "__main__":
    main()
