"""Every modality of TinyLens alone and fused, and as modalities go missing; called by multimodal.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from _multimodal import Chance, cold, fusions, interval, measured, ndcg, single, table_of
from tqdm import tqdm

from recsys_lessons import MultimodalRecommender, Oracle, encode_items, make_tinylens
from recsys_lessons.encoders.base import Masked

MODALITIES = ("text", "cover", "audio", "video")
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


class WithoutFame(Oracle):
    """The oracle, less what decides who is shown often: no content tells that of a new item."""

    def _scores(self, histories, rows, contexts=None):
        return super()._scores(histories, rows, contexts) - self.truth.log_exposure


def tinylens(seeds: Sequence[int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of results/multimodal_tinylens.json and results/multimodal_missing.json."""
    runs: dict[str, list[float]] = {}
    curves: list[dict] = []
    for seed in tqdm(seeds, desc="worlds"):
        world = make_tinylens(seed=seed, progress=False)
        modalities = encode_items(world.data, MODALITIES, progress=False)
        train, test = cold(world.data, seed)
        models = {"chance": lambda seed=seed: Chance(seed)}
        for name, one in modalities.items():
            models |= single(name, one, train, seed)
        fused, choice = fusions(modalities, train, seed)
        models |= fused
        found = measured(models, train, test)
        found["oracle"] = ndcg(Oracle(world.truth, context=False).fit(train), test)
        found["oracle without fame"] = ndcg(WithoutFame(world.truth, context=False).fit(train), test)
        for name, value in found.items():
            runs.setdefault(name, []).append(value)
        curves += missing(modalities, choice["profile"], train, test, found["oracle"], seed)
    rivals = [f"{name}: {form}" for name in MODALITIES for form in ("profile", "whitened profile", "map")]
    table = table_of(runs, rivals)
    oracle = np.array(runs["oracle"])
    table["share of oracle"] = [round(float((np.array(runs[name]) / oracle).mean()), 4) for name in table["method"]]
    return table, curve(pd.DataFrame(curves))


def missing(modalities: dict, weights: dict, train, test, oracle: float, seed: int) -> list[dict]:
    """NDCG@10 as a share of the items loses modalities, old and new items alike; the weights stay as they were."""
    rows = []
    n = train.n_items
    for victim in (*MODALITIES, "any one"):
        for share in SHARES:
            random = np.random.default_rng(10_000 + seed)
            struck = torch.from_numpy(random.permutation(n) < round(share * n))
            of = random.integers(len(MODALITIES), size=n)  # which one goes, where any may
            without = {
                name: strike(one, struck & torch.from_numpy((of == place) | (victim == name)))
                if victim in (name, "any one")
                else one
                for place, (name, one) in enumerate(modalities.items())
            }
            kept = {name: one for name, one in without.items() if one.mask.any()}
            kept_weights = {name: weights[name] for name in kept}
            models = {"fused, tuned weights": profile(kept, kept_weights)} if any(kept_weights.values()) else {}
            if victim in kept:
                models["that modality alone"] = profile({victim: kept[victim]})
            for name, value in measured(models, train, test).items():
                rows.append(
                    {"victim": victim, "share": share, "model": name, "ndcg": value, "seed": seed, "oracle": oracle}
                )
    return rows


def profile(modalities: dict, weights: dict | None = None) -> Callable[[], MultimodalRecommender]:
    return lambda: MultimodalRecommender(modalities, how="profile", weights=weights)


def strike(one: Masked, gone: torch.Tensor) -> Masked:
    return Masked(torch.where(gone[:, None], torch.nan, one.vectors), one.mask & ~gone)


def curve(table: pd.DataFrame) -> pd.DataFrame:
    """One row a model, victim and share: mean over the worlds with its interval, and what is lost to share 0."""
    rows = []
    for (victim, share, model), mine in table.groupby(["victim", "share", "model"], sort=False):
        full = table[(table["victim"] == victim) & (table["share"] == 0) & (table["model"] == model)]
        mean, low, high = interval(mine["ndcg"])
        row = {"row": f"{model}, {victim} missing in {share:.0%}", "model": model, "missing": victim, "share": share}
        row |= {"ndcg@10": mean, "low": low, "high": high}
        lost, lost_low, lost_high = interval(mine["ndcg"].to_numpy() - full["ndcg"].to_numpy())
        row |= {"lost": lost, "lost low": lost_low, "lost high": lost_high}
        rows.append(row | {"share of oracle": (mine["ndcg"] / mine["oracle"]).mean()})
    return pd.DataFrame(rows).round(4)
