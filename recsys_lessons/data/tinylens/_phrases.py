"""How people speak of things: several ways of saying each subtopic, and the sentences around them, in two languages.

A subtopic's phrasings share few words, so that a model which knows meaning has something to know, and one that counts
words has less.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from recsys_lessons.data.tinylens._draws import Draws
from recsys_lessons.data.tinylens._vocabulary import CITIES, SUBTOPICS

__all__ = ["AFTER", "CAPTIONS", "PLACED_AFTER", "PLACED_TITLES", "TITLES", "in_words", "phrases", "sentence"]

# {p} is a phrasing, {P} the same with a capital, {at} a place ("in Beijing"), {At} with a capital, {n} a number.
TITLES = (
    ("{P}", "{p}"),
    ("{P}, part {n}", "{p}（第{n}集）"),
    ("Today: {p}", "今天：{p}"),
    ("{P}, the short version", "{p}，精简版"),
    ("In one take: {p}", "一镜到底：{p}"),
    ("{P}, from start to finish", "{p}，全过程"),
    ("So many of you asked: {p}", "好多人问：{p}"),
    ("{P}, once again", "{p}，又来一次"),
)
PLACED_TITLES = (
    ("{P} {at}", "{at}｜{p}"),
    ("{At}: {p}", "{at}：{p}"),
    ("{P}, filmed {at}", "{p}，{at}实拍"),
    ("One day {at}: {p}", "{at}的一天：{p}"),
)
CAPTIONS = (
    ("This time: {p}.", "这一期：{p}。"),
    ("I have long wanted to show you this: {p}.", "一直想拍给大家看：{p}。"),
    ("{P}, with nothing cut out.", "{p}，一刀未剪。"),
    ("If you watch one thing today, let it be this: {p}.", "今天只看一条的话，就看这条：{p}。"),
    ("{P}, and what I learned from it.", "{p}，还有我的一点心得。"),
    ("You wanted more, so here it is: {p}.", "应大家要求：{p}。"),
    ("{P}.", "{p}。"),
)
AFTER = (
    ("", ""),
    ("", ""),
    (" More next week.", "下周继续。"),
    (" Tell me what you think.", "欢迎在评论区聊聊。"),
    (" It took three tries.", "试了三次才成。"),
    (" A friend held the camera.", "朋友帮忙掌镜。"),
)
PLACED_AFTER = (
    (" We filmed it {at}.", "拍摄地：{at}。"),
    (" That day I was {at}.", "那天我在{at}。"),
    (" Recorded {at} last month.", "上个月录于{at}。"),
    (" You will find me {at} most weekends.", "周末我多半在{at}。"),
)


@lru_cache(maxsize=1)
def phrases() -> dict[str, tuple[tuple[str, str], ...]]:
    """Subtopic: its phrasings, each in English and Chinese, from `phrases.csv` beside this file."""
    found: dict[str, list[tuple[str, str]]] = {subtopic: [] for subtopic in SUBTOPICS}
    with open(Path(__file__).with_name("phrases.csv"), encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["subtopic"]].append((row["en"], row["zh"]))
    return {subtopic: tuple(pairs) for subtopic, pairs in found.items()}


def in_words(city: str, draws: Draws) -> tuple[str, str]:
    """A city as it stands in a sentence: by name, or more often by a landmark, which only who knows it can place."""
    if draws.chance(0.4):
        return f"in {city}", CITIES[city].zh
    english, chinese = draws.one(CITIES[city].landmarks)
    return f"near {english}", f"{chinese}附近"


def sentence(
    form: tuple[str, str], phrase: tuple[str, str], at: tuple[str, str] | None, number: int
) -> tuple[str, str]:
    """A form filled in, in both languages."""
    filled = []
    for text, words, place in zip(form, phrase, at or ("", ""), strict=True):
        filled.append(text.format(p=words, P=_capital(words), at=place, At=_capital(place), n=number))
    return filled[0], filled[1]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
