"""Exercise: how much each event of a history still counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_raise, must_return
from recsys_lessons.practice.values import describe

DAY = 86_400

KIND: dict = {
    "en": "it returns a float array (n,), as many weights as events; an empty history gives an empty array",
    "zh": "返回形状 (n,) 的浮点数组，每个事件一个权重；历史为空时返回空数组",
}
SUM: dict = {"en": "the weights of a history add up to 1", "zh": "一段历史的权重之和为 1"}
HALF: dict = {
    "en": "an event that is older by one half-life weighs half as much: the base is 2, and older means lighter",
    "zh": "早一个半衰期的事件，权重减半：底数是 2，越早越轻",
}
UNITS: dict = {
    "en": "timestamps are seconds and the half-life is in days (86400 s)",
    "zh": "时间戳以秒为单位，半衰期以天为单位(一天 86400 秒)",
}
TIME: dict = {
    "en": "the age is a time, now - timestamp, not a place in the list; equal timestamps weigh the same",
    "zh": "年龄是时间 now - timestamp，不是在列表中的位置；时间戳相同则权重相同",
}
ORDER: dict = {
    "en": "timestamps come in any order, and weights stand where their events do",
    "zh": "时间戳可以是任意顺序，权重与事件的位置一一对应",
}
OLD: dict = {
    "en": "a history that ended long ago has weights too: subtract the smallest age before 2 ** (-age) underflows to 0",
    "zh": "很久以前的历史也有权重：先减去最小的年龄，否则 2 ** (-age) 会下溢为 0",
}
FUTURE: dict = {
    "en": "an event after `now` is a leak: raise ValueError. An event at `now` itself is allowed",
    "zh": "晚于 `now` 的事件意味着泄漏：抛出 ValueError。恰好在 `now` 的事件是允许的",
}
LARGE: dict = {"en": "it is right on longer random histories", "zh": "在更长的随机历史上也正确"}


def check(weigh: Subject, rng) -> None:
    """See `Exercise.check`. Small cases lie a few days before `now`, so that weights can be followed by hand."""

    def days(*ages: float, now: int | None = None, half_life: float = 1.0) -> tuple:
        now = int(rng.integers(20, 90)) * DAY if now is None else now
        return np.array([now - int(age * DAY) for age in ages], dtype=np.int64), now, half_life

    def half_lives() -> Iterator[tuple]:
        for n, half_life in ((1, 1.0), (2, 1.0), (3, 1.0), (4, 2.0), (3, 0.5)):
            start = int(rng.integers(0, 4))
            yield days(start + n, start, half_life=half_life)

    def uneven() -> Iterator[tuple]:
        yield days(1, 1)
        yield days(4, 0)
        yield days(2, 1, 1)
        yield days(*np.sort(rng.permutation(9)[:3])[::-1].tolist(), half_life=float(rng.integers(2, 5)))

    def larger() -> Iterator[tuple]:
        for n in (5, 20, 100):
            now = int(rng.integers(10**8, 10**9))
            yield now - rng.integers(0, 400 * DAY, n), now, float(rng.uniform(0.5, 60.0))

    def late() -> Iterator[tuple]:
        yield np.array([3]), 2, 1.0
        yield days(2, -1)
        yield days(-1, 3, 0)

    one_second = [(np.array([0, 1]), 1, 1 / DAY), (np.array([2, 5]), 6, 1 / DAY)]
    must_return(weigh, KIND, [(np.array([], dtype=np.int64), 9, 1.0)], right, about_kind=True)
    _must_add_up(weigh, [days(2), days(3, 2)])
    must_raise(weigh, FUTURE, late(), "ValueError")
    must_return(weigh, FUTURE, [days(0)], right)
    _must_not_take_days_for_seconds(weigh, [days(1, 0), days(3, 1, half_life=2.0)])
    must_return(weigh, TIME, [days(1, 1), days(2, 2, 2)], right)
    must_return(weigh, HALF, half_lives(), right)
    must_return(weigh, TIME, uneven(), right)
    must_return(weigh, UNITS, one_second, right)
    must_return(weigh, ORDER, [days(0, 1), days(1, 3, 0), days(2, 0, 5)], right)
    long_ago = int(rng.integers(2, 9)) * 1000
    must_return(weigh, OLD, [days(long_ago, now=9000 * DAY), days(long_ago + 1, long_ago, now=9001 * DAY)], right)
    must_return(weigh, LARGE, larger(), right)


def _must_add_up(weigh: Subject, cases: list[tuple]) -> None:
    """The sum alone; which event weighs how much is told by later rules."""
    for case in cases:
        got, expected = weigh(*case), right(*case)
        if difference(got, expected) is VALUES and not np.isclose(got.sum(), 1.0):
            raise Failed(SUM, weigh.written(case), describe(expected), describe(got))


def _must_not_take_days_for_seconds(weigh: Subject, cases: list[tuple]) -> None:
    for timestamps, now, half_life in cases:
        case = (timestamps, now, half_life)
        got, expected, seconds = weigh(*case), right(*case), right(timestamps, now, half_life / DAY)
        if difference(got, expected) is VALUES and difference(got, seconds) is None:
            raise Failed(UNITS, weigh.written(case), describe(expected), describe(got))


def right(timestamps, now, half_life):
    """One event at a time, against the youngest."""
    halves = [int(moment) / (half_life * DAY) for moment in timestamps]
    weights = [2.0 ** (one - max(halves)) for one in halves]
    return np.array(weights, dtype=float) / max(sum(weights), 1.0)


def _weights(
    timestamps,
    now,
    half_life,
    *,
    age: Callable = lambda timestamps, now: (now - timestamps) / DAY,
    decay: Callable = lambda halves: np.exp2(-halves),
    start: Callable = np.min,
    total: Callable = np.sum,
    refuses: bool = True,
):
    """The weights, but for what a mutant changes."""
    if len(timestamps) == 0:
        return np.zeros(0)
    if refuses and (timestamps > now).any():
        raise ValueError(f"an event at {timestamps.max()} is after now, {now}.")
    halves = age(timestamps, now) / half_life
    with np.errstate(invalid="ignore", over="ignore"):
        weights = decay(halves - start(halves))
        return weights / total(weights)


def by_the_course(timestamps, now, half_life):
    """The same by the weights of `RecencySVD`, which are not normalised: a ranking has no need of it."""
    from recsys_lessons.recommenders import recency

    if (timestamps > now).any():
        raise ValueError(f"an event at {timestamps.max()} is after now, {now}.")
    ages = (timestamps.max(initial=0) - timestamps) / DAY
    weights = recency.recency_weights(ages, half_life)
    return weights / max(weights.sum(), 1.0)


def _with(**changed) -> Callable:
    return lambda *arguments: _weights(*arguments, **changed)


def _from_the_end(timestamps, now):
    return np.arange(len(timestamps), dtype=float)[::-1]


def _in_place(timestamps, now, half_life):
    result = _weights(timestamps, now, half_life)
    timestamps -= now
    return result


MUTANTS = {
    "takes e for 2": _with(decay=lambda halves: np.exp(-halves)),
    "halves twice in a half-life": _with(decay=lambda halves: np.exp2(-2.0 * halves)),
    "takes the age by position": _with(age=_from_the_end),
    "takes the age by rank in time": _with(
        age=lambda timestamps, now: np.argsort(np.argsort(-timestamps, kind="stable")).astype(float)
    ),
    "turns the sign round": _with(decay=lambda halves: np.exp2(halves)),
    "does not normalise": _with(start=lambda halves: 0.0, total=lambda weights: 1.0),
    "divides by the largest": _with(total=np.max),
    "takes the half-life for seconds": _with(age=lambda timestamps, now: (now - timestamps).astype(float)),
    "counts whole days": _with(age=lambda timestamps, now: (now - timestamps) // DAY),
    "decays like 1 / (1 + age)": _with(decay=lambda halves: 1.0 / (1.0 + halves), start=lambda halves: 0.0),
    "sorts by time, and loses the order": lambda timestamps, *others: _weights(np.sort(timestamps), *others),
    "is NaN for a history of long ago": _with(start=lambda halves: 0.0),
    "lets the future count": _with(refuses=False),
    "refuses what happens now": lambda timestamps, now, half_life: _weights(timestamps, now - 1, half_life),
    "drops the future in silence": lambda timestamps, now, half_life: _weights(
        timestamps[timestamps <= now], now, half_life
    ),
    "changes the timestamps in place": _in_place,
}

EXERCISE = Exercise(
    name="recency_weights",
    lesson="07_drift",
    title={"en": "Weights that halve with age", "zh": "随时间减半的权重"},
    question={
        "en": "A user's interests move. How do you let recent events count more, what does a half-life mean, and how "
        "do you choose it without looking into the future?",
        "zh": "用户的兴趣会变。怎样让近期的行为更重要？半衰期是什么意思？怎样在不偷看未来的前提下选定它？",
    },
    difficulty="easy",
    minutes=10,
    signature="def recency_weights(timestamps, now, half_life):",
    hints=(
        {
            "en": "Age first, in days: how long before `now` was it? One half-life of age divides the weight by 2, two "
            "by 4. What must be true of every timestamp before you begin?",
            "zh": "先算年龄，以天为单位：距离 `now` 有多久？每过一个半衰期权重除以 2，两个就除以 4。"
            "动手之前，所有时间戳应该满足什么条件？",
        },
        {
            "en": "ages = (now - timestamps) / 86400, in units of the half-life; weights 2 ** (-ages), over their sum. "
            "2 ** (-2000) is 0 in floating point, and 0 / 0 is NaN: which common factor cancels in the sum anyhow?",
            "zh": "ages = (now - timestamps) / 86400，再除以半衰期；权重是 2 ** (-ages)，除以它们的和。"
            "浮点数里 2 ** (-2000) 等于 0，而 0 / 0 是 NaN：有哪个公共因子在归一化时本来就会消掉？",
        },
        {
            "en": "Return np.zeros(0) for an empty history; raise ValueError if (timestamps > now).any(); "
            "halves = (now - timestamps) / 86400 / half_life; weights = 2.0 ** -(halves - halves.min()); "
            "return weights / weights.sum().",
            "zh": "历史为空时返回 np.zeros(0)；(timestamps > now).any() 时抛出 ValueError；"
            "halves = (now - timestamps) / 86400 / half_life；weights = 2.0 ** -(halves - halves.min())；"
            "返回 weights / weights.sum()。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.recency_weights:by_the_course",
    mutants=MUTANTS,
)
