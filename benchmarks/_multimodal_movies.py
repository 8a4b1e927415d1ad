"""Real posters and plots: what they add to a title and its genres; called by multimodal.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from _multimodal import Chance, cold, fusions, mean_choice, measured, single, table_of
from torch import Tensor
from tqdm import tqdm

from recsys_lessons import VBPR, ConcatFusion, Dataset, ImageEncoder, TextEncoder, load_movielens

TITLE, PLOT, POSTER = "title and genres", "plot", "poster"


def complete(folder: Path) -> Dataset:
    """The movies of the folder that have a poster and a plot, and what people liked of them."""
    data = load_movielens(folder / "ml-latest-small", media=folder)
    items = data.items[data.items["poster"].notna() & (data.items["overview"] != "")]
    table = data.interactions[data.interactions["item_id"].isin(items["item_id"])]
    return replace(data, items=items, interactions=table)


def movies(folder: Path, seeds: Sequence[int]) -> tuple[pd.DataFrame, dict]:
    """The table of results/multimodal_movies.json, and the facts that belong to it."""
    data = complete(folder)
    text = TextEncoder()
    modalities = {
        TITLE: text.encode(data.items["text"]),
        PLOT: text.encode(data.items["overview"]),
        POSTER: ImageEncoder().encode(data.items["poster"]),
    }
    untrained = ImageEncoder(weights="random").encode(data.items["poster"])
    two = {name: modalities[name] for name in (TITLE, PLOT)}
    runs: dict[str, list[float]] = {}
    chosen: list[dict] = []
    for seed in tqdm(seeds, desc="movies"):
        train, test = cold(data, seed)
        models = {"chance": lambda seed=seed: Chance(seed)}
        for name, one in modalities.items():
            models |= single(name, one, train, seed)
        models |= {
            name.replace("untrained", "poster, untrained network"): make
            for name, make in single("untrained", untrained, train, seed).items()
            if name.endswith(": profile")
        }
        fused, choice = fusions(modalities, train, seed)
        models |= fused
        pair, pair_choice = fusions(two, train, seed)
        models |= {f"title and plot, {name}": pair[name] for name in pair if "weights" in name}
        chosen.append(choice | {"title and plot, map": pair_choice["map"]})
        together = equal(modalities, train)
        models["VBPR on all, equal weights"] = lambda together=together: VBPR(together, seed=0)
        models["VBPR on the poster"] = lambda: VBPR(modalities[POSTER].vectors, seed=0)
        for name, value in measured(models, train, test).items():
            runs.setdefault(name, []).append(value)
    rivals = [f"{name}: {form}" for name in modalities for form in ("profile", "whitened profile", "map")]
    facts = {
        "command": "python benchmarks/multimodal.py movies --movies FOLDER",  # where it lies on a machine is no matter
        "movies": data.n_items,
        "people": int(data.interactions["user_id"].nunique()),
        "likes": len(data.interactions),
        "chosen": mean_choice(chosen),
    }
    return table_of(runs, rivals), facts


def equal(modalities: dict, train: Dataset) -> Tensor:
    """All modalities in one vector, with equal weights; the scale comes from items with interactions."""
    fusion = ConcatFusion().fit(modalities, rows=train.item_rows(train.active_items()))
    return fusion.transform(modalities).vectors
