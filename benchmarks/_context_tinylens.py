"""TinyLens: context before, after and inside the model, as features and words, against a placebo and the oracle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd
import torch
from _report import write_result
from scipy import stats
from tqdm import tqdm

from recsys_lessons import Dataset, Popularity, SVDRecommender, TextEncoder, per_event, split_by_time
from recsys_lessons.context import ContextFeatures, as_words, shuffle_context
from recsys_lessons.data.tinylens import TinyLens, make_tinylens
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.context_filters import PostFilter, PreFilter
from recsys_lessons.recommenders.contextual import ContextualRecommender
from recsys_lessons.recommenders.factorization_machine import FactorizationMachine
from recsys_lessons.recommenders.oracle import Oracle

PACKAGES = ("numpy", "scipy", "torch", "transformers")
DEVELOPMENT = (100, 101)  # worlds on whose earlier data the settings are chosen; none of them is measured
FIELDS = ("hour", "place", "city", "company", "purpose")
# The same fields in words. Without the weekday sentences recur, and a world has some thousand distinct ones.
TEMPLATES = {
    "en": "[{time}][, {place}][, {city}][, {company}][, {purpose}]",
    "zh": "[{time}][，{place}][，{city}][，{company}][，{purpose}]",
}
LANGUAGES = {"en": "text", "zh": "text_zh"}

_ENCODER: list[TextEncoder] = []
_VECTORS: dict[str, dict[str, torch.Tensor]] = {"query": {}, "passage": {}}


def encoded(texts: Iterable[str], role: str) -> torch.Tensor:
    """Vectors of texts, each computed once."""
    texts, known = list(texts), _VECTORS[role]
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if new:
        if not _ENCODER:
            _ENCODER.append(TextEncoder(progress=False))
        known.update(zip(new, _ENCODER[0].encode(new, role=role), strict=True))
    return torch.stack([known[text] for text in texts])


def in_words(language: str, template: str | None = None) -> Callable[[pd.DataFrame], torch.Tensor]:
    template = template or TEMPLATES[language]
    return lambda contexts: encoded(as_words(contexts, language=language, template=template), "query")


class World:
    """One world, its protocol split, and what its items' texts say."""

    def __init__(self, seed: int):
        self.seed = seed
        self.tiny: TinyLens = make_tinylens(seed=seed, media=False, progress=False)
        self.train, self.test = split_by_time(self.tiny.data, 0.2)
        items = self.tiny.data.items
        self.texts = {language: encoded(items[column], "passage") for language, column in LANGUAGES.items()}


@dataclass
class Family:
    """A kind of model.

    Attributes:
        make: (world, context on or off, **settings) to an unfitted model. Off is the twin: the same without context.
        grid: the settings to choose from. rival: the row of the context-free model that a sceptic would take instead.
    """

    make: Callable[..., Recommender]
    grid: dict[str, list] = field(default_factory=dict)
    rival: str | None = None


def families() -> dict[str, Family]:
    """Every row of the table but the oracles."""
    ranks = [8, 16, 32]
    regs, mixed = {"reg": [0.07, 0.1, 0.14]}, {"rank": ranks[1:], "weight": [0.75, 1.25, 2.0]}
    found = {
        "popularity": Family(lambda world, on: Popularity()),
        "SVD": Family(lambda world, on, rank: SVDRecommender(rank), {"rank": ranks}, "popularity"),
    }
    for kind, with_text in (("factorization machine", False), ("factorization machine with texts", True)):
        found[f"{kind}, no context"] = Family(_machine(with_text, ()), regs, "popularity")
        found[f"{kind}, context"] = Family(_machine(with_text, FIELDS), regs, f"{kind}, no context")
    for name, language in (("features", None), ("words en", "en"), ("words zh", "zh")):
        found[f"bias, {name}"] = Family(_contextual("bias", language), mixed, "SVD")
        found[f"fold-in, {name}"] = Family(_contextual("fold_in", language), mixed, "SVD")
        if language:
            weights = {"rank": ranks[1:], "weight": [0.25, 0.5, 1.0]}
            found[f"query, {name}"] = Family(_contextual("query", language), weights, "SVD")
    found["pre-filter by purpose, popularity"] = Family(_before(Popularity), {}, "popularity")
    found["pre-filter by purpose, SVD"] = Family(_before(SVDRecommender), {"rank": [4, 8, 16]}, "SVD")
    filters = {"smoothing": [20.0, 50.0], "strength": [0.5, 1.0]}
    found["post-filter by all fields, popularity"] = Family(_after(Popularity), filters, "popularity")
    found["post-filter by all fields, SVD"] = Family(_after(SVDRecommender), filters | {"rank": ranks[:2]}, "SVD")
    return found


def _machine(with_text: bool, fields: tuple[str, ...]) -> Callable[..., Recommender]:
    def make(world: World, on: bool, **chosen) -> Recommender:
        texts = world.texts["en"] if with_text else None
        return FactorizationMachine(fields=fields if on else (), item_features=texts, **chosen)

    return make


def _contextual(how: str, language: str | None) -> Callable[..., Recommender]:
    def make(world: World, on: bool, **chosen) -> Recommender:
        if not on:
            return SVDRecommender(chosen["rank"])
        encode = in_words(language) if language else ContextFeatures(FIELDS, unseen="ignore")
        return ContextualRecommender(world.texts[language or "en"], encode=encode, how=how, **chosen)

    return make


def _before(base: Callable[..., Recommender]) -> Callable[..., Recommender]:
    return lambda world, on, **chosen: PreFilter(lambda: base(**chosen), "purpose") if on else base(**chosen)


def _after(base: Callable[..., Recommender]) -> Callable[..., Recommender]:
    def make(world: World, on: bool, smoothing: float, strength: float, **chosen) -> Recommender:
        model = base(**chosen)
        return PostFilter(model, FIELDS, smoothing=smoothing, strength=strength) if on else model

    return make


def mean_ndcg(model: Recommender, train: Dataset, test: Dataset) -> float:
    return float(per_event(model.fit(train), test)["ndcg@10"].mean())


def chosen_settings(wanted: dict[str, Family], worlds: list[World]) -> dict[str, dict]:
    """The best settings of each family on the later fifth of the development worlds' training data."""
    inner = [split_by_time(world.train, 0.2) for world in worlds]
    best = {}
    for name, family in tqdm(wanted.items(), desc="Choosing settings"):
        options = [dict(zip(family.grid, values, strict=True)) for values in product(*family.grid.values())]
        values = [
            np.mean(
                [mean_ndcg(family.make(world, True, **one), *data) for world, data in zip(worlds, inner, strict=True)]
            )
            for one in (options if len(options) > 1 else [])
        ]
        best[name] = options[int(np.argmax(values)) if values else 0]
    return best


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and 95 % t interval over paired worlds."""
    reach = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - reach, values.mean() + reach


def tinylens(n_seeds: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    from _context_city import city_rows, unseen_city

    wanted = families()
    settings = chosen_settings(wanted, [World(seed) for seed in DEVELOPMENT])
    real, twin, placebo = defaultdict(list), defaultdict(list), defaultdict(list)
    cities = []
    for seed in tqdm(range(n_seeds), desc="Worlds"):
        world = World(seed)
        data = world.train, world.test
        shuffled = shuffle_context(world.train, seed), shuffle_context(world.test, seed + 1000)
        for name, family in wanted.items():
            model = family.make(world, True, **settings[name])
            real[name].append(mean_ndcg(model, *data))
            if model.uses_context:
                twin[name].append(mean_ndcg(family.make(world, False, **settings[name]), *data))
                placebo[name].append(mean_ndcg(family.make(world, True, **settings[name]), *shuffled))
        for name, context in (("oracle, no context", False), ("oracle, context", True)):
            real[name].append(mean_ndcg(Oracle(world.tiny.truth, context=context), *data))
        cities += unseen_city(world, settings)
    table, city = rows(real, twin, placebo, wanted, settings), city_rows(pd.DataFrame(cities))
    facts = {
        "world": "TinyLens: generated, a test of methods and no evidence about people",
        "settings": settings,
        "settings chosen on": f"the later fifth of the training data of worlds {list(DEVELOPMENT)}",
    }
    write_result("context_tinylens", pd.concat([table, city]), seeds=range(n_seeds), packages=PACKAGES, **facts)
    return table.drop(columns=["by seed", "chosen"]), city


def rows(real: dict, twin: dict, placebo: dict, wanted: dict[str, Family], settings: dict) -> pd.DataFrame:
    """One row a model: what it reaches, what its context adds, and what a shuffled context adds.

    "over twin" is against the same settings without context, "over rival" against the best context-free model of the
    kind, "placebo over twin" is the placebo against the same twin. "gap closed": 0 is popularity, 1 is the oracle.
    """
    ceiling, floor = np.array(real["oracle, context"]), np.array(real["popularity"])
    found = []
    for name, values in real.items():
        values, rival = np.array(values), wanted[name].rival if name in wanted else None
        row = {"model": name, "ndcg@10": values.mean(), "share of oracle": (values / ceiling).mean()}
        row["gap closed"] = ((values - floor) / (ceiling - floor)).mean()
        row["rival"] = rival
        differences = {"over rival": values - np.array(real[rival])} if rival else {}
        if name in twin:
            differences["over twin"] = values - np.array(twin[name])
            differences["placebo over twin"] = np.array(placebo[name]) - np.array(twin[name])
            row["worlds won"] = int((differences["over twin"] > 0).sum())
        for column, difference in differences.items():
            names = (column, f"{column}, low", f"{column}, high")
            row |= dict(zip(names, interval(difference), strict=True))
        row["chosen"] = ", ".join(f"{key} {value:g}" for key, value in settings.get(name, {}).items())
        found.append(row | {"by seed": np.round(values, 4).tolist()})
    return pd.DataFrame(found).round(4)
