"""Sentences as queries on MovieLens: words against vectors, English against Chinese, with rules and with taste.

    python benchmarks/intent.py [queries] [taste] [--seeds 10]

queries: the labelled wishes of recsys_lessons/data/queries.yaml (each said in English and in Chinese), against all
items of the embedded MovieLens; precision@10 and NDCG@10 by method, language and kind. BM25, TF-IDF, e5 raw, e5 with
queries and items centred on the items' mean, and e5 with each side centred on its own mean; each alone and with the
constraints that `parse_constraints` reads. "Rules alone" keeps the constraints and orders what is left at random or by
popularity: what the rules do without any search. Settings (k1 and b of BM25, TF-IDF's weights, the queries' means) come
from the dev wishes, numbers from the test wishes. Intervals: bootstrap over wishes, and paired over wishes for
differences. One author wrote the wishes, the answers and the rules, the wishes first: what the rules add to wishes
about genres and years is what they add where their words are known, and need not carry over to wishes that real people
type. For wishes that are nothing but genre and year, rules and labels say the same thing: a perfect score there only
shows that the sentence was read. What rules and vectors do together shows in the kinds theme and combination.

taste: sentence and taste together, for held-out people. Each test person's sentence is made by rules from one of the
liked films that were held out: one of its genres and its decade, in one of three phrases ("a comedy film from the
nineties"). Such sentences are synthetic: they are true of a film that the person did go on to like, and nobody typed
them, so they show an upper end of what a sentence can add. Right is every held-out like of that person that has this
genre and decade. The weight is chosen on other people, on an inner split that ends before the test (validation). Ten
draws of people and sentences; intervals are bootstraps over people, each with the mean of their draws.

Prints tables and writes results/intent.json and results/intent_taste.json.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from _intent_taste import taste
from _report import write_result
from sklearn.feature_extraction.text import TfidfVectorizer

from recsys_lessons import Dataset, TextEncoder, load_movielens
from recsys_lessons.data.queries import KINDS, load_queries
from recsys_lessons.evaluation import bootstrap_interval
from recsys_lessons.metrics import ndcg_at_k, precision_at_k
from recsys_lessons.recommenders.base import top_k
from recsys_lessons.recommenders.bm25 import BM25, words
from recsys_lessons.recommenders.constraints import parse_constraints
from recsys_lessons.recommenders.intent import QueryRecommender

SEED = 0
PACKAGES = ("numpy", "scipy", "scikit-learn", "torch", "transformers")


def measured(scores: np.ndarray, wishes: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    """NDCG@10 and precision@10 of each wish, and the first titles' rows; a list that ran empty finds nothing."""
    order = top_k(scores.astype(np.float32), 10)
    found = []
    for row, right in zip(order, wishes["right"], strict=True):
        listed = ids[row[row >= 0]].tolist()
        found.append((ndcg_at_k(listed, right, 10), precision_at_k(listed, right, 10)))
    return pd.DataFrame(found, columns=["ndcg@10", "precision@10"], index=wishes.index)


def tfidf(movies: Dataset, sublinear: bool):
    model = TfidfVectorizer(tokenizer=words, lowercase=False, token_pattern=None, sublinear_tf=sublinear)
    table = model.fit_transform(movies.items["text"])
    return lambda sentences: (model.transform(sentences) @ table.T).toarray()


def chosen(candidates: dict, dev: pd.DataFrame, ids: np.ndarray) -> tuple[str, object]:
    """The setting with the best NDCG@10 on the dev wishes of both languages."""
    values = {}
    for name, score in candidates.items():
        values[name] = measured(score(dev["query"].tolist()), dev, ids)["ndcg@10"].mean()
    best = max(values, key=values.get)
    return best, candidates[best]


def methods(movies: Dataset, dev: pd.DataFrame) -> tuple[dict, dict]:
    """Method to a function of sentences, and what was chosen on the dev wishes."""
    ids = movies.items["item_id"].to_numpy()
    grid = [(k1, b) for k1 in (0.0, 0.6, 1.2, 2.0) for b in (0.0, 0.4, 0.75, 1.0)]
    bm25 = {f"k1 {k1}, b {b}": BM25(movies.items["text"], k1=k1, b=b).scores for k1, b in grid}
    k, bm25 = chosen(bm25, dev, ids)
    t, words_tfidf = chosen({f"sublinear {one}": tfidf(movies, one) for one in (False, True)}, dev, ids)
    encoder = TextEncoder(progress=False)
    items = encoder.encode(movies.items["text"])

    def e5(**options):
        model = QueryRecommender(items, encoder, constraints=False, **options).fit(movies)
        return model.match

    made = {
        "BM25": bm25,
        "TF-IDF": words_tfidf,
        "e5 raw": e5(centred=False),
        "e5 centred on the items": e5(),
        "e5, each side centred apart": e5(reference=dev["query"].tolist()),
    }
    return made, {"BM25": k, "TF-IDF": t}


def baselines(movies: Dataset) -> dict:
    """What a list is worth that knows nothing of the sentence."""
    random = np.random.default_rng(SEED).random(movies.n_items)
    counts = movies.items["item_id"].map(movies.interactions["item_id"].value_counts()).fillna(0).to_numpy()
    return {
        "random order": lambda sentences: np.tile(random, (len(sentences), 1)),
        "popularity": lambda sentences: np.tile(counts, (len(sentences), 1)),
    }


def queries() -> pd.DataFrame:
    movies = load_movielens()
    ids = movies.items["item_id"].to_numpy()
    wishes = load_queries(movies)
    dev, test = (wishes[wishes["use"] == use].reset_index(drop=True) for use in ("dev", "test"))
    made, settings = methods(movies, dev)
    read = [parse_constraints(sentence) for sentence in test["query"]]
    allowed = np.array([one.allowed(movies.items) for one in read])
    values: dict[str, pd.DataFrame] = {}
    for name, score in (baselines(movies) | made).items():
        values[name] = measured(score(test["query"].tolist()), test, ids)
        rest = score([one.rest for one in read])
        kept = np.where(allowed, rest, -np.inf)
        label = f"rules alone, {name}" if name in ("random order", "popularity") else f"{name} + constraints"
        values[label] = measured(kept, test, ids)
    best = failures(kept, test, movies)  # the last method is the one that the lesson recommends
    table = pd.DataFrame(rows_by_group(values, test)).round(4)
    limited = np.array([bool(one.limits) for one in read])
    write_result(
        "intent",
        table,
        seeds=[SEED],
        packages=PACKAGES,
        wishes={use: int(wishes.loc[wishes["use"] == use, "id"].nunique()) for use in ("dev", "test")},
        right_answers={"least": int(wishes["n_right"].min()), "median": float(wishes["n_right"].median())},
        chosen_on_dev=settings,
        items=movies.n_items,
        sentences_with_a_limit={
            language: float(limited[(test["language"] == language).to_numpy()].mean().round(3))
            for language in ("en", "zh")
        },
        right_answers_lost_to_limits=lost(allowed, test, movies),
        nothing_found_by=label,
        nothing_found=best,
    )
    return table


def lost(allowed: np.ndarray, test: pd.DataFrame, movies: Dataset) -> list[dict]:
    """The sentences whose constraints exclude right answers, and how many of them: where the rules go wrong."""
    found = []
    for row, wish in enumerate(test.itertuples()):
        right = allowed[row, movies.item_rows(wish.right)]
        if not right.all():
            found.append({"query": wish.query, "lost": int((~right).sum()), "of": wish.n_right})
    return found


def rows_by_group(values: dict[str, pd.DataFrame], test: pd.DataFrame) -> list[dict]:
    """One row per method, kind and language; "gap en - zh" is the paired difference between the languages."""
    rows = []
    for name in values:
        for kind in ("all", *KINDS):
            for language in ("en", "zh", *(["gap en - zh"] if kind == "all" else [])):
                mine = _numbers(values, name, kind, language, test)
                row = {"row": f"{name}, {kind}, {language}", "method": name, "kind": kind, "language": language}
                low, high = bootstrap_interval(mine["ndcg@10"], draws=2000, seed=SEED)
                row |= {"wishes": len(mine), "ndcg@10": mine["ndcg@10"].mean(), "low": low, "high": high}
                low, high = bootstrap_interval(mine["precision@10"], draws=2000, seed=SEED)
                row |= {"precision@10": mine["precision@10"].mean(), "precision low": low, "precision high": high}
                end = " + constraints" if name.endswith(" + constraints") else ""
                bare = name.removesuffix(" + constraints")
                for label, other in (("BM25", f"BM25{end}"), ("e5 raw", f"e5 raw{end}"), ("no constraints", bare)):
                    gain = np.full(3, np.nan)
                    if other != name and bare in values and "rules" not in name:
                        more = mine["ndcg@10"] - _numbers(values, other, kind, language, test)["ndcg@10"]
                        gain = [more.mean(), *bootstrap_interval(more, draws=2000, seed=SEED)]
                    parts = (f"over {label}", f"over {label} low", f"over {label} high")
                    row |= dict(zip(parts, gain, strict=True))
                rows.append(row)
    return rows


def _numbers(values: dict, name: str, kind: str, language: str, test: pd.DataFrame) -> pd.DataFrame:
    """The measures of the wishes of one kind in one language, by wish; or English less Chinese."""
    if language not in ("en", "zh"):
        return _numbers(values, name, kind, "en", test) - _numbers(values, name, kind, "zh", test)
    here = test[(test["language"] == language) & ((test["kind"] == kind) | (kind == "all"))]
    return values[name].loc[here.index].set_axis(here["id"])


def failures(scores: np.ndarray, test: pd.DataFrame, movies: Dataset) -> list[dict]:
    """The sentences whose first ten hold no right answer, with the first three titles."""
    titles = movies.items["title"].to_numpy()
    missed = measured(scores, test, movies.items["item_id"].to_numpy())["ndcg@10"].eq(0).to_numpy()
    first = top_k(scores[missed].astype(np.float32), 3)
    return [
        {"query": query, "first": [titles[item] for item in row if item >= 0]}
        for query, row in zip(test["query"][missed], first, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "part", nargs="*", choices=["queries", "taste", []], help="what to measure; both without a word"
    )
    parser.add_argument("--seeds", type=int, default=10, help="draws of people and sentences, at least 2 (default 10)")
    wanted = parser.parse_args()
    if wanted.seeds < 2:
        parser.error(f"--seeds is {wanted.seeds}; an interval needs at least 2")
    for part in wanted.part or ["queries", "taste"]:
        print(part)
        if part == "taste":
            print(taste(wanted.seeds, PACKAGES).to_string(index=False))
            continue
        table = queries()
        for kind in ("all", *KINDS):
            here = table[table["kind"] == kind]
            wide = here.pivot(index="method", columns="language", values="ndcg@10")
            print(kind, wide.reindex(here["method"].unique()).to_string(), sep="\n")


if __name__ == "__main__":
    main()
