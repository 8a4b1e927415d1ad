"""Exercise: a score as the sum of what each item of the history contributes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

EMPTY: dict = {"en": "it returns a dict, and an empty one for an empty history", "zh": "返回字典；历史为空时是空字典"}
KEYS: dict = {
    "en": "it has one contribution for each item of the history, and for no other item",
    "zh": "历史中的每个物品各有一份贡献，其他物品都没有",
}
DOT: dict = {
    "en": "a contribution is the dot product of two rows of V, not their cosine and not a share",
    "zh": "一份贡献就是 V 中两行的内积，不是余弦，也不是占比",
}
NEGATIVE: dict = {
    "en": "a contribution may be negative, and stays so (with zeros too, the sum is the score)",
    "zh": "贡献可以为负，要原样保留(为 0 的也保留)，这样总和才是得分",
}
OWN: dict = {
    "en": "an item that is in the history itself contributes like the others",
    "zh": "要解释的物品自己也在历史里时，它和其他物品一样贡献一份",
}
SUM: dict = {
    "en": "the contributions add up to the score that fold-in gives the item",
    "zh": "各份贡献之和等于折入得到的得分",
}
TWICE: dict = {"en": "an item that the history names twice contributes once", "zh": "历史里重复出现的物品只贡献一次"}
LARGE: dict = {"en": "it is right on larger random tables", "zh": "在更大的随机输入上也正确"}


def check(explain: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(history, item_factors, item):
        similar = item_factors @ item_factors.T
        return {row: float(similar[row, item]) for row in history}

    def digits(n_items: int, rank: int = 1):
        return (rng.permutation(8)[: n_items * rank].reshape(n_items, rank) + 2).astype(float)

    def larger() -> Iterator[tuple]:
        for n_items, rank in ((6, 2), (10, 3), (30, 8)):
            history = rng.integers(0, n_items, n_items // 2).tolist()
            yield history, rng.normal(size=(n_items, rank)), int(rng.integers(n_items))

    must_return(explain, EMPTY, [([], digits(1), 0), ([], digits(2), 1)], right, about_kind=True)
    _must_name_the_history(explain, [([0], digits(2), 1), ([1], digits(3), 0), ([0, 2], digits(3), 1)], right)
    _must_name_the_history(explain, [([0], digits(1), 0), ([0, 1], digits(2), 1)], right, rule=OWN)
    must_return(explain, DOT, [([0], digits(2), 1), ([1], digits(2), 0), ([0], digits(2, 2), 1)], right)
    must_return(explain, NEGATIVE, [([0], digits(2) * [[1], [-1]], 1), ([0], digits(2) * [[0], [1]], 1)], right)
    must_return(explain, SUM, [([0, 1], digits(3), 2), ([2, 0], digits(3) * [[1], [1], [-1]], 1)], right)
    must_return(explain, TWICE, [([0, 0], digits(2), 1), ([1, 0, 1], digits(3), 2)], right)
    must_return(explain, LARGE, larger(), right)


def _must_name_the_history(explain: Subject, cases: list[tuple], right, rule: dict = KEYS) -> None:
    """The keys alone; what is wrong with the values is told by a later rule."""
    for case in cases:
        got, expected = explain(*case), right(*case)
        if difference(got, expected) is VALUES and set(got) != set(expected):
            raise Failed(rule, explain.written(case), describe(expected), describe(got))


def by_the_course(history, item_factors, item):
    """The same by `SVDRecommender`, with factors that are given instead of learned."""
    import pandas as pd

    from recsys_lessons.data.dataset import Dataset
    from recsys_lessons.recommenders.svd import SVDRecommender

    rows = np.arange(len(item_factors))
    items = pd.DataFrame({"item_id": rows, "title": rows.astype(str)})
    model = SVDRecommender(rank=item_factors.shape[1])
    model.train_ = Dataset(items, pd.DataFrame({"user_id": []}), pd.DataFrame({"user_id": [], "item_id": []}))
    model.item_factors_ = item_factors
    table = model.explain(history=history, item=item)
    return dict(zip(table["item_id"].tolist(), table["contribution"].tolist(), strict=True))


def _parts(history, item_factors, item):
    return {row: float(item_factors[row] @ item_factors[item]) for row in history}


def _shares(history, item_factors, item):
    parts = _parts(history, item_factors, item)
    total = sum(parts.values())
    return {row: part / total if total else 0.0 for row, part in parts.items()}


def _cosines(history, item_factors, item):
    lengths = np.maximum(np.linalg.norm(item_factors, axis=1, keepdims=True), 1e-12)
    return _parts(history, item_factors / lengths, item)


def _as_often_as_named(history, item_factors, item):
    return {row: part * history.count(row) for row, part in _parts(history, item_factors, item).items()}


def _divided_by_the_number(history, item_factors, item):
    return {row: part / len(set(history)) for row, part in _parts(history, item_factors, item).items()}


MUTANTS = {
    "gives shares of the score": _shares,
    "takes the absolute value": lambda history, item_factors, item: (
        {row: abs(part) for row, part in _parts(history, item_factors, item).items()}
    ),
    "takes cosines": _cosines,
    "drops what is negative": lambda history, item_factors, item: (
        {row: part for row, part in _parts(history, item_factors, item).items() if part >= 0}
    ),
    "drops what is zero": lambda history, item_factors, item: (
        {row: part for row, part in _parts(history, item_factors, item).items() if part}
    ),
    "adds the item itself": lambda history, item_factors, item: _parts([*history, item], item_factors, item),
    "adds the item itself where there is a history": lambda history, item_factors, item: (
        _parts([*history, item], item_factors, item) if history else {}
    ),
    "leaves out the item itself": lambda history, item_factors, item: _parts(
        [row for row in history if row != item], item_factors, item
    ),
    "looks at the whole catalogue": lambda history, item_factors, item: _parts(
        range(len(item_factors)), item_factors, item
    ),
    "keeps the largest only": lambda history, item_factors, item: dict(
        sorted(_parts(history, item_factors, item).items(), key=lambda pair: -pair[1])[:1]
    ),
    "counts a repeated item twice": _as_often_as_named,
    "averages over the history": _divided_by_the_number,
    "forgets the item, and sums the row of V": lambda history, item_factors, item: (
        {row: float(item_factors[row].sum()) for row in history}
    ),
    "returns the score": lambda history, item_factors, item: sum(_parts(history, item_factors, item).values()),
}

EXERCISE = Exercise(
    name="explain_score",
    lesson="03_svd_scoring",
    title={"en": "Explain a score", "zh": "解释一个得分"},
    question={
        "en": "How do you explain a recommendation of a matrix factorisation exactly, without a story made up "
        "afterwards?",
        "zh": "矩阵分解给出的推荐，怎样做到精确的解释，而不是事后编一个理由？",
    },
    difficulty="easy",
    minutes=10,
    signature="def explain_score(history, item_factors, item):",
    hints=(
        {
            "en": "The score of an item is h V v, with v its row of V. h V is a sum of rows of V, one for each item of "
            "the history, and a product with a sum is a sum of products.",
            "zh": "一个物品的得分是 h V v，v 是它在 V 中的行。h V 是历史中各物品的行之和，和的乘积等于乘积的和。",
        },
        {
            "en": "So item j of the history contributes the dot product of row j and row `item` of V. Nothing is "
            "scaled, dropped or made positive, or the parts no longer add up.",
            "zh": "所以历史物品 j 的贡献就是 V 的第 j 行与第 `item` 行的内积。"
            "不缩放、不丢弃、不取绝对值，否则加起来就不是得分了。",
        },
        {
            "en": "A dict comprehension over the history: each row j maps to float(item_factors[j] @ "
            "item_factors[item]). A dict keeps one entry for a repeated key.",
            "zh": "对历史写一个字典推导式：每个行号 j 对应 float(item_factors[j] @ item_factors[item])。"
            "重复的键在字典里只有一项。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.explain_score:by_the_course",
    mutants=MUTANTS,
)
