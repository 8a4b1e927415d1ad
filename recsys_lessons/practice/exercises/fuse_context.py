"""Exercise, step three of the capstone: taste and context to one table of scores."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.exercises._standardised import WRONG_WAYS, standardised
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a float array (n, n_items); a user without taste in a context without direction gets zeros",
    "zh": "返回形状 (n, n_items) 的浮点数组；既没有兴趣向量、上下文也没有方向时，得分全为 0",
}
CONTEXT: Text = {
    "en": "without taste the context alone ranks: items along its vector come first",
    "zh": "没有兴趣向量时只靠上下文排序：与上下文向量同方向的物品在前",
}
STANDARD: Text = {
    "en": "each part of a row has mean 0 and standard deviation 1 (dividing by n) over the items",
    "zh": "每一行的每一部分，在物品上均值为 0、标准差为 1(除以 n)",
}
EACH: Text = {
    "en": "a row is standardised by itself: another user's scores change nothing",
    "zh": "每一行各自标准化：别的用户的得分不影响它",
}
CONSTANT: Text = {
    "en": "a part that is the same for all items says nothing and is 0, not NaN",
    "zh": "对所有物品都相同的部分不提供信息，记为 0，而不是 NaN",
}
WEIGHT: Text = {
    "en": "weight multiplies the context's part AFTER it is standardised; the taste's part counts once",
    "zh": "weight 在标准化之后乘到上下文部分上；兴趣部分的系数是 1",
}
APART: Text = {
    "en": "the two parts are standardised apart: a long vector does not drown the other",
    "zh": "两部分分别标准化：长的向量不会淹没另一个",
}
LARGE: Text = {"en": "it is right for more users, items and dimensions", "zh": "用户、物品、维度更多时也正确"}


def check(fuse: Subject, rng) -> None:
    """See `Exercise.check`. In one dimension a product is a multiple; of two items, one stands at 1, one at -1."""

    def right(tastes, contexts, items, weight):
        result = np.zeros((len(tastes), len(items)))
        for row in range(len(tastes)):
            for vector, share in ((tastes[row], 1.0), (contexts[row], weight)):
                part = np.array([vector @ item for item in items])
                if np.ptp(part) > 1e-9:
                    result[row] += share * (part - part.mean()) / np.sqrt(np.mean((part - part.mean()) ** 2))
        return result

    def column(*values: float) -> np.ndarray:
        return np.array([values], dtype=float).T

    def some(low: int = 2) -> float:
        return float(rng.integers(low, low + 4))

    def context_only(items: np.ndarray, weight: float = 1.0) -> tuple:
        return column(0), column(some()), items, weight

    def larger() -> Iterator[tuple]:
        for n, n_items, dim in ((2, 5, 2), (5, 12, 4), (12, 40, 8)):
            tastes = rng.normal(size=(n, dim))
            tastes[0] = 0.0
            yield tastes, 9 * rng.normal(size=(n, dim)), rng.normal(size=(n_items, dim)) + 2, float(rng.uniform(0.2, 3))

    nobody = [(column(*[0] * n), column(*[0] * n), column(1, some()), 1.0) for n in (1, 2)]
    must_return(fuse, KIND, nobody, right, about_kind=True)
    _must_rank(fuse, [context_only(column(0, some())), context_only(column(some(), 0))], right)
    # Two items become -1 and 1; of three, two are alike, which n - 1 and a scale of 0..1 get wrong in their own ways.
    must_return(fuse, STANDARD, [context_only(column(0, some(3))), context_only(column(0, 0, some(3)))], right)
    must_return(fuse, CONSTANT, [context_only(column(some(), 0)[:1]), (column(1), column(0), column(2, 2), 1.0)], right)
    must_return(fuse, EACH, [(column(0, 0), column(1, -some()), column(0, 2), 1.0)], right)
    must_return(fuse, WEIGHT, [context_only(column(0, 2), some()), (column(1), column(1), column(0, 2), some())], right)
    must_return(fuse, APART, [(column(1), column(-9), column(0, 2), some(3))], right)
    must_return(fuse, LARGE, larger(), right)


def _must_rank(fuse: Subject, cases: list[tuple], right) -> None:
    """Which item comes first; by how much is told by later rules."""
    for case in cases:
        got, expected = fuse(*case), right(*case)
        if difference(got, expected) is VALUES and got[0].argmax() != expected[0].argmax():
            raise Failed(CONTEXT, fuse.written(case), describe(expected), describe(got))


def by_the_course(tastes, contexts, item_vectors, weight):
    """The same by `intent.standardise`."""
    from recsys_lessons.recommenders.intent import standardise

    return standardise(tastes @ item_vectors.T) + weight * standardise(contexts @ item_vectors.T)


def _fused(
    tastes, contexts, items, weight, *, scale=standardised, blend=lambda taste, asked, weight: taste + weight * asked
):
    """The right answer, but for what a mutant changes."""
    return blend(scale(tastes @ items.T), scale(contexts @ items.T), weight)


def _with(**changed):
    return lambda *arguments: _fused(*arguments, **changed)


MUTANTS = {
    **{name: _with(scale=way) for name, way in WRONG_WAYS.items()},
    "ignores the context": _with(blend=lambda taste, asked, weight: taste + 0 * asked),
    "ignores the weight": _with(blend=lambda taste, asked, weight: taste + asked),
    "weighs before it standardises, which undoes it": lambda tastes, contexts, items, weight: (
        standardised(tastes @ items.T) + standardised(weight * contexts @ items.T)
    ),
    "gives taste what the weight leaves over": _with(
        blend=lambda taste, asked, weight: (1 - weight) * taste + weight * asked
    ),
    "adds the vectors first, and standardises once": lambda tastes, contexts, items, weight: standardised(
        (tastes + weight * contexts) @ items.T
    ),
    "multiplies the two parts": _with(blend=lambda taste, asked, weight: taste * weight * asked),
    "pairs every user with every context": _with(
        blend=lambda taste, asked, weight: (taste[:, None] + weight * asked[None]).reshape(-1, taste.shape[1])
    ),
    "weighs the taste instead": _with(blend=lambda taste, asked, weight: weight * taste + asked),
    "returns items x users": lambda *arguments: _fused(*arguments).T,
}

EXERCISE = Exercise(
    name="fuse_context",
    lesson="04_context",
    title={"en": "Capstone 3: taste and context to scores", "zh": "综合题第 3 步：把兴趣和上下文融合成得分"},
    question={
        "en": "Build a contextual recommender with a pretrained language model, step three: you have a vector for the "
        "user, one for the context and one for each item. How do you fuse them into scores?",
        "zh": "用预训练语言模型构建基于上下文的推荐系统，第三步：用户、上下文、每个物品各有一个向量，怎样融合成得分？",
    },
    difficulty="medium",
    minutes=15,
    signature="def fuse_context(tastes, contexts, item_vectors, weight):",
    hints=(
        {
            "en": "Users and items meet in a product, (n, dim) @ (dim, n_items), and so do contexts and items. Two "
            "tables of the same shape come out. Why may you not add them as they are?",
            "zh": "用户和物品在矩阵乘积里相遇：(n, dim) @ (dim, n_items)，上下文和物品也一样。"
            "得到两张同样形状的表，为什么不能直接相加？",
        },
        {
            "en": "Write one helper that standardises the rows of a table, with axis=1 and keepdims=True, and use it "
            "twice. What does it do with a row whose spread is 0?",
            "zh": "写一个小函数，把表的每一行标准化(axis=1，keepdims=True)，用两次。标准差为 0 的行怎么处理？",
        },
        {
            "en": "centred = table - table.mean(axis=1, keepdims=True); spread = table.std(axis=1, keepdims=True); "
            "centred / np.where(spread > 0, spread, 1.0), which leaves a constant row at 0. The answer is the taste's "
            "table plus weight times the context's.",
            "zh": "centred = table - table.mean(axis=1, keepdims=True)；spread = table.std(axis=1, keepdims=True)；"
            "centred / np.where(spread > 0, spread, 1.0)，常数行就保持为 0。答案是兴趣的表加上 weight 乘上下文的表。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.fuse_context:by_the_course",
    mutants=MUTANTS,
)
