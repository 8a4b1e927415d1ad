"""How much each modality should count, from items held out of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from recsys_lessons.data.dataset import Dataset
from recsys_lessons.data.splits import split_cold_items
from recsys_lessons.evaluation._fusion_fold import Fold
from recsys_lessons.fusion import ConcatFusion
from recsys_lessons.fusion.parts import Modalities, check_whiten, checked

__all__ = ["WeightChoice", "choose_weights"]


class WeightChoice(NamedTuple):
    """What `choose_weights` found.

    Attributes:
        weights: name to weight, the best single modality 1. whiten: of the fusion. ridge: of the map; None for a
            profile.
        table: every setting tried, best first: a column a modality, `whiten`, `ridge`, `value` (mean over the repeats),
            `behind` (by how much it is behind the chosen one) and `error` (the standard error of that difference, over
            the repeats, which share most of their data: a lower bound).
    """

    weights: dict[str, float]
    whiten: float | None
    ridge: float | None
    table: pd.DataFrame

    def fusion(self) -> ConcatFusion:
        """The fusion as chosen, unfitted."""
        return ConcatFusion(self.weights, whiten=self.whiten)


def choose_weights(
    modalities: Modalities,
    train: Dataset,
    *,
    how: str = "map",
    values: Sequence[float] = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0),
    ridges: Sequence[float] = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0),
    whitens: Sequence[float | None] = (None,),
    rank: int = 32,
    repeats: int = 5,
    fraction: float = 0.2,
    k: int = 10,
    max_items: int = 6000,
    seed: int = 0,
    progress: bool = True,
) -> WeightChoice:
    """Weights of a `ConcatFusion`, and the ridge of its map, that rank held-out cold items of `train` best (NDCG@k).

    A share of the training items loses its interactions, `repeats` times over; each setting is judged by how well it
    ranks these, as `MultimodalRecommender(how=how)` would. The search starts with the best single modality, then lets
    one weight at a time move over `values` (times that of the best single), and the ridge over `ridges`, until nothing
    improves; once for each of `whitens`. 0 is among the values, so that a modality that only adds noise is dropped.
    Everything happens inside `train`; the test is not an argument. The value of the winner is the best of many and
    flatters it.

    Settings are tried through the kernels (items x items) of each modality, which gives the same scores as fitting the
    model anew in a fraction of the time.

    Args:
        modalities: name to (n_items, dim) tensor or `Masked`, in the item table's order.
        train: the training data. how, rank: as for `MultimodalRecommender`.
        values: weights to try, beside a first 1. ridges: for how="map". whitens: of the fusion, None for none; with
            (None, 1.0) the search is made for both, and a model must then be given the one chosen: `choice.fusion()`.
        repeats: splits averaged over; settings meet the same ones. fraction: of the items, held out each time.
        max_items: of a larger catalogue, so many items with interactions are drawn; the kernels need the square of it.
        seed: of the splits. progress: show a bar.

    Raises:
        ValueError: an unknown `how`, no value or ridge to try, fewer than 1 repeat, or tables that do not fit the data.
    """
    if how not in ("map", "profile"):
        raise ValueError(f"how is {how!r}; choose 'map' or 'profile'.")
    if repeats < 1 or not len(values) or min(values) < 0 or not len(ridges) or min(ridges) <= 0:
        raise ValueError(
            f"repeats is {repeats}, values {list(values)}, ridges {list(ridges)}; at least one repeat is "
            "needed, weights of 0 or more, and ridges above 0."
        )
    if not len(whitens):
        raise ValueError("whitens is empty; pass (None,) for none.")
    for whiten in whitens:
        check_whiten(whiten)
    clean = checked(modalities)
    n = len(next(iter(clean.values())).mask)
    if n != train.n_items:
        raise ValueError(f"the modalities have {n} rows, and there are {train.n_items} items; pass one row per item.")
    active = train.active_items()
    if len(active) > max_items:
        drawn = np.random.default_rng(seed).choice(active, size=max_items, replace=False)
        train = train.with_interactions(train.interactions[train.interactions["item_id"].isin(drawn)])
    splits = [split_cold_items(train, fraction, seed=1000 * (seed + 1) + one) for one in range(repeats)]
    search = _Search(list(clean), progress)
    found = []
    for whiten in whitens:
        search.folds = [Fold(clean, *one, how=how, rank=rank, k=k, whiten=whiten) for one in splits]
        found.append(search.run(sorted(set(values)), sorted(set(ridges)) if how == "map" else [None], whiten))
    search.bar.close()
    _, weights, whiten, ridge = max(found, key=lambda one: one[0])  # of equal ones the first
    return WeightChoice(weights, whiten, ridge, search.table(weights, whiten, ridge))


class _Search:
    """Coordinate search; every setting is measured once, on all folds."""

    folds: list[Fold]

    def __init__(self, names: list[str], progress: bool):
        self.names = names
        self.found: dict[tuple, np.ndarray] = {}
        self.bar = tqdm(desc="Weights", unit="setting", disable=not progress, leave=False)

    def key(self, weights: dict[str, float], whiten: float | None, ridge: float | None) -> tuple:
        top = max(weights.values())  # only the ratio of weights matters
        return (*(weights[name] / top for name in self.names), whiten, ridge)

    def run(self, values: list[float], ridges: list, whiten: float | None) -> tuple:
        """The best value, and its weights, whitening and ridge."""

        def value(weights: dict[str, float], ridge: float | None) -> float:
            key = self.key(weights, whiten, ridge)
            if key not in self.found:
                self.found[key] = np.array([fold.ndcg(weights, ridge) for fold in self.folds])
                self.bar.update()
            return float(self.found[key].mean())

        def climb(weights: dict[str, float], start: float | None) -> float | None:
            """The ridge from which neither neighbour is better: quality has one peak in it, and each one costs."""
            at = ridges.index(start)
            while True:
                near = max([at, *({at - 1, at + 1} & set(range(len(ridges))))], key=lambda i: value(weights, ridges[i]))
                if near == at:
                    return ridges[at]
                at = near

        alone = {}
        for name in self.names:
            weights = {other: float(other == name) for other in self.names}
            if not any(fold.empty(weights) for fold in self.folds):  # in each fold there is something of it
                ridge = climb(weights, ridges[len(ridges) // 2])
                alone[name] = (value(weights, ridge), ridge)
        if not alone:
            raise ValueError("no modality is present among the warm and the held-out items of every split.")
        first, *others = sorted(alone, key=lambda name: -alone[name][0])
        weights, (best, ridge) = {name: float(name == first) for name in self.names}, alone[first]
        for _ in range(4):  # it settles after one to three rounds
            before = best
            for name in others:
                weights = max([weights, *(weights | {name: one} for one in values)], key=lambda one: value(one, ridge))
            ridge = climb(weights, ridge)
            best = value(weights, ridge)
            if best <= before:
                break
        return best, weights, whiten, ridge

    def table(self, weights: dict[str, float], whiten: float | None, ridge: float | None) -> pd.DataFrame:
        chosen = self.found[self.key(weights, whiten, ridge)]
        rows = []
        for key, values in self.found.items():
            behind = chosen - values
            error = behind.std(ddof=1) / len(behind) ** 0.5 if len(behind) > 1 else np.nan
            rows.append((*key, values.mean(), behind.mean(), error))
        table = pd.DataFrame(rows, columns=[*self.names, "whiten", "ridge", "value", "behind", "error"])
        return table.sort_values("value", ascending=False, kind="stable", ignore_index=True)
