"""Exercise: NDCG@k of one ranking, with gains of 0 and 1."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

from recsys_lessons.practice.exercise import Exercise, Subject, must_raise, must_return
from recsys_lessons.practice.exercises._rankings import ANY_ID, LARGE, TOP, TWICE

BEST: dict = {"en": "the best possible order has NDCG 1", "zh": "理想排序的 NDCG 为 1"}
SHARE: dict = {
    "en": "the ideal order has min(k, number of relevant items) hits: it may fill all places, and never more than k",
    "zh": "理想排序有 min(k, 相关物品个数) 个命中：可以填满所有位置，但不会超过 k 个",
}
PLACE: dict = {
    "en": "a hit at place r = 1, 2, ... counts 1 / log2(r + 1); misses before it take up places too",
    "zh": "第 r 位(从 1 数起)的命中计 1 / log2(r + 1)；前面没命中的也占位置",
}
MISSED: dict = {
    "en": "the ideal order knows every relevant item, found or not, ranked or not",
    "zh": "理想排序知道全部相关物品：没找到的也算，根本没进列表的也算",
}
SHORT: dict = {
    "en": "a ranking shorter than k is allowed, and the ideal order is not shortened with it",
    "zh": "允许推荐列表比 k 短，理想排序不随它变短",
}
EMPTY: dict = {
    "en": "with no relevant item there is no ideal order: raise ValueError (0 would blame the model)",
    "zh": "没有相关物品就没有理想排序：抛出 ValueError(返回 0 等于怪罪模型)",
}


def check(ndcg: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(ranked, relevant, k):
        wanted = set(relevant)
        return _gain(ranked[:k], wanted) / _ideal(min(k, len(wanted)))

    def ids(n: int, most: int = 8) -> list[int]:
        return rng.permutation(most)[:n].tolist()

    def rising(n: int) -> list[int]:
        return sorted(ids(n))

    def falling(n: int) -> list[int]:
        return sorted(ids(n), reverse=True)  # a set of small numbers comes out rising, so a lost order shows at once

    def one_hit() -> Iterator[tuple]:
        for n in (2, 3, 4):
            ranked = falling(n)
            for item in ranked[1:]:
                yield ranked, {item}, n

    def two_hits() -> Iterator[tuple]:
        for n in (3, 4, 5):
            ranked = falling(n)
            yield ranked, {ranked[1], ranked[2]}, n
            yield ranked, {ranked[0], ranked[-1]}, n

    def beyond_k() -> Iterator[tuple]:
        for n in (2, 3, 4):
            ranked = falling(n)
            for k in range(1, n):
                yield ranked, {ranked[k]}, k
                yield ranked, {ranked[0]}, k

    def missed() -> Iterator[tuple]:
        for n in (2, 3, 4):
            ranked = ids(n)
            yield ranked, {ranked[0], 8}, n
            yield ranked, {ranked[1], 8, 9}, n

    def larger() -> Iterator[tuple]:
        for n in (6, 6, 12, 12, 25, 25, 50, 50):
            ranked, relevant = ids(n, 60), set(ids(int(rng.integers(1, 20)), 60))
            yield ranked, relevant, int(rng.integers(1, n + 5))

    def letters() -> Iterator[tuple]:
        for n in (1, 2, 3, 4):
            ranked = ["abcdefgh"[at] for at in ids(n)]
            yield ranked, {ranked[-1], "z"}, n

    single = ids(1)
    repeated = ((ranked, [ranked[0]] * 2, 2) for ranked in (ids(2), ids(2), ids(3)))
    must_return(ndcg, BEST, [(single, set(single), 1)], right)
    must_return(ndcg, SHARE, ((ranked, {ranked[0]}, len(ranked)) for ranked in map(rising, (2, 3))), right)
    must_return(ndcg, TOP, beyond_k(), right)
    must_return(ndcg, SHARE, ((ranked, set(ranked), 1) for ranked in map(ids, (2, 3))), right)
    must_return(ndcg, SHARE, ((ranked, set(ranked), len(ranked)) for ranked in map(ids, (2, 3))), right)
    must_return(ndcg, PLACE, one_hit(), right)
    must_return(ndcg, PLACE, two_hits(), right)
    must_return(ndcg, MISSED, missed(), right)
    must_return(ndcg, SHORT, ((ranked, {*ranked, 8}, len(ranked) + 1) for ranked in map(ids, (1, 2, 3))), right)
    must_return(ndcg, TWICE, repeated, right)
    must_return(ndcg, ANY_ID, letters(), right)
    must_raise(ndcg, EMPTY, [(ids(1), set(), 1)], "ValueError")
    must_return(ndcg, LARGE, larger(), right)


def _ideal(n: int) -> float:
    return sum(1 / log2(place + 1) for place in range(1, n + 1))


def _gain(ranked, wanted, discount=lambda place: 1 / log2(place + 1)) -> float:
    if not wanted:
        raise ValueError("relevant is empty")
    return sum(discount(place) for place, item in enumerate(ranked, start=1) if item in wanted)


def _ndcg(ranked, relevant, k, *, ideal=None, **how):
    wanted = set(relevant)
    return _gain(ranked[:k], wanted, **how) / _ideal(min(k, len(wanted)) if ideal is None else ideal)


def _found(ranked, relevant, k) -> int:
    return len(set(ranked[:k]) & set(relevant))


def _undiscounted(ranked, relevant, k):
    return _gain(ranked[:k], set(relevant), lambda place: 1.0) / min(k, len(set(relevant)))


def _older_discount(place: int) -> float:
    return 1 / max(1.0, log2(place))


def _reciprocal(ranked, relevant, k):
    best = sum(1 / place for place in range(1, min(k, len(set(relevant))) + 1))
    return _gain(ranked[:k], set(relevant), lambda place: 1 / place) / best


def _older(ranked, relevant, k):
    best = sum(_older_discount(place) for place in range(1, min(k, len(set(relevant))) + 1))
    return _gain(ranked[:k], set(relevant), _older_discount) / best


def _by_place(ranked, relevant, k):
    wanted = set(relevant)
    _gain(ranked, wanted)
    found = sum(1 / log2(place + 2) for place in range(k) if ranked[place] in wanted)
    return found / _ideal(min(k, len(wanted)))


MUTANTS = {
    "always expects k hits of the ideal order": lambda ranked, relevant, k: _ndcg(ranked, relevant, k, ideal=k),
    "does not cut the ideal order at k": lambda ranked, relevant, k: _ndcg(
        ranked, relevant, k, ideal=len(set(relevant))
    ),
    "takes the ideal order of the hits it found": lambda ranked, relevant, k: _ndcg(
        ranked, relevant, k, ideal=max(1, _found(ranked, relevant, k))
    ),
    "takes the ideal order of the ranked items": lambda ranked, relevant, k: _ndcg(
        ranked, relevant, k, ideal=min(k, max(1, _found(ranked, relevant, None)))
    ),
    "shortens the ideal order with the ranking": lambda ranked, relevant, k: _ndcg(
        ranked, relevant, k, ideal=min(k, len(ranked), len(set(relevant)))
    ),
    "divides by one, so that it is DCG": lambda ranked, relevant, k: _ndcg(ranked, relevant, k, ideal=1),
    "does not discount": _undiscounted,
    "discounts by log2(place), the second place not at all": _older,
    "discounts by 1 / place": _reciprocal,
    "discounts by the number of the hit": lambda ranked, relevant, k: (
        _gain([item for item in ranked[:k] if item in set(relevant)], set(relevant))
        / _ideal(min(k, len(set(relevant))))
    ),
    "ignores k": lambda ranked, relevant, k: _ndcg(ranked, relevant, len(ranked)),
    "cuts the list at k + 1": lambda ranked, relevant, k: (
        _gain(ranked[: k + 1], set(relevant)) / _ideal(min(k, len(set(relevant))))
    ),
    "loses the order in a set": lambda ranked, relevant, k: _ndcg(sorted(ranked), relevant, k),
    "counts a repeated relevant item twice": lambda ranked, relevant, k: (
        _gain(ranked[:k], set(relevant)) / _ideal(min(k, len(relevant)))
    ),
    "reads k places of a shorter list": _by_place,
    "is 0 with no relevant item": lambda ranked, relevant, k: _ndcg(ranked, relevant, k) if relevant else 0.0,
}

EXERCISE = Exercise(
    name="ndcg_at_k",
    lesson="01_classical",
    title={"en": "NDCG at k", "zh": "前 k 位的 NDCG (NDCG@k)"},
    question={
        "en": "What does NDCG@k measure that recall@k does not, and what is the ideal order of somebody with fewer "
        "than k relevant items?",
        "zh": "NDCG@k 比 recall@k 多衡量了什么？一个用户的相关物品不足 k 个时，理想排序是什么样的？",
    },
    difficulty="easy",
    minutes=20,
    signature="def ndcg_at_k(ranked, relevant, k):",
    hints=(
        {
            "en": "Two sums of the same kind: what this list earns, and what the best list of k places would earn. "
            "Each hit earns 1 / log2(place + 1), places counted from 1.",
            "zh": "两个同样形式的和：这个列表得了多少分，以及长度为 k 的最好列表能得多少分。"
            "每个命中得 1 / log2(位置 + 1)，位置从 1 数起。",
        },
        {
            "en": "The best list has its hits at places 1, 2, ..., as many as fit: min(k, len(set(relevant))). It does "
            "not depend on `ranked`. `enumerate(ranked[:k], start=1)` counts places from 1.",
            "zh": "最好的列表把命中放在第 1、2、... 位，能放几个放几个：min(k, len(set(relevant)))，与 `ranked` 无关。"
            "`enumerate(ranked[:k], start=1)` 从 1 开始数位置。",
        },
        {
            "en": "wanted = set(relevant), ValueError if empty; gain = the sum of 1 / log2(place + 1) over the places "
            "of ranked[:k] that hold a wanted item; ideal = the same sum over places 1 to min(k, len(wanted)); the "
            "answer is gain / ideal.",
            "zh": "wanted = set(relevant)，为空则抛出 ValueError；gain = 对 ranked[:k] 中属于 wanted 的位置求和 "
            "1 / log2(place + 1)；ideal = 对位置 1 到 min(k, len(wanted)) 求同样的和；答案是 gain / ideal。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.metrics:ndcg_at_k",
    mutants=MUTANTS,
)
