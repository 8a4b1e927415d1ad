"""Exercise: scores for a history that was not in training."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

EMPTY: dict = {
    "en": "it returns a float array (n_items,); an empty history gives zeros",
    "zh": "返回形状 (n_items,) 的浮点数组；历史为空时全为 0",
}
ONE: dict = {
    "en": "one liked item scores item i by the dot product of their factors",
    "zh": "只喜欢一个物品时，物品 i 的得分是两者因子的内积",
}
OWN: dict = {
    "en": "the history's own items are scored like any other (hiding them is a later step)",
    "zh": "历史里的物品也照样打分(过滤已看过的是之后的一步)",
}
SUM: dict = {
    "en": "every item of the history adds its part: a sum, neither averaged nor scaled",
    "zh": "历史中的每个物品各加一份：直接求和，不取平均，也不归一化",
}
TWICE: dict = {"en": "an item that the history names twice counts once", "zh": "历史里重复出现的物品只算一次"}
WIDE: dict = {
    "en": "scores are h V V', whether or not the columns of V are orthonormal",
    "zh": "得分就是 h V V'，不要求 V 的各列正交归一",
}
LARGE: dict = {"en": "it is right on larger random tables", "zh": "在更大的随机输入上也正确"}


def check(fold: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(history, item_factors):
        row = np.zeros(len(item_factors))
        row[sorted(set(history))] = 1.0
        return row @ item_factors @ item_factors.T

    def digits(n_items: int, rank: int = 1):
        return (rng.permutation(8)[: n_items * rank].reshape(n_items, rank) + 2).astype(
            float
        )  # a 1 would hide mistakes

    def items(n: int, n_items: int) -> list[int]:
        return rng.permutation(n_items)[:n].tolist()

    def larger() -> Iterator[tuple]:
        for n_items, rank in ((6, 2), (10, 3), (30, 8)):
            yield rng.integers(0, n_items, n_items // 2).tolist(), rng.normal(size=(n_items, rank))

    must_return(fold, EMPTY, [([], digits(1)), ([], digits(3))], right, about_kind=True)
    _must_score_its_own(fold, [([0], digits(2)), ([1], digits(2))], right)
    must_return(fold, ONE, [([0], digits(2)), ([1], digits(3))], right)
    must_return(fold, SUM, [(items(2, n_items), digits(n_items)) for n_items in (2, 3)], right)
    must_return(fold, TWICE, [([0, 0], digits(1)), ([1, 0, 1], digits(2))], right)
    must_return(fold, WIDE, [(items(1, 2), digits(2, 2)), (items(1, 3), digits(3, 2)), ([0, 1], digits(2, 3))], right)
    must_return(fold, LARGE, larger(), right)


def _must_score_its_own(fold: Subject, cases: list[tuple], right) -> None:
    """Where the scores are right but for the history's own items, those have been hidden."""
    for history, item_factors in cases:
        got, expected = fold(history, item_factors), right(history, item_factors)
        if difference(got, expected) is VALUES:
            others = np.delete(np.arange(len(expected)), history)
            if difference(got[others], expected[others]) is None:
                raise Failed(OWN, fold.written((history, item_factors)), describe(expected), describe(got))


def by_the_course(history, item_factors):
    """The same by `SVDRecommender`, with factors that are given instead of learned."""
    from scipy import sparse

    from recsys_lessons.recommenders.svd import SVDRecommender

    row = np.zeros((1, len(item_factors)))
    row[0, list(history)] = 1.0
    model = SVDRecommender(rank=item_factors.shape[1])
    model.item_factors_ = item_factors
    return model._scores(sparse.csr_matrix(row), None)[0]


def _sum(history, item_factors, of=set):
    return item_factors @ item_factors[list(of(history))].sum(axis=0)


def _nan_without_history(history, item_factors):
    with np.errstate(invalid="ignore"):
        return _sum(history, item_factors) / np.float64(len(set(history)))


def _average(history, item_factors):
    return _sum(history, item_factors) / max(1, len(set(history)))


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def _least_squares(history, item_factors):
    row = np.zeros(len(item_factors))
    row[history] = 1.0
    return item_factors @ np.linalg.lstsq(item_factors, row, rcond=None)[0]


def _with_own(value):
    def scores(history, item_factors):
        result = _sum(history, item_factors)
        result[history] = value
        return result

    return scores


def _sorts_in_place(history, item_factors):
    history.sort()
    return _sum(history, item_factors)


MUTANTS = {
    "averages over the history": _average,
    "is NaN for an empty history": _nan_without_history,
    "counts a repeated item twice": lambda history, item_factors: _sum(history, item_factors, of=list),
    "hides the history's own items": _with_own(-np.inf),
    "gives 0 to the history's own items": _with_own(0.0),
    "stops at the user's factors h V": lambda history, item_factors: item_factors[list(set(history))].sum(axis=0),
    "keeps an axis for the one user": lambda history, item_factors: _sum(history, item_factors)[None, :],
    "takes the last item only": lambda history, item_factors: _sum(history[-1:], item_factors),
    "takes the nearest item of the history": lambda history, item_factors: (
        (item_factors @ item_factors[history].T).max(axis=1) if history else np.zeros(len(item_factors))
    ),
    "scales the profile to length 1": lambda history, item_factors: (
        item_factors @ _unit(item_factors[list(set(history))].sum(axis=0))
    ),
    "takes cosines": lambda history, item_factors: _sum(history, _unit(item_factors)),
    "fits the user by least squares": _least_squares,
    "sorts the history in place": _sorts_in_place,
}

EXERCISE = Exercise(
    name="fold_in",
    lesson="03_svd_scoring",
    title={"en": "Fold-in: scores for somebody new", "zh": "折入 (fold-in)：给新用户打分"},
    question={
        "en": "A user signs up today and likes three items. How does a trained SVD score the catalogue for them "
        "without being trained again?",
        "zh": "一个今天刚注册的用户喜欢了三个物品。不重新训练，已有的 SVD 模型怎样给他打分？",
    },
    difficulty="easy",
    minutes=10,
    signature="def fold_in(history, item_factors):",
    hints=(
        {
            "en": "U knows training users only, so it is of no use here. But U S = X V: a user's factors are their row "
            "of X times V, and a new user has such a row as well.",
            "zh": "U 里只有训练用户，这里用不上。但 U S = X V："
            "用户的因子就是他在 X 中的那一行乘 V，新用户也有这样一行。",
        },
        {
            "en": "A row h of zeros and ones times V is the sum of the rows of V at the history's items, each once. "
            "That sum is (rank,); one more product takes it back to all items.",
            "zh": "0/1 的行 h 乘 V，就是把 V 中历史物品对应的行加起来，每个物品只加一次。"
            "这个和的形状是 (rank,)，再乘一次就回到所有物品。",
        },
        {
            "en": "h = np.zeros(len(item_factors)); h[history] = 1.0, which also settles repetitions and an empty "
            "list; the answer is h @ item_factors @ item_factors.T.",
            "zh": "h = np.zeros(len(item_factors))；h[history] = 1.0(重复和空列表也就一并处理好了)；"
            "答案是 h @ item_factors @ item_factors.T。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.fold_in:by_the_course",
    mutants=MUTANTS,
)
