"""Exercise: which items to ask a new user about, one answer after another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe, is_a

TYPE: dict = {
    "en": "it returns a list of n different column numbers (whole numbers), in the order in which they are asked",
    "zh": "返回由 n 个互不相同的列号(整数)组成的列表，按提问的先后排列",
}
FIRST: dict = {
    "en": "the first question is the item whose answers have the largest entropy: all alike tell nothing, however "
    "well known the item is",
    "zh": "第一个问题选答案的熵最大的物品：如果答案全都一样，物品再有名也问不出什么",
}
UNKNOWN: dict = {
    "en": "'?' is a third answer like the others: it is neither dropped nor a dislike, and an item that few know gets "
    "it from almost everybody",
    "zh": "'?' 是第三种答案，和另外两种一样计数：既不丢掉，也不当作不喜欢；很少有人知道的物品得到的大多是 '?'",
}
JOINT: dict = {
    "en": "the next question makes the entropy of all answers TOGETHER largest: a second item that splits people the "
    "same way adds 0 bits",
    "zh": "下一个问题要让全部答案合在一起的熵最大：如果它对人群的划分和前面的一样，就只增加 0 比特",
}
TIES: dict = {
    "en": "of equally good items the lower column is asked, and one that was asked is not asked again",
    "zh": "同样好的物品里选列号小的，已经问过的不再问",
}
LARGE: dict = {"en": "it is right on larger random answers", "zh": "在更大的随机输入上也正确"}


def check(choose: Subject, rng) -> None:
    """See `Exercise.check`. Answers are written as texts, one a person, so that a case stays short."""

    def people(*columns: str) -> list[str]:
        """Columns of answers, with the people in any order."""
        rows = ["".join(row) for row in zip(*columns, strict=True)]
        return [rows[at] for at in rng.permutation(len(rows))]

    def mixed(*columns: str) -> list[str]:
        return people(*(columns[at] for at in rng.permutation(len(columns))))

    def larger() -> Iterator[tuple]:
        for n_people, n_items, n in ((8, 4, 2), (30, 8, 3), (120, 12, 4)):
            while True:
                known = rng.uniform(0.2, 0.95, n_items)
                table = np.where(rng.random((n_people, n_items)) < known, rng.choice([*"+-"], (n_people, n_items)), "?")
                answers = ["".join(row) for row in table]
                if _is_clear(answers, n):
                    break
            yield answers, n

    _must_be_columns(choose, [(["+"], 1), (people("++", "+-"), 2), (people("+-", "+-"), 2)])
    famous = [("+++", "++-"), ("---", "--+"), ("++++", "+-??"), ("+++", "???", "+-?"), ("++++-", "++---")]
    must_return(choose, FIRST, ((mixed(*columns), 1) for columns in famous), right)
    unknown = [("+--?", "++--"), ("-++?", "++--"), ("+-" + 10 * "?", "++++++++----")]
    must_return(choose, UNKNOWN, ((mixed(*columns), 1) for columns in unknown), right)
    must_return(choose, TIES, ((people(*columns), 1) for columns in (("+-", "+-"), ("+-", "-+"))), right)
    again = [("++--", "++--", "+++-"), ("++--", "--++", "---+"), ("++--", "++--", "+-+-")]
    must_return(choose, JOINT, ((people(*columns), 2) for columns in again), right)
    ties = [("++", "+-"), ("++", "--", "+-"), ("+-", "++", "--")]
    must_return(choose, TIES, ((people(*columns), len(columns)) for columns in ties), right)
    must_return(choose, LARGE, larger(), right)


def _must_be_columns(choose: Subject, cases: list[tuple]) -> None:
    """Another kind of value, or a column twice; a wrong order is told by later rules."""
    for answers, n in cases:
        got = choose(answers, n)
        whole = isinstance(got, list) and all(is_a(one, "numpy", "integer") or type(one) is int for one in got)
        if not whole or len(got) != n or len(set(got)) != n or not set(got) <= set(range(len(answers[0]))):
            raise Failed(TYPE, choose.written((answers, n)), describe(right(answers, n)), describe(got))


def _entropy(answers: Sequence) -> float:
    """Bits; 0 for none."""
    shares = np.array(list(Counter(answers).values())) / max(1, len(answers))
    return float(-(shares * np.log2(shares)).sum())


def _joint(answers: list[str], columns: Sequence[int]) -> float:
    return _entropy([tuple(person[column] for column in columns) for person in answers])


def _greedy(answers: list[str], n: int, value: Callable, *, last: bool = False, again: bool = False) -> list[int]:
    """n times the column for which `value(answers, columns asked, column)` is largest."""
    asked: list[int] = []
    for _ in range(n):
        left = [column for column in range(len(answers[0])) if again or column not in asked]
        values = np.round([value(answers, asked, column) for column in left], 9)
        asked.append(left[len(left) - 1 - int(values[::-1].argmax()) if last else int(values.argmax())])
    return asked


def _together(answers: list[str], asked: list[int], column: int) -> float:
    return _joint(answers, [*asked, column])


def right(answers: list[str], n: int) -> list[int]:
    """Greedy, by the entropy of the joint answers in bits."""
    return _greedy(answers, n, _together)


def _is_clear(answers: list[str], n: int) -> bool:
    """No two columns are nearly as good at any step, so that rounding decides nothing."""
    asked: list[int] = []
    for best in right(answers, n):
        values = sorted(_together(answers, asked, column) for column in range(len(answers[0])) if column not in asked)
        if values[-1] - values[-2] < 1e-6:
            return False
        asked.append(best)
    return True


def reference(answers: list[str], n: int) -> list[int]:
    """The same on numbers: people who gave the same answers so far form a group, and a question splits the groups."""
    table = np.array([["?+-".index(one) for one in person] for person in answers])
    groups, asked = np.zeros(len(table), dtype=np.int64), []
    for _ in range(n):
        bits = np.full(table.shape[1], -np.inf)
        for column in set(range(table.shape[1])) - set(asked):
            shares = np.unique(3 * groups + table[:, column], return_counts=True)[1] / len(table)
            bits[column] = round(-(shares * np.log2(shares)).sum(), 9)
        asked.append(int(bits.argmax()))
        groups = np.unique(3 * groups + table[:, asked[-1]], return_inverse=True)[1].reshape(-1)
    return asked


def _known(answers: list[str], column: int) -> int:
    return sum(person[column] != "?" for person in answers)


def _among_those_who_know(answers: list[str], asked: list[int], column: int) -> float:
    return _joint([person for person in answers if person[column] != "?"], [*asked, column])


def _best_set(answers: list[str], n: int) -> list[int]:
    return list(max(combinations(range(len(answers[0])), n), key=lambda columns: round(_joint(answers, columns), 9)))


MUTANTS = {
    "asks about the best known": lambda answers, n: _greedy(
        answers, n, lambda answers, asked, column: _known(answers, column)
    ),
    "asks about the best liked": lambda answers, n: _greedy(
        answers, n, lambda answers, asked, column: sum(person[column] == "+" for person in answers)
    ),
    "looks at each question by itself": lambda answers, n: _greedy(
        answers, n, lambda answers, asked, column: _joint(answers, [column])
    ),
    "multiplies popularity by entropy, each question by itself": lambda answers, n: _greedy(
        answers, n, lambda answers, asked, column: _known(answers, column) * _joint(answers, [column])
    ),
    "leaves out those who do not know the item": lambda answers, n: _greedy(answers, n, _among_those_who_know),
    "takes '?' for a dislike": lambda answers, n: right([person.replace("?", "-") for person in answers], n),
    "counts the different answers": lambda answers, n: _greedy(
        answers,
        n,
        lambda answers, asked, column: len({tuple(person[at] for at in [*asked, column]) for person in answers}),
    ),
    "asks what tells least": lambda answers, n: _greedy(answers, n, lambda *case: -_together(*case)),
    "takes the higher column of equal ones": lambda answers, n: _greedy(answers, n, _together, last=True),
    "asks the same again": lambda answers, n: _greedy(answers, n, _together, again=True),
    "finds the best set, and loses the order": _best_set,
    "returns the entropies": lambda answers, n: [_joint(answers, right(answers, n)[: at + 1]) for at in range(n)],
    "asks the people instead": lambda answers, n: right(["".join(row) for row in zip(*answers, strict=True)], n),
}

EXERCISE = Exercise(
    name="interview_items",
    lesson="06_cold_start",
    title={"en": "Which items to ask a new user about", "zh": "向新用户问哪几个物品"},
    question={
        "en": "A new user will answer three questions of the kind 'did you like this one?'. Which items do you ask "
        "about, and why not the three best known?",
        "zh": "新用户愿意回答三个「这个你喜欢吗」的问题。你会问哪三个物品？为什么不直接问最有名的三个？",
    },
    difficulty="medium",
    minutes=20,
    signature="def interview_items(answers, n):",
    hints=(
        {
            "en": "A question is worth what it tells people apart by. Those who gave the same answers so far are one "
            "group; a good next question splits the groups, and large groups count most.",
            "zh": "一个问题的价值在于它能把人分开。到目前为止答案完全相同的人是一组；"
            "好的下一问应该把这些组再分开，人多的组最要紧。",
        },
        {
            "en": "For each column not asked yet, write down everybody's answers to all questions asked and to this "
            "one, as tuples. collections.Counter counts equal tuples; the entropy of the counts is the column's value.",
            "zh": "对每个还没问过的列，把每个人对已问问题和这一列的答案写成元组；"
            "用 collections.Counter 数相同的元组，这些计数的熵就是这一列的价值。",
        },
        {
            "en": "bits(columns): counts of tuple(person[c] for c in columns); -sum(p * log2(p)). Then n times: "
            "left = [c for c in range(len(answers[0])) if c not in asked]; asked.append(max(left, key=lambda c: "
            "bits([*asked, c]))). Python's max takes the first of equal ones.",
            "zh": "bits(columns)：对 tuple(person[c] for c in columns) 计数，返回 -sum(p * log2(p))。然后重复 n 次："
            "left = [c for c in range(len(answers[0])) if c not in asked]；"
            "asked.append(max(left, key=lambda c: bits([*asked, c])))。相等时 Python 的 max 取最先遇到的。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.interview_items:reference",
    mutants=MUTANTS,
)
