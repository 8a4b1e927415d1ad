"""Exercise: one wish and one taste, blended, with constraints that hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._standardised import WRONG_WAYS, standardised
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a float array (n, n_items): zeros where all scores are 0 and all is allowed",
    "zh": "返回形状 (n, n_items) 的浮点数组；得分全为 0、又都允许时，结果全为 0",
}
BARRED: Text = {
    "en": "-inf stands where an item is not allowed, whatever its scores, and nowhere else",
    "zh": "不允许的物品为 -inf，不管它的得分多高；其他位置都不是",
}
ENDS: Text = {
    "en": "weight 1 ranks by the query alone, weight 0 by the taste alone",
    "zh": "weight 为 1 时只按查询排序，为 0 时只按兴趣排序",
}
STANDARD: Text = {
    "en": "each row has mean 0 and standard deviation 1 (dividing by n) over ALL items before it is weighed",
    "zh": "加权之前，每一行先在全部物品上标准化：均值 0、标准差 1(除以 n)",
}
EACH: Text = {
    "en": "a row is standardised by itself: another user's scores change nothing",
    "zh": "每一行各自标准化：别的用户的得分不影响它",
}
CONSTANT: Text = {
    "en": "a row that is the same for all items says nothing and is 0, not NaN",
    "zh": "对所有物品都相同的一行不提供信息，记为 0，而不是 NaN",
}
BLEND: Text = {
    "en": "the score is weight x query + (1 - weight) x taste, both standardised",
    "zh": "得分 = weight x 查询 + (1 - weight) x 兴趣，两者都先标准化",
}
ALL_ITEMS: Text = {
    "en": "mean and deviation come from all items, the barred ones too, so that a constraint moves no other score",
    "zh": "均值和标准差由全部物品算出，不允许的也算在内，这样加一个条件不会改变其他物品的得分",
}
LARGE: Text = {"en": "it is right for more users and items", "zh": "用户和物品更多时也正确"}


def check(blend: Subject, rng) -> None:
    """See `Exercise.check`. With two items a standardised row is 1, -1."""

    def right(query, taste, weight, allowed):
        result = np.zeros(query.shape)
        for table, share in ((query, weight), (taste, 1 - weight)):
            for row, scores in enumerate(table):
                if np.ptp(scores) > 1e-9:
                    result[row] += share * (scores - scores.mean()) / np.sqrt(np.mean((scores - scores.mean()) ** 2))
        return np.where(allowed, result, -np.inf)

    def row(*values: float) -> np.ndarray:
        return np.array([values], dtype=float)

    def some(low: int = 2) -> float:
        return float(rng.integers(low, low + 4))

    def free(query: np.ndarray, taste: np.ndarray, weight: float) -> tuple:
        return query, taste, weight, np.ones(query.shape[1], dtype=bool)

    def half() -> float:
        return float(rng.choice([0.25, 0.75]))

    def larger() -> Iterator[tuple]:
        for n, n_items in ((2, 5), (5, 12), (12, 40)):
            query, taste = rng.normal(size=(2, n, n_items))
            query[0] = 1.0
            yield 0.1 * query + 0.8, 30 * taste, float(rng.uniform(0.1, 0.9)), rng.random(n_items) < 0.7

    low, high = some(), some(6)
    ends = [free(row(0, low), row(low, 0), weight) for weight in (1.0, 0.0)]
    barred = (row(0, low), row(0, low), half(), np.array([True, False]))
    must_return(blend, KIND, [free(row(*[0] * n), row(*[0] * n), half()) for n in (1, 2)], right, about_kind=True)
    _must_rank(blend, ends, right)
    _must_bar(blend, [barred], right)
    must_return(blend, STANDARD, [free(row(0, high), row(0, 0), 1.0), free(row(0, 0, high), row(0, 0, 0), 1.0)], right)
    must_return(blend, CONSTANT, [free(row(0, low), row(1, 1), half()), free(row(1, 1), row(0, low), half())], right)
    must_return(blend, EACH, [free(np.array([[low], [high]]), np.zeros((2, 1)), 1.0)], right)
    must_return(blend, BLEND, [free(row(0, low), row(0, high), half()), free(row(0, low), row(high, 0), half())], right)
    must_return(blend, ALL_ITEMS, [barred], right)
    must_return(blend, LARGE, larger(), right)


def _must_rank(blend: Subject, cases: list[tuple], right) -> None:
    """Which item comes first; by how much is told by later rules."""
    for case in cases:
        got, expected = blend(*case), right(*case)
        if difference(got, expected) is VALUES and got[0].argmax() != expected[0].argmax():
            raise Failed(ENDS, blend.written(case), describe(expected), describe(got))


def _must_bar(blend: Subject, cases: list[tuple], right) -> None:
    """Where -inf stands; what is wrong with the other scores is told by later rules."""
    for case in cases:
        got, expected = blend(*case), right(*case)
        if difference(got, expected) is VALUES and not np.array_equal(np.isneginf(got), np.isneginf(expected)):
            raise Failed(BARRED, blend.written(case), describe(expected), describe(got))


def by_the_course(query_scores, taste_scores, weight, allowed):
    """The same by `intent.standardise`, which `QueryRecommender` mixes its two parts with."""
    from recsys_lessons.recommenders.intent import standardise

    scores = weight * standardise(query_scores) + (1 - weight) * standardise(taste_scores)
    scores[:, ~allowed] = -np.inf
    return scores


def _blended(
    query,
    taste,
    weight,
    allowed,
    *,
    scale=standardised,
    mix=lambda query, taste, weight: weight * query + (1 - weight) * taste,
    bar=lambda scores, allowed: np.where(allowed, scores, -np.inf),
):
    """The right answer, but for what a mutant changes."""
    return bar(mix(scale(query), scale(taste), weight), allowed)


def _with(**changed):
    return lambda *arguments: _blended(*arguments, **changed)


def _among_the_allowed(query, taste, weight, allowed):
    result = np.full(query.shape, -np.inf)
    some = allowed if allowed.any() else np.ones_like(allowed)
    result[:, some] = _blended(query[:, some], taste[:, some], weight, np.ones(some.sum(), dtype=bool))
    return result


MUTANTS = {
    **{name: _with(scale=way) for name, way in WRONG_WAYS.items()},
    "standardises the blend": lambda query, taste, weight, allowed: np.where(
        allowed, standardised(weight * query + (1 - weight) * taste), -np.inf
    ),
    "turns the weight round": _with(mix=lambda query, taste, weight: (1 - weight) * query + weight * taste),
    "counts the taste in full": _with(mix=lambda query, taste, weight: weight * query + taste),
    "ignores the weight": _with(mix=lambda query, taste, weight: query + taste),
    "takes -10 for a barred item": _with(bar=lambda scores, allowed: scores - 10.0 * ~allowed),
    "takes 0 for a barred item": _with(bar=lambda scores, allowed: np.where(allowed, scores, 0.0)),
    "forgets the constraint": _with(bar=lambda scores, allowed: scores),
    "bars what is allowed": _with(bar=lambda scores, allowed: np.where(allowed, -np.inf, scores)),
    "standardises among the allowed only": _among_the_allowed,
}

EXERCISE = Exercise(
    name="blend_query_and_taste",
    lesson="05_intent",
    title={"en": "A wish, a taste and a hard constraint", "zh": "查询、兴趣与硬性条件的融合"},
    question={
        "en": "A user with a history types a query. How do you combine the scores of the query with those of the taste "
        "model, and what do you do with what the query rules out?",
        "zh": "一个有历史的用户输入了一句查询。怎样把查询得分和兴趣模型的得分合在一起？查询里排除的东西怎么处理？",
    },
    difficulty="easy",
    minutes=10,
    signature="def blend_query_and_taste(query_scores, taste_scores, weight, allowed):",
    hints=(
        {
            "en": "Cosines of a sentence encoder differ in the second decimal, the scores of a taste model by whole "
            "numbers. What has to happen to each row before a weight between them means anything?",
            "zh": "句向量的余弦只在第二位小数上有差别，兴趣模型的得分却相差好几。在权重有意义之前，每一行要先做什么？",
        },
        {
            "en": "Standardise both tables by rows (axis=1, keepdims=True); a spread of 0 must not be divided by. A "
            "constraint is no score: no weight and no bonus may outvote it, so it comes last and is -inf.",
            "zh": "两张表都按行标准化(axis=1，keepdims=True)，标准差为 0 时不能做除法。"
            "条件不是得分：任何权重、任何加分都不能推翻它，所以放在最后，用 -inf。",
        },
        {
            "en": "def standard(table): centred = table - table.mean(axis=1, keepdims=True); spread = "
            "table.std(axis=1, keepdims=True); return centred / np.where(spread > 0, spread, 1.0). Then "
            "np.where(allowed, weight * standard(query) + (1 - weight) * standard(taste), -np.inf).",
            "zh": "def standard(table)：centred = table - table.mean(axis=1, keepdims=True)；"
            "spread = table.std(axis=1, keepdims=True)；返回 centred / np.where(spread > 0, spread, 1.0)。"
            "然后 np.where(allowed, weight * standard(query) + (1 - weight) * standard(taste), -np.inf)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.blend_query_and_taste:by_the_course",
    mutants=MUTANTS,
)
