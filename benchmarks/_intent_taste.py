"""The second half of intent.py: a sentence and a taste, for people whose later likes are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from _report import write_result
from scipy import sparse
from tqdm import tqdm

from recsys_lessons import Dataset, SVDRecommender, TextEncoder, load_movielens, split_last
from recsys_lessons.data.queries import load_queries
from recsys_lessons.evaluation import bootstrap_interval
from recsys_lessons.metrics import ndcg_at_k, recall_at_k
from recsys_lessons.recommenders.base import Recommender, top_k
from recsys_lessons.recommenders.intent import QueryRecommender

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RANK = 32

_DECADES = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")
_EN = {"Sci-Fi": "science fiction", "Film-Noir": "noir", "Children": "children's", "Musical": "musical"}
_ZH = {
    "Action": "动作片",
    "Adventure": "冒险片",
    "Animation": "动画片",
    "Children": "儿童片",
    "Comedy": "喜剧片",
    "Crime": "犯罪片",
    "Documentary": "纪录片",
    "Drama": "剧情片",
    "Fantasy": "奇幻片",
    "Film-Noir": "黑色电影",
    "Horror": "恐怖片",
    "Musical": "歌舞片",
    "Mystery": "悬疑片",
    "Romance": "爱情片",
    "Sci-Fi": "科幻片",
    "Thriller": "惊悚片",
    "War": "战争片",
    "Western": "西部片",
}
_PHRASES = {
    "en": (
        "{a} {genre} film from the {decade}",
        "in the mood for {a} {genre} movie of the {decade}",
        "{decade} {genre} films",
    ),
    "zh": ("{decade}的{genre}", "想看一部{decade}的{genre}", "有没有{decade}的{genre}推荐"),
}


def sentence(genre: str, decade: int, language: str, phrase: int) -> str:
    """ "a comedy film from the nineties", "90年代的喜剧片"."""
    if language == "zh":
        named = f"{decade}年代" if decade >= 2000 or decade < 1920 else f"{decade % 100}年代"
        return _PHRASES["zh"][phrase].format(genre=_ZH[genre], decade=named)
    named = f"{decade}s" if decade >= 2000 or decade < 1920 else _DECADES[(decade - 1920) // 10]
    word = _EN.get(genre, genre.lower())
    return _PHRASES["en"][phrase].format(a="an" if word[0] == "a" else "a", genre=word, decade=named)


@dataclass(frozen=True)
class Asked:
    """People, what each says, and what is right: `right` (n, n_items) bool."""

    rows: np.ndarray
    en: list[str]
    zh: list[str]
    right: np.ndarray


def ask(test: Dataset, rows: np.ndarray, random: np.random.Generator) -> Asked:
    """A sentence for each person, from one of their held-out likes."""
    matrix = test.matrix()
    years = test.items["year"].to_numpy()
    genres = [[one for one in some if one in _ZH] for some in test.items["genres"]]
    kept, en, zh, right = [], [], [], []
    for row in rows:
        likes = [item for item in matrix[row].indices if genres[item]]
        if not likes:
            continue
        film = random.choice(likes)
        genre, decade, phrase = random.choice(genres[film]), years[film] // 10 * 10, int(random.integers(3))
        fits = np.zeros(test.n_items, dtype=bool)
        fits[[item for item in likes if genre in genres[item] and years[item] // 10 * 10 == decade]] = True
        kept.append(row)
        en.append(sentence(genre, decade, "en", phrase))
        zh.append(sentence(genre, decade, "zh", phrase))
        right.append(fits)
    return Asked(np.array(kept), en, zh, np.array(right))


def ranked(scores: np.ndarray, asked: Asked, seen: sparse.csr_matrix) -> np.ndarray:
    """(n, 2): NDCG@10 and recall@10 of each person, seen items removed."""
    scores = np.array(scores, dtype=np.float32)
    Recommender().mask(scores, seen[asked.rows])
    found = []
    for listed, right in zip(top_k(scores, 10), asked.right, strict=True):
        relevant = np.flatnonzero(right).tolist()
        listed = listed[listed >= 0].tolist()
        found.append((ndcg_at_k(listed, relevant, 10), recall_at_k(listed, relevant, 10)))
    return np.array(found)


def measures(train: Dataset, asked: Asked, items, encoder, weights: Sequence[float]) -> dict[tuple, np.ndarray]:
    """(language, constraints, weight) to a value per person. Two models are fitted; only the mix differs."""
    seen, found = train.matrix(), {}
    reference = load_queries().query("use == 'dev'")["query"].tolist()
    ids = train.users["user_id"].to_numpy()[asked.rows].tolist()
    for constraints in (False, True):
        model = QueryRecommender(
            items, encoder, constraints=constraints, taste=SVDRecommender(RANK), reference=reference
        ).fit(train)
        for language in ("en", "zh"):
            contexts = [{"query": one} for one in getattr(asked, language)]
            parts = []
            for weight in (1.0, 0.0):
                model.weight = weight
                parts.append(model.scores(ids, context=contexts))
            out = np.isneginf(parts[0])
            alone, own = (np.where(out, 0.0, part) for part in parts)
            for weight in weights:  # the model's own mix, without reading and encoding the sentences again
                mix = np.where(out, -np.inf, weight * alone + (1 - weight) * own)
                found[language, constraints, weight] = ranked(mix, asked, seen)
    counts = np.asarray(seen.sum(axis=0)).ravel()
    everybody = np.tile(counts, (len(ids), 1))
    found["popularity", False] = ranked(everybody, asked, seen)
    allowed = np.array([model.understood(one).allowed(train.items) for one in asked.en])
    found["popularity", True] = ranked(np.where(allowed, everybody, -np.inf), asked, seen)
    return found


def taste(seeds: int, packages: Sequence[str]) -> pd.DataFrame:
    movies = load_movielens()
    encoder = TextEncoder(progress=False)
    items = encoder.encode(movies.items["text"])
    train, test = split_last(movies, fraction=0.2)
    inner, validation = split_last(train, fraction=0.2)
    people = np.flatnonzero(np.diff(test.matrix().indptr) * np.diff(validation.matrix().indptr))
    grid: list[dict] = []
    values: dict[str, list[pd.Series]] = {}
    weights: dict[str, list[float]] = {}
    for seed in tqdm(range(seeds), desc="taste"):
        random = np.random.default_rng(seed)
        half = random.permutation(people)
        learn, prove = half[: len(half) // 2], half[len(half) // 2 :]
        tried = measures(inner, ask(validation, np.sort(learn), random), items, encoder, WEIGHTS)
        asked = ask(test, np.sort(prove), random)
        best = {}
        for language in ("en", "zh"):
            for constraints in (False, True):
                means = {w: tried[language, constraints, w][:, 0].mean() for w in WEIGHTS}
                best[language, constraints] = max(means, key=means.get)
                grid += [(language, constraints, w, value) for w, value in means.items()]
        proved = measures(train, asked, items, encoder, sorted({0.0, 1.0, *best.values()}))
        _note(values, weights, proved, best, asked)
    rows = [_row(name, values, weights) for name in values]
    rows += _grid_rows(pd.DataFrame(grid, columns=["language", "constraints", "weight", "ndcg@10"]))
    table = pd.DataFrame(rows).round(4)
    write_result(
        "intent_taste",
        table,
        seeds=range(seeds),
        packages=packages,
        people=len(people),
        people_each_draw=len(people) // 2,
        rank=RANK,
        note="sentences are synthetic: genre and decade of a film that the person went on to like",
        examples=[asked.en[0], asked.zh[0], asked.en[1], asked.zh[1]],
        right_answers_each={"mean": float(asked.right.sum(axis=1).mean().round(2))},
    )
    return table


def _note(values: dict, weights: dict, proved: dict, best: dict, asked: Asked) -> None:
    def add(name: str, found: np.ndarray, weight: float | None = None) -> None:
        table = pd.DataFrame(found, columns=["ndcg@10", "recall@10"], index=asked.rows)
        values.setdefault(name, []).append(table)
        if weight is not None:
            weights.setdefault(name, []).append(weight)

    add("popularity", proved["popularity", False])
    add("taste only", proved["en", False, 0.0])
    add("constraints + popularity", proved["popularity", True])
    add("constraints + taste", proved["en", True, 0.0])
    for language in ("en", "zh"):
        for constraints in (False, True):
            end = f", {language}" + (" + constraints" if constraints else "")
            add(f"sentence only{end}", proved[language, constraints, 1.0])
            weight = best[language, constraints]
            add(f"blend{end}", proved[language, constraints, weight], weight)


def _row(name: str, values: dict, weights: dict) -> dict:
    """Means over people (a person's value: the mean of their draws), with paired differences to the parts."""
    mine = _by_person(values[name])
    row = {"model": name, "set": "test"}
    for metric in ("ndcg@10", "recall@10"):
        low, high = bootstrap_interval(mine[metric].to_numpy(), draws=2000)
        row |= {metric: mine[metric].mean(), f"{metric} low": low, f"{metric} high": high}
    sentence_only = name.replace("blend", "sentence only") if name.startswith("blend") else None
    kept = "constraints + taste" if name.endswith("+ constraints") else None
    for label, other in (("taste", "taste only"), ("sentence", sentence_only), ("constraints + taste", kept)):
        if other is None or other == name:
            row |= {f"over {label}": None, f"over {label} low": None, f"over {label} high": None}
            continue
        gain = (mine["ndcg@10"] - _by_person(values[other])["ndcg@10"]).to_numpy()
        low, high = bootstrap_interval(gain, draws=2000)
        row |= {f"over {label}": gain.mean(), f"over {label} low": low, f"over {label} high": high}
    used = weights.get(name, [])
    row["weight"] = float(np.mean(used)) if used else None
    row["weights chosen"] = ", ".join(f"{one:g} x{used.count(one)}" for one in sorted(set(used)))
    return row


def _by_person(tables: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(tables).groupby(level=0).mean()


def _grid_rows(grid: pd.DataFrame) -> list[dict]:
    """The weights that were tried, on validation people: means over draws."""
    rows = []
    for (language, constraints, weight), group in grid.groupby(["language", "constraints", "weight"]):
        name = f"weight {weight:g}, {language}" + (" + constraints" if constraints else "")
        rows.append({"model": name, "set": "validation", "ndcg@10": group["ndcg@10"].mean(), "weight": weight})
    return rows
