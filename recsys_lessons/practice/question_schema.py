"""What an interview question is: its parts, and what each may hold. `questions.py` reads them from files."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

__all__ = ["FollowUp", "Link", "Point", "Question", "RedFlag", "Source", "Text", "unwrap"]

_CHINESE = "\u3400-\u9fff"
_SIGNS = "\u3001-\u301f\uff01-\uff5e\u2018\u2019\u201c\u201d\u2014\u2026"  # full-width punctuation, as Chinese sets it
_OWN_LINE = re.compile(r"\s*([-*] |\d+\. |[#|>])")  # a list item, heading, table row or quotation starts a line


def _shaped(pattern: str, words: str) -> AfterValidator:
    def check(text: str) -> str:
        if len(text) > 200 or not re.fullmatch(pattern, text):
            raise ValueError(f"{text[:60]!r} is not {words}")
        return text

    return AfterValidator(check)


Slug = Annotated[str, _shaped(r"[a-z0-9]+(-[a-z0-9]+)*", "lower-case words joined by hyphens, such as cold-start")]
Lesson = Annotated[str, _shaped(r"\d\d(_[a-z0-9]+)+", "a lesson's name, such as 03_svd_scoring")]
Name = Annotated[str, _shaped(r"[a-z][a-z0-9_]*", "an exercise's name, such as fold_in")]
Line = Annotated[str, _shaped(r"\S(.*\S)?", "one line of at most 200 characters without spaces around it")]


class _Part(BaseModel):
    """Strict: "3" is no number, an unknown key is an error, and what was read is not changed afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Text(_Part):
    """What a person reads, in both languages, as Markdown. Wrapped lines are joined when it is made."""

    en: str
    zh: str

    @field_validator("en", "zh")
    @classmethod
    def _written_in_its_language(cls, text: str, info: ValidationInfo) -> str:
        if not text.strip():
            raise ValueError("the text is empty; write it")
        found = re.search(f"[{_CHINESE}]", text)
        if info.field_name == "zh" and not found:
            raise ValueError("there is no Chinese in it; translate it")
        if info.field_name == "en" and found:
            raise ValueError(f"the English text holds {found[0]!r}; say it in English")
        return unwrap(text)


def unwrap(text: str) -> str:
    """Join the lines of each wrapped paragraph: by a space, or by nothing between two Chinese characters.

    Empty lines, list items, table rows and what stands between ``` fences keep their lines.
    """
    lines: list[str] = []
    fenced = closed = False
    for line in text.strip().splitlines():
        fence = line.lstrip().startswith("```")
        starts = _OWN_LINE.match(line) and not (lines and lines[-1].count("`") % 2)  # inside code, `- b` is no list
        joins = lines and lines[-1] and line.strip() and not (fenced or fence or closed or starts)
        if joins and not lines[-1].startswith("#"):
            tight = re.search(f"[{_CHINESE}{_SIGNS}]$", lines[-1]) and re.match(f"[{_CHINESE}{_SIGNS}]", line.lstrip())
            lines[-1] += ("" if tight else " ") + line.strip()
        else:
            lines.append(line.rstrip())
        closed = fence and fenced
        fenced = fenced != fence
    return "\n".join(lines)


class Point(_Part):
    """One thing to listen for. `zero`, `one` and `two` are what a candidate says who earns that."""

    id: Slug
    weight: int = Field(ge=1, le=100)
    title: Text
    zero: Text
    one: Text
    two: Text


class RedFlag(_Part):
    """A misconception as a candidate says it, and what is true."""

    says: Text
    truth: Text


class FollowUp(_Part):
    """What is asked when the rubric point `point` was missed, and what a good reply holds."""

    point: Slug
    ask: Text
    expect: Text


class Link(_Part):
    """A place in a lesson: its file's name, and the English heading without its number."""

    lesson: Lesson
    section: Line


class Source(_Part):
    """Where an answer's claims can be looked up. A title can be searched for; a link rots."""

    author: Line
    year: int = Field(ge=1900)
    title: Line

    @field_validator("year")
    @classmethod
    def _is_not_to_come(cls, year: int) -> int:
        if year > _today().year:
            raise ValueError(f"the year {year} is in the future; correct it")
        return year

    @field_validator("author", "title")
    @classmethod
    def _is_no_link(cls, text: str) -> str:
        if re.search(r"://|\bwww\.|\bdoi\.org", text):
            raise ValueError(f"{text!r} is a link; give author, year and title instead")
        return text


class Question(_Part):
    """One question of an interview, with all that an interviewer and a learner need.

    Attributes:
        id: a slug, and the file's name. kind, level, minutes, tags: what it is, for whom, how long the answer takes.
        prompt: as it is asked. answer: as a strong candidate says it, in two to four minutes.
        rubric: three to six points whose weights sum to 100. red_flags: what should worry an interviewer.
        follow_ups: by the point whose absence calls for them. hints: three, from a nudge to nearly the answer.
        lessons, exercises: where it is learned and practised. sources, reviewed: what it rests on, and as of when.
    """

    id: Slug
    kind: Literal["concept", "derivation", "design", "debugging", "trade-off", "experiment"]
    level: Literal["junior", "middle", "senior"]
    minutes: int = Field(ge=1, le=60)
    tags: tuple[Slug, ...] = Field(min_length=1, max_length=8)
    prompt: Text
    answer: Text
    rubric: tuple[Point, ...] = Field(min_length=3, max_length=6)
    red_flags: tuple[RedFlag, ...] = Field(min_length=1, max_length=6)
    follow_ups: tuple[FollowUp, ...] = Field(min_length=1, max_length=8)
    hints: tuple[Text, Text, Text]
    lessons: tuple[Link, ...] = Field(min_length=1)
    exercises: tuple[Name, ...]
    sources: tuple[Source, ...] = Field(min_length=1)
    reviewed: date

    @field_validator("tags", "lessons", "exercises", "sources")
    @classmethod
    def _holds_each_once(cls, parts: tuple) -> tuple:
        twice = next((part for place, part in enumerate(parts) if part in parts[:place]), None)
        if twice is not None:
            raise ValueError(f"{twice!s} stands there twice; remove one")
        return parts

    @field_validator("rubric")
    @classmethod
    def _weighs_its_points(cls, rubric: tuple[Point, ...]) -> tuple[Point, ...]:
        ids = [point.id for point in rubric]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice:
            raise ValueError(f"two points have the id {twice!r}; rename one")
        total = sum(point.weight for point in rubric)
        if total != 100:
            raise ValueError(f"the weights sum to {total}; make them sum to 100")
        return rubric

    @field_validator("follow_ups")
    @classmethod
    def _follows_a_point(cls, follow_ups: tuple[FollowUp, ...], info: ValidationInfo) -> tuple[FollowUp, ...]:
        known = [point.id for point in info.data.get("rubric", ())]
        stray = next((one.point for one in follow_ups if one.point not in known), None)
        if known and stray:
            raise ValueError(f"there is no rubric point {stray!r}; name one of {', '.join(known)}")
        return follow_ups

    @field_validator("reviewed")
    @classmethod
    def _was_reviewed(cls, day: date) -> date:
        if day > _today():
            raise ValueError(f"{day} is in the future; give the day on which somebody last checked the answer")
        return day


def _today() -> date:
    """The latest date that it is anywhere, so that a review in Shanghai is not in the future for a server in UTC."""
    return datetime.now(timezone(timedelta(hours=14))).date()
