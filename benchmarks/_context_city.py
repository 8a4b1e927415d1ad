"""A city whose name training has never seen: do words know more than features?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from _context_tinylens import FIELDS, LANGUAGES, World, in_words, interval
from scipy import sparse

from recsys_lessons import per_event
from recsys_lessons.context import ContextFeatures
from recsys_lessons.recommenders.base import Recommender
from recsys_lessons.recommenders.contextual import ContextualRecommender
from recsys_lessons.recommenders.oracle import Oracle


class WithName(Recommender):
    """The scores of `base` and, where a city is told, what its name's resemblance to each item's text adds."""

    uses_context = True

    def __init__(self, base: ContextualRecommender, name: ContextualRecommender):
        self.base, self.name = base, name

    def _fit(self, matrix: sparse.csr_matrix) -> None:
        self.base.fit(self.train_)
        self.name.fit(self.train_)

    def _scores(self, histories: sparse.csr_matrix, rows: np.ndarray | None, contexts=None) -> np.ndarray:
        part = self.name.raw_scores(histories, rows, contexts) - self.name.raw_scores(histories, rows)
        part[contexts["city"].isna().to_numpy()] = 0.0
        return self.base.raw_scores(histories, rows, contexts) + part


def unseen_city(world: World, settings: dict) -> list[dict]:
    """One row per model and travelling event: NDCG@10 with the city told, and with the city withheld.

    For each city in turn, training loses every event that happened in it. (Taking the name away and keeping the events
    would leak: "no city" would then mean this one.) The items stay, and what their texts say. The test is the events of
    people who travel to that city, so that it is nobody's home. What a model gains by being told the city's name it can
    have from the name's meaning alone.
    """
    features = ContextFeatures(FIELDS, unseen="ignore")
    models = {"bias, features": ContextualRecommender(encode=features, how="bias", **settings["bias, features"])}
    for language in LANGUAGES:
        for how in ("bias", "query"):
            name = f"{how}, words {language}"
            models[name] = ContextualRecommender(
                world.texts[language], encode=in_words(language), how=how, **settings[name]
            )
        # The sentence says five things, and the city is one of them: here it says nothing but where.
        words, chosen = in_words(language, "[{city}]"), settings[f"query, words {language}"]
        for base, weight in (("taste", 0.0), ("bias, features", settings["bias, features"]["weight"])):
            known = settings["bias, features"] | {"weight": weight}
            models[f"{base}, and the city's name as a query {language}"] = WithName(
                ContextualRecommender(encode=features, how="bias", **known),
                ContextualRecommender(world.texts[language], encode=words, how="query", **chosen),
            )
    models["oracle, context"] = Oracle(world.tiny.truth)
    found = []
    away = world.test.interactions[world.test.interactions["place"] == "travelling"]
    for city, events in list(away.groupby("city"))[world.seed % 2 :: 2]:  # every second city, to save time
        table = world.train.interactions
        train = world.train.with_interactions(table[table["city"] != city])
        told = world.test.with_interactions(events)
        withheld = world.test.with_interactions(events.assign(city=None))
        filmed_here = (world.tiny.truth.items["city"] == city).to_numpy()
        for name, model in models.items():
            model.fit(train)
            values = [per_event(model, test)["ndcg@10"].mean() for test in (told, withheld)]
            lists = model.recommend(events["user_id"].tolist(), context=events, k=10)
            here = filmed_here[train.item_rows(lists["item_id"])].mean()
            row = {"seed": world.seed, "city": city, "events": len(events), "model": name, "here": here}
            found.append(row | {"told": values[0], "withheld": values[1]})
    return found


def city_rows(found: pd.DataFrame) -> pd.DataFrame:
    """Means over worlds, each event counting the same, and the paired gain from the city's name."""
    rows = []
    for name, table in found.groupby("model", sort=False):
        weighted = table[["told", "withheld", "here"]].mul(table["events"], axis=0).groupby(table["seed"]).sum()
        means = weighted.div(table.groupby("seed")["events"].sum(), axis=0)
        gain = interval((means["told"] - means["withheld"]).to_numpy())
        rows.append(
            {
                "model": f"never-seen city: {name}",
                "ndcg@10": means["told"].mean(),
                "city withheld": means["withheld"].mean(),
                "from the name": gain[0],
                "low": gain[1],
                "high": gain[2],
                "top ten filmed there": means["here"].mean(),
                "events": int(table["events"].sum()),
            }
        )
    numbers = pd.DataFrame(rows)
    return numbers.assign(**numbers.select_dtypes(np.floating).round(4))
