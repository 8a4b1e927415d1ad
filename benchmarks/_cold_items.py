"""New films on MovieLens by the number of likes that have been seen of them; called by cold_start.py.

Two views, each with the same test whatever the number n.

`alone`: a fifth of the films is new. Ranked are the new films with at least LEAST likes; n of them, drawn at random,
are revealed. The test is every like beyond the first MOST; what lies between is neither trained on nor ranked. All
candidates show exactly n likes, so that popularity knows nothing here and gives the level of chance.

`among all`: a random fifth of all likes is the test, of old and new films alike; then a fifth of the films is new. All
films are ranked. Reported beside NDCG@10 is the share of places that new films get; their due is their share of the
test.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from _cold import RANK, Mapped, contents, interval, ndcg, top_ten
from tqdm import tqdm

from recsys_lessons import ContentProfile, Dataset, Popularity, SVDRecommender, load_movielens, split_cold_items
from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.blend import count_weight, standardise
from recsys_lessons.recommenders.linear_algebra import ridge_map

TIERS = ((20, 30), (50, 60))  # (MOST, LEAST)
REVEALED = (0, 1, 2, 5, 10, 20, 50)
KAPPAS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
RIDGE = 300.0  # between the two that inner cold splits choose in quality.py
BLENDS = {"blend": "content e5", "blend with TF-IDF": "content TF-IDF", "blend with map": "map"}


def alone(data: Dataset, features: dict, most: int, least: int, seed: int) -> dict:
    """{(n, model): NDCG@10} of the new films ranked among themselves; a blend's model is (name, kappa)."""
    full, test = split_cold_items(data, keep=most, seed=seed)
    counts = data.interactions["item_id"].value_counts()
    columns = data.item_rows([item for item in test.active_items() if counts[item] >= least])
    wanted = np.zeros((data.n_users, data.n_items), dtype=bool)
    wanted[:, columns] = test.matrix()[:, columns].toarray() > 0
    people = np.flatnonzero(wanted.any(axis=1))
    ids = data.users["user_id"].to_numpy()[people].tolist()
    hidden, wanted = full.matrix()[people].toarray() > 0, wanted[people]
    found = {}
    for n in (n for n in REVEALED if n <= most):
        train, _ = split_cold_items(data, keep=n, seed=seed)
        models = {"popularity": Popularity(), "SVD": SVDRecommender(RANK)}
        models |= {f"content {name}": ContentProfile(table) for name, table in features.items()}
        models["map"] = Mapped(features["e5"], RIDGE)
        scores = {name: model.fit(train).scores(ids) for name, model in models.items()}
        found |= {(n, name): np.nanmean(ndcg(one, hidden, wanted, columns)) for name, one in scores.items()}
        seen = np.asarray(train.matrix().sum(axis=0)).ravel()[columns]
        assert (seen == n).all()
        z = {name: standardise(one)[:, columns] for name, one in scores.items()}
        for blend, part in BLENDS.items():
            for kappa in KAPPAS:
                weight = count_weight(seen, kappa)
                mixed = weight * z["SVD"] + (1 - weight) * z[part]
                found[n, (blend, kappa)] = np.nanmean(ndcg(mixed, hidden[:, columns], wanted[:, columns]))
    return found


def kappas(data: Dataset, features: dict, seed: int) -> dict[str, float]:
    """Each blend's kappa that is best on an inner cold split of the training data, over all n."""
    train, _ = split_cold_items(data, seed=seed)
    found = alone(train, features, *TIERS[0], seed=1000 + seed)
    means = {one: np.mean([found[n, one] for n in REVEALED if (n, one) in found]) for _, one in found}
    return {blend: max(KAPPAS, key=lambda kappa: means[blend, kappa]) for blend in BLENDS}


def hold_out(data: Dataset, seed: int, fraction: float = 0.2) -> tuple[Dataset, Dataset]:
    """A random share of all likes is the test, so that old and new films are asked about alike."""
    table = data.interactions
    out = np.random.default_rng(500 + seed).random(len(table)) < fraction
    return data.with_interactions(table[~out]), data.with_interactions(table[out])


def among_all(data: Dataset, features: dict, kappa: float, seed: int) -> list[dict]:
    """One row per n and model: NDCG@10 over all films, and the new films' share of the places and of the test."""
    rest, test = hold_out(data, seed)
    hidden, wanted = rest.matrix().toarray() > 0, test.matrix().toarray() > 0
    people = wanted.any(axis=1)
    hidden, wanted = hidden[people], wanted[people]
    new = np.zeros(data.n_items, dtype=bool)
    new[data.item_rows(split_cold_items(rest, seed=seed)[1].active_items())] = True
    rows = []
    for n in (0, 5, 20):
        train, _ = split_cold_items(rest, keep=n, seed=seed)
        svd, content = SVDRecommender(RANK).fit(train), ContentProfile(features["e5"]).fit(train)
        scores = {
            "popularity": Popularity().fit(train).scores()[people],
            "SVD": svd.scores()[people],
            "content e5": content.scores()[people],
            "SVD, map at n=0": SVDRecommender(RANK, item_features=features["e5"], ridge=RIDGE)
            .fit(train)
            .scores()[people],
        }
        scores["SVD, map with intercept at n=0"] = with_intercept(svd, features["e5"])[people]
        mapped = Mapped(features["e5"], RIDGE).fit(train).scores()[people]
        for gain in (1.5, 2.0):
            scores[f"SVD, map x {gain:g} for new films"] = np.where(new, gain * mapped, scores["SVD"])
        weight = count_weight(np.asarray(train.matrix().sum(axis=0)).ravel(), kappa)
        z = standardise(scores["SVD"]), standardise(scores["content e5"])
        scores["blend"] = weight * z[0] + (1 - weight) * z[1]
        scores["SVD, two places of ten for new films"] = two_places(scores["SVD"], mapped, hidden, new)
        for name, one in scores.items():
            places = new[top_ten(one, hidden)]
            both, old = ndcg(one, hidden, wanted), ndcg(one, hidden, wanted & ~new)
            row = {"n": n, "model": name, "ndcg": both.mean(), "old": np.nanmean(old)}
            row |= {"fresh": np.nanmean(ndcg(one, hidden, wanted & new)), "share": places.mean()}
            rows.append(row | {"due": wanted[:, new].sum() / wanted.sum()})
    return rows


def two_places(scores: np.ndarray, mapped: np.ndarray, hidden: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Scores whose top ten are the first eight by `scores` and, on places 5 and 10, the best new films by the map."""
    old = top_ten(np.where(new, -1e9, scores), hidden)
    fresh = top_ten(mapped, hidden, np.flatnonzero(new))
    order = np.concatenate([old[:, :4], fresh[:, :1], old[:, 4:8], fresh[:, 1:2]], axis=1)
    placed = np.full(scores.shape, -1.0, dtype=np.float32)
    np.put_along_axis(placed, order, np.arange(10, 0, -1, dtype=np.float32)[None], axis=1)
    return placed


def with_intercept(svd: SVDRecommender, features) -> np.ndarray:
    """What SVDRecommender's map would give if it were fitted around the mean factors of the films that have likes."""
    matrix, factors, warm = svd.matrix_, svd.item_factors_, ~svd.cold_
    mean = factors[warm].mean(axis=0)
    counts = np.asarray(matrix.sum(axis=0)).ravel()[warm]
    centred = center(features, reference=features[torch.from_numpy(warm)]).double().numpy()
    mended = factors.copy()
    mended[~warm] = mean + centred[~warm] @ ridge_map(centred[warm], factors[warm] - mean, counts, RIDGE)
    return (matrix @ factors) @ mended.T


def items(n_seeds: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables of results/cold_items.json (new films alone) and results/cold_lists.json (among all)."""
    data = load_movielens()
    features = contents(data)
    runs: dict[tuple, list[float]] = {}
    mixed: list[dict] = []
    picked = []
    for seed in tqdm(range(n_seeds), desc="items"):
        picked.append(kappas(data, features, seed))
        for most, least in TIERS:
            for (n, name), value in alone(data, features, most, least, seed).items():
                if isinstance(name, tuple):
                    name, kappa = name
                    if kappa != picked[-1][name]:
                        continue
                runs.setdefault((most, least, n, name), []).append(value)
        mixed += [row | {"seed": seed} for row in among_all(data, features, picked[-1]["blend"], seed)]
    rows = [_alone_row(runs, most, least, n) for most, least in TIERS for n in REVEALED if n <= most]
    kappa = pd.Series([one["blend"] for one in picked]).value_counts().sort_index()
    words = ", ".join(f"{value:g} x{count}" for value, count in kappa.items())
    return pd.DataFrame(rows).assign(kappa=words).round(4), _mixed_rows(pd.DataFrame(mixed)).round(4)


def _alone_row(runs: dict, most: int, least: int, n: int) -> dict:
    mine = {name: np.array(one) for (*where, name), one in runs.items() if tuple(where) == (most, least, n)}
    row = {"row": f"n={n}, films with {least}+ likes", "n": n, "films": f"{least}+ likes"}
    row |= {name: one.mean() for name, one in mine.items()}
    for blend, part in BLENDS.items():
        better = max(("SVD", part), key=lambda name: mine[name].mean())
        mean, low, high = interval(mine[blend] - mine[better])
        row |= {f"{blend}: better part": better, f"{blend}: gain": mean, f"{blend}: low": low, f"{blend}: high": high}
    mean, low, high = interval(mine["SVD"] - mine["content e5"])
    return row | {"SVD over content": mean, "SVD over content low": low, "SVD over content high": high}


def _mixed_rows(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (n, name), mine in table.groupby(["n", "model"], sort=False):
        base = table[(table["n"] == n) & (table["model"] == "SVD")]
        gain, low, high = interval(mine["ndcg"].to_numpy() - base["ndcg"].to_numpy())
        row = {"row": f"{name}, n={n}", "n": n, "model": name}
        row |= {"ndcg@10": mine["ndcg"].mean(), "over SVD": gain, "low": low, "high": high}
        row |= {"ndcg@10 old films": mine["old"].mean(), "ndcg@10 new films": mine["fresh"].mean()}
        rows.append(row | {"share of places": mine["share"].mean(), "share of test": mine["due"].mean()})
    return pd.DataFrame(rows)
