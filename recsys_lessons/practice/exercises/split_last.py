"""Exercise: hold out each user's latest interactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

MASK: dict = {
    "en": "it returns one boolean per interaction, in the order of the input: True is the test",
    "zh": "每条交互返回一个布尔值，顺序与输入相同：True 表示测试集",
}
LAST: dict = {"en": "the latest interactions are held out, not the earliest", "zh": "留出的是最晚的交互，不是最早的"}
TIME: dict = {
    "en": "timestamps decide, not the order of the rows, and the mask stays in the order of the rows",
    "zh": "由时间戳决定，不看行的先后；返回的掩码仍按行的原有顺序",
}
FLOOR: dict = {
    "en": "of n interactions floor(fraction * n) are held out, but at least 1 where n is 2 or more",
    "zh": "n 条交互留出 floor(fraction * n) 条；n 不小于 2 时至少留出 1 条",
}
ALONE: dict = {
    "en": "a user with one interaction stays in training (nothing else would be known of them)",
    "zh": "只有一条交互的用户留在训练集里(否则对他一无所知)",
}
TIES: dict = {
    "en": "equal timestamps keep the order of the rows: the later row is the later interaction, and the number held "
    "out is the same",
    "zh": "时间戳相同时按行的先后：靠后的行算更晚的交互，留出的条数不变",
}
EACH: dict = {
    "en": "every user is split by their own time, not all at one moment",
    "zh": "每个用户按自己的时间划分，而不是所有人用同一个时刻",
}
MIXED: dict = {
    "en": "the rows of a user may lie apart, and user ids are any whole numbers",
    "zh": "同一个用户的行可以不相邻，用户 id 可以是任意整数",
}
LARGE: dict = {"en": "it is right on larger random tables", "zh": "在更大的随机输入上也正确"}


def check(split: Subject, rng) -> None:
    """See `Exercise.check`. Fractions times counts stay away from whole numbers that floating point would miss."""

    def times(n: int) -> np.ndarray:
        return np.sort(rng.permutation(90)[:n] + 10)

    def rows(users: list[int], stamps, fraction: float) -> tuple:
        return np.array(users), np.asarray(stamps), fraction

    def in_order() -> Iterator[tuple]:
        for _ in range(3):
            yield rows([0, 0], times(2), 0.5)

    def out_of_order() -> Iterator[tuple]:
        yield rows([0, 0], times(2)[::-1], 0.5)
        for order in ([1, 3, 2, 0], [3, 2, 1, 0], [2, 0, 3, 1], [0, 3, 1, 2]):
            yield rows([0] * 4, times(4)[order], 0.25)

    def equal() -> Iterator[tuple]:
        early, late = times(2).tolist()
        for stamps in ([late, late], [early, late, late], [early, early, late], [late, early, late, late]):
            yield rows([0] * len(stamps), stamps, 0.4)

    def apart() -> Iterator[tuple]:
        for order in ([0, 1, 2, 3], [3, 1, 0, 2], [1, 3, 2, 0], [2, 3, 0, 1]):
            one, two = (rng.permutation(8)[:2] + 2).tolist()
            yield rows([one, two, one, two], times(4)[order], 0.5)

    def larger() -> Iterator[tuple]:
        for n in (8, 12, 30, 60):
            yield rng.integers(0, 2 + n // 6, n) * 7, rng.integers(0, n, n), float(rng.choice([0.15, 0.33, 0.45, 0.85]))

    _must_be_a_mask(split, [rows([0] * 3, times(3), 0.4)])
    must_return(split, LAST, in_order(), right)
    must_return(split, TIME, out_of_order(), right)
    counts = ((2, 0.1), (3, 0.1), (3, 0.6), (4, 0.4), (4, 0.7), (4, 0.9))
    must_return(split, FLOOR, (rows([0] * n, times(n), fraction) for n, fraction in counts), right)
    must_return(split, TIES, equal(), right)
    must_return(
        split, EACH, [rows([0, 0, 1, 1], times(4)[order], 0.5) for order in ([0, 1, 2, 3], [2, 3, 0, 1])], right
    )
    must_return(split, ALONE, (rows(users, times(len(users)), 0.5) for users in ([0], [0, 1], [0, 1, 1])), right)
    must_return(split, MIXED, apart(), right)
    must_return(split, LARGE, larger(), right)


def _must_be_a_mask(split: Subject, cases: list[tuple]) -> None:
    """Another kind of value, or True for the training; other mistakes are told by later rules."""
    for case in cases:
        got, expected = split(*case), right(*case)
        wrong = difference(got, expected)
        if wrong is not None and (wrong is not VALUES or np.array_equal(got, ~expected)):
            raise Failed(MASK, split.written(case), describe(expected), describe(got))


def _held_out(n: int, fraction: float) -> int:
    return max(1, int(np.floor(fraction * n))) if n > 1 else 0


def right(
    users,
    timestamps,
    fraction,
    *,
    count: Callable = _held_out,
    order: Callable = lambda stamps: np.argsort(stamps, kind="stable"),
):
    """A loop over the users: the last `count(n, fraction)` of the rows of each, in `order`."""
    mask = np.zeros(len(users), dtype=bool)
    for user in np.unique(users):
        own = np.flatnonzero(users == user)
        n = count(len(own), fraction)
        mask[own[order(timestamps[own])][len(own) - n :]] = True
    return mask


def by_the_course(users, timestamps, fraction):
    """The same by `recsys_lessons.split_last`, which takes and gives a Dataset."""
    import pandas as pd

    from recsys_lessons.data.dataset import Dataset
    from recsys_lessons.data.splits import split_last

    table = pd.DataFrame({"user_id": users, "item_id": np.arange(len(users)), "timestamp": timestamps})
    if not table["user_id"].duplicated().any():
        return np.zeros(len(users), dtype=bool)  # it refuses to make an empty test
    items = pd.DataFrame({"item_id": table["item_id"], "title": ""})
    dataset = Dataset(items, table[["user_id"]].drop_duplicates(), table)
    test = split_last(dataset, fraction, min_interactions=2)[1]
    return table["item_id"].isin(test.interactions["item_id"]).to_numpy()


def _one_moment(users, timestamps, fraction):
    order = np.argsort(timestamps, kind="stable")
    mask = np.zeros(len(users), dtype=bool)
    mask[order[len(order) - _held_out(len(order), fraction) :]] = True
    return mask


def _sorted_and_left_so(users, timestamps, fraction):
    order = np.lexsort((timestamps, users))
    return right(users[order], timestamps[order], fraction)


def _neighbouring_rows(users, timestamps, fraction):
    mask = np.zeros(len(users), dtype=bool)
    starts = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
    for start, stop in zip(starts, [*starts[1:], len(users)], strict=True):
        mask[start:stop] = right(users[start:stop], timestamps[start:stop], fraction)
    return mask


def _counts_users_from_zero(users, timestamps, fraction):
    mask = np.zeros(len(users), dtype=bool)
    for user in range(len(np.unique(users))):
        own = users == user
        mask[own] = right(users[own], timestamps[own], fraction)
    return mask


def _from_a_moment_on(users, timestamps, fraction):
    mask = np.zeros(len(users), dtype=bool)
    for user in np.unique(users):
        own = np.flatnonzero(users == user)
        n = _held_out(len(own), fraction)
        mask[own] = timestamps[own] >= np.sort(timestamps[own])[-n] if n else False
    return mask


def _sorts_in_place(users, timestamps, fraction):
    mask = right(users, timestamps, fraction)
    timestamps.sort()
    return mask


MUTANTS = {
    "draws at random": lambda users, timestamps, fraction: right(
        users, np.random.default_rng(1).permutation(len(users)), fraction
    ),
    "cuts everybody at one moment": _one_moment,
    "sorts, and forgets to go back": _sorted_and_left_so,
    "takes the rows as they come": lambda users, timestamps, fraction: right(users, np.arange(len(users)), fraction),
    "holds out the earliest": lambda users, timestamps, fraction: right(users, -timestamps, fraction),
    "rounds up": lambda users, timestamps, fraction: right(
        users, timestamps, fraction, count=lambda n, share: int(np.ceil(share * n)) if n > 1 else 0
    ),
    "rounds to the nearest": lambda users, timestamps, fraction: right(
        users, timestamps, fraction, count=lambda n, share: max(1, round(share * n)) if n > 1 else 0
    ),
    "holds out nothing of short histories": lambda users, timestamps, fraction: right(
        users, timestamps, fraction, count=lambda n, share: int(share * n)
    ),
    "holds out the only interaction": lambda users, timestamps, fraction: right(
        users, timestamps, fraction, count=lambda n, share: max(1, int(share * n))
    ),
    "holds out one of each user": lambda users, timestamps, fraction: right(
        users, timestamps, fraction, count=lambda n, share: int(n > 1)
    ),
    "turns equal timestamps round": lambda users, timestamps, fraction: right(
        users, timestamps, fraction, order=lambda stamps: np.argsort(-stamps, kind="stable")[::-1]
    ),
    "holds out everything from a moment on": _from_a_moment_on,
    "expects a user's rows side by side": _neighbouring_rows,
    "expects user ids 0, 1, 2, ...": _counts_users_from_zero,
    "returns the training mask": lambda users, timestamps, fraction: ~right(users, timestamps, fraction),
    "returns row numbers": lambda users, timestamps, fraction: np.flatnonzero(right(users, timestamps, fraction)),
    "sorts the timestamps in place": _sorts_in_place,
}

EXERCISE = Exercise(
    name="split_last",
    lesson="01_classical",
    title={"en": "A split that does not leak: each user's last", "zh": "不泄漏的划分：留出每个用户最后的交互"},
    question={
        "en": "You have a log of interactions. How do you split it into training and test, and what leaks if you draw "
        "rows at random?",
        "zh": "有一份交互日志，你怎样划分训练集和测试集？随机抽行会泄漏什么？",
    },
    difficulty="medium",
    minutes=25,
    signature="def split_last(users, timestamps, fraction):",
    hints=(
        {
            "en": "Make a mask of False, and go through the users. For each: which rows are theirs, in what order of "
            "time, and how many of the last ones go to the test?",
            "zh": "先建一个全为 False 的掩码，再逐个用户处理：哪些行是他的，按时间怎么排，最后几行进测试集？",
        },
        {
            "en": "`own = np.flatnonzero(users == user)` are the rows of a user. `np.argsort(timestamps[own], "
            'kind="stable")` puts them in time and keeps equal timestamps as they come. Both are positions: '
            "`own[order]` leads back to rows of the input.",
            "zh": "`own = np.flatnonzero(users == user)` 是这个用户的行号；"
            '`np.argsort(timestamps[own], kind="stable")` 按时间排列，时间戳相同的保持原有先后。'
            "两者都是位置，`own[order]` 才是输入里的行号。",
        },
        {
            "en": "For each user in np.unique(users): n = len(own); skip n = 1; held = max(1, int(fraction * n)); "
            "mask[own[order][n - held:]] = True.",
            "zh": "对 np.unique(users) 中的每个用户：n = len(own)；n 为 1 就跳过；held = max(1, int(fraction * n))；"
            "mask[own[order][n - held:]] = True。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.split_last:by_the_course",
    mutants=MUTANTS,
)
