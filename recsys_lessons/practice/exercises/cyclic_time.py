"""Exercise: a clock's hands as features, so that 23 h stands beside 0 h."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys_lessons.practice.exercise import Exercise, Subject, must_return

KIND: dict = {
    "en": "it returns a float array (n, 2): two columns, sine and cosine, one row a value",
    "zh": "返回形状 (n, 2) 的浮点数组：每个值一行，两列依次是正弦、余弦",
}
START: dict = {"en": "0 stands at the top of the clock: sine 0, cosine 1", "zh": "0 在钟面的最上方：正弦 0，余弦 1"}
QUARTERS: dict = {
    "en": "a period is one full turn: a quarter of it is sine 1, cosine 0, a half is sine 0, cosine -1",
    "zh": "一个周期恰好转一圈：走过四分之一时正弦 1、余弦 0，走过一半时正弦 0、余弦 -1",
}
ROUND: dict = {
    "en": "after one period, not after period - 1, the hand is back at the top, so that 23 h stands beside 0 h",
    "zh": "走完 period(不是 period - 1)才回到最上方，这样 23 点才挨着 0 点",
}
PERIOD: dict = {
    "en": "the period is the one that was passed: 7 for weekdays, 24 for hours",
    "zh": "周期用传进来的那个：星期是 7，小时是 24",
}
PARTS: dict = {"en": "6.5 lies between 6 and 7: parts of a unit count", "zh": "6.5 在 6 和 7 之间：小数部分也要算"}
LARGE: dict = {"en": "it is right for many values and any period", "zh": "对更多的值、任意周期也正确"}


def check(cyclic: Subject, rng) -> None:
    """See `Exercise.check`."""

    def right(values, period):
        turn = np.exp(2j * np.pi * np.asarray(values, dtype=float) / period)
        return np.round(np.stack([turn.imag, turn.real], axis=1), 12) + 0.0  # 0 reads better than 6.1e-17

    def whole(*values: int) -> np.ndarray:
        return np.array(values)

    def quarters() -> Iterator[tuple]:
        for part in (1, 2, 3):
            yield whole(6 * part), 24

    def ends() -> Iterator[tuple]:
        for last in (24, 23):
            yield whole(last), 24

    def weekdays() -> Iterator[tuple]:
        for period in (7, 12, int(rng.integers(5, 12))):
            yield whole(int(rng.integers(1, period))), period

    def larger() -> Iterator[tuple]:
        for n, period in ((5, 24), (20, 7), (60, 365.25)):
            yield rng.uniform(-period, 2 * period, n), period

    must_return(cyclic, KIND, [(whole(0), 24), (whole(0, 0, 0), 24)], right, about_kind=True)
    must_return(cyclic, START, [(whole(0), 7)], right)
    must_return(cyclic, ROUND, ends(), right)
    must_return(cyclic, QUARTERS, quarters(), right)
    must_return(cyclic, PERIOD, weekdays(), right)
    must_return(cyclic, PARTS, [(np.array([int(rng.integers(24)) + 0.5]), 24)], right)
    must_return(cyclic, LARGE, larger(), right)


def by_the_course(values, period):
    """The same by `context.cyclic`, which keeps single precision: rounded to its digits, and from there in double."""
    from recsys_lessons.context import cyclic

    single = cyclic(values, period).double().numpy()
    sine, cosine = single[:, 0], single[:, 1]
    length = np.hypot(sine, cosine)
    return np.stack([sine / length, cosine / length], axis=1)


def _on_the_circle(angle):
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


def _turn(values, period):
    return 2 * np.pi * values / period


MUTANTS = {
    "counts period - 1 steps to the turn": lambda values, period: _on_the_circle(_turn(values, period - 1)),
    "hands degrees to the sine": lambda values, period: _on_the_circle(360 * values / period),
    "turns half a circle only": lambda values, period: _on_the_circle(np.pi * values / period),
    "forgets 2 pi": lambda values, period: _on_the_circle(values / period),
    "keeps the sine alone": lambda values, period: np.sin(_turn(values, period)),
    "keeps the sine alone, twice": lambda values, period: np.repeat(np.sin(_turn(values, period))[:, None], 2, axis=1),
    "puts the cosine first": lambda values, period: _on_the_circle(_turn(values, period))[:, ::-1],
    "returns (2, n)": lambda values, period: _on_the_circle(_turn(values, period)).T,
    "always takes 24": lambda values, period: _on_the_circle(_turn(values, 24)),
    "cuts the value to whole numbers": lambda values, period: _on_the_circle(_turn(values.astype(int), period)),
    "scales to 0..1, which is no circle": lambda values, period: np.stack(
        [values / period, 1 - values / period], axis=1
    ),
}

EXERCISE = Exercise(
    name="cyclic_time",
    lesson="04_context",
    title={"en": "Cyclic time: 23 h beside 0 h", "zh": "周期时间：让 23 点挨着 0 点"},
    question={
        "en": "Why is the hour as a number from 0 to 23 a poor feature, and what do you feed a linear model instead?",
        "zh": "为什么不能把小时直接当作 0 到 23 的数交给线性模型？应该怎样编码？",
    },
    difficulty="easy",
    minutes=5,
    signature="def cyclic_time(values, period):",
    hints=(
        {
            "en": "Think of the hand of a clock: after one period it points where it began. Which two numbers give the "
            "place of its tip?",
            "zh": "想象钟表的指针：走完一个周期又回到起点。指针尖端的位置要用哪两个数表示？",
        },
        {
            "en": "The share of the period that has passed, times a full turn of 2 pi, is the angle (np.sin takes "
            "radians). One coordinate would not do: its sine alone cannot tell 2 h from 10 h.",
            "zh": "已走过的周期比例乘以一整圈 2 pi 就是角度(np.sin 用弧度)。"
            "只留一个坐标不够：单看正弦，2 点和 10 点分不开。",
        },
        {
            "en": "angle = 2 * np.pi * values / period; the answer: np.stack([np.sin(angle), np.cos(angle)], axis=1).",
            "zh": "angle = 2 * np.pi * values / period；答案是 np.stack([np.sin(angle), np.cos(angle)], axis=1)。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.cyclic_time:by_the_course",
    mutants=MUTANTS,
)
