"""A context as a sentence, in English or Chinese: what a text encoder reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

__all__ = ["TEMPLATES", "as_words", "context_frame"]

TEMPLATES = {
    "en": "[{when}][, {place}][, {city}][, {company}][, {purpose}][, {since_last}][; just watched: {recent}]"
    "[. {query}]",
    "zh": "[{when}][，{place}][，{city}][，{company}][，{purpose}][，{since_last}][；刚看过：{recent}][。{query}]",
}
"""What stands in square brackets is left out where the context does not have it."""

_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
# From which hour on, with a weekday and without one.
_TIMES = {
    "en": (
        (0, "late {} night", "late at night"),
        (5, "early {} morning", "early in the morning"),
        (8, "{} morning", "in the morning"),
        (11, "{} around noon", "around noon"),
        (13, "{} afternoon", "in the afternoon"),
        (17, "early {} evening", "early in the evening"),
        (19, "{} evening", "in the evening"),
        (23, "late {} night", "late at night"),
    ),
    "zh": (
        (0, "{}深夜", "深夜"),
        (5, "{}清晨", "清晨"),
        (8, "{}上午", "上午"),
        (11, "{}中午", "中午"),
        (13, "{}下午", "下午"),
        (17, "{}傍晚", "傍晚"),
        (19, "{}晚上", "晚上"),
        (23, "{}深夜", "深夜"),
    ),
}
_VALUES = {
    "place": {
        "home": ("at home", "在家"),
        "office": ("at the office", "在办公室"),
        "commuting": ("on the way to or from work", "在通勤路上"),
        "outdoors": ("outdoors", "在户外"),
        "travelling": ("on a journey", "在旅途中"),
    },
    "city": {
        "Beijing": ("in Beijing", "在北京"),
        "Shanghai": ("in Shanghai", "在上海"),
        "Chengdu": ("in Chengdu", "在成都"),
        "Xi'an": ("in Xi'an", "在西安"),
        "Guangzhou": ("in Guangzhou", "在广州"),
        "Hangzhou": ("in Hangzhou", "在杭州"),
        "Harbin": ("in Harbin", "在哈尔滨"),
        "Qingdao": ("in Qingdao", "在青岛"),
        "Kunming": ("in Kunming", "在昆明"),
        "Xiamen": ("in Xiamen", "在厦门"),
    },
    "company": {
        "alone": ("alone", "一个人"),
        "partner": ("with my partner", "和伴侣一起"),
        "children": ("with the children", "和孩子一起"),
        "friends": ("with friends", "和朋友一起"),
        "colleagues": ("with colleagues", "和同事一起"),
    },
    "purpose": {
        "relax": ("to relax", "想放松一下"),
        "laugh": ("for a good laugh", "想开怀一笑"),
        "learn": ("to learn something", "想学点东西"),
        "cook": ("to cook a meal", "想做饭"),
        "exercise": ("to exercise", "想锻炼身体"),
        "travel": ("to plan a trip", "想计划一次旅行"),
        "work": ("to get work done", "想把工作做好"),
        "sleep": ("to fall asleep", "想早点入睡"),
    },
}
_NUMBERS = {
    "en": ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    "zh": ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十"),
}


def context_frame(contexts: pd.DataFrame | Mapping | Sequence[Mapping]) -> pd.DataFrame:
    """Contexts as a table: one dict, a list of dicts, or a table as it is.

    Raises:
        TypeError: something else.
    """
    if isinstance(contexts, pd.DataFrame):
        return contexts
    if isinstance(contexts, Mapping):
        return pd.DataFrame([dict(contexts)])
    if isinstance(contexts, Sequence) and all(isinstance(one, Mapping) for one in contexts):
        return pd.DataFrame([dict(one) for one in contexts])
    raise TypeError(
        f'contexts is a {type(contexts).__name__}; pass a table, or dicts such as {{"hour": 20, "place": "home"}}.'
    )


def as_words(
    contexts: pd.DataFrame | Mapping | Sequence[Mapping], *, language: str = "en", template: str | None = None
) -> list[str]:
    """Contexts as sentences.

    >>> as_words({"weekday": 4, "hour": 20, "place": "home", "company": "children", "recent": ["Up", "Frozen"]})
    ['Friday evening, at home, with the children; just watched: Up, Frozen']

    Args:
        contexts: a table, one dict, or a list of dicts.
        language: "en" or "zh". Values that are not in the vocabulary, titles and queries are written as they are.
        template: what to write, with fields in braces: `when` (weekday and time of day), `weekday`, `time`, `place`,
            `city`, `company`, `purpose`, `since_last`, `recent`, `query`, or any other column. A part in square
            brackets is left out where one of its fields is missing, and punctuation that then stands first goes with
            it. None takes `TEMPLATES[language]`.

    Returns:
        n strings; "" where a context says nothing.

    Raises:
        ValueError: another language; an hour, a weekday or a number of days that cannot be; a template that names no
            field, or outside square brackets one that is missing.
    """
    if language not in TEMPLATES:
        raise ValueError(f"language is {language!r}; use 'en' or 'zh'.")
    template = TEMPLATES[language] if template is None else template
    if not re.search(r"\{\w+\}", template):
        raise ValueError(f"the template {template!r} names no field; write such as '[{{when}}][, {{place}}]'.")
    frame = context_frame(contexts)
    return [_sentence(row, template, language) for row in frame.to_dict("records")]


def _sentence(row: dict[str, Any], template: str, language: str) -> str:
    row = {name: value for name, value in row.items() if not _is_missing(value)}

    def fill(part: str) -> str | None:
        phrases = {name: _phrase(name, row, language) for name in re.findall(r"\{(\w+)\}", part)}
        if None in phrases.values():
            return None
        return re.sub(r"\{(\w+)\}", lambda found: phrases[found[1]], part)

    text = ""
    for optional, fixed in re.findall(r"\[([^\[\]]*)\]|([^\[\]]+)", template):
        part = fill(optional or fixed)
        if part is None and fixed:
            raise ValueError(f"the context lacks a field of {fixed!r}; put that part into square brackets, or fill it.")
        if part:
            text += part if text else part.lstrip(" ,.;，。；、")
    return text


def _phrase(name: str, row: dict[str, Any], language: str) -> str | None:
    """One field in words; None where the context does not have it."""
    if name in _COMPOSED:
        return _COMPOSED[name](row, language)
    if name not in row:
        return None
    value = row[name]
    words = _VALUES.get(name, {}).get(value) if isinstance(value, str) else None
    return words[language == "zh"] if words else str(value)


def _weekday(row: dict[str, Any], language: str) -> str | None:
    return _WEEKDAYS[language][_whole("weekday", row, 6)] if "weekday" in row else None


def _time(row: dict[str, Any], language: str) -> str | None:
    return _part_of_day(row, language)[2] if "hour" in row else None


def _when(row: dict[str, Any], language: str) -> str | None:
    day = _weekday(row, language)
    if "hour" not in row:
        return day
    _, with_day, without = _part_of_day(row, language)
    return with_day.format(day) if day else without


def _part_of_day(row: dict[str, Any], language: str) -> tuple[int, str, str]:
    hour = _whole("hour", row, 23)
    return next(entry for entry in reversed(_TIMES[language]) if entry[0] <= hour)


def _whole(name: str, row: dict[str, Any], largest: int) -> int:
    try:
        value = int(row[name])
    except (TypeError, ValueError):
        value = -1
    if not 0 <= value <= largest:
        raise ValueError(f"{name} is {row[name]!r}; it is a number from 0 to {largest}.")
    return value


def _since_last(row: dict[str, Any], language: str) -> str | None:
    if "since_last" not in row:
        return None
    days = float(row["since_last"])
    if not days >= 0:
        raise ValueError(f"since_last is {days}; it is a number of days, 0 or more.")
    if days < 0.75:
        return {"en": "a few hours since the last visit", "zh": "几小时前来过"}[language]
    n = max(1, round(days))
    count = _NUMBERS[language][n] if n <= 10 else str(n)
    return f"{count} day{'s' * (n > 1)} since the last visit" if language == "en" else f"距上次来已有{count}天"


def _recent(row: dict[str, Any], language: str) -> str | None:
    if "recent" not in row:
        return None
    titles = row["recent"]
    titles = titles.split("; ") if isinstance(titles, str) else [str(title) for title in titles]
    return {"en": ", ", "zh": "、"}[language].join(title for title in titles if title) or None


_COMPOSED: dict[str, Callable[[dict[str, Any], str], str | None]] = {
    "when": _when,
    "weekday": _weekday,
    "time": _time,
    "since_last": _since_last,
    "recent": _recent,
}


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))
