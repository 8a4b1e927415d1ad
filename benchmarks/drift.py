"""Interests that move: recency, long and short interests, and a causal transformer with ids and with text.

    python benchmarks/drift.py [tinylens] [movielens] [--seeds 10]

TinyLens (a generated world: it tests the method and is no evidence about people): some users' interests move at known
dates, at once or gradually. A walk through time with a fit every five weeks and histories that grow in between; NDCG@10
of each event as a share of the oracle's without context, by weeks since the change, in ten worlds with a 95 % t
interval. Users who did not change get the date of one who did. Half-lives and mixes are chosen, period by period, on
the periods before; the SVD's rank and the transformers' settings in a world of its own. "weeks until 90 %" counts from
the change until two weeks in a row reach 90 % of the level of the four weeks before, null where that does not happen
within twelve; its range is a bootstrap over worlds. It has a meaning for changes in one step: a gradual one has hardly
begun in its first weeks, in which nothing has been lost yet.

MovieLens, ratings of 4 or more: each person's latest fifth is the test. The gain over SVD by how long a person's likes
span, as recorded, and after items have changed places inside each session (pauses under an hour), which leaves dates
and sessions as they are. Then a walk through time in steps of two years, for people with at least five likes before. A
95 % bootstrap interval over people; half-lives chosen on an inner split of the training data. The shuffles are averaged
for the linear models; the transformers, with their defaults, meet the first of them, beside the SVD of that one.

Prints the tables and writes results/drift_tinylens.json and results/drift_movielens.json.
"""

from __future__ import annotations

import argparse

import _drift_movielens
import _drift_tinylens
from _report import write_result

PACKAGES = ("numpy", "scipy", "torch", "transformers")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", choices=["tinylens", "movielens", []], help="both without a word")
    parser.add_argument(
        "--seeds", type=int, default=10, help="worlds, and shuffles of sessions; at least 2 (default 10)"
    )
    wanted = parser.parse_args()
    if wanted.seeds < 2:
        parser.error(f"--seeds is {wanted.seeds}; an interval needs at least 2")
    for part in wanted.part or ["tinylens", "movielens"]:
        table, facts = {"tinylens": _drift_tinylens, "movielens": _drift_movielens}[part].measure(wanted.seeds)
        write_result(f"drift_{part}", table, seeds=range(wanted.seeds), packages=PACKAGES, **facts)
        print(part)
        print(table.drop(columns="by week", errors="ignore").to_string(index=False))


if __name__ == "__main__":
    main()
