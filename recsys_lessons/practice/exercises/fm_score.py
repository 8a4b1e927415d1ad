"""Exercise: the score of a factorization machine in linear time (Rendle 2010)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, must_return

KIND: dict = {
    "en": "it returns a float array (n,): one score a row; with all features 0 it is the bias",
    "zh": "返回形状 (n,) 的浮点数组，每行一个得分；特征全为 0 时得分就是 bias",
}
LINEAR: dict = {
    "en": "without factors it is a linear model: bias + the sum of weight x feature",
    "zh": "因子全为 0 时就是线性模型：bias + 各个 权重 x 特征 之和",
}
SELF: dict = {
    "en": "a feature makes no pair with itself: one feature alone has no pairwise part",
    "zh": "特征不和自己配对：只有一个特征不为 0 时，没有两两交互的部分",
}
PAIR: dict = {
    "en": "two features add the dot product of their factors, once (i < j), times both values",
    "zh": "两个特征加上一次(i < j)它们因子的内积，再乘两个特征的值",
}
VALUE: dict = {
    "en": "features are any numbers: the square of a value is not the value",
    "zh": "特征可以是任意的数：值的平方不等于值本身",
}
RANK: dict = {
    "en": "the directions of the factors stay apart until the end: a dot product, not a product of sums",
    "zh": "因子的各个方向到最后才相加：是内积，不是和的乘积",
}
EVERY: dict = {
    "en": "every pair counts, near or far apart in the row",
    "zh": "每一对特征都要算，不管在行里相邻还是隔得远",
}
BATCH: dict = {
    "en": "each row of the batch is scored by itself",
    "zh": "批次里每一行各算各的",
}
MANY: dict = {
    "en": "it is right for thousands of features (a loop over all pairs takes too long here)",
    "zh": "几千个特征也正确(在这里，逐对循环会超时)",
}


def check(score: Subject, rng) -> None:
    """See `Exercise.check`. `right` pairs each feature with the sum of those before it, without a square."""

    def right(features, bias, weights, factors):
        parts = features[:, :, None] * factors  # (n, n_features, k)
        before = np.cumsum(parts, axis=1) - parts
        return bias + features @ weights + (before * parts).sum(axis=(1, 2))

    def whole(*size: int) -> np.ndarray:
        return rng.integers(2, 9, size).astype(float)

    def ones(*places: int, n: int) -> np.ndarray:
        row = np.zeros((1, n))
        row[0, list(places)] = 1.0
        return row

    def bare(features, factors) -> tuple:
        return features, 0.0, np.zeros(len(factors)), factors

    def larger() -> Iterator[tuple]:
        for batch, n, rank in ((4, 6, 2), (3, 20, 4), (5, 100, 8)):
            yield rng.normal(size=(batch, n)), rng.normal(), rng.normal(size=n), rng.normal(size=(n, rank))

    def many() -> Iterator[tuple]:
        n = 4000
        values = (rng.random((2, n)) < 0.5) * rng.uniform(0.5, 2.0, (2, n))
        yield values, 1.0, rng.normal(size=n) / n, rng.normal(size=(n, 3)) / np.sqrt(n)

    nothing = [(np.zeros((n, 1)), float(whole()), whole(1), whole(1, 1)) for n in (1, 2)]
    linear = [(whole(1, n), float(whole()), whole(n), np.zeros((n, 1))) for n in (1, 2)]
    must_return(score, KIND, nothing, right, about_kind=True)
    must_return(score, LINEAR, linear, right)
    must_return(score, SELF, [bare(whole(1, 1), whole(1, 1)), bare(ones(0, n=2), whole(2, 1))], right)
    must_return(score, PAIR, [bare(ones(0, 1, n=2), whole(2, 1))], right)
    must_return(score, VALUE, [bare(whole(1, 2), whole(2, 1))], right)
    must_return(score, RANK, [bare(ones(0, 1, n=2), whole(2, 2))], right)
    must_return(score, EVERY, [bare(ones(0, 2, n=3), whole(3, 1)), bare(ones(0, 1, 2, n=3), whole(3, 1))], right)
    must_return(score, BATCH, [bare(np.array([[1.0, 1.0], [value, 0.0]]), whole(2, 1)) for value in (0.0, 1.0)], right)
    must_return(score, MANY, [*larger(), *many()], right)


def by_the_course(features, bias, weights, factors):
    """The same by the machine of the course."""
    import torch

    from recsys_lessons.recommenders.factorization_machine import fm_score

    features, weights, factors = (torch.from_numpy(one) for one in (features, weights, factors))
    return fm_score(features, bias, weights, factors).numpy()


def _linear(features, bias, weights):
    return bias + features @ weights


def _machine(features, bias, weights, factors, *, half=0.5, own=None, squares=lambda features: features**2):
    """The right answer, but for what a mutant changes."""
    sums = (features @ factors) ** 2
    own = squares(features) @ factors**2 if own is None else own(features, factors)
    return _linear(features, bias, weights) + half * (sums - own).sum(axis=1)


MUTANTS = {
    "pairs a feature with itself": lambda *given: _machine(*given, own=lambda features, factors: 0.0),
    "counts each pair twice": lambda *given: _machine(*given, half=1.0),
    "does not square the values it subtracts": lambda *given: _machine(*given, squares=lambda features: features),
    "does not square the factors it subtracts": lambda *given: _machine(
        *given, own=lambda features, factors: features**2 @ factors
    ),
    "subtracts the square of the sum, which leaves nothing": lambda *given: _machine(
        *given, own=lambda features, factors: (features @ factors) ** 2
    ),
    "sums the factors before the square": lambda features, bias, weights, factors: _machine(
        features, bias, weights, factors.sum(axis=1, keepdims=True)
    ),
    "takes all rows together": lambda features, bias, weights, factors: (
        _linear(features, bias, weights)
        + 0.5 * (features.sum(axis=0) @ factors @ (features.sum(axis=0) @ factors))
        - 0.5 * (features.sum(axis=0) ** 2 @ factors**2).sum()
    ),
    "adds up the batch": lambda features, bias, weights, factors: np.broadcast_to(
        _machine(features, bias, weights, factors).sum(), len(features)
    ).copy(),
    "returns a column": lambda *given: _machine(*given)[:, None],
    "forgets the linear part": lambda features, bias, weights, factors: _machine(features, bias, 0 * weights, factors),
    "forgets the bias": lambda features, bias, weights, factors: _machine(features, 0.0, weights, factors),
    "takes features for 0 or 1": lambda features, bias, weights, factors: (
        _machine((features != 0).astype(float), bias, 0 * weights, factors) + features @ weights
    ),
}

EXERCISE = Exercise(
    name="fm_score",
    lesson="04_context",
    title={"en": "A factorization machine, in linear time", "zh": "线性时间的因子分解机 (FM)"},
    question={
        "en": "What does a factorization machine add to a linear model, and how is its sum over all pairs computed in "
        "O(n k)?",
        "zh": "因子分解机比线性模型多了什么？它对所有特征对的求和，怎样在 O(n k) 时间内算出？",
    },
    difficulty="medium",
    minutes=15,
    signature="def fm_score(features, bias, weights, factors):",
    hints=(
        {
            "en": "Multiply (a + b + c)^2 out: every square once, every pair twice. So the sum over pairs is half of "
            "the square of the sum less the sum of the squares. Do this for one direction of the factors.",
            "zh": "把 (a + b + c)^2 展开：每个平方出现一次，每一对出现两次。"
            "所以两两之和 = (和的平方 - 平方的和) 的一半。先对因子的一个方向这样做。",
        },
        {
            "en": "In direction f feature i brings features_i * factors_if. Its sum is `features @ factors`, (n, k); "
            "the sum of its squares is `features**2 @ factors**2`, (n, k) too. The directions are added up last.",
            "zh": "在方向 f 上，特征 i 贡献 features_i * factors_if。它们的和是 `features @ factors`，形状 (n, k)；"
            "平方的和是 `features**2 @ factors**2`，形状也是 (n, k)。各个方向最后才相加。",
        },
        {
            "en": "The answer is bias + features @ weights + 0.5 * "
            "((features @ factors) ** 2 - features**2 @ factors**2).sum(axis=1).",
            "zh": "答案是 bias + features @ weights + 0.5 * "
            "((features @ factors) ** 2 - features**2 @ factors**2).sum(axis=1)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.fm_score:by_the_course",
    mutants=MUTANTS,
)
