"""Exercise: similar items, and the k nearest of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

SHAPE: dict = {
    "en": "it returns a float array (n_items, n_items): items are compared, not users; where nobody liked "
    "anything, all is 0",
    "zh": "返回形状 (n_items, n_items) 的浮点数组：比较的是物品，不是用户；没有人喜欢过任何物品时全为 0",
}
DIAGONAL: dict = {
    "en": "the diagonal is 0: no item is its own neighbour",
    "zh": "对角线为 0：物品不是自己的近邻",
}
OWN: dict = {
    "en": "the item itself takes none of its k places",
    "zh": "物品自己不占 k 个名额",
}
COSINE: dict = {
    "en": "the similarity is the cosine of two columns: people who liked both, over sqrt(n_i) sqrt(n_j)",
    "zh": "相似度是两列的余弦：同时喜欢两者的人数，除以 sqrt(n_i) sqrt(n_j)",
}
EMPTY: dict = {
    "en": "an item that nobody liked is similar to nothing: zeros, not NaN",
    "zh": "没有人喜欢过的物品与谁都不相似：得到 0，而不是 NaN",
}
NEAREST: dict = {
    "en": "each column keeps its k largest similarities, as they are, and 0 elsewhere",
    "zh": "每一列保留最大的 k 个相似度(数值不变)，其余为 0",
}
COLUMNS: dict = {
    "en": "k are kept in every column, not in every row, and of equal similarities the one in the lower row stays "
    "(what is kept is no longer symmetric)",
    "zh": "每一列保留 k 个，而不是每一行；相似度相等时保留行号小的(保留之后不再对称)",
}
WIDE: dict = {"en": "k may be larger than the number of other items", "zh": "k 可以大于其他物品的个数"}
LARGE: dict = {"en": "it is right on larger random matrices", "zh": "在更大的随机矩阵上也正确"}


def check(neighbours: Subject, rng) -> None:
    """See `Exercise.check`. Matrices hold 0 and 1; in larger ones the k-th and the next similarity are well apart."""

    def likes(*columns: str) -> np.ndarray:
        """Columns of people, "101": the first and the third liked it. In any order of people."""
        people = rng.permutation(len(columns[0]))
        return np.array([[float(column[person]) for column in columns] for person in people])

    def mixed(*columns: str) -> np.ndarray:
        return likes(*columns)[:, rng.permutation(len(columns))]

    def larger() -> Iterator[tuple]:
        for n_users, n_items, k in ((6, 4, 2), (12, 7, 3), (40, 15, 4), (60, 20, 6)):
            while True:
                matrix = (rng.random((n_users, n_items)) < rng.uniform(0.1, 0.7, n_items)).astype(float)
                falling = -np.sort(-_cosines(matrix), axis=0)
                if (falling[k - 1] - falling[k] > 1e-6).all():
                    break
            yield matrix, k

    must_return(neighbours, SHAPE, [(np.zeros(shape), 1) for shape in ((1, 2), (3, 2))], right, about_kind=True)
    _must_leave_the_diagonal(neighbours, [(mixed("10", "11"), 1), (mixed("110", "011"), 1)])
    must_return(neighbours, OWN, [(mixed("10", "10"), 1)], right)
    pairs = [("11", "10"), ("110", "011"), ("1110", "0011"), ("1110", "0110"), ("111", "101")]
    must_return(neighbours, COSINE, ((mixed(*pair), 1) for pair in pairs), right)
    must_return(neighbours, EMPTY, [(mixed("1", "1", "0"), 2), (mixed("11", "10", "00"), 2)], right)
    must_return(neighbours, WIDE, [(mixed("1"), 2), (mixed("11", "10"), 3)], right)
    hub = [mixed("10", "10", "11", "11") for _ in range(3)]
    must_return(neighbours, NEAREST, ((matrix, 1) for matrix in hub), right)
    must_return(neighbours, COLUMNS, [(likes("10", "11", "11"), 1), (likes("11", "11", "10"), 1)], right)
    must_return(neighbours, COLUMNS, [(mixed("10", "11", "11"), 1) for _ in range(3)], right)
    must_return(neighbours, LARGE, larger(), right)


def _must_leave_the_diagonal(neighbours: Subject, cases: list[tuple]) -> None:
    """Where the diagonal is wrong, say so before anything else; what is beside it is told by a later rule."""
    for case in cases:
        got, expected = neighbours(*case), right(*case)
        if difference(got, expected) is VALUES and np.diag(got).any():
            raise Failed(DIAGONAL, neighbours.written(case), describe(expected), describe(got))


def _cosines(matrix):
    counts = matrix.sum(axis=0)
    length = np.sqrt(np.where(counts > 0, counts, 1.0))
    together = matrix.T @ matrix / np.outer(length, length)
    np.fill_diagonal(together, 0.0)
    return together


def _nearest(similarity, k, *, last_first: bool = False):
    """Keep the k largest of each column; of equal ones the upper row, or the lower."""
    kept = np.zeros_like(similarity)
    for column, values in enumerate(similarity.T):
        order = np.argsort(-values[::-1], kind="stable") if last_first else np.argsort(-values, kind="stable")
        best = (len(values) - 1 - order if last_first else order)[:k]
        kept[best, column] = values[best]
    return kept


def right(matrix, k):
    """Cosines without the diagonal, cut to k a column."""
    return _nearest(_cosines(matrix), k)


def by_the_course(matrix, k):
    """The same by `ItemNeighbours` without shrinkage. It breaks ties in a shuffled order: lay the items out in it."""
    from scipy import sparse

    from recsys_lessons.recommenders.neighbours import ItemNeighbours
    from recsys_lessons.recommenders.ranking import tie_order

    place = tie_order(matrix.shape[1])
    model = ItemNeighbours(k, shrink=0.0)
    model._fit(sparse.csr_matrix(matrix[:, place].astype(np.float32)))
    back = np.argsort(place)
    return model.similarity_.toarray().astype(np.float64)[np.ix_(back, back)]


def _with(similarity: Callable) -> Callable:
    """A wrong similarity, rightly cut."""

    def answer(matrix, k):
        values = np.array(similarity(matrix), dtype=float)
        np.fill_diagonal(values, 0.0)
        return _nearest(values, k)

    return answer


def _jaccard(matrix):
    together, counts = matrix.T @ matrix, matrix.sum(axis=0)
    return together / np.maximum(counts[:, None] + counts - together, 1.0)


def _centred(matrix):
    moved = matrix - matrix.mean(axis=0)
    length = np.maximum(np.linalg.norm(moved, axis=0), 1e-12)
    return moved.T @ moved / np.outer(length, length)


def _with_nan(matrix, k):
    length = np.linalg.norm(matrix, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = matrix.T @ matrix / np.outer(length, length)
    np.fill_diagonal(values, 0.0)
    return _nearest(values, k)


def _own_included(matrix):
    return _cosines(matrix) + np.diag((matrix.sum(axis=0) > 0).astype(float))


def _own_takes_a_place(matrix, k):
    kept = _nearest(_own_included(matrix), k)
    np.fill_diagonal(kept, 0.0)
    return kept


def _from_the_kth_on(matrix, k):
    values = _cosines(matrix)
    bar = -np.sort(-values, axis=0)[min(k, len(values)) - 1]
    return np.where(values >= bar, values, 0.0)


def _partitioned(matrix, k):
    values = _cosines(matrix)
    kept = np.zeros_like(values)
    best = np.argpartition(-values, k, axis=0)[:k]
    np.put_along_axis(kept, best, np.take_along_axis(values, best, axis=0), axis=0)
    return kept


def _in_place(matrix, k):
    kept = right(matrix, k)
    matrix /= np.maximum(np.linalg.norm(matrix, axis=0), 1e-12)
    return kept


MUTANTS = {
    "compares users, the rows": lambda matrix, k: right(matrix.T, k),
    "keeps the diagonal": lambda matrix, k: _nearest(_own_included(matrix), k),
    "lets the item take a place of its own k": _own_takes_a_place,
    "counts the people in common": _with(lambda matrix: matrix.T @ matrix),
    "divides by n_i only": _with(lambda matrix: matrix.T @ matrix / np.maximum(matrix.sum(axis=0)[:, None], 1.0)),
    "divides by n_i n_j, without the root": _with(
        lambda matrix: matrix.T @ matrix / np.maximum(np.outer(matrix.sum(axis=0), matrix.sum(axis=0)), 1.0)
    ),
    "takes Jaccard's index": _with(_jaccard),
    "subtracts the means, as Pearson does": _with(_centred),
    "is NaN for an item without likes": _with_nan,
    "keeps k in every row": lambda matrix, k: right(matrix, k).T,
    "keeps all": lambda matrix, k: _cosines(matrix),
    "keeps 1 instead of the similarity": lambda matrix, k: (right(matrix, k) > 0).astype(float),
    "keeps the k smallest": lambda matrix, k: -_nearest(-_cosines(matrix), k),
    "keeps k + 1": lambda matrix, k: right(matrix, k + 1),
    "keeps the later of two equal ones": lambda matrix, k: _nearest(_cosines(matrix), k, last_first=True),
    "keeps all that equal the k-th": _from_the_kth_on,
    "needs more items than k": _partitioned,
    "symmetrises what it kept": lambda matrix, k: np.maximum(right(matrix, k), right(matrix, k).T),
    "normalises the matrix in place": _in_place,
}

EXERCISE = Exercise(
    name="item_neighbours",
    lesson="01_classical",
    title={"en": "Item neighbours", "zh": "物品近邻 (ItemCF)"},
    question={
        "en": "How does item-based collaborative filtering find the neighbours of an item, and why are only k of them "
        "kept?",
        "zh": "ItemCF 怎样找一个物品的近邻？为什么只保留 k 个？",
    },
    difficulty="medium",
    minutes=30,
    signature="def item_neighbours(matrix, k):",
    hints=(
        {
            "en": "`matrix.T @ matrix` counts, for every two items, the people who liked both. What has to divide it "
            "so that it becomes the cosine of two columns, and what does its diagonal hold?",
            "zh": "`matrix.T @ matrix` 数出每两个物品有多少人同时喜欢。要除以什么才是两列的余弦？它的对角线又是什么？",
        },
        {
            "en": "The length of column i is sqrt(n_i); `np.outer(length, length)` divides all at once. Put 1 in place "
            "of a length of 0, set the diagonal to 0, and only then choose, column by column: "
            '`np.argsort(-similarity[:, j], kind="stable")[:k]`.',
            "zh": "第 i 列的长度是 sqrt(n_i)，用 `np.outer(length, length)` 一次除完。长度为 0 的换成 1，对角线置 0，"
            '然后再逐列挑选：`np.argsort(-similarity[:, j], kind="stable")[:k]`。',
        },
        {
            "en": "length = np.sqrt(matrix.sum(axis=0)), 0 replaced by 1; similarity = matrix.T @ matrix / "
            "np.outer(length, length); np.fill_diagonal(similarity, 0); kept = zeros of the same shape; for each "
            "column j copy the k best: kept[best, j] = similarity[best, j].",
            "zh": "length = np.sqrt(matrix.sum(axis=0))，0 换成 1；similarity = matrix.T @ matrix / np.outer(length, "
            "length)；np.fill_diagonal(similarity, 0)；kept 是同形状的全 0 数组；对每一列 j 复制最好的 k 个："
            "kept[best, j] = similarity[best, j]。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.item_neighbours:by_the_course",
    mutants=MUTANTS,
)
