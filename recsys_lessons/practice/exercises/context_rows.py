"""Exercise, step one of the capstone: a log to rows, each with what was known at that moment and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from recsys_lessons.practice.compare import difference
from recsys_lessons.practice.exercise import Exercise, Failed, Subject, Text, must_return
from recsys_lessons.practice.values import describe

KIND: Text = {
    "en": "it returns a list of dicts, one an event, each with user, item, timestamp, hour, weekday and recent",
    "zh": "返回字典的列表，每个事件一个，都有 user、item、timestamp、hour、weekday 和 recent",
}
CLOCK: Text = {
    "en": "hour (0 to 23) and weekday (0 is Monday) are read off the timestamp, in UTC; 1970 began on a Thursday",
    "zh": "hour(0 到 23)和 weekday(0 是周一)由时间戳按 UTC 算出；1970 年 1 月 1 日是周四",
}
ORDER: Text = {
    "en": "rows come in the order of time, whatever the order of the log; equal timestamps as they came",
    "zh": "各行按时间先后排列，与日志的顺序无关；时间相同的保持原有先后",
}
BEFORE: Text = {
    "en": "recent holds what the user met BEFORE the event: neither the event itself nor anything later",
    "zh": "recent 只含用户在该事件之前接触过的：不含事件本身，更不含之后的",
}
TIES: Text = {
    "en": "events with the same timestamp are no history of one another",
    "zh": "时间戳相同的事件互相不算历史",
}
OWN: Text = {"en": "recent holds this user's events alone", "zh": "recent 只含这个用户自己的事件"}
LAST: Text = {
    "en": "recent holds the latest `last` items, the oldest of them first; none where last is 0",
    "zh": "recent 取最近的 `last` 个，其中最早的在前；last 为 0 时为空",
}
JOIN: Text = {
    "en": "the fields noted for this user at this timestamp join the row; an event without any keeps its row",
    "zh": "把该用户在该时间戳记下的字段并入这一行；没有记下上下文的事件也保留",
}
CLEAN: Text = {
    "en": "a field whose value is None or an empty text was not noted, and is left out",
    "zh": "值为 None 或空串的字段等于没有记，要去掉",
}
TWICE: Text = {
    "en": "an event that was logged twice (same user, item and timestamp) is one event",
    "zh": "记了两遍的事件(用户、物品、时间戳都相同)只算一个",
}
LARGE: Text = {"en": "it is right for longer logs", "zh": "日志更长时也正确"}

_HOUR, _DAY = 3600, 86_400
_KEYS = {"user", "item", "timestamp", "hour", "weekday", "recent"}


def check(rows: Subject, rng) -> None:
    """See `Exercise.check`."""

    def moments(n: int, unit: int = 1) -> list[int]:
        return sorted((unit * (rng.permutation(80)[:n] + 10)).tolist())

    def log(users: str, items: str, stamps: list[int], last: int = 2, contexts: dict | None = None) -> tuple:
        return list(zip(users, items, stamps, strict=True)), contexts or {}, last

    def clocks() -> Iterator[tuple]:
        for stamp in (0, 13 * _HOUR, 4 * _DAY, int(rng.integers(1, 2000)) * _HOUR):
            yield log("a", "x", [stamp])

    def joins() -> Iterator[tuple]:
        early, late = moments(2)
        yield log("a", "x", [late], 1, {("a", late): {"place": "home"}})
        yield log("ab", "xy", [late, late], 1, {("a", late): {"place": "home"}})
        yield log("aa", "xy", [early, late], 1, {("a", late): {"place": "home"}})

    def gaps() -> Iterator[tuple]:
        for nothing in (None, ""):
            (stamp,) = moments(1)
            yield log("a", "x", [stamp], 1, {("a", stamp): {"place": nothing}})

    def larger() -> Iterator[tuple]:
        for n in (6, 20, 60):
            stamps = (rng.integers(0, n, n) * 9 * _HOUR).tolist()
            events = list(
                zip(rng.choice(list("abc"), n).tolist(), rng.choice(list("uvwxyz"), n).tolist(), stamps, strict=True)
            )
            noted = {(user, stamp): {"place": str(rng.choice(["home", ""]))} for user, _, stamp in events[::2]}
            yield events, noted, int(rng.integers(1, 4))

    one, two, three = moments(1), moments(2), moments(3)
    _must_have_fields(rows, [log("a", "x", one)])
    _must_agree(rows, CLOCK, clocks(), "hour", "weekday")
    _must_agree(rows, BEFORE, [log("a", "x", one), log("aa", "xy", two)], "recent")
    _must_agree(rows, OWN, [log("ab", "xy", two)], "recent")
    _must_agree(rows, TIES, [log("aa", "xy", one * 2)], "recent")
    _must_agree(rows, ORDER, [log("ab", "xy", two[::-1]), log("ba", "xy", one * 2)], "user", "item", "timestamp")
    _must_agree(rows, ORDER, [log("aa", "xy", two[::-1])], "item", "recent")
    _must_agree(rows, LAST, [log("aa", "xy", two, 0), *(log("aaa", "xyz", three, last) for last in (2, 1))], "recent")
    _must_agree(rows, TWICE, [log("aa", "xx", one * 2)], "user", "item", "timestamp")
    must_return(rows, JOIN, joins(), right, about_kind=True)
    must_return(rows, CLEAN, gaps(), right)
    must_return(rows, LARGE, larger(), right, about_kind=True)


def _must_have_fields(rows: Subject, cases: list[tuple]) -> None:
    """The right fields for each event; what is in them is told by later rules."""
    for case in cases:
        got = rows(*case)
        if not _are_rows(got) or len(got) != len(case[0]):
            raise Failed(KIND, rows.written(case), describe(right(*case)), describe(got))


def _are_rows(got: object) -> bool:
    return isinstance(got, list) and all(isinstance(one, dict) and set(one) >= _KEYS for one in got)


def _must_agree(rows: Subject, rule: Text, cases: Iterable[tuple], *fields: str) -> None:
    """What `rule` is about, shown alone: these fields of every row."""
    for case in cases:
        got, expected = rows(*case), right(*case)
        if not _are_rows(got):
            raise Failed(KIND, rows.written(case), describe(expected), describe(got))
        seen, wanted = ([{name: row[name] for name in fields} for row in table] for table in (got, expected))
        if difference(seen, wanted) is not None:
            raise Failed(rule, rows.written(case), describe(wanted), describe(seen))


def right(
    events,
    contexts,
    last,
    *,
    unique: Callable = lambda events: list(dict.fromkeys(events)),
    ordered: Callable = lambda events: sorted(events, key=lambda event: event[2]),
    earlier: Callable = lambda other, event: other[0] == event[0] and other[2] < event[2],
    cut: Callable = lambda items, last: items[max(0, len(items) - last) :],
    weekday: Callable = lambda stamp: (stamp // _DAY + 3) % 7,
    hour: Callable = lambda stamp: stamp // _HOUR % 24,
    noted: Callable = lambda contexts, user, stamp: contexts.get((user, stamp), {}),
    known: Callable = lambda value: value not in (None, ""),
):
    """One event after another, looking back over the whole log each time; mutants change one of its parts."""
    in_time, rows = ordered(unique(events)), []
    for user, item, stamp in in_time:
        recent = cut([other[1] for other in in_time if earlier(other, (user, item, stamp))], last)
        clock = {"hour": hour(stamp), "weekday": weekday(stamp), "recent": recent}
        fields = {name: value for name, value in noted(contexts, user, stamp).items() if known(value)}
        rows.append({"user": user, "item": item, "timestamp": stamp, **clock, **fields})
    return rows


def by_the_course(events, contexts, last):
    """The same with tables: the clock by `with_clock` of the course, the history by the groups of a table."""
    import pandas as pd

    from recsys_lessons.context import with_clock

    table = pd.DataFrame(events, columns=["user", "item", "timestamp"]).drop_duplicates()
    table = with_clock(table.sort_values("timestamp", kind="stable"))
    met: dict[str, list[tuple[int, str]]] = {}
    rows = []
    for row in table.to_dict("records"):
        history = met.setdefault(row["user"], [])
        recent = [item for stamp, item in history if stamp < row["timestamp"]]
        history.append((row["timestamp"], row["item"]))
        noted = contexts.get((row["user"], row["timestamp"]), {})
        kept = {name: value for name, value in noted.items() if value not in (None, "")}
        rows.append({**row, "recent": recent[len(recent) - min(last, len(recent)) :], **kept})
    return rows


def _with(**changed):
    return lambda *arguments: right(*arguments, **changed)


def _by_place(events, contexts, last):
    """The history is what stands above in the log, or in the table, equal timestamps included."""
    in_time = sorted(dict.fromkeys(events), key=lambda event: event[2])
    rows = right(events, contexts, last)
    for place, row in enumerate(rows):
        above = [item for user, item, _ in in_time[:place] if user == row["user"]]
        row["recent"] = above[max(0, len(above) - last) :]
    return rows


def _inner_join(events, contexts, last):
    kept = [row for row in right(events, contexts, last) if (row["user"], row["timestamp"]) in contexts]
    return kept if contexts else right(events, contexts, last)


MUTANTS = {
    "lets the event into its own history": _with(
        earlier=lambda other, event: other[0] == event[0] and other[2] <= event[2]
    ),
    "takes the whole history, the future too": _with(
        earlier=lambda other, event: other[0] == event[0] and other[1] != event[1]
    ),
    "lets events of one moment see each other": _by_place,
    "mixes the users": _with(earlier=lambda other, event: other[2] < event[2]),
    "takes the log for sorted": _with(ordered=list),
    "puts the newest of the history first": _with(cut=lambda items, last: items[::-1][:last]),
    "takes the first of the history": _with(cut=lambda items, last: items[:last]),
    "takes everything where last is 0": _with(cut=lambda items, last: items[-last:]),
    "counts weekdays from Sunday": _with(weekday=lambda stamp: (stamp // _DAY + 4) % 7),
    "counts weekdays from 1": _with(weekday=lambda stamp: (stamp // _DAY + 3) % 7 + 1),
    "counts twelve hours": _with(hour=lambda stamp: stamp // _HOUR % 12),
    "looks a context up by the user alone": _with(
        noted=lambda contexts, user, stamp: next((one for key, one in contexts.items() if key[0] == user), {})
    ),
    "looks a context up by the time alone": _with(
        noted=lambda contexts, user, stamp: next((one for key, one in contexts.items() if key[1] == stamp), {})
    ),
    "loses events without a context": _inner_join,
    "keeps fields without a value": _with(known=lambda value: True),
    "keeps an event that was logged twice": _with(unique=list),
}

EXERCISE = Exercise(
    name="context_rows",
    lesson="04_context",
    title={"en": "Capstone 1: a log to rows with context", "zh": "综合题第 1 步：从日志到带上下文的行"},
    question={
        "en": "Build a contextual recommender with a pretrained language model, step one: how do you collect and clean "
        "the data, and where does the future leak in?",
        "zh": "用预训练语言模型构建基于上下文的推荐系统，第一步：怎样收集和清洗数据？未来的信息会从哪里泄漏进来？",
    },
    difficulty="medium",
    minutes=20,
    signature="def context_rows(events, contexts, last):",
    hints=(
        {
            "en": "Bring the log into order first: each event once, by time. Then write one row after another, and ask "
            "for each what the app could have known in that very second.",
            "zh": "先整理日志：每个事件只留一个，按时间排好。再逐行生成，对每一行都问：那一秒，应用能知道什么？",
        },
        {
            "en": "list(dict.fromkeys(events)) drops repetitions; sorted(..., key=lambda event: event[2]) keeps equal "
            "timestamps as they came. hour = timestamp // 3600 % 24; weekday = (timestamp // 86400 + 3) % 7. Beware "
            "of items[-0:], which is everything.",
            "zh": "list(dict.fromkeys(events)) 去重；sorted(..., key=lambda event: event[2]) 让时间相同的保持原有先后。"
            "hour = timestamp // 3600 % 24；weekday = (timestamp // 86400 + 3) % 7。"
            "当心 items[-0:]，它是整个列表。",
        },
        {
            "en": "For user, item, timestamp in the ordered events: before = [i for u, i, t in ordered if u == user "
            "and t < timestamp]; recent = before[max(0, len(before) - last):]; noted = contexts.get((user, "
            "timestamp), {}), without None and ''; the row is {'user': user, ..., 'recent': recent, **noted}.",
            "zh": "对排好序的每个 user, item, timestamp：before = [i for u, i, t in ordered if u == user and "
            "t < timestamp]；recent = before[max(0, len(before) - last):]；"
            "noted = contexts.get((user, timestamp), {})，去掉 None 和 ''；"
            "这一行是 {'user': user, ..., 'recent': recent, **noted}。",
        },
    ),
    check=check,
    agrees_with="recsys_lessons.practice.exercises.context_rows:by_the_course",
    mutants=MUTANTS,
)
