"""Exercise: the scores of a truncated singular value decomposition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

NOTHING: dict = {
    "en": "it returns a float array like `matrix`; where nobody liked anything, every score is 0",
    "zh": "返回与 `matrix` 同形状的浮点数组；没有人喜欢过任何物品时，得分全为 0",
}
FULL: dict = {
    "en": "at full rank the scores are the matrix itself (which is why nothing has been predicted then)",
    "zh": "满秩时得分就是矩阵本身(所以满秩等于什么也没预测)",
}
RANK_ONE: dict = {
    "en": "one direction, that of the largest singular value, is enough where the rows are multiples of each other",
    "zh": "各行互成倍数的矩阵，只要一个方向(最大奇异值对应的方向)就够了",
}
NEGATIVE: dict = {"en": "a score may be negative: nothing is clipped", "zh": "得分可以为负，不要截断"}
EMPTY: dict = {
    "en": "a user without interactions scores 0 everywhere: no mean is subtracted",
    "zh": "没有交互的用户得分全为 0：不要减均值",
}
BEST: dict = {
    "en": "the `rank` largest singular values stay, the others go, and every cell is scored anew "
    "(no matrix of that rank comes closer)",
    "zh": "只保留最大的 `rank` 个奇异值，其余丢掉，每个格子都重新打分(同秩的矩阵中没有更接近的)",
}
LARGE: dict = {"en": "it is right on larger random matrices", "zh": "在更大的随机矩阵上也正确"}


def check(scores: Subject, rng) -> None:
    """See `Exercise.check`. A matrix with one number in each row and column has those numbers as singular values."""

    def right(matrix, rank):
        left, values, right_t = np.linalg.svd(matrix, full_matrices=False)
        return (left[:, :rank] * values[:rank]) @ right_t[:rank]

    def digits(*shape: int):
        return (rng.permutation(9)[: np.prod(shape)].reshape(shape) + 1).astype(float)

    def one_each(order: list[int], n_items: int, n_users: int = 2):
        matrix = np.zeros((n_users, n_items))
        matrix[range(len(order)), order] = digits(len(order))
        return matrix

    def apart(*shape: int, rank: int):
        # Two equal singular values leave the choice between their directions open: keep the cut away from that.
        while True:
            matrix = digits(*shape) if np.prod(shape) < 9 else rng.normal(size=shape)
            values = np.linalg.svd(matrix, compute_uv=False)
            if values[rank - 1] - values[rank] > 0.1 * values[0]:
                return matrix

    def larger() -> Iterator[tuple]:
        for n_users, n_items, rank in ((4, 3, 1), (4, 6, 2), (9, 5, 2), (12, 20, 3)):
            yield apart(n_users, n_items, rank=rank), rank

    must_return(scores, NOTHING, [(np.zeros((1, 2)), 1), (np.zeros((2, 1)), 1)], right, about_kind=True)
    must_return(scores, FULL, [(digits(1, 2), 1), (digits(2, 2), 2), (digits(3, 2), 2), (digits(2, 3), 2)], right)
    must_return(scores, RANK_ONE, [(np.outer([1, 2], digits(2)), 1), (np.outer([2, 1, 3], digits(2)), 1)], right)
    must_return(scores, NEGATIVE, [(digits(1, 2) * [1, -1], 1), (np.outer([1, -2], digits(2)), 1)], right)
    _must_leave_empty_rows(scores, [(one_each([0, 1], 2, n_users=3), 1), (one_each([1, 0], 2, n_users=3), 1)], right)
    must_return(scores, BEST, [(one_each(order, n), 1) for order, n in (([0, 1], 2), ([1, 0], 2), ([2, 0], 3))], right)
    must_return(scores, BEST, [(apart(*shape, rank=1), 1) for shape in ((2, 2), (3, 2), (2, 3))], right)
    must_return(scores, LARGE, larger(), right)


def _must_leave_empty_rows(scores: Subject, cases: list[tuple], right) -> None:
    """The last user of every case has no interaction; what is wrong with the others is told by a later rule."""
    for case in cases:
        got, expected = scores(*case), right(*case)
        if difference(got, expected) is VALUES and np.abs(got[-1]).max() > 1e-6:
            raise Failed(EMPTY, scores.written(case), describe(expected), describe(got))


def by_the_course(matrix, rank):
    """The same with the solver of `SVDRecommender`."""
    from scipy import sparse

    from recsys_lessons.recommenders.linear_algebra import truncated_svd

    left, values, right = truncated_svd(sparse.csr_matrix(matrix), rank)
    return (left * values) @ right.T


def _cut(matrix, keep, power=1.0):
    left, values, right_t = np.linalg.svd(matrix, full_matrices=False)
    return (left[:, keep] * values[keep] ** power) @ right_t[keep]


def _takes_the_transpose(matrix, rank):
    left, values, right_t = np.linalg.svd(matrix, full_matrices=False)
    return (left[:, :rank] * values[:rank]) @ right_t[:, :rank].T


def _users_only(matrix, rank):
    left, values, _ = np.linalg.svd(matrix, full_matrices=False)
    return left[:, :rank] * values[:rank]


def _projection_only(matrix, rank):
    right_t = np.linalg.svd(matrix, full_matrices=False)[2][:rank]
    return right_t.T @ right_t


def _principal_components(matrix, rank):
    mean = matrix.mean(axis=0)
    return _cut(matrix - mean, slice(rank)) + mean


def _in_place(matrix, rank):
    matrix[:] = _cut(matrix, slice(rank))
    return matrix


MUTANTS = {
    "multiplies the full decomposition back": lambda matrix, rank: _cut(matrix, slice(None)),
    "keeps the smallest singular values": lambda matrix, rank: _cut(matrix, slice(-rank, None)),
    "cuts at rank + 1": lambda matrix, rank: _cut(matrix, slice(rank + 1)),
    "drops the first direction": lambda matrix, rank: _cut(matrix, slice(1, rank + 1)),
    "takes what numpy returns for V, and it is V'": _takes_the_transpose,
    "forgets S": lambda matrix, rank: _cut(matrix, slice(rank), power=0.0),
    "takes the eigenvalues of X X', which are squares": lambda matrix, rank: _cut(matrix, slice(rank), power=2.0),
    "splits S over both sides and multiplies one": lambda matrix, rank: _cut(matrix, slice(rank), power=0.5),
    "returns the users' factors U S": _users_only,
    "returns the projection V V'": _projection_only,
    "subtracts the items' means, as PCA does": _principal_components,
    "clips negative scores": lambda matrix, rank: np.maximum(_cut(matrix, slice(rank)), 0.0),
    "keeps the cells that are filled": lambda matrix, rank: np.where(matrix != 0, matrix, _cut(matrix, slice(rank))),
    "hides what was seen": lambda matrix, rank: np.where(matrix != 0, -np.inf, _cut(matrix, slice(rank))),
    "writes into the matrix": _in_place,
}

EXERCISE = Exercise(
    name="svd_scores",
    lesson="03_svd_scoring",
    title={"en": "Scores from a truncated SVD", "zh": "用截断 SVD 打分"},
    question={
        "en": "How does a truncated SVD score items for a user, and why does the full SVD predict nothing?",
        "zh": "截断 SVD 怎样给物品打分？为什么不截断的 SVD 什么也预测不了？",
    },
    difficulty="easy",
    minutes=10,
    signature="def svd_scores(matrix, rank):",
    hints=(
        {
            "en": "All three factors together give the matrix back. A prediction is what is left when small singular "
            "values are taken away: keep the `rank` largest, with their columns of U and of V.",
            "zh": "三个因子全部乘起来就是原矩阵。把小的奇异值去掉，剩下的才是预测："
            "保留最大的 `rank` 个奇异值，以及 U 和 V 中对应的列。",
        },
        {
            "en": "`U, S, Vt = np.linalg.svd(matrix, full_matrices=False)`. S falls from left to right, and the third "
            "is already V': its ROWS are the right singular vectors.",
            "zh": "`U, S, Vt = np.linalg.svd(matrix, full_matrices=False)`。S 从大到小排列；"
            "第三个返回值已经是 V'，它的每一行是一个右奇异向量。",
        },
        {
            "en": "With V = Vt[:rank].T, which is (n_items, rank), the answer is matrix @ V @ V.T. The same: "
            "(U[:, :rank] * S[:rank]) @ Vt[:rank].",
            "zh": "令 V = Vt[:rank].T，形状 (n_items, rank)，答案是 matrix @ V @ V.T；"
            "也可以写成 (U[:, :rank] * S[:rank]) @ Vt[:rank]。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.svd_scores:by_the_course",
    mutants=MUTANTS,
)
