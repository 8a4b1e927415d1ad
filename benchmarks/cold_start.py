"""Cold start: when clicks overtake words, what to ask a new user, and whether exploring new items pays.

    python benchmarks/cold_start.py [items] [users] [exploration] [--seeds 10]

items: MovieLens, new films by the number n of likes seen of them, n = 0 to 50; the same test for every n. Popularity,
SVD, content profiles (e5, and TF-IDF for the sceptic), the map from content to factors, and blends whose kappa is
chosen on an inner cold split. Once the new films ranked among themselves (results/cold_items.json), once among all
films, with their share of the places (results/cold_lists.json).

users: MovieLens, new people by the number of ratings they gave; three questions asked of them, chosen in three ways.
TinyLens (a generated world: it tests the method, it is no evidence about people): a sentence about oneself
(results/cold_users.json).

exploration: TinyLens: new items arrive without any history; contextual bandits on embeddings, replayed on the world's
truth; cumulative regret over worlds other than those in which the settings were chosen (results/exploration.json).

Every interval is that of a paired difference over the seeds (Student's t, 95 %).
"""

from __future__ import annotations

import argparse

import pandas as pd
from _cold import PACKAGES
from _report import write_result

PARTS = ("items", "users", "exploration")
NOTES = {
    "cold_users": "rows of TinyLens: a generated world tests the method, it is no evidence about people",
    "exploration": "TinyLens: a generated world tests the method, it is no evidence about people",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="what to measure; all without a word")
    parser.add_argument("--seeds", type=int, default=10, help="splits or worlds, at least 2 (default 10)")
    wanted = parser.parse_args()
    if wanted.seeds < 2:
        parser.error(f"--seeds is {wanted.seeds}; an interval needs at least 2")
    pd.set_option("display.width", 200)
    for part in wanted.part or PARTS:
        for name, table in measure(part, wanted.seeds).items():
            note = {"note": NOTES[name]} if name in NOTES else {}
            write_result(name, table, seeds=range(wanted.seeds), packages=PACKAGES, **note)
            print(name)
            print(
                table.drop(columns=[one for one in table if "curve" in one or one == "rounds"]).to_string(index=False)
            )


def measure(part: str, n_seeds: int) -> dict[str, pd.DataFrame]:
    """The tables of one part, by the name of their file; a part is imported when it is asked for."""
    if part == "items":
        from _cold_items import items

        return dict(zip(("cold_items", "cold_lists"), items(n_seeds), strict=True))
    if part == "users":
        from _cold_users import users

        return {"cold_users": users(n_seeds)}
    from _exploration import exploration

    return {"exploration": exploration(n_seeds)}


if __name__ == "__main__":
    main()
