"""New people: by the likes they gave, by three questions, by a sentence about themselves; called by cold_start.py.

Whatever is revealed, the test of a person is the same: what is revealed to any of the models compared is neither ranked
nor looked for. Kappas, shrinkages and weights are chosen on an inner fifth of the training people.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from _cold import RANK, contents, interval, ndcg
from _cold_about import about
from tqdm import tqdm

from recsys_lessons import ContentProfile, Dataset, Popularity, SVDRecommender, load_movielens
from recsys_lessons.data.splits import split_cold_users
from recsys_lessons.recommenders.blend import CountBlend, count_weight, standardise
from recsys_lessons.recommenders.interview import WAYS, Interview, choose_interview_items

GIVEN = (0, 1, 2, 3, 5, 10, 20)
LEAST = 30  # likes of a person who is tested
KAPPAS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
SHRINKS = (3.0, 10.0, 30.0)
QUESTIONS = (1, 3, 5, 10)


def by_likes(data: Dataset, features: dict, seed: int) -> dict:
    """{(n, model): NDCG@10} of new people whose first n likes are known; a blend's model is (name, kappa)."""
    most = max(GIVEN)
    full, test = split_cold_users(data, keep=most, seed=seed)
    counts = data.interactions["user_id"].value_counts()
    ids = [user for user in test.interactions["user_id"].unique().tolist() if counts[user] >= LEAST]
    people = data.user_rows(ids)
    hidden, wanted = full.matrix()[people].toarray() > 0, test.matrix()[people].toarray() > 0
    found = {}
    for n in GIVEN:
        train, _ = split_cold_users(data, keep=n, seed=seed)
        models = {"popularity": Popularity(), "SVD": SVDRecommender(RANK)}
        models |= {f"content {name}": ContentProfile(table) for name, table in features.items()}
        scores = {name: model.fit(train).scores(ids) for name, model in models.items()}
        found |= {(n, name): ndcg(one, hidden, wanted).mean() for name, one in scores.items()}
        z = {name: standardise(one) for name, one in scores.items()}
        for blend, part in (("blend", "SVD"), ("blend of content", "content e5")):
            for kappa in KAPPAS:
                weight = count_weight(np.array([n]), kappa)
                mixed = weight * z[part] + (1 - weight) * z["popularity"]
                found[n, (blend, kappa)] = ndcg(mixed, hidden, wanted).mean()
    return found


def in_any_order(data: Dataset, seed: int) -> Dataset:
    """The same likes with drawn timestamps: the first n are any n, not what the sign-up page showed."""
    table = data.interactions
    return data.with_interactions(
        table.assign(timestamp=np.random.default_rng(900 + seed).permutation(len(table)).astype(np.int64))
    )


def likes_rows(data: Dataset, features: dict, n_seeds: int, which: str) -> list[dict]:
    """A row per n; `which` are the likes revealed: "first" or "any"."""
    runs: dict[tuple, list[float]] = {}
    for seed in tqdm(range(n_seeds), desc=f"users, {which} n"):
        mine = data if which == "first" else in_any_order(data, seed)
        inner, _ = split_cold_users(mine, seed=seed)
        tried = by_likes(inner, {"e5": features["e5"]}, 1000 + seed)
        for blend in ("blend", "blend of content"):
            best = max(KAPPAS, key=lambda kappa: np.mean([tried[n, (blend, kappa)] for n in GIVEN]))  # noqa: B023
            runs.setdefault(("kappa", blend), []).append(best)
        for (n, name), value in by_likes(mine, features, seed).items():
            if isinstance(name, tuple):
                name, kappa = name
                if kappa != runs["kappa", name][-1]:
                    continue
            runs.setdefault((n, name), []).append(value)
    rows = []
    for n in GIVEN:
        mine = {name: np.array(one) for (given, name), one in runs.items() if given == n}
        row = {"row": f"{which} {n} likes", "n": n, "part": f"MovieLens, {which} likes"}
        row |= {name: one.mean() for name, one in mine.items()}
        better = max(("SVD", "popularity"), key=lambda name: mine[name].mean())
        mean, low, high = interval(mine["blend"] - mine[better])
        row |= {"better part": better, "blend: gain": mean, "low": low, "high": high}
        mean, low, high = interval(mine["SVD"] - mine["popularity"])
        row |= {"SVD over popularity": mean, "SVD low": low, "SVD high": high}
        rows.append(row | {"kappa": ", ".join(f"{one:g}" for one in runs["kappa", "blend"])})
    return rows


def interview_once(everything: Dataset, seed: int, shrinks: dict | None = None) -> dict:
    """{(way, questions, measure): value}: NDCG@10 after the answers, and how often a film was not known.

    Every film that any of the interviews asks about is taken out of the ranking and of the test.
    """
    train, test = split_cold_users(everything, seed=seed)
    counts = test.interactions.loc[test.interactions["rating"] >= 4, "user_id"].value_counts()
    ids = counts.index[counts >= LEAST].sort_values().tolist()
    people = everything.user_rows(ids)
    ratings = test.matrix("rating")[people].toarray()
    asked = {way: choose_interview_items(train, max(QUESTIONS), way, seed=seed) for way in WAYS}
    hidden = np.zeros(ratings.shape, dtype=bool)
    hidden[:, everything.item_rows(sorted({item for items in asked.values() for item in items}))] = True
    wanted = (ratings >= 4) & ~hidden
    likes = train.with_interactions(train.interactions[train.interactions["rating"] >= 4])
    svd = CountBlend(SVDRecommender(RANK), Popularity(), kappa=10.0, by="users").fit(likes)
    found = {
        ("none", 0, "ndcg"): np.nanmean(ndcg(Popularity().fit(likes).scores(history=[[]] * len(ids)), hidden, wanted))
    }
    for way, items in asked.items():
        for n in QUESTIONS:
            columns = everything.item_rows(items[:n])
            given = [dict(zip(items[:n], row, strict=True)) for row in ratings[:, columns].tolist()]
            given = [{item: rating for item, rating in one.items() if rating > 0} for one in given]
            for shrink in SHRINKS if shrinks is None else (shrinks[way, n],):
                scores = Interview(items[:n], shrink=shrink).fit(train).scores(history=given)
                key = ("ndcg", shrink) if shrinks is None else "ndcg"
                found[way, n, key] = np.nanmean(ndcg(scores, hidden, wanted))
            liked = [[item for item, rating in one.items() if rating >= 4] for one in given]
            found[way, n, "fold-in"] = np.nanmean(ndcg(svd.scores(history=liked), hidden, wanted))
            found[way, n, "not known"] = float((ratings[:, columns] == 0).mean())
            found[way, n, "titles"] = "; ".join(everything.items["title"].to_numpy()[columns])
    return found


def interview_rows(n_seeds: int) -> list[dict]:
    everything = load_movielens(min_rating=None)
    runs = []
    for seed in tqdm(range(n_seeds), desc="interviews"):
        tried = interview_once(split_cold_users(everything, seed=seed)[0], 1000 + seed)
        shrinks = {}
        for way, n in itertools.product(WAYS, QUESTIONS):
            shrinks[way, n] = max(SHRINKS, key=lambda one: tried[way, n, ("ndcg", one)])  # noqa: B023
        runs.append(interview_once(everything, seed, shrinks))
    nothing = np.array([one["none", 0, "ndcg"] for one in runs])
    rows = [{"row": "no question", "n": 0, "part": "MovieLens, interview", "ndcg@10": nothing.mean()}]
    for n in QUESTIONS:
        for way in WAYS:
            mine = np.array([one[way, n, "ndcg"] for one in runs])
            row = {"row": f"{n} {way} questions", "n": n, "part": "MovieLens, interview", "ndcg@10": mine.mean()}
            for label, other in [("popularity", nothing)] + [
                (f"{name} questions", np.array([one[name, n, "ndcg"] for one in runs])) for name in WAYS[1:]
            ]:
                mean, low, high = interval(mine - other)
                row |= {f"over {label}": mean, f"over {label}: low": low, f"over {label}: high": high}
            row |= {"fold-in of what is liked": np.mean([one[way, n, "fold-in"] for one in runs])}
            row |= {"not known": np.mean([one[way, n, "not known"] for one in runs])}
            rows.append(row | {"asked with seed 0": runs[0][way, n, "titles"]})
    return rows


def users(n_seeds: int) -> pd.DataFrame:
    """The table of results/cold_users.json."""
    data = load_movielens()
    features = contents(data)
    rows = likes_rows(data, features, n_seeds, "first") + likes_rows(data, features, n_seeds, "any")
    return pd.DataFrame(rows + interview_rows(n_seeds) + about(n_seeds)).round(4)
