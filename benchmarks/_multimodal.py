"""What the parts of multimodal.py share: models of one or more modalities, measured on the same cold splits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse, stats
from torch import Tensor

from recsys_lessons import Dataset, MultimodalRecommender, choose_weights, split_cold_items, tune
from recsys_lessons.encoders.base import Masked
from recsys_lessons.evaluation import per_user
from recsys_lessons.fusion import AttentionFusion, GatedFusion, HadamardFusion, WeightedSumFusion, late_fusion
from recsys_lessons.recommenders.base import Recommender

# A map's setting costs the cube of the items: weights are chosen on 2,000 of them. That scales the interactions of a
# ridge down as well, so that the ridge itself is chosen on all, at the weights found.
SEARCH = {"max_items": 2000, "repeats": 3, "progress": False}
WHITENS = (None, 1.0)
RIDGES = (10.0, 30.0, 100.0, 300.0, 1000.0)
FORMS = (": profile", ": whitened profile", ": map")
Modalities = Mapping[str, "Tensor | Masked"]


class Chance(Recommender):
    """Scores drawn at random: the level of knowing nothing."""

    def __init__(self, seed: int):
        self.seed = seed

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        pass

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        return np.random.default_rng(900 + self.seed).random(histories.shape, dtype=np.float32)


class Late(Recommender):
    """One profile a modality, and their standardised scores added: late fusion."""

    def __init__(self, modalities: Modalities, weights: Mapping[str, float]):
        self.modalities = {name: one for name, one in modalities.items() if weights[name]}
        self.weights = {name: weights[name] for name in self.modalities}

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.models_ = {
            name: MultimodalRecommender({name: one}, how="profile").fit(self.train_)
            for name, one in self.modalities.items()
        }

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None) -> np.ndarray:
        scores = {name: model.raw_scores(histories, rows) for name, model in self.models_.items()}
        masks = {name: mask_of(one) for name, one in self.modalities.items()}
        # Only new items are ranked: a scale over all items would be that of the old ones.
        new = np.asarray(self.matrix_.sum(axis=0)).ravel() == 0
        found = np.zeros((histories.shape[0], histories.shape[1]), dtype=np.float32)
        found[:, new] = late_fusion(
            {name: one[:, new] for name, one in scores.items()},
            {name: one[new] for name, one in masks.items()},
            self.weights,
        )
        return found


def mask_of(one: Tensor | Masked) -> np.ndarray:
    return one.mask.numpy() if isinstance(one, Masked) else np.ones(len(one), dtype=bool)


def naive(modalities: Modalities) -> Tensor:
    """What a first program does: raw vectors side by side, a zero for what is missing."""
    blocks = [torch.nan_to_num(one.vectors) if isinstance(one, Masked) else one for one in modalities.values()]
    return torch.cat(blocks, dim=1)


def fusions(modalities: Modalities, train: Dataset, seed: int) -> tuple[dict[str, Callable[[], Recommender]], dict]:
    """Each way of fusing all modalities, unfitted, and the settings chosen inside `train`."""
    profile = choose_weights(modalities, train, how="profile", seed=seed, **SEARCH)
    white = choose_weights(modalities, train, how="profile", whitens=WHITENS, seed=seed, **SEARCH)
    mapped = choose_weights(modalities, train, how="map", ridges=RIDGES, seed=seed, **SEARCH)
    ridge = best_ridge(modalities, mapped.weights, train, seed)
    even = best_ridge(modalities, None, train, seed)
    found: dict[str, Callable[[], Recommender]] = {
        "naive concatenation: profile": lambda: MultimodalRecommender({"all": naive(modalities)}, how="profile"),
        "equal weights: profile": lambda: MultimodalRecommender(modalities, how="profile"),
        "tuned weights: profile": lambda: MultimodalRecommender(modalities, how="profile", weights=profile.weights),
        "tuned weights: whitened profile": lambda: MultimodalRecommender(modalities, white.fusion(), how="profile"),
        "late fusion, tuned weights": lambda: Late(modalities, profile.weights),
        "equal weights: map": lambda: MultimodalRecommender(modalities, ridge=even),
        "tuned weights: map": lambda: MultimodalRecommender(modalities, weights=mapped.weights, ridge=ridge),
    }
    for name, kind in (
        ("weighted sum", WeightedSumFusion),
        ("Hadamard product", HadamardFusion),
        ("gated", GatedFusion),
        ("attention", AttentionFusion),
    ):
        found[f"{name}: profile"] = lambda kind=kind: MultimodalRecommender(modalities, kind(), how="profile")
    whitened = white.weights | {"whitened": float(white.whiten is not None)}
    return found, {"profile": profile.weights, "whitened profile": whitened, "map": mapped.weights | {"ridge": ridge}}


def single(name: str, one: Any, train: Dataset, seed: int) -> dict[str, Callable[[], Recommender]]:
    """One modality through all forms; the map's ridge, and whether to whiten, are chosen inside `train`."""
    white = choose_weights({name: one}, train, how="profile", whitens=WHITENS, seed=seed, **SEARCH)
    ridge = best_ridge({name: one}, None, train, seed)
    return {
        f"{name}: profile": lambda: MultimodalRecommender({name: one}, how="profile"),
        f"{name}: whitened profile": lambda: MultimodalRecommender({name: one}, white.fusion(), how="profile"),
        f"{name}: map": lambda: MultimodalRecommender({name: one}, ridge=ridge),
    }


def best_ridge(modalities: Modalities, weights: Mapping[str, float] | None, train: Dataset, seed: int) -> float:
    """The ridge of a map that ranks cold items held out of `train` best."""
    found = tune(
        lambda ridge: MultimodalRecommender(modalities, weights=weights, ridge=ridge),
        {"ridge": RIDGES},
        train,
        split=lambda data: split_cold_items(data, seed=1000 + seed),
        candidates=Dataset.active_items,
        draws=1,
        progress=False,
    )
    return float(found["ridge"].iloc[0])


def measured(models: Mapping[str, Callable[[], Recommender]], train: Dataset, test: Dataset) -> dict[str, float]:
    """Model to NDCG@10 over the new items."""
    with warnings.catch_warnings():
        # A single modality leaves some new items without content. They score 0 and count as they fall.
        warnings.filterwarnings("ignore", message=".*have neither interactions nor any modality")
        return {name: ndcg(make().fit(train), test) for name, make in models.items()}


def ndcg(model: Recommender, test: Dataset) -> float:
    return float(per_user(model, test, metrics=["ndcg"], candidates=test.active_items())["ndcg@10"].mean())


def cold(data: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    return split_cold_items(data, seed=seed)


def mean_choice(chosen: Sequence[dict]) -> dict[str, dict[str, float]]:
    """Form to the mean, over the seeds, of each weight and of the ridge."""
    return {
        form: {name: round(float(np.mean([one[form][name] for one in chosen])), 3) for name in chosen[0][form]}
        for form in chosen[0]
    }


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of one number per seed, and its 95 % t interval."""
    values = np.asarray(values, dtype=float)
    reach = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - reach, values.mean() + reach


def table_of(runs: Mapping[str, Sequence[float]], rivals: Sequence[str], chance: str = "chance") -> pd.DataFrame:
    """One row a method, best first: mean, difference to the best single modality of its form, and to chance.

    Args:
        runs: method to its NDCG@10, one per seed, in pairs. rivals: the methods of one modality.
    """
    rows = []
    for name, values in runs.items():
        values = np.asarray(values)
        row: dict[str, Any] = {"method": name, "ndcg@10": values.mean()}
        mean, low, high = interval(values - np.asarray(runs[chance]))
        row |= {"over chance": mean, "over chance low": low, "over chance high": high}
        form = next((one for one in FORMS if name.endswith(one)), ": profile")
        best = max((one for one in rivals if one.endswith(form)), key=lambda one: np.mean(runs[one]))
        if name not in rivals and name != chance:
            mean, low, high = interval(values - np.asarray(runs[best]))
            row |= {"best single": best, "over best single": mean, "low": low, "high": high}
            row |= {"seeds won": int((values > np.asarray(runs[best])).sum())}
        rows.append(row | {"by seed": np.round(values, 4).tolist()})
    table = pd.DataFrame(rows).sort_values("ndcg@10", ascending=False, ignore_index=True)
    return table.round(4)
