"""Exercise: test, then train, through time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from recsys_lessons.practice.compare import VALUES, difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, must_return
from recsys_lessons.practice.values import describe

KIND: dict = {
    "en": "it returns a dict from period, time // every, to a share of hits, a float; a period without events is "
    "not in it",
    "zh": "返回字典：键是时段 time // every，值是命中比例(浮点数)；没有事件的时段不出现",
}
BEFORE: dict = {
    "en": "an event is predicted before the model is updated by it: the very first one is always missed",
    "zh": "先预测，再用这个事件更新模型：最早的那个事件一定猜不中",
}
TIES: dict = {
    "en": "events with one timestamp belong together: all are predicted before any of them is learned",
    "zh": "时间戳相同的事件属于同一批：全部预测完，才能用其中任何一个更新",
}
LATER: dict = {
    "en": "events with one timestamp are learned in the order of the rows",
    "zh": "时间戳相同的事件按行的先后用于更新",
}
LEARNS: dict = {
    "en": "after each moment the model is updated, in the middle of a period too",
    "zh": "每个时刻过后都要更新模型，在时段中间也一样",
}
CARRIED: dict = {
    "en": "one model walks through all periods; what it has learned is carried over",
    "zh": "从头到尾是同一个模型，学到的东西带到后面的时段",
}
MISS: dict = {
    "en": "an event for which nothing can be predicted is a miss, and counts like the others",
    "zh": "预测不出任何东西的事件算没猜中，和其他事件一样计入",
}
ORDER: dict = {
    "en": "time decides what comes first, not the order of the rows",
    "zh": "先后由时间决定，不看行的顺序",
}
EACH: dict = {
    "en": "a period's value is the mean over its own events, all of them: neither over all time nor over users",
    "zh": "每个时段的值是该时段自己全部事件的平均：不是全部时间的平均，也不先按用户平均",
}
LARGE: dict = {"en": "it is right on longer random logs", "zh": "在更长的随机日志上也正确"}


class RepeatOrPopular:
    """A model in two calls. It says that somebody takes their last item again; to a stranger, the most frequent one."""

    def __init__(self):
        self.last, self.counts = {}, {}

    def predict(self, user):
        """An item, or None while nothing is known. Of equally frequent items, the first in order."""
        if user in self.last:
            return self.last[user]
        return max(sorted(self.counts), key=self.counts.get, default=None)

    def update(self, user, item):
        """Learn one event."""
        self.last[user] = item
        self.counts[item] = self.counts.get(item, 0) + 1


def check(loop: Subject, rng) -> None:
    """See `Exercise.check`. Users and items are letters, so that the times are the only numbers."""

    def log(who: str, what: str, times: list[int], every: int = 10) -> tuple:
        """People are named anew each time; items too, in their order, which decides ties."""
        people = dict(zip("abcd", rng.permutation([*"abcd"]).tolist(), strict=True))
        films = dict(zip("xyz", sorted(rng.permutation([*"pqrstu"])[:3].tolist()), strict=True))
        return [people[one] for one in who], [films[one] for one in what], times, every

    def moments(n: int, period: int = 0) -> list[int]:
        return [10 * period + one for one in sorted(rng.permutation(9)[:n].tolist())]

    def larger() -> Iterator[tuple]:
        for n in (6, 12, 40, 120):
            who, what = ("".join(rng.choice([*letters], n)) for letters in ("abcd", "xxyz"))
            yield log(who, what, rng.integers(0, n // 2, n).tolist(), int(rng.integers(2, 9)))

    once, first, second = moments(1), moments(1), moments(1, 1)
    early, late = moments(2)
    one, two = moments(2, 1)
    three = [log("aaa", "xyx", [early, late + 1, late]), log("aab", "xyx", [late, early, late])]
    ends = [log("aa", "xx", [*first, *second]), log("ab", "xx", [*first, *second])]
    _must_be_periods(loop, [log("a", "x", first), log("a", "x", second), log("ab", "xy", [*first, *second])])
    must_return(loop, BEFORE, [log("a", "x", moments(1)), log("ab", "xy", moments(2))], right)
    must_return(loop, TIES, [log("ab", "xx", once * 2), log("aa", "xx", once * 2)], right)
    _must_be_of_the_period(loop, ends)
    must_return(loop, CARRIED, ends, right)
    must_return(loop, LEARNS, [log("aa", "xx", moments(2)), log("ab", "xx", moments(2))], right)
    same = [log("aaa", items, [early, early, late]) for items in ("xyy", "yxx")]
    must_return(loop, LATER, same, right)
    must_return(loop, ORDER, three, right)
    must_return(loop, EACH, [log("aaab", "xxxy", [*first, one, two, two])], right)
    must_return(loop, LARGE, larger(), right)


def _must_be_periods(loop: Subject, cases: list[tuple]) -> None:
    """The kind of answer, and its keys; the values are told by later rules."""
    for case in cases:
        got, expected = loop(*case), right(*case)
        wrong = difference(got, expected)
        shares = isinstance(got, dict) and set(got) == set(expected)
        if not shares or wrong not in (None, VALUES):
            rule = MISS if isinstance(got, dict) and set(got) < set(expected) else KIND
            raise Failed(rule, loop.written(case), describe(expected), describe(got))


def _must_be_of_the_period(loop: Subject, cases: list[tuple]) -> None:
    """A mean over all time, or over the time so far, is told apart from a model that learned too little."""
    for case in cases:
        got, expected = loop(*case), right(*case)
        if difference(got, expected) is VALUES and any(
            difference(got, one(*case)) is None for one in (_overall, _so_far)
        ):
            raise Failed(EACH, loop.written(case), describe(expected), describe(got))


def _hits(users, items, times) -> list[bool]:
    """For each row, what the model would have said, from what lies before its moment and nothing else."""
    hits = []
    for user, item, time in zip(users, items, times, strict=True):
        past = sorted((row for row in range(len(times)) if times[row] < time), key=lambda row: times[row])
        own = [items[row] for row in past if users[row] == user]
        counts = Counter(items[row] for row in past)
        likely = own[-1] if own else min(counts, key=lambda one: (-counts[one], one), default=None)
        hits.append(likely == item)
    return hits


def right(users, items, times, every):
    """Every event by itself."""
    found = defaultdict(list)
    for hit, time in zip(_hits(users, items, times), times, strict=True):
        found[time // every].append(hit)
    return {period: sum(hits) / len(hits) for period, hits in found.items()}


def _overall(users, items, times, every):
    hits = _hits(users, items, times)
    return {time // every: sum(hits) / len(hits) for time in times}


def _so_far(users, items, times, every):
    found = list(zip(times, _hits(users, items, times), strict=True))
    ends = {time // every: [hit for other, hit in found if other // every <= time // every] for time in times}
    return {period: sum(hits) / len(hits) for period, hits in ends.items()}


def _by_moment(times) -> list[list[int]]:
    return [[row for row, time in enumerate(times) if time == moment] for moment in sorted(set(times))]


def _loop(
    users,
    items,
    times,
    every,
    *,
    batches: Callable = lambda users, items, times, every: _by_moment(times),
    learns: Callable = list,
    learns_first: bool = False,
    starts_again: bool = False,
    by: Callable = lambda users, row: row,
    misses: bool = True,
    period: Callable = lambda time, times, every: time // every,
):
    """Test, then train, but for what a mutant changes."""
    model, found, before = RepeatOrPopular(), defaultdict(lambda: defaultdict(list)), None
    for batch in batches(users, items, times, every):
        now = period(times[batch[0]], times, every)
        if starts_again and now != before:
            model, before = RepeatOrPopular(), now
        for row in learns(batch) if learns_first else ():
            model.update(users[row], items[row])
        for row in batch:
            said = model.predict(users[row])
            if said is not None or misses:
                found[period(times[row], times, every)][by(users, row)].append(said == items[row])
        for row in () if learns_first else learns(batch):
            model.update(users[row], items[row])
    means = {one: [sum(hits) / len(hits) for hits in groups.values()] for one, groups in found.items()}
    return {one: sum(values) / len(values) for one, values in means.items()}


def reference(users, items, times, every):
    """The same by one model that walks through the moments."""
    return _loop(users, items, times, every)


def _with(**changed) -> Callable:
    return lambda *arguments: _loop(*arguments, **changed)


def _one_by_one(key: Callable) -> Callable:
    return lambda users, items, times, every: [[row] for row in sorted(range(len(times)), key=key(users, items, times))]


def _in_rows(users, items, times, every):
    """Rows as they come; those with one timestamp together, at the place of the first."""
    return [[row for row, other in enumerate(times) if other == time] for time in dict.fromkeys(times)]


def _period_at_once(users, items, times, every):
    in_time = [row for batch in _by_moment(times) for row in batch]
    periods = dict.fromkeys(times[row] // every for row in in_time)
    return [[row for row in in_time if times[row] // every == one] for one in periods]


def _own_moments(users, items, times, every):
    """Events of one moment together only where they are one person's."""
    pairs = sorted(set(zip(times, users, strict=True)))
    return [[row for row, one in enumerate(zip(times, users, strict=True)) if one == pair] for pair in pairs]


MUTANTS = {
    "trains, then tests": _with(learns_first=True),
    "lets equal timestamps leak": _with(batches=_one_by_one(lambda users, items, times: times.__getitem__)),
    "keeps only a person's own equal timestamps together": _with(batches=_own_moments),
    "learns once a period": _with(batches=_period_at_once),
    "starts again in every period": _with(starts_again=True),
    "never learns": _with(learns=lambda batch: ()),
    "takes the rows as they come": _with(batches=_in_rows),
    "learns the later row first": _with(learns=lambda batch: batch[::-1]),
    "sorts the events as tuples": lambda users, items, times, every: _loop(
        *([one[at] for one in sorted(zip(times, users, items, strict=True))] for at in (1, 2, 0)), every
    ),
    "averages over all time": _overall,
    "averages over the time so far": _so_far,
    "averages over users first": _with(by=lambda users, row: users[row]),
    "leaves out what it cannot predict": _with(misses=False),
    "counts periods from the first event": _with(period=lambda time, times, every: (time - min(times)) // every),
    "returns one number": lambda *log: sum(_hits(*log[:3])) / len(log[0]),
}

EXERCISE = Exercise(
    name="prequential_loop",
    lesson="07_drift",
    title={"en": "Test, then train, through time", "zh": "沿时间先测试、再训练 (prequential)"},
    question={
        "en": "Tastes and catalogues move. How do you evaluate a model that learns as it goes, so that no number uses "
        "anything from the future?",
        "zh": "兴趣在变，物品也在变。怎样评估一个边用边学的模型，使任何一个数字都没有用到未来的信息？",
    },
    difficulty="medium",
    minutes=20,
    signature="def prequential_loop(users, items, times, every):",
    hints=(
        {
            "en": "Walk through the distinct times, from the first to the last. At each, two passes over its events: "
            "one that asks the model, one that teaches it.",
            "zh": "按先后走过每个不同的时间戳。在每个时间戳上，把它的事件过两遍：第一遍提问，第二遍更新。",
        },
        {
            "en": "for moment in sorted(set(times)): rows = those whose time is moment, in their order. Write the hits "
            "(True or False) into a list of the period moment // every, and divide at the very end.",
            "zh": "for moment in sorted(set(times))：rows 是时间等于 moment 的行，保持原有先后。"
            "把是否猜中(True 或 False)记到时段 moment // every 的列表里，最后再求平均。",
        },
        {
            "en": "hits = {}; for row in rows: hits.setdefault(moment // every, []).append(model.predict(users[row]) "
            "== items[row]); then, in a second loop: model.update(users[row], items[row]). Return "
            "{period: sum(h) / len(h) for period, h in hits.items()}.",
            "zh": "hits = {}；for row in rows: hits.setdefault(moment // every, []).append(model.predict(users[row]) "
            "== items[row])；再用第二个循环 model.update(users[row], items[row])。"
            "返回 {period: sum(h) / len(h) for period, h in hits.items()}。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.prequential_loop:reference",
    mutants=MUTANTS,
)
