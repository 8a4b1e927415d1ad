"""Exercise, step four of the capstone: scores to a list that says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, Text, must_return

KIND: Text = {
    "en": 'it returns a list of dicts with "rank", "title", "score" and "because"',
    "zh": '返回字典的列表，每个字典有 "rank"、"title"、"score" 和 "because"',
}
BEST: Text = {"en": "the highest score comes first, and ranks count from 1", "zh": "得分最高的排在最前，名次从 1 数起"}
CUT: Text = {
    "en": "a list holds at most k rows, and fewer only where nothing is left",
    "zh": "最多 k 行；没有可推荐的了才可以更少",
}
BARRED: Text = {
    "en": "an item with score -inf is never shown, not even to fill the list",
    "zh": "得分为 -inf 的物品绝不出现，列表凑不满也不行",
}
TIES: Text = {"en": "of equal scores the item that stands first comes first", "zh": "得分相同时，原来在前的物品在前"}
REASON: Text = {
    "en": "the reason is the modality with the largest contribution to this item's score",
    "zh": "理由是对这个物品的得分贡献最大的模态",
}
OWN: Text = {
    "en": "contributions are looked up by item, not by the place in the list",
    "zh": "贡献按物品查，而不是按它在列表里的名次查",
}
SIGN: Text = {
    "en": "what speaks against an item is no reason for it, however large",
    "zh": "对物品不利的贡献再大，也不是推荐的理由",
}
NO_REASON: Text = {
    "en": "where nothing speaks for an item, the reason is None: none is made up",
    "zh": "没有任何模态支持这个物品时，理由是 None，不编造",
}
GAPS: Text = {
    "en": "a contribution of NaN, of an item without a vector, is no reason",
    "zh": "贡献为 NaN(没有向量的物品)不算理由",
}
FIRST: Text = {"en": "of equal contributions the modality that is named first counts", "zh": "贡献相同时取先列出的模态"}
LARGE: Text = {"en": "it is right for more items and modalities", "zh": "物品和模态更多时也正确"}


def check(listed: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(scores, titles, contributions, k):
        best = sorted((item for item in range(len(titles)) if scores[item] > -np.inf), key=lambda item: -scores[item])
        rows = []
        for rank, item in enumerate(best[:k], start=1):
            because, most = None, 0.0
            for name, table in contributions.items():
                if table[item] > most:
                    because, most = name, table[item]
            rows.append({"rank": rank, "title": titles[item], "score": float(scores[item]), "because": because})
        return rows

    def case(scores: list[float], k: int = 1, **contributions: list[float]) -> tuple:
        tables = {name: np.array(table, dtype=float) for name, table in (contributions or {"a": scores}).items()}
        return np.array(scores, dtype=float), list("ABCDEFGH"[: len(scores)]), tables, k

    def larger() -> Iterator[tuple]:
        for n, count, k in ((5, 2, 3), (20, 3, 5), (60, 4, 10)):
            tables = {name: rng.integers(-4, 5, n) + 0.0 for name in ("text", "cover", "audio", "video")[:count]}
            for table in tables.values():
                table[rng.random(n) < 0.1] = np.nan
            scores = np.where(rng.random(n) < 0.1, -np.inf, rng.integers(-6, 7, n))
            yield scores, [f"title {item}" for item in range(n)], tables, k

    low, high = sorted((rng.permutation(8)[:2] + 1.0).tolist())
    must_return(listed, KIND, [case([high])], right, about_kind=True)
    must_return(listed, BEST, [case([low, high], 2), case([high, low], 2)], right, about_kind=True)
    must_return(listed, CUT, [case([low, high], 1), case([low, high], 5)], right, about_kind=True)
    must_return(listed, BARRED, [case([-np.inf, low], 2, a=[1, 1])], right, about_kind=True)
    must_return(listed, TIES, [case([low, low], 1), case([low, low, high], 2)], right)
    must_return(listed, REASON, [case([high], a=[low], b=[high]), case([high], a=[high], b=[low])], right)
    must_return(listed, OWN, [case([low, high], a=[high, low], b=[low, high])], right)
    must_return(listed, SIGN, [case([low], a=[-high], b=[low]), case([low], a=[low], b=[-high])], right)
    must_return(listed, NO_REASON, [case([-low], a=[-high]), case([0], a=[0])], right, about_kind=True)
    must_return(listed, GAPS, [case([0], a=[np.nan]), case([low], a=[np.nan], b=[low])], right, about_kind=True)
    must_return(listed, FIRST, [case([high], b=[low], a=[low])], right)
    must_return(listed, LARGE, larger(), right, about_kind=True)


def by_the_course(scores, titles, contributions, k):
    """The same with a table of pandas."""
    import pandas as pd

    table = pd.DataFrame({"title": titles, "score": scores})
    parts = pd.DataFrame(contributions).fillna(0.0)
    table["because"] = parts.idxmax(axis=1).where(parts.max(axis=1) > 0)
    best = table[table["score"] > -np.inf].sort_values("score", ascending=False, kind="stable").head(k)
    return [
        {"rank": rank, "title": title, "score": float(score), "because": because if isinstance(because, str) else None}
        for rank, (title, score, because) in enumerate(best.itertuples(index=False), start=1)
    ]


def _reason(parts: dict) -> str | None:
    good = {name: value for name, value in parts.items() if value > 0}
    return max(good, key=good.get) if good else None


def _made(
    scores,
    titles,
    contributions,
    k,
    *,
    order: Callable = lambda scores: np.argsort(-scores, kind="stable"),
    shown: Callable = lambda scores, best: best[scores[best] > -np.inf],
    reason: Callable = _reason,
    start: int = 1,
    at: Callable = lambda item, place: item,
):
    """The right answer, but for what a mutant changes."""
    rows = []
    for place, item in enumerate(shown(scores, order(scores))[:k]):
        parts = {name: float(table[at(item, place)]) for name, table in contributions.items()}
        score = float(scores[item])
        rows.append({"rank": place + start, "title": titles[item], "score": score, "because": reason(parts)})
    return rows


def _with(**changed):
    return lambda *arguments: _made(*arguments, **changed)


def _largest(parts: dict) -> str:
    return max(parts, key=parts.get)


def _last_of_equals(parts: dict) -> str | None:
    return _reason(dict(reversed(parts.items())))


MUTANTS = {
    "counts ranks from 0": _with(start=0),
    "puts the lowest first": _with(order=lambda scores: np.argsort(scores, kind="stable")),
    "keeps the order of the items": _with(order=lambda scores: np.arange(len(scores))),
    "turns an ascending order round, and the ties with it": _with(order=lambda scores: np.argsort(scores)[::-1]),
    "ignores k": lambda scores, titles, contributions, k: _made(scores, titles, contributions, len(titles)),
    "shows what is barred where the list is not full": _with(shown=lambda scores, best: best),
    "names the largest contribution, even one of 0 or below": _with(reason=_largest),
    "names what is largest without its sign": _with(
        reason=lambda parts: _reason({name: abs(value) for name, value in parts.items()})
    ),
    "names the smallest": _with(
        reason=lambda parts: min((name for name in parts if parts[name] > 0), key=parts.get, default=None)
    ),
    "reads contributions by the place in the list": _with(at=lambda item, place: place),
    "gives every item the reason of the first": _with(at=lambda item, place: 0),
    "names the modality that is strongest over all items": lambda scores, titles, contributions, k: _made(
        scores,
        titles,
        {name: np.full(len(titles), np.nansum(table)) for name, table in contributions.items()},
        k,
    ),
    "lets NaN win": _with(reason=lambda parts: next((n for n, v in parts.items() if np.isnan(v)), _reason(parts))),
    "takes the last of equal contributions": _with(reason=_last_of_equals),
    "names the last modality": _with(reason=lambda parts: list(parts)[-1]),
    "returns titles alone": lambda *arguments: [row["title"] for row in _made(*arguments)],
}

EXERCISE = Exercise(
    name="list_with_reasons",
    lesson="11_multimodal",
    title={"en": "Capstone 4: a list that says why", "zh": "综合题第 4 步：说得出理由的推荐列表"},
    question={
        "en": "Build a multimodal recommender, step four: the scores are there, and what each modality added to them. "
        "What does the list say about why an item is on it, and when does it rather say nothing?",
        "zh": "构建多模态推荐系统，第四步：得分有了，每个模态的贡献也有了。列表怎样说明推荐的理由？什么时候宁可不说？",
    },
    difficulty="easy",
    minutes=12,
    signature="def list_with_reasons(scores, titles, contributions, k):",
    hints=(
        {
            "en": "Sort the rows of the items, not the scores: with the row you find title and contributions. Drop "
            "what is barred before you cut.",
            "zh": "排序的应当是物品的行号，而不是得分本身：有了行号，才能找到标题和贡献。先去掉被排除的，再截取。",
        },
        {
            "en": "A reason has to be above 0. Of the contributions that are, take the largest; where there is none, "
            "say None. NaN > 0 is False, which settles the gaps.",
            "zh": "理由必须大于 0。在大于 0 的贡献里取最大的；一个也没有时就是 None。NaN > 0 为 False，"
            "缺失的情况也就解决了。",
        },
        {
            "en": "best = [item for item in np.argsort(-scores, kind='stable') if scores[item] > -np.inf][:k]; for "
            "each: good = {name: table[item] for name, table in contributions.items() if table[item] > 0}; "
            "because = max(good, key=good.get) if good else None.",
            "zh": "先算 best = [item for item in np.argsort(-scores, kind='stable') if scores[item] > -np.inf][:k]；"
            "对每个 item：good = {name: table[item] for name, table in contributions.items() if table[item] > 0}；"
            "because = max(good, key=good.get) if good else None。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.list_with_reasons:by_the_course",
    mutants=MUTANTS,
)
