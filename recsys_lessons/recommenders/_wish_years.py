"""The years behind `parse_constraints`: "before 1990", "the nineties", "1990年以前", "八九十年代"."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["OPEN", "YearPhrase", "year_phrases"]

OPEN = (0, 9999)  # no limit

_DIGITS = {one: i for i, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0}
_WORDS = "twenties thirties forties fifties sixties seventies eighties nineties".split()
_YEAR = r"(?:18|19|20)\d\d"
_DECADE = (
    rf"(?:the )?(?:(?:early|mid|late)[- ])?(?:(?:1[89]|20)\d0'?s|'?[2-9]0'?s|'?00'?s|noughties|{'|'.join(_WORDS)})"
)
_EN = rf"(?:{_DECADE}|{_YEAR})(?![a-z0-9])"
_C = "零〇○一二三四五六七八九"
_ZH_YEAR = rf"(?:{_YEAR}|[一二][{_C}]{{3}}|两千)"
_ZH_DECADE = (
    rf"(?:上个?世纪|二十世纪|20世纪)?(?:(?:1[89]|20)\d0|[2-9]0|00|[二三四五六七八九]{{1,2}}十|[{_C}]零)年代"
    r"(?:初期?|中期|末期?|后期|早期)?"
)
_ZH = rf"(?:{_ZH_DECADE}|{_ZH_YEAR}年?)"

_FORMS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            "range",
            rf"(?<![a-z0-9])(?:from|between)? ?(?P<a>{_EN})(?: ?[-–—~] ?| (?:to|and|until|till|through) )(?P<b>{_EN})",
        ),
        ("range", rf"(?<!\d)(?:从|在)?(?P<a>{_ZH})(?:到|至|[-–—~～])(?P<b>{_ZH})(?:之间|期间)?"),
        ("before", rf"(?<![a-z])(?:from )?(?:before|prior to|older than|earlier than|pre[- ])\s?(?P<a>{_EN})"),
        ("until", rf"(?<![a-z])(?:until|till|up to)\s(?P<a>{_EN})"),
        ("after", rf"(?<![a-z])(?:from )?(?:after|newer than|later than|post[- ])\s?(?P<a>{_EN})"),
        ("since", rf"(?<![a-z])since (?P<a>{_EN})|(?<![a-z])from (?P<a2>{_EN}) on(?:wards?)?(?![a-z])"),
        ("before", rf"(?<!\d)(?P<a>{_ZH})(?:以前|之前|前(?!后))"),
        ("since", rf"(?<!\d)(?P<a>{_ZH})(?:以后|之后|后(?!半)|以来|以降|起|开始)"),
        ("point", rf"(?<![a-z0-9])(?:(?:from|of|in) )?(?P<a>{_DECADE})(?![a-z0-9])"),
        ("point", rf"(?<![a-z])(?:from|released in|made in|shot in|came out in) (?P<a>{_YEAR})(?!\d)(?!:)"),
        ("point", rf"(?<!\d)(?P<a>{_YEAR}) (?=(?:films?|movies?)(?![a-z]))"),
        ("point", rf"(?<!\d)(?P<a>{_ZH_DECADE}|{_ZH_YEAR}年)"),
    )
)
# A story's time is not a film's: "set in the sixties", "八十年代的故事".
_STORY_BEFORE = re.compile(
    r"(?:set|about|during|life|living|story|happens?|takes? place) (?:in |of )?(?:the )?$|"
    r"(?:讲|关于|发生在|描写|描述|反映|背景是|背景在|以)[^，,。]{0,4}$"
)
_STORY_AFTER = re.compile(r"为?背景|的?(?:生活|故事|社会|往事)")
_OR = re.compile(r"\s*(?:,|/|、|or|and|和|或者?|与|跟|还是)\s*(?:of |from )?(?:the )?")


@dataclass(frozen=True)
class YearPhrase:
    """Where a text limits the years, and to which: inclusive spans, one of which is enough."""

    start: int
    end: int
    spans: tuple[tuple[int, int], ...]


def year_phrases(text: str) -> list[YearPhrase]:
    """Every limit on the years in a folded text, from left to right, without overlaps."""
    found: list[YearPhrase] = []
    for kind, form in _FORMS:
        for match in form.finditer(text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            if kind == "point" and (
                _STORY_BEFORE.search(text[: match.start("a")]) or _STORY_AFTER.match(text, match.end())
            ):
                continue
            first = match.groupdict().get("a") or match.groupdict().get("a2")
            spans = _spans(kind, _value(first), _value(match["b"]) if kind == "range" else None)
            found.append(YearPhrase(*match.span(), spans))
    found.sort(key=lambda one: one.start)
    merged: list[YearPhrase] = []
    for one in found:
        last = merged[-1] if merged else None
        if (
            last
            and OPEN[0] not in _ends(last)
            and OPEN[0] not in _ends(one)
            and _OR.fullmatch(text, last.end, one.start)
        ):
            merged[-1] = YearPhrase(last.start, one.end, last.spans + one.spans)
        else:
            merged.append(one)
    return merged


def _ends(phrase: YearPhrase) -> list[int]:
    """The ends of its spans, with 0 for any that is open."""
    return [OPEN[0] if end in OPEN else end for span in phrase.spans for end in span]


def _spans(
    kind: str, first: list[tuple[int, int]], second: list[tuple[int, int]] | None
) -> tuple[tuple[int, int], ...]:
    low, high = first[0][0], first[-1][1]
    if kind == "range":
        ends = sorted([(low, high), (second[0][0], second[-1][1])])
        return ((ends[0][0], ends[1][1]),)
    if kind == "before":
        return ((OPEN[0], low - 1),)
    if kind == "until":
        return ((OPEN[0], high),)
    if kind == "after":
        return ((high + 1, OPEN[1]),)
    if kind == "since":
        return ((low, OPEN[1]),)
    return tuple(first)


def _value(words: str) -> list[tuple[int, int]]:
    """First and last year of what is written: one span, or two for 八九十年代."""
    part = next((one for one in ("early", "mid", "late") if one in words), "")
    part = part or ("early" if re.search("初|早期", words) else "mid" if "中期" in words else "")
    part = part or ("late" if re.search("末|后期", words) else "")
    words = re.sub("上个?世纪|二十世纪|20世纪", "", words)
    decades = _decades(words)
    if not decades:
        number = "".join(str(_DIGITS.get(one, one)) for one in words if one.isdigit() or one in _DIGITS)
        year = 2000 if "两千" in words else int(number)
        return [(year, year)]
    first, last = {"early": (0, 4), "mid": (3, 6), "late": (5, 9), "": (0, 9)}[part]
    return [(one + first, one + last) for one in decades]


def _decades(words: str) -> list[int]:
    for place, name in enumerate(_WORDS):
        if name in words:
            return [1920 + 10 * place]
    if "noughties" in words:
        return [2000]
    if "年代" in words and not any(one.isdigit() for one in words):
        tens = [_DIGITS[one] for one in words.split("年代")[0].replace("十", "").removesuffix("零") if one in _DIGITS]
        return [2000 if ten == 0 else 1900 + 10 * ten for ten in tens] or [2000]
    if number := re.search(r"(\d+)(?='?s|年代)", words):
        digits = int(number[1])
        return [digits if digits >= 1000 else 2000 if digits == 0 else 1900 + digits]
    return []
