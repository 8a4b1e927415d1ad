"""Exercise: the weighted ridge regression from content features to item factors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, must_return

ZERO: dict = {
    "en": "it returns a float array (dim, rank); where every target is 0, so is the map",
    "zh": "返回形状 (dim, rank) 的浮点数组；目标全为 0 时，映射也全为 0",
}
ONE: dict = {
    "en": "with one item, one feature and weight 1 it is feature x target / (feature^2 + ridge); no mean is taken away",
    "zh": "只有一个物品、一个特征且权重为 1 时，结果是 特征 x 目标 / (特征^2 + ridge)；不减均值",
}
WEIGHT: dict = {
    "en": "weight 2 is the same as the item standing there twice: it multiplies both sums, and never the ridge",
    "zh": "权重 2 等于这个物品出现两次：两个求和项都要乘权重，ridge 不乘",
}
NONE: dict = {"en": "an item of weight 0 counts for nothing", "zh": "权重为 0 的物品不起任何作用"}
MANY: dict = {
    "en": "the ridge is added once, whatever the number of items (the errors are summed, not averaged)",
    "zh": "不论物品有多少，ridge 只加一次(误差是求和，不是取平均)",
}
DIAGONAL: dict = {
    "en": "the ridge is added to the diagonal only, and keeps more features than items solvable",
    "zh": "ridge 只加在对角线上；有了它，特征比物品多也有唯一解",
}
COLUMNS: dict = {"en": "each direction of the targets is fitted by itself", "zh": "目标的每一列各自拟合"}
LARGE: dict = {"en": "it is right on larger random tables", "zh": "在更大的随机输入上也正确"}


def check(fit: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(features, targets, weights, ridge):
        # As ordinary least squares: every item scaled by the root of its weight, and one more row per feature that
        # asks for a zero.
        root = np.sqrt(weights)[:, None]
        left = np.vstack([features * root, np.sqrt(ridge) * np.eye(features.shape[1])])
        wanted = np.vstack([targets * root, np.zeros((features.shape[1], targets.shape[1]))])
        return np.linalg.lstsq(left, wanted, rcond=None)[0] + 0.0  # a zero without a sign

    def digits(*shape: int, most: int = 9):
        return rng.integers(1, most + 1, shape).astype(float)

    def case(n: int, dim: int, rank: int, weights: list[float] | None = None) -> tuple:
        weights = np.ones(n) if weights is None else np.array(weights)
        return digits(n, dim, most=3), digits(n, rank), weights, float(rng.integers(2, 5))

    def zeros(n: int, dim: int, rank: int) -> tuple:
        features, targets, *rest = case(n, dim, rank)
        return features, 0 * targets, *rest

    def twins(n: int) -> tuple:
        """The same item n times."""
        features, targets, _, ridge = case(1, 1, 1)
        return features.repeat(n, axis=0), targets.repeat(n, axis=0), np.ones(n), ridge

    def larger() -> Iterator[tuple]:
        for n, dim, rank, ridge in ((5, 3, 2, 0.5), (12, 4, 3, 10.0), (6, 10, 4, 2.0), (40, 12, 5, 30.0)):
            counts = rng.integers(0, 20, n).astype(float)
            yield rng.normal(size=(n, dim)), rng.normal(size=(n, rank)), counts, ridge

    must_return(fit, ZERO, [zeros(1, 1, 2), zeros(1, 2, 1), zeros(1, 3, 1)], right, about_kind=True)
    must_return(fit, ONE, [case(1, 1, 1), case(1, 1, 1)], right)
    must_return(fit, DIAGONAL, [case(1, 2, 1), case(1, 3, 1)], right)
    must_return(fit, MANY, [twins(2), twins(3), case(2, 1, 1)], right)
    must_return(fit, WEIGHT, [case(1, 1, 1, [2.0]), case(1, 1, 1, [3.0]), case(2, 1, 1, [1.0, 2.0])], right)
    must_return(fit, NONE, [case(2, 1, 1, [1.0, 0.0]), case(2, 1, 1, [0.0, 1.0])], right)
    must_return(fit, COLUMNS, [case(1, 1, 2), case(2, 1, 2), case(2, 2, 2, [1.0, 2.0])], right)
    must_return(fit, LARGE, larger(), right)


def _solve(features, targets, left_weights, right_weights, ridge):
    gram = (features * left_weights[:, None]).T @ features
    return np.linalg.solve(gram + ridge * np.eye(len(gram)), (features * right_weights[:, None]).T @ targets)


def _same(change=lambda weights: weights, pull=lambda ridge, features, weights: ridge):
    """The right formula on weights and ridge that were changed."""

    def fit(features, targets, weights, ridge):
        new = change(weights)
        return _solve(features, targets, new, new, pull(ridge, features, weights))

    return fit


def _everywhere(features, targets, weights, ridge):
    weighted = features * weights[:, None]
    return np.linalg.solve(weighted.T @ features + ridge + 1e-9 * np.eye(features.shape[1]), weighted.T @ targets)


def _pseudo_inverse(features, targets, weights, ridge):
    root = np.sqrt(weights)[:, None]
    return np.linalg.pinv(features * root) @ (targets * root)


def _root_of_gram_only(features, targets, weights, ridge):
    return _solve(features, targets, weights, np.sqrt(weights), ridge)


def _with_an_intercept(features, targets, weights, ridge):
    share = weights / max(weights.sum(), 1e-12)
    return _solve(features - share @ features, targets - share @ targets, weights, weights, ridge)


def _in_place(features, targets, weights, ridge):
    features *= np.sqrt(weights)[:, None]
    targets *= np.sqrt(weights)[:, None]
    return _solve(features, targets, np.ones(len(features)), np.ones(len(features)), ridge)


MUTANTS = {
    "ignores the weights": _same(np.ones_like),
    "weighs the features' side only": lambda features, targets, weights, ridge: _solve(
        features, targets, weights, np.ones_like(weights), ridge
    ),
    "weighs the targets' side only": lambda features, targets, weights, ridge: _solve(
        features, targets, np.ones_like(weights), weights, ridge
    ),
    "takes the root of the weights": _same(np.sqrt),
    "multiplies features and targets by the weights, not by their root": _same(np.square),
    "takes the root on one side": _root_of_gram_only,
    "makes the weights sum to 1": _same(lambda weights: weights / max(weights.sum(), 1e-12)),
    "divides the errors by the number of items": _same(pull=lambda ridge, features, weights: ridge * len(features)),
    "divides the ridge by the number of items": _same(pull=lambda ridge, features, weights: ridge / len(features)),
    "multiplies the ridge by the weights": _same(pull=lambda ridge, features, weights: ridge * weights.sum()),
    "squares the ridge": _same(pull=lambda ridge, features, weights: ridge**2),
    "adds the ridge to every cell": _everywhere,
    "has no ridge (pinv)": _pseudo_inverse,
    "takes means away first": _with_an_intercept,
    "returns (rank, dim)": lambda features, targets, weights, ridge: (
        _solve(features, targets, weights, weights, ridge).T
    ),
    "weighs in place": _in_place,
}

EXERCISE = Exercise(
    name="ridge_map",
    lesson="03_svd_scoring",
    title={"en": "From words to factors: a weighted ridge map", "zh": "从文字到因子：带权重的岭回归映射"},
    question={
        "en": "A new item has no interactions and so no row in V. How do you give it one from its content, and what "
        "does the regularisation do?",
        "zh": "新物品没有任何交互，在 V 里没有对应的行。怎样根据内容给它补一行？正则化起什么作用？",
    },
    difficulty="medium",
    minutes=15,
    signature="def ridge_map(features, targets, weights, ridge):",
    hints=(
        {
            "en": "Write the loss as a sum over items plus ridge |W|^2, and set its derivative by W to zero: what is "
            "left is one linear system with the same left side for every column of `targets`.",
            "zh": "把损失写成对物品求和再加 ridge |W|^2，令它对 W 的导数为 0："
            "得到一个线性方程组，`targets` 的每一列共用同一个左边。",
        },
        {
            "en": "With D the diagonal matrix of the weights and F the features: (F' D F + ridge I) W = F' D T. D "
            "stands on both sides, and F' D is `(features * weights[:, None]).T`.",
            "zh": "设 D 是以权重为对角线的矩阵，F 是特征：(F' D F + ridge I) W = F' D T。"
            "两边都有 D，而 F' D 就是 `(features * weights[:, None]).T`。",
        },
        {
            "en": "weighted = features * weights[:, None]; left = weighted.T @ features + ridge * np.eye(dim); the "
            "answer is np.linalg.solve(left, weighted.T @ targets).",
            "zh": "weighted = features * weights[:, None]；left = weighted.T @ features + ridge * np.eye(dim)；"
            "答案是 np.linalg.solve(left, weighted.T @ targets)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.recommenders.linear_algebra:ridge_map",
    mutants=MUTANTS,
)
