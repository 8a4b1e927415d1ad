"""A hand-made world in which the evening wants even items and the morning wants odd ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys_lessons.data.dataset import Dataset


def evening_world(n_users: int = 60, n_items: int = 20, per_user: int = 8, seed: int = 3) -> Dataset:
    """Half the events are in the evening, with even items; half in the morning, with odd ones; users 1000, 1001, ..."""
    random = np.random.default_rng(seed)
    rows = []
    for user in range(n_users):
        for place, item in enumerate(random.permutation(n_items)[:per_user]):
            evening = item % 2 == 0
            hour = int(random.integers(19, 22) if evening else random.integers(7, 10))
            rows.append(
                (1000 + user, 500 + int(item), 3600 * (per_user * user + place), hour, "eve" if evening else "morn")
            )
    items = pd.DataFrame({"item_id": 500 + np.arange(n_items), "title": [f"Item {i}" for i in range(n_items)]})
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "hour", "purpose"])
    return Dataset(items, pd.DataFrame({"user_id": 1000 + np.arange(n_users)}), table)


def evening_share(model, context: dict, k: int = 5) -> float:
    """The share of even items in the first places of everybody's list."""
    table = model.recommend(context=context, k=k)
    return float(((table["item_id"] % 2) == 0).mean())
