"""A sentence about oneself as the first signal, on TinyLens, a generated world: it tests the method, not people."""

from __future__ import annotations

import itertools

import numpy as np
from _cold import interval, ndcg
from tqdm import tqdm

from recsys_lessons import ContentProfile, Dataset, Popularity, TextEncoder
from recsys_lessons.data.splits import split_cold_users
from recsys_lessons.data.tinylens import make_tinylens
from recsys_lessons.encoders.base import center
from recsys_lessons.recommenders.blend import standardise

GIVEN = (0, 1, 2, 3)
WEIGHTS = (0.0, 0.5, 1.0, 2.0, 4.0)
SIZE = {"n_items": 600, "n_users": 400}


def parts(data: Dataset, seed: int, texts: dict[str, tuple]) -> dict:
    """Standardised scores of new people: {("hidden" | "wanted"): bool, (part, n): (people, n_items)}."""
    full, test = split_cold_users(data, keep=max(GIVEN), seed=seed)
    ids = test.interactions["user_id"].unique().tolist()
    people = data.user_rows(ids)
    found = {"hidden": full.matrix()[people].toarray() > 0, "wanted": test.matrix()[people].toarray() > 0}
    for n in GIVEN:
        train, _ = split_cold_users(data, keep=n, seed=seed)
        found["popularity", n] = standardise(Popularity().fit(train).scores(ids))
        found["likes", n] = standardise(ContentProfile(texts["en"][0]).fit(train).scores(ids))
        for language, (items, sentences) in texts.items():
            # Queries lie off the passages' centre, so that each side has its own: that of the training people's.
            others = np.setdiff1d(np.arange(data.n_users), people)
            mine = center(sentences[people], reference=sentences[others])
            found[f"sentence, {language}", n] = standardise((mine @ center(items, reference=items).T).numpy())
    return found


def value(found: dict, n: int, weights: dict[str, float]) -> float:
    mixed = sum(weight * found[part, n] for part, weight in weights.items())
    return float(np.nanmean(ndcg(mixed, found["hidden"], found["wanted"])))


def chosen(found: dict, n: int, names: list[str]) -> dict[str, float]:
    """The weights beside popularity's (1) that are best on these people."""
    grid = [
        {"popularity": 1.0} | dict(zip(names, one, strict=True))
        for one in itertools.product(WEIGHTS, repeat=len(names))
    ]
    return max(grid, key=lambda weights: value(found, n, weights))


def about(n_seeds: int) -> list[dict]:
    """A row per number of likes given."""
    encoder = TextEncoder(progress=False)
    runs: dict[tuple, list[float]] = {}
    for seed in tqdm(range(n_seeds), desc="sentences"):
        data = make_tinylens(seed=seed, media=False, progress=False, **SIZE).data
        texts = {
            "en": (encoder.encode(data.items["text"]), encoder.encode(data.users["about"], role="query")),
            "zh": (encoder.encode(data.items["text_zh"]), encoder.encode(data.users["about_zh"], role="query")),
        }
        inner = parts(split_cold_users(data, seed=seed)[0], 1000 + seed, texts)
        found = parts(data, seed, texts)
        for n in GIVEN:
            for name, names in {
                "popularity": [],
                "sentence, en": ["sentence, en"],
                "sentence, zh": ["sentence, zh"],
                "likes": ["likes"],
                "likes and sentence": ["likes", "sentence, en"],
            }.items():
                runs.setdefault((n, name), []).append(value(found, n, chosen(inner, n, names)))
            runs.setdefault((n, "sentence alone"), []).append(value(found, n, {"sentence, en": 1.0}))
            runs.setdefault((n, "likes alone"), []).append(value(found, n, {"likes": 1.0}))
    rows = []
    for n in GIVEN:
        mine = {name: np.array(one) for (given, name), one in runs.items() if given == n}
        row = {"row": f"TinyLens, {n} likes", "n": n, "part": "TinyLens, a sentence about oneself"}
        row |= {f"about: {name}": one.mean() for name, one in mine.items()}
        for label, ours, theirs in (
            ("sentence over popularity", "sentence, en", "popularity"),
            ("sentence beside likes", "likes and sentence", "likes"),
            ("zh over en", "sentence, zh", "sentence, en"),
        ):
            mean, low, high = interval(mine[ours] - mine[theirs])
            row |= {label: mean, f"{label}: low": low, f"{label}: high": high}
        rows.append(row)
    return rows
