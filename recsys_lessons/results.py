"""The measured tables of `results/`, so that a lesson shows a number that took minutes and does not retype it."""

from __future__ import annotations

import json

import pandas as pd

from recsys_lessons.errors import RecsysLessonsError
from recsys_lessons.paths import bundled

__all__ = ["read_results"]


def read_results(name: str) -> pd.DataFrame:
    """The table that a script in `benchmarks/` wrote, such as "quality_cold".

    Returns:
        DataFrame; its `attrs` hold the command, seeds and versions that made it.

    Raises:
        RecsysLessonsError: there is no such table; the message lists those there are.
    """
    folder = bundled("results")
    path = folder / f"{name}.json"
    known = sorted(one.stem for one in folder.glob("*.json"))
    if name not in known:
        raise RecsysLessonsError(f"there is no results/{name}.json; there are {', '.join(known)}.")
    content = json.loads(path.read_text(encoding="utf-8"))
    table = pd.DataFrame(content.pop("rows"))
    table.attrs = content
    return table
