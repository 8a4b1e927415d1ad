"""Exercise: recall@k of one ranking."""

from __future__ import annotations

from collections.abc import Iterator

from recsys_lessons.practice.exercise import Exercise, Subject, must_raise, must_return
from recsys_lessons.practice.exercises._rankings import ANY_ID, LARGE, TOP, TWICE

HIT: dict = {"en": "a ranking that finds everything has recall 1", "zh": "相关物品全部找到时，召回率为 1"}
NOT_K: dict = {
    "en": "the denominator is the number of relevant items, not k (that would be precision)",
    "zh": "分母是相关物品的个数，不是 k(除以 k 是精确率)",
}
ALL: dict = {
    "en": "every relevant item counts in the denominator, found or not, however small k is",
    "zh": "分母要算上全部相关物品：没找到的也算，k 再小也不变",
}
SHORT: dict = {"en": "a ranking shorter than k is allowed", "zh": "允许推荐列表比 k 短"}
EMPTY: dict = {
    "en": "with no relevant item there is nothing to find: raise ValueError (0 would blame the model)",
    "zh": "没有相关物品时召回率没有定义：抛出 ValueError(返回 0 等于怪罪模型)",
}


def check(recall: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(ranked, relevant, k):
        return len(set(ranked[:k]) & set(relevant)) / len(set(relevant))

    def ids(n: int, most: int = 8) -> list[int]:
        return rng.permutation(most)[:n].tolist()

    def falling(n: int) -> list[int]:
        return sorted(ids(n), reverse=True)  # a set of small numbers comes out rising, so a lost order shows at once

    def first_k() -> Iterator[tuple]:
        for n in (2, 3, 4, 5):
            for k in range(1, n):
                ranked = falling(n)
                yield ranked, {ranked[-1]}, k
                yield ranked, {ranked[0]}, k

    def beyond_k() -> Iterator[tuple]:
        for n in (1, 2, 3, 4):
            ranked = ids(n)
            yield ranked, {ranked[0], 8}, n
            yield ranked, {*ranked, 8, 9}, 1

    def larger() -> Iterator[tuple]:
        for n in (6, 6, 12, 12, 25, 25, 50, 50):
            ranked, relevant = ids(n, 60), set(ids(int(rng.integers(1, 20)), 60))
            yield ranked, relevant, int(rng.integers(1, n + 5))

    def letters() -> Iterator[tuple]:
        for n in (1, 2, 3, 4):
            ranked = ["abcdefgh"[at] for at in ids(n)]
            yield ranked, {ranked[-1], "z"}, n

    single = ids(1)
    repeated = (([one], [one] * times, 1) for one, times in zip(ids(3), (2, 3, 4), strict=True))
    must_return(recall, HIT, [(single, set(single), 1)], right)
    must_return(recall, NOT_K, ((ranked, {ranked[0]}, len(ranked)) for ranked in map(ids, (2, 3, 4))), right)
    must_return(recall, TOP, first_k(), right)
    must_return(recall, ALL, beyond_k(), right)
    must_return(recall, SHORT, ((ranked, set(ranked), len(ranked) + 2) for ranked in map(ids, (1, 2, 3))), right)
    must_return(recall, TWICE, repeated, right)
    must_return(recall, ANY_ID, letters(), right)
    must_raise(recall, EMPTY, [(ids(1), set(), 1)], "ValueError")
    must_return(recall, LARGE, larger(), right)


def _found(ranked, relevant, k) -> int:
    if not relevant:
        raise ValueError("relevant is empty")
    return len(set(ranked[:k]) & set(relevant))


def _by_place(ranked, relevant, k):
    relevant = set(relevant)
    return sum(ranked[place] in relevant for place in range(k)) / len(relevant)


MUTANTS = {
    "divides by k": lambda ranked, relevant, k: _found(ranked, relevant, k) / k,
    "divides by the smaller of k and the relevant": (
        lambda ranked, relevant, k: _found(ranked, relevant, k) / min(k, len(set(relevant)))
    ),
    "does not cut at k": lambda ranked, relevant, k: _found(ranked, relevant, None) / len(set(relevant)),
    "cuts at k + 1": lambda ranked, relevant, k: _found(ranked, relevant, k + 1) / len(set(relevant)),
    "loses the order in a set": lambda ranked, relevant, k: _found(list(set(ranked)), relevant, k) / len(set(relevant)),
    "counts a repeated relevant item twice": lambda ranked, relevant, k: _found(ranked, relevant, k) / len(relevant),
    "divides by the relevant items that were ranked": lambda ranked, relevant, k: (
        _found(ranked, relevant, k) / max(1, _found(ranked, relevant, None))
    ),
    "is the hit rate": lambda ranked, relevant, k: float(_found(ranked, relevant, k) > 0),
    "is a percentage": lambda ranked, relevant, k: 100.0 * _found(ranked, relevant, k) / len(set(relevant)),
    "reads k places of a shorter list": _by_place,
    "is 0 with no relevant item": lambda ranked, relevant, k: (
        _found(ranked, relevant, k) / len(set(relevant)) if relevant else 0.0
    ),
}

EXERCISE = Exercise(
    name="recall_at_k",
    lesson="00_start_here",
    title={"en": "Recall at k", "zh": "前 k 位的召回率 (recall@k)"},
    question={
        "en": "What is recall@k, how does it differ from precision@k, and what do you do with a user who has nothing "
        "to find?",
        "zh": "recall@k 怎么算？和 precision@k 有什么区别？遇到测试集中没有任何相关物品的用户怎么办？",
    },
    difficulty="easy",
    minutes=5,
    signature="def recall_at_k(ranked, relevant, k):",
    hints=(
        {
            "en": "Recall asks: of what there was to find, how much was found? So one number is counted among the "
            "first k of `ranked`, and the other knows nothing of k.",
            "zh": "召回率问的是：该找到的里面，找到了多少？所以分子只看 `ranked` 的前 k 个，分母和 k 无关。",
        },
        {
            "en": "Turn `relevant` into a set, which drops repetitions, and stop with a ValueError if it is empty. "
            "`ranked[:k]` is the first k, and is simply shorter where the list is.",
            "zh": "先把 `relevant` 变成集合(去重)，如果是空的就抛出 ValueError。"
            "`ranked[:k]` 取前 k 个，列表不够长也不会出错。",
        },
        {
            "en": "wanted = set(relevant); hits = the number of items in ranked[:k] that are in wanted; the answer is "
            "hits / len(wanted).",
            "zh": "wanted = set(relevant)；hits = ranked[:k] 中属于 wanted 的个数；答案是 hits / len(wanted)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.metrics:recall_at_k",
    mutants=MUTANTS,
)
