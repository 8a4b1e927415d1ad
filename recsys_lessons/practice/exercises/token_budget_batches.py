"""Exercise: batches that hold a fixed number of tokens instead of a fixed number of texts."""

from __future__ import annotations

from collections.abc import Iterator

from recsys_lessons.practice.compare import difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_raise
from recsys_lessons.practice.values import describe, is_a

TYPE: dict = {
    "en": "it returns a list of lists of row numbers (whole numbers)",
    "zh": "返回由列表组成的列表，里面是行号(整数)",
}
EVERY: dict = {
    "en": "it returns every row number exactly once, a row longer than the budget too",
    "zh": "每个行号恰好出现一次，比预算还长的行也不能丢",
}
EMPTY: dict = {"en": "no batch is empty", "zh": "没有空的批次"}
BUDGET: dict = {
    "en": "rows x the longest row stays within the budget: padding costs as much as text. Only a row that is longer "
    "than the budget may pass it, and travels alone",
    "zh": "行数 x 最长的一行不能超过预算：填充和正文一样占地方。只有本身就超过预算的行可以例外，它单独成一批",
}
ORDER: dict = {
    "en": "rows are taken from the longest to the shortest",
    "zh": "从最长的行到最短的行依次取",
}
TIES: dict = {
    "en": "of rows with the same length, the earlier one comes first",
    "zh": "长度相同时，行号小的在前",
}
FULL: dict = {
    "en": "a batch takes as many rows as fit; exactly the budget still fits",
    "zh": "每一批尽量装满；恰好等于预算也算装得下",
}
BELOW_1: dict = {
    "en": "a budget below 1 holds nothing: raise ValueError",
    "zh": "预算小于 1 时什么也装不下：抛出 ValueError",
}


def check(batches: Subject, rng) -> None:
    """See `Exercise.check`. One answer is right; of a wrong one, the first property that it lacks is named."""

    def of_length(n: int, most: int) -> list[int]:
        return rng.integers(1, most + 1, n).tolist()

    def cases() -> Iterator[tuple]:
        one = int(rng.integers(2, 9))
        yield [one], one + 1
        yield [one], one
        yield [one], one - 1
        yield [1, one], one + 1
        yield [one, 1], one - 1
        yield [one, one], 2 * one
        yield [one, one], 2 * one - 1
        yield [one, 1], 2 * one
        yield [1, 2], 4
        yield [1, 3, 1], 3
        yield [2, 2, 1], 5
        yield [], 4
        for n in (3, 4, 5, 6, 7):
            yield of_length(n, 5), int(rng.integers(3, 12))
        for n in (20, 60, 200):
            yield of_length(n, 40), int(rng.integers(30, 200))

    for lengths, budget in cases():
        got, right = batches(lengths, budget), _right(lengths, budget)
        if not _is_batches(got) or difference(got, right) is not None:
            rule = _broken(got, lengths, budget)
            raise Failed(rule, batches.written((lengths, budget)), describe(right), describe(got))
    must_raise(batches, BELOW_1, [([1], 0), ([2], -1)], "ValueError")


def _right(lengths: list[int], budget: int) -> list[list[int]]:
    batches: list[list[int]] = []
    longest = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batches and (len(batches[-1]) + 1) * longest <= budget:
            batches[-1].append(row)
        else:
            batches.append([row])
            longest = lengths[row]
    return batches


def _is_batches(got: object) -> bool:
    return isinstance(got, list) and all(
        isinstance(batch, list) and all(_is_whole(row) for row in batch) for batch in got
    )


def _is_whole(value: object) -> bool:
    return is_a(value, "numpy", "integer") or (isinstance(value, int) and not isinstance(value, bool))


def _broken(got: object, lengths: list[int], budget: int) -> Text:
    """The first property that a wrong answer lacks."""
    if not _is_batches(got):
        return TYPE
    rows = [row for batch in got for row in batch]
    if sorted(rows) != list(range(len(lengths))):
        return EVERY
    if not all(got):
        return EMPTY
    if any(len(batch) > 1 and len(batch) * max(lengths[row] for row in batch) > budget for batch in got):
        return BUDGET
    if any(lengths[one] < lengths[other] for one, other in zip(rows, rows[1:], strict=False)):
        return ORDER
    if rows != sorted(rows, key=lambda row: (-lengths[row], row)):
        return TIES
    return FULL


def reference(lengths: list[int], budget: int) -> list[list[int]]:
    """The package's own batches, which come one by one, as a list."""
    from recsys_lessons.encoders.base import token_budget_batches

    return list(token_budget_batches(lengths, budget))


def _by_length(lengths: list[int]) -> list[int]:
    return sorted(range(len(lengths)), key=lambda row: -lengths[row])


def _padded(group: list[int]) -> int:
    return len(group) * max(group)


def _greedy(lengths, budget, *, cost=_padded, order=_by_length, may_be_empty=False) -> list[list[int]]:
    """Batches in that order; a row that makes the batch cost more than the budget starts the next one."""
    if budget < 1:
        raise ValueError(f"budget is {budget}")
    batches, batch = [], []
    for row in order(lengths):
        if cost([lengths[one] for one in [*batch, row]]) > budget and (batch or may_be_empty):
            batches.append(batch)
            batch = []
        batch.append(row)
    return [*batches, batch] if batch else batches


def _sized(lengths, budget, size, *, order=_by_length) -> list[list[int]]:
    """Batches of as many rows as `size(the first row's length)` says."""
    rows, batches = order(lengths), []
    while rows:
        many = size(lengths[rows[0]])
        batches.append(rows[:many])
        rows = rows[many:]
    return batches if budget > 0 else _greedy(lengths, budget)


def _short_to_long(lengths):
    return _by_length(lengths)[::-1]


def _argsort_reversed(lengths):
    import numpy as np

    return np.argsort(lengths, kind="stable")[::-1].tolist()


def _in_place(lengths, budget):
    lengths.sort(reverse=True)
    return _greedy(lengths, budget)


MUTANTS = {
    "forgets padding and adds the lengths up": lambda lengths, budget: _greedy(lengths, budget, cost=sum),
    "counts rows x mean length": lambda lengths, budget: _greedy(
        lengths, budget, cost=lambda group: len(group) * (sum(group) // len(group))
    ),
    "counts rows x the shortest": lambda lengths, budget: _greedy(
        lengths, budget, cost=lambda group: len(group) * min(group)
    ),
    "takes the budget for a number of rows": lambda lengths, budget: _sized(lengths, budget, lambda first: budget),
    "rounds the number of rows up": lambda lengths, budget: _sized(lengths, budget, lambda first: -(-budget // first)),
    "has one batch size for all": lambda lengths, budget: _sized(
        lengths, budget, lambda first: max(1, budget // max(lengths))
    ),
    "keeps the order of the file": lambda lengths, budget: _greedy(
        lengths, budget, order=lambda lengths: range(len(lengths))
    ),
    "goes from short to long": lambda lengths, budget: _greedy(lengths, budget, order=_short_to_long),
    "goes from short to long, sized by the first": lambda lengths, budget: _sized(
        lengths, budget, lambda first: max(1, budget // first), order=_short_to_long
    ),
    "puts equal lengths the other way round": lambda lengths, budget: _greedy(lengths, budget, order=_argsort_reversed),
    "stays below the budget": lambda lengths, budget: _greedy(lengths, budget, cost=lambda group: _padded(group) + 1),
    "drops a row longer than the budget": lambda lengths, budget: _greedy(
        lengths, budget, order=lambda lengths: [row for row in _by_length(lengths) if lengths[row] <= budget]
    ),
    "drops the last batch": lambda lengths, budget: _greedy(lengths, budget)[:-1],
    "puts an empty batch before a row longer than the budget": lambda lengths, budget: _greedy(
        lengths, budget, may_be_empty=True
    ),
    "returns lengths": lambda lengths, budget: [[lengths[row] for row in batch] for batch in _greedy(lengths, budget)],
    "sorts the lengths in place, and so loses the row numbers": _in_place,
    "takes a budget of 0": lambda lengths, budget: _greedy(lengths, max(1, budget)),
}

EXERCISE = Exercise(
    name="token_budget_batches",
    lesson="02_text_to_vectors",
    title={"en": "Batches by a token budget", "zh": "按 token 预算分批"},
    question={
        "en": "You have a million texts of very different length to encode. How do you form the batches, and why not "
        "32 texts at a time, in the order of the file?",
        "zh": "有一百万条长短不一的文本要编码，怎样组批？为什么不按文件顺序每 32 条一批？",
    },
    difficulty="medium",
    minutes=15,
    signature="def token_budget_batches(lengths, budget):",
    hints=(
        {
            "en": "In a batch every row is padded to the longest, so the batch costs rows x longest. If the longest "
            "row comes first, you know it as soon as the batch begins.",
            "zh": "一个批次里每一行都要填充到最长的那一行，开销是 行数 x 最长。"
            "如果最长的行排在最前，一批刚开始就知道它有多长。",
        },
        {
            "en": "sorted(range(len(lengths)), key=lambda row: -lengths[row]) is the order, and keeps equal lengths in "
            "the order of their rows. budget // longest rows fit; for a row that is too long this is 0.",
            "zh": "sorted(range(len(lengths)), key=lambda row: -lengths[row]) 就是所需的顺序，长度相同的保持行号顺序。"
            "装得下的行数是 budget // longest；超长的行会得到 0。",
        },
        {
            "en": "Raise ValueError for a budget below 1. Then, from start = 0 until the order is used up: size = "
            "max(1, budget // lengths[order[start]]); append order[start : start + size]; start += size.",
            "zh": "预算小于 1 时抛出 ValueError。然后从 start = 0 开始，直到取完："
            "size = max(1, budget // lengths[order[start]])；加入 order[start : start + size]；start += size。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.token_budget_batches:reference",
    mutants=MUTANTS,
)
